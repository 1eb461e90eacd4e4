"""The life of one connection: handshake, exchanges, close.

``serve_connection``, ``converse`` and the ``exchange`` that it repeats are the whole server as a
story. Whatever goes wrong ends here, in the log and in how the connection is closed; nothing but a
cancellation goes further up.
"""

import logging
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace

import trio

from . import tls
from .conversation import converse
from .errors import BodyCut, ClientGone
from .flights import FlightRecorder
from .handlers.https_redirect import redirect_to_https
from .http1 import HTTP1Connection
from .messages import Address
from .operate.access_log import escape
from .rules.first_bytes import speaks_http
from .service import Service
from .stopping import Stopping

__all__ = ["serve_connection"]

logger = logging.getLogger("trio_https")

_to_https = redirect_to_https()


@dataclass(slots=True)
class _Progress:
    """How far a connection has come, for whoever has to end it."""

    stream: trio.abc.Stream
    is_in_handshake: bool = True


async def serve_connection(
    transport: trio.abc.Stream, service: Service, *, client: Address | None = None
) -> None:
    """Serve the requests of one connection until it ends, and close it.

    Raises nothing but what cancelled it; then, the connection is closed at once.
    """
    progress = _Progress(transport)
    try:
        await _serve(progress, service, client)
        await tls.close(progress.stream, timeout=service.limits.close_timeout)
    except ClientGone as exc:
        # A failed handshake is news for the operator, a client that leaves is not.
        level = logging.INFO if progress.is_in_handshake else logging.DEBUG
        logger.log(level, "%s: %s", client or "a client", exc)
        await tls.abort(progress.stream)
    except BodyCut as exc:
        logger.error("%s: response cut off: %s", client or "a client", escape(str(exc)))
        await tls.abort(progress.stream)
    except BaseExceptionGroup as group:
        bugs, others = group.split(Exception)
        if bugs:
            logger.error("%s: connection aborted", client or "a client", exc_info=bugs)
            await tls.abort(progress.stream)
        if others:  # cancellations
            raise others from None
    except Exception:
        logger.exception("%s: connection aborted", client or "a client")
        await tls.abort(progress.stream)
    finally:
        try:
            await trio.aclose_forcefully(transport)
        finally:
            if progress.stream is not transport:
                tls.forget(progress.stream)


async def _serve(progress: _Progress, service: Service, client: Address | None) -> None:
    accepted_at = trio.current_time()
    recorder = FlightRecorder() if service.records_handshakes else None
    stream, received = await _open(progress.stream, service, recorder)
    progress.stream, progress.is_in_handshake = stream, False
    if received:
        service = _redirecting(service)
    connection = HTTP1Connection(
        stream,
        limits=service.limits,
        stopping=service.stopping,
        send_timeout=service.timeouts.send,
        accepted_at=accepted_at,
        client=client,
        tls=tls.describe(stream, recorder) if isinstance(stream, trio.SSLStream) else None,
    )
    connection.incoming.buffer += received
    await converse(connection, service)


async def _open(
    transport: trio.abc.Stream, service: Service, recorder: FlightRecorder | None
) -> tuple[trio.abc.Stream, bytes]:
    """Return the stream to speak HTTP on; and what came of it, if TLS was expected and is not."""
    if service.tls_context is not None:
        return await _shake_hands(transport, service.tls_context, service, recorder)
    if isinstance(transport, trio.SSLStream):  # of a listener, or a caller, of the user's
        await tls.finish_handshake(transport, timeout=service.limits.handshake_timeout)
    return transport, b""


async def _shake_hands(
    transport: trio.abc.Stream,
    current_context: Callable[[], ssl.SSLContext],
    service: Service,
    recorder: FlightRecorder | None,
) -> tuple[trio.abc.Stream, bytes]:
    """Return the encrypted stream; or, of a client that speaks HTTP, the bare one and its bytes."""
    timeout = min(service.limits.handshake_timeout, service.limits.first_head_timeout)
    deadline = trio.current_time() + timeout
    with trio.move_on_at(deadline) as wait:
        await service.handshakes.acquire()
    if wait.cancelled_caught:
        raise ClientGone("too many others were in a TLS handshake")
    try:
        received = await _receive_opening(transport, service.stopping, deadline)
        if speaks_http(received):
            return transport, received
        stream = await tls.shake_hands(
            transport,
            current_context(),  # not that of when it was accepted, maybe long before its hello
            timeout=_seconds_until(deadline),
            received=received,
            recorder=recorder,
        )
        return stream, b""
    finally:
        service.handshakes.release()


async def _receive_opening(
    transport: trio.abc.Stream, stopping: Stopping, deadline: float
) -> bytes:
    # Who has asked for nothing yet need not be waited for: browsers connect in advance.
    with trio.CancelScope() as scope, stopping.ends_wait(scope):
        return await tls.receive_opening(transport, timeout=_seconds_until(deadline))
    raise ClientGone("the server is stopping")


def _seconds_until(deadline: float) -> float:
    # Under load a task may run after its deadline without having been cancelled by it; and of a
    # time below 0, Trio raises ValueError.
    return max(0.0, deadline - trio.current_time())


def _redirecting(service: Service) -> Service:
    """Return a service without TLS that sends the client to HTTPS, once."""
    limits = replace(service.limits, max_requests_per_connection=1)
    return replace(service, handler=_to_https, tls_context=None, limits=limits)
