"""The server: what it listens on, the tasks that it is made of, and a graceful stop.

Two nurseries: connections outside, accepting inside. To stop, accepting is cancelled and the
listeners are closed, idle connections end at once, running requests have until the deadline, and
what is left then is cancelled. Whoever cancels ``serve`` itself ends all of it at once.
"""

import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Literal

import trio

from .accepting import Reception
from .config import Limits
from .connection import serve_connection
from .departures import Departures
from .errors import without_groups
from .heap import HeapTrimmer
from .identities.places import CertificateFolder, KeyFiles, LocalAuthority
from .identities.served import Identities
from .listeners import AnyListener, listening_place, open_listeners, reachable_urls
from .messages import Address, Handler
from .request_scope import StopSignal
from .service import Service
from .stopping import Stopping
from .timeouts import Timeouts

__all__ = ["TLS", "Server", "serve", "serve_listeners", "serve_stream"]

TLS = (
    ssl.SSLContext
    | Identities
    | KeyFiles
    | CertificateFolder
    | LocalAuthority
    | Literal["local"]
    | None
)
"""Which certificates: those of a context of yours; ``Identities``, loaded anew when they change, or
a place of such; "local", issued for localhost by the local CA, and renewed; None: plain HTTP."""

_DEFAULT_LIMITS = Limits()


class Server:
    """A running server: where it listens, and how to stop it."""

    def __init__(
        self, addresses: Sequence[Address], urls: Sequence[str], stopping: Stopping
    ) -> None:
        self.addresses: tuple[Address, ...] = tuple(addresses)
        """Where it listens on the network, with the real port."""
        self.urls: tuple[str, ...] = tuple(urls)
        """URLs under which it is reached on this machine, best first."""
        self._stopping = stopping

    @property
    def port(self) -> int:
        """The port, the same on all addresses of ``serve``; otherwise, that of the first one.

        Raises ``RuntimeError`` where it listens on none, but on a Unix socket, say.
        """
        if not self.addresses:
            raise RuntimeError("this server has no port: it doesn't listen on the network")
        return self.addresses[0].port

    @property
    def stopping(self) -> StopSignal:
        """Set when the server is to stop: what would go on for ever waits for it, and ends.

        A handler has it as ``request.stopping``.
        """
        return self._stopping

    async def stop(self, grace: float = 10.0, *, await_first_requests: bool = False) -> None:
        """Stop the server, and return when nothing of it is left.

        It accepts no more, closes idle connections, lets running requests finish within ``grace``
        seconds, and cancels what is left then. Called again, it can only get shorter. If this is
        cancelled, the stop goes on. Raises ``ValueError`` for a negative ``grace``.

        With ``await_first_requests``, who has connected and not asked for anything yet is answered,
        too, if it asks within the limits: for a server whose place another takes, so that nobody
        notices. Without it, such a connection is closed as an idle one.
        """
        self._stopping.set(grace, await_first_requests=await_first_requests)
        await self._stopping.finished.wait()


