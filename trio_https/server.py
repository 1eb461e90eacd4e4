"""The server: listeners, a task for each connection, a limit of them, and a graceful stop.

Two nurseries: connections outside, accepting inside. To stop, accepting is cancelled and the
listeners are closed, idle connections end at once, running requests have until the deadline, and
what is left then is cancelled. Whoever cancels ``serve`` itself ends all of it at once.
"""

import logging
import math
import ssl
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Literal

import trio

from .admission import Admission, Verdict
from .config import Limits
from .connection import serve_connection
from .departures import Departures
from .errors import HTTPError
from .heap import HeapTrimmer
from .identities.places import LocalAuthority
from .identities.served import Identities
from .listeners import listening_address, open_listeners
from .messages import Address, Handler, Request, Response
from .service import Service
from .stopping import Stopping

__all__ = ["Server", "serve"]

logger = logging.getLogger("trio_https")

_ACCEPT_PAUSE_SECONDS = 0.1  # when accepting fails, for want of descriptors say; as Trio's own
_ACCEPT_LOG_SECONDS = 1.0  # and no more than a line in that time
_DEFAULT_LIMITS = Limits()


class Server:
    """A running server: where it listens, and how to stop it."""

    def __init__(
        self, host: str, addresses: Sequence[Address], *, scheme: str, stopping: Stopping
    ) -> None:
        self.addresses = tuple(addresses)
        """Where it listens, with the real port."""
        self.port = self.addresses[0].port
        """The port, the same on all addresses."""
        self.urls = tuple(_urls(scheme, host, self.addresses))
        """URLs under which it is reached on this machine, best first."""
        self._stopping = stopping

    async def stop(self, grace: float = 10.0) -> None:
        """Stop the server, and return when nothing of it is left.

        It accepts no more, closes idle connections, lets running requests finish within ``grace``
        seconds, and cancels what is left then. Called again, it can only get shorter. If this is
        cancelled, the stop goes on. Raises ``ValueError`` for a negative ``grace``.
        """
        self._stopping.set(grace)
        await self._stopping.finished.wait()


