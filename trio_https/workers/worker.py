"""A worker: it serves until its supervisor tells it to stop, or is gone.

Its signals are few: a terminal sends SIGINT and SIGHUP to all processes of a command, and the
supervisor heeds them. SIGTERM is for one worker alone, which stops, and is replaced.
"""

import logging
import signal
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Protocol

import trio

from .orders import READY, Order

__all__ = ["GRACE_SECONDS", "Stoppable", "serve_until_told"]

logger = logging.getLogger("trio_https")

GRACE_SECONDS = 10.0
# A download may take long; but ticket keys that were to be forgotten live on as long.
_RETIREMENT_SECONDS = 3600.0


class Stoppable(Protocol):
    """A server, as far as it is known here."""

    async def stop(self, grace: float, *, await_first_requests: bool) -> None:
        """Stop within ``grace`` seconds, and return when nothing is left.

        ``await_first_requests``: whether who has just connected is answered, too.
        """


async def serve_until_told(
    orders: socket.socket,
    start: Callable[[trio.Nursery], Awaitable[Sequence[Stoppable]]],
    refuse: Callable[[], None],
) -> None:
    """Serve what ``start`` starts in a nursery, and tell the supervisor when that is done.

    ``orders`` is the worker's end of a socket pair, which is closed at the end. ``refuse`` is
    called for ``Order.REFUSE``. For a process of its own: it touches its signals.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    stream = trio.SocketStream(trio.socket.from_stdlib_socket(orders))
    with trio.open_signal_receiver(signal.SIGTERM) as signals, _unblocked():
        async with stream, trio.open_nursery() as nursery:
            servers = await start(nursery)
            await stream.send_all(READY)
            obedience = _Obedience(nursery, servers, refuse)
            nursery.start_soon(obedience.follow_orders, stream)
            nursery.start_soon(obedience.follow_signals, signals)


@contextmanager
def _unblocked() -> Iterator[None]:
    """Let signals come through, which the supervisor has blocked, until the block ends."""
    before = signal.pthread_sigmask(signal.SIG_SETMASK, [])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


class _Obedience:
    """Does what the supervisor says."""

    def __init__(
        self, nursery: trio.Nursery, servers: Sequence[Stoppable], refuse: Callable[[], None]
    ) -> None:
        self._nursery = nursery
        self._servers = servers
        self._refuse = refuse

    async def follow_orders(self, stream: trio.abc.ReceiveStream) -> None:
        """Follow orders until nothing is left to serve."""
        while True:
            order = await _next_order(stream)
            if order is None:
                logger.error("the process that looks after the workers is gone: stopping")
                self._nursery.start_soon(self._stop)
                return
            if order is Order.END:
                self._nursery.cancel_scope.cancel(reason="told to end at once")
            if order is Order.REFUSE:
                self._refuse()
            self._nursery.start_soon(self._stop if order is Order.STOP else self._retire)

    async def follow_signals(self, signals: AsyncIterator[int]) -> None:
        """Stop when this process alone is asked to; another takes its place."""
        async for _number in signals:
            self._nursery.start_soon(self._stop)

    async def _stop(self) -> None:
        await self._stop_all(GRACE_SECONDS, await_first_requests=False)

    async def _retire(self) -> None:
        await self._stop_all(_RETIREMENT_SECONDS, await_first_requests=True)

    async def _stop_all(self, grace: float, *, await_first_requests: bool) -> None:
        async with trio.open_nursery() as stopping:
            for server in self._servers:
                stopping.start_soon(
                    partial(server.stop, grace, await_first_requests=await_first_requests)
                )
        self._nursery.cancel_scope.cancel(reason="stopped")


async def _next_order(stream: trio.abc.ReceiveStream) -> Order | None:
    """Return what is said next; None: nobody is there any more."""
    try:
        said = await stream.receive_some(1)
    except trio.BrokenResourceError:
        return None
    return Order(bytes(said)) if said else None
