"""A server that runs until a signal ends it: what is told at its start, and how it stops."""

import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial

import trio

from ..identities.served import Identities
from ..server import Server
from .console import say, step
from .identity import Identity
from .lan import Exposure
from .plain_http import PlainHTTP, start_plain_servers
from .readiness import tell_ready

__all__ = ["run_until_signal"]

_GRACE_SECONDS = 10
_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def run_until_signal(
    serving: Callable[..., Awaitable[None]],
    identity: Identity,
    plain: PlainHTTP,
    exposure: Exposure | None,
    *,
    started: float,
) -> None:
    """Run ``serving``, and what is served without TLS beside it, until SIGINT or SIGTERM.

    ``exposure`` is told of where others on the network reach it; ``started`` is when the command
    began, on the monotonic clock. Raises ``ConfigError`` where it can't listen.
    """
    # What they mean again afterwards: one that comes too late to be heeded ends nothing.
    for number in _STOP_SIGNALS:
        signal.signal(number, signal.SIG_IGN)
    with trio.open_signal_receiver(*_STOP_SIGNALS) as signals:
        async with trio.open_nursery() as nursery:
            await nursery.start(_reload_on_signal, identity.served)
            with step("Listening") as told:
                server: Server = await nursery.start(serving)
                told.detail = ", ".join(str(address) for address in server.addresses)
            others = await start_plain_servers(nursery, plain, https_port=server.port)
            # In a thread, for it loads all that this machine trusts, which takes some 50 ms; and
            # clients are served meanwhile.
            await trio.to_thread.run_sync(
                partial(
                    tell_ready, server, others.ca_page, identity, plain, exposure, started=started
                )
            )
            servers = [each for each in (server, others.redirect, others.ca_page) if each]
            nursery.start_soon(_stop_on_signals, signals, servers, nursery.cancel_scope)


async def _reload_on_signal(
    served: Identities, task_status: trio.TaskStatus[None] = trio.TASK_STATUS_IGNORED
) -> None:
    """Load the certificates anew on SIGHUP, where the system has it."""
    if sys.platform == "win32":
        task_status.started()
        return
    with trio.open_signal_receiver(signal.SIGHUP) as signals:
        task_status.started()
        async for _number in signals:
            await served.reload()


async def _stop_on_signals(
    signals: AsyncIterator[int], servers: Iterable[Server], everything: trio.CancelScope
) -> None:
    """Stop gracefully on the first signal, at once on the second."""
    await anext(signals)
    say(f"Stopping: requests have {_GRACE_SECONDS} s to finish; Ctrl-C again stops at once.")

    async def stop_at_once() -> None:
        await anext(signals)
        everything.cancel(reason="second signal")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(stop_at_once)
        async with trio.open_nursery() as stopping:
            for server in servers:
                stopping.start_soon(server.stop, _GRACE_SECONDS)
        nursery.cancel_scope.cancel(reason="stopped")
    everything.cancel(reason="stopped")  # what waits for signals
    say("Stopped.")