async def serve(
    handler: Handler,
    *,
    host: str = "localhost",
    port: int = 8443,
    tls: ssl.SSLContext | Identities | Literal["local"] | None = "local",
    limits: Limits = _DEFAULT_LIMITS,
    record_handshakes: bool = False,
    task_status: trio.TaskStatus[Server] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve HTTPS with ``handler`` until stopped or cancelled.

    ``server = await nursery.start(trio_https.serve, handler)`` gives the ``Server`` as soon as
    clients can connect. ``host`` is a name or an address; "localhost" means 127.0.0.1 and ::1,
    "*" means every interface. ``port`` 0 takes any free one. ``tls`` is a context of yours,
    or ``Identities``, certificates that are loaded anew when they change; "local" issues one for
    localhost by the local CA, and renews it; None serves plain HTTP. With ``record_handshakes``,
    ``request.tls.flights`` has what was sent in the handshake.

    Raises ``ConfigError`` where it can't listen, or the local certificate can't be made. No client
    and no handler makes it raise. If cancelled, every connection is closed at once; for a graceful
    end there is ``Server.stop``.
    """
    shown = await trio.to_thread.run_sync(_open_local_identity) if tls == "local" else tls
    listeners = await open_listeners(host, port)
    stopping = Stopping()
    server = Server(
        host,
        [listening_address(listener) for listener in listeners],
        scheme="http" if shown is None else "https",
        stopping=stopping,
    )
    service = Service(
        handler=handler,
        tls_context=_context_source(shown),
        limits=limits,
        handshakes=trio.Semaphore(limits.max_handshakes),
        stopping=stopping,
        departures=Departures(),
        records_handshakes=record_handshakes,
    )
    heap = HeapTrimmer()
    try:
        with stopping.lifetime:
            async with trio.open_nursery() as background:
                background.start_soon(service.departures.watch)
                background.start_soon(heap.watch)
                if isinstance(shown, Identities):
                    background.start_soon(shown.watch)
                async with trio.open_nursery() as connections, trio.open_nursery() as accepting:
                    accept = partial(
                        _accept,
                        admission=Admission(limits),
                        connections=connections,
                        service=service,
                        heap=heap,
                        troubles=_Troubles(),
                    )
                    for listener in listeners:
                        accepting.start_soon(accept, listener)
                    task_status.started(server)
                    await stopping.wait()
                    accepting.cancel_scope.cancel(reason="the server is stopping")
                background.cancel_scope.cancel(reason="the server has stopped")
    finally:
        stopping.finished.set()


async def _accept(
    listener: trio.SocketListener,
    admission: Admission,
    connections: trio.Nursery,
    service: Service,
    heap: HeapTrimmer,
    troubles: "_Troubles",
) -> None:
    """Start a task for each connection that there is a place for."""
    async with listener:
        while True:
            stream = await _next_connection(listener, troubles)
            try:
                await admission.reserve()  # those behind it wait in the backlog
            except trio.Cancelled:
                await trio.aclose_forcefully(stream)
                raise
            connections.start_soon(_admit, stream, admission, service, heap)


async def _admit(
    stream: trio.SocketStream, admission: Admission, service: Service, heap: HeapTrimmer
) -> None:
    client = _peer(stream)
    host = client.host if client else None
    with heap.count_connection(), admission.place_for(host) as verdict:
        try:
            if verdict is Verdict.SERVE:
                await serve_connection(stream, service, client=client)
            elif verdict is Verdict.REFUSE:
                await serve_connection(stream, _refusing(service), client=client)
            else:
                await trio.aclose_forcefully(stream)
        except Exception:
            # A bug of ours in how a connection ends: it must not be the end of all others.
            logger.exception("%s: a connection could not be ended in order", client or "a client")


def _refusing(service: Service) -> Service:
    """Return a service that answers 503, to clients that are quick to ask."""
    limits = replace(service.limits, first_head_timeout=4.0)  # round trips of a slow line
    return replace(service, handler=_refuse, limits=limits)


async def _refuse(_request: Request, /) -> Response:
    raise HTTPError(503, "too many connections", headers=[("Retry-After", "5")], close=True)


async def _next_connection(
    listener: trio.SocketListener, troubles: "_Troubles"
) -> trio.SocketStream:
    """Accept, whatever it takes: no fault of the system or of a client ends the listening."""
    while True:
        try:
            return await listener.accept()
        except OSError as exc:
            troubles.log(listener, exc)
            await trio.sleep(_ACCEPT_PAUSE_SECONDS)


class _Troubles:
    """What the log is told of connections that can't be accepted: a line a second at most."""

    def __init__(self) -> None:
        self._last_logged = -math.inf

    def log(self, listener: trio.SocketListener, exc: OSError) -> None:
        if trio.current_time() - self._last_logged >= _ACCEPT_LOG_SECONDS:
            self._last_logged = trio.current_time()
            address = listening_address(listener)
            logger.error("%s: can't accept a connection: %s", address, exc.strerror)


def _peer(stream: trio.SocketStream) -> Address | None:
    try:
        host, port = stream.socket.getpeername()[:2]
    except OSError:  # reset before it was accepted
        return None
    return Address(host, port)


def _urls(scheme: str, host: str, addresses: Sequence[Address]) -> list[str]:
    if host == "localhost":
        return [f"{scheme}://localhost:{addresses[0].port}/"]
    return [f"{scheme}://{_reachable(address)}/" for address in addresses]


def _reachable(address: Address) -> Address:
    """Return ``address``, or loopback for a wildcard: not every system can connect to that."""
    loopback = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 -- compared, not bound
    return Address(loopback.get(address.host, address.host), address.port)


def _context_source(
    tls: ssl.SSLContext | Identities | None,
) -> Callable[[], ssl.SSLContext] | None:
    """Return what gives the context for each new connection."""
    if isinstance(tls, Identities):
        return lambda: tls.contexts.current
    return None if tls is None else lambda: tls


def _open_local_identity() -> Identities:
    # Here, because it loads cryptography, which a program with its own context does without.
    from .certificates.home import certificates_home

    return Identities([LocalAuthority(certificates_home())])