async def serve(
    handler: Handler,
    *,
    host: str = "localhost",
    port: int = 8443,
    tls: TLS = "local",
    limits: Limits = _DEFAULT_LIMITS,
    record_handshakes: bool = False,
    task_status: trio.TaskStatus[Server] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve HTTPS with ``handler`` until stopped or cancelled.

    ``server = await nursery.start(trio_https.serve, handler)`` gives the ``Server`` as soon as
    clients can connect. ``host`` is a name or an address; "localhost" means 127.0.0.1 and ::1,
    "*" means every interface. ``port`` 0 takes any free one. ``tls`` is a context of yours,
    certificates by ``Identities`` or where they lie; "local" issues one for localhost by the local
    CA, and renews it; None serves plain HTTP. With ``record_handshakes``, ``request.tls.flights``
    has what was sent in the handshake.

    Raises ``ConfigError`` where it can't listen, or a certificate doesn't serve. No client and no
    handler makes it raise. If cancelled, every connection is closed at once; for a graceful end
    there is ``Server.stop``. No signal is touched.
    """
    certificates = await _open_certificates(tls)
    listeners = await open_listeners(host, port)
    addresses = _network_addresses(listeners)
    stopping = Stopping()
    scheme = "http" if certificates is None else "https"
    shown = [Address("localhost", addresses[0].port)] if host == "localhost" else addresses
    server = Server(addresses, reachable_urls(scheme, shown), stopping)
    service = _make_service(handler, certificates, limits, stopping, record_handshakes)
    await _run(server, service, certificates, listeners, task_status)


async def serve_listeners(
    handler: Handler,
    listeners: Sequence[AnyListener],
    *,
    tls: TLS = None,
    limits: Limits = _DEFAULT_LIMITS,
    record_handshakes: bool = False,
    task_status: trio.TaskStatus[Server] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve on ``listeners`` of yours, as ``serve`` does on its own, and close them at the end.

    They may be of any kind that gives streams: TCP, Unix sockets, or ``trio.SSLListener``, for
    which ``tls`` stays None. Raises ``ConfigError`` where a certificate doesn't serve, and
    ``ValueError`` without a listener; the listeners are closed then, too. Cancelled: see ``serve``.
    """
    if not listeners:
        raise ValueError("give one listener at least")
    try:
        certificates = await _open_certificates(tls)
    except BaseException:
        for listener in listeners:
            await trio.aclose_forcefully(listener)
        raise
    is_secure = any(isinstance(each, trio.SSLListener) for each in listeners)
    scheme = "http" if certificates is None and not is_secure else "https"
    addresses = _network_addresses(listeners)
    stopping = Stopping()
    server = Server(addresses, reachable_urls(scheme, addresses), stopping)
    service = _make_service(handler, certificates, limits, stopping, record_handshakes)
    await _run(server, service, certificates, listeners, task_status)


async def serve_stream(
    handler: Handler,
    stream: trio.abc.Stream,
    *,
    tls: TLS = None,
    limits: Limits = _DEFAULT_LIMITS,
    client: Address | None = None,
    record_handshakes: bool = False,
    task_status: trio.TaskStatus[Server] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve one connection, which is there already, until it ends; then close it.

    ``stream`` may be of any kind, also a ``trio.SSLStream``, for which ``tls`` stays None;
    ``client`` is what requests tell of its other end. ``await nursery.start(...)`` gives a
    ``Server`` that can be stopped. Raises ``ConfigError`` where a certificate doesn't serve. If
    cancelled, the connection is closed at once.
    """
    try:
        certificates = await _open_certificates(tls)
        stopping = Stopping()
        service = _make_service(handler, certificates, limits, stopping, record_handshakes)
        async with _background(service, certificates):
            task_status.started(Server((), (), stopping))
            await serve_connection(stream, service, client=client)
    finally:
        await trio.aclose_forcefully(stream)


async def _run(
    server: Server,
    service: Service,
    certificates: ssl.SSLContext | Identities | None,
    listeners: Sequence[AnyListener],
    task_status: trio.TaskStatus[Server],
) -> None:
    heap = HeapTrimmer()
    async with (
        _background(service, certificates, heap.watch),
        trio.open_nursery() as connections,
        trio.open_nursery() as accepting,
    ):
        reception = Reception(service, connections, heap)
        for listener in listeners:
            accepting.start_soon(reception.accept_from, listener)
        task_status.started(server)
        await service.stopping.wait()
        accepting.cancel_scope.cancel(reason="the server is stopping")


@asynccontextmanager
async def _background(
    service: Service,
    certificates: ssl.SSLContext | Identities | None,
    *others: Callable[[], Awaitable[None]],
) -> AsyncIterator[None]:
    """Run what goes on beside the connections, as long as the block runs or is let run."""
    try:
        with _plainly(), service.stopping.lifetime:
            async with trio.open_nursery() as background:
                background.start_soon(service.stopping.end_lifetime)
                for watch in service.watchers:
                    background.start_soon(watch)
                if isinstance(certificates, Identities):
                    background.start_soon(certificates.watch)
                for other in others:
                    background.start_soon(other)
                yield
                background.cancel_scope.cancel(reason="the server has stopped")
    finally:
        service.stopping.finished.set()


@contextmanager
def _plainly() -> Iterator[None]:
    """Raise what is raised, a KeyboardInterrupt say, without the groups of our own nurseries."""
    try:
        yield
    except BaseExceptionGroup as group:
        plain = without_groups(group)
        if plain is group:
            raise
        raise plain from plain.__cause__


def _make_service(
    handler: Handler,
    certificates: ssl.SSLContext | Identities | None,
    limits: Limits,
    stopping: Stopping,
    record_handshakes: bool,
) -> Service:
    return Service(
        handler=handler,
        tls_context=_context_source(certificates),
        limits=limits,
        handshakes=trio.Semaphore(limits.max_handshakes),
        stopping=stopping,
        departures=Departures(),
        timeouts=Timeouts(limits),
        records_handshakes=record_handshakes,
    )


def _network_addresses(listeners: Sequence[AnyListener]) -> list[Address]:
    found = [listening_place(listener) for listener in listeners]
    return [address for address in found if isinstance(address, Address)]


async def _open_certificates(tls: TLS) -> ssl.SSLContext | Identities | None:
    if tls is None or isinstance(tls, ssl.SSLContext | Identities):
        return tls
    return await trio.to_thread.run_sync(_open_place, tls)


def _open_place(
    place: KeyFiles | CertificateFolder | LocalAuthority | Literal["local"],
) -> Identities:
    if place != "local":
        return Identities([place])
    # Here, because it loads cryptography, which a program with its own context does without.
    from .certificates.home import certificates_home

    return Identities([LocalAuthority(certificates_home())])


def _context_source(
    certificates: ssl.SSLContext | Identities | None,
) -> Callable[[], ssl.SSLContext] | None:
    """Return what gives the context for each new connection."""
    if isinstance(certificates, Identities):
        return lambda: certificates.contexts.current
    return None if certificates is None else lambda: certificates
