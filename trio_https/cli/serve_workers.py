"""The same server in several processes: what they share, opened before they are forked.

The process that the user has started opens sockets and certificates, tells it, and serves nobody.
"""

import socket
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial

import trio

from ..errors import ConfigError
from ..identities.served import TICKET_KEY_SECONDS, Identities
from ..listeners import bind_sockets, reachable_urls, wrap_sockets
from ..messages import Address, Handler
from ..server import Server, serve_listeners
from ..workers.supervisor import StartFailed, Supervisor
from ..workers.worker import serve_until_told
from .console import say, step
from .identity import Identity
from .lan import Exposure
from .plain_http import PLAIN_LIMITS, PlainHTTP, PlainSite, ca_site, redirect_site
from .readiness import tell_ready

__all__ = ["WorkerSettings", "supervise_until_signal"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerSettings:
    """What each worker serves with TLS."""

    count: int
    handler: Handler
    host: str
    port: int
    record_handshakes: bool


class _Bound:
    """Sockets that listen and nobody accepts from yet; and how they are served."""

    def __init__(
        self,
        scheme: str,
        host: str,
        port: int,
        serving: Callable[[Sequence[trio.SocketListener]], Callable[..., Awaitable[None]]],
    ) -> None:
        self.sockets = bind_sockets(host, port)
        self.addresses = tuple(Address(*each.getsockname()[:2]) for each in self.sockets)
        shown = [Address("localhost", self.port)] if host == "localhost" else self.addresses
        self.urls = tuple(reachable_urls(scheme, shown))
        self._serving = serving

    @property
    def port(self) -> int:
        """The same on all addresses."""
        return self.addresses[0].port

    async def start(self, nursery: trio.Nursery) -> Server:
        """Serve in ``nursery``."""
        server: Server = await nursery.start(self._serving(wrap_sockets(self.sockets)))
        return server

    def close(self) -> None:
        """Close them here; who has copies goes on."""
        for each in self.sockets:
            each.close()


class _PagesWork:
    """What the workers do, in the terms of their supervisor."""

    def __init__(self, served: Identities) -> None:
        self.places: list[_Bound] = []
        self._served = served
        self._keys_are_due = time.monotonic() + TICKET_KEY_SECONDS

    def work(self, orders: socket.socket, /) -> None:
        """Serve on all sockets until told to stop."""
        refuse = self._served.contexts.refuse_all
        trio.run(serve_until_told, orders, self._start, refuse)

    async def _start(self, nursery: trio.Nursery) -> list[Server]:
        return [await place.start(nursery) for place in self.places]

    def look(self) -> None:
        """Look at the files of certificates, and have new ticket keys when it is time."""
        self._served.look_sync()
        if time.monotonic() >= self._keys_are_due:
            self._served.renew_ticket_keys()
            self._keys_are_due = time.monotonic() + TICKET_KEY_SECONDS

    def reload(self) -> None:
        """Read all certificates anew."""
        self._served.reload_sync()

    @property
    def state(self) -> object:
        """The contexts of TLS."""
        return self._served.contexts.state

    def outlives(self, state: object, /) -> bool:
        """Whether the authorities of clients are the same."""
        return self._served.contexts.trusts_as(state)

    def close(self) -> None:
        """Close what the workers have their own copies of."""
        for place in self.places:
            place.close()


def supervise_until_signal(
    settings: WorkerSettings,
    identity: Identity,
    plain: PlainHTTP,
    exposure: Exposure | None,
    *,
    started: float,
) -> None:
    """Serve with workers until SIGINT or SIGTERM; the arguments are those of ``run_until_signal``.

    Raises ``ConfigError`` where it can't listen, or no worker comes to serve.
    """
    work = _PagesWork(identity.served)
    try:
        with step("Listening") as told:
            server = _bind_pages(settings, identity.served)
            work.places.append(server)
            told.detail = ", ".join(map(str, server.addresses))
        _bind_plain(redirect_site(plain, https_port=server.port), work)
        ca_page = _bind_plain(ca_site(plain, https_port=server.port), work)
        supervisor = Supervisor(work, settings.count)
        with supervisor.ending_all():
            with step("Workers") as told:
                _start(supervisor)
                told.detail = f"{settings.count}, processes {', '.join(map(str, supervisor.pids))}"
            tell_ready(server, ca_page, identity, plain, exposure, started=started)
            supervisor.run(say)
    finally:
        work.close()


def _start(supervisor: Supervisor) -> None:
    try:
        supervisor.start()
    except StartFailed as exc:
        raise ConfigError(
            f"--workers: {exc}. If it said why, that is above; give fewer workers, or leave the"
            " option out."
        ) from exc


def _bind_pages(settings: WorkerSettings, served: Identities) -> _Bound:
    def serving(listeners: Sequence[trio.SocketListener]) -> Callable[..., Awaitable[None]]:
        # The context, rather than the identities: the supervisor alone looks for new ones.
        return partial(
            serve_listeners,
            settings.handler,
            listeners,
            tls=served.contexts.current,
            record_handshakes=settings.record_handshakes,
        )

    return _Bound("https", settings.host, settings.port, serving)


def _bind_plain(site: PlainSite | None, work: _PagesWork) -> _Bound | None:
    if site is None:
        return None

    def serving(listeners: Sequence[trio.SocketListener]) -> Callable[..., Awaitable[None]]:
        return partial(serve_listeners, site.handler, listeners, limits=PLAIN_LIMITS)

    with site.step() as tell:
        bound = _Bound("http", site.host, site.port, serving)
        work.places.append(bound)
        tell(bound)
    return bound
