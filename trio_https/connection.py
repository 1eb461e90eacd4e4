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

__all__ = ["serve_connection"]

logger = logging.getLogger("trio_https")

_to_https = redirect_to_https()


@dataclass(slots=True)
class _Progress:
    """How far a connection has come, for whoever has to end it."""

    stream: trio.abc.Stream
    is_in_handshake: bool = True
    is_closed: bool = False


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
        progress.is_closed = True
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
            # Once more costs a fiftieth of a connection.
            if not progress.is_closed:
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
    has_place = False
    # One scope for all three waits: each costs a hundredth of a connection.
    with trio.move_on_after(timeout) as wait:
        try:
            # First without the turn that acquire gives to others: the client is waited for next.
            service.handshakes.acquire_nowait()
        except trio.WouldBlock:
            await service.handshakes.acquire()
        try:
            has_place = True
            # Who has asked for nothing yet need not be waited for: browsers connect in advance.
            with service.stopping.ends_wait(wait):
                received = await tls.receive_opening(transport)
            if speaks_http(received):
                return transport, received
            # Not the context of when it was accepted, maybe long before its hello.
            context = current_context()
            stream = await tls.shake_hands(transport, context, received=received, recorder=recorder)
            return stream, b""
        finally:
            service.handshakes.release()
    if not has_place:
        raise ClientGone("too many others were in a TLS handshake")
    if trio.current_time() < wait.deadline:
        raise ClientGone("the server is stopping")
    raise tls.too_slow(timeout)


def _redirecting(service: Service) -> Service:
    """Return a service without TLS that sends the client to HTTPS, once."""
    limits = replace(service.limits, max_requests_per_connection=1)
    return replace(service, handler=_to_https, tls_context=None, limits=limits)
