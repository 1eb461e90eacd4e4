"""The life of one connection: handshake, exchanges, close.

``serve_connection`` and ``exchange`` are the whole server as a story. Whatever goes wrong ends
here, by whose fault it is: the client's becomes a status or a closed connection, a handler's bug
becomes a 500 and a traceback in the log, and nothing but a cancellation goes further up.
"""

import logging
import math
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass, replace

import trio

from . import tls
from .config import Limits
from .departures import Departures
from .errors import BodyCut, ClientGone, HTTPError, without_groups
from .flights import FlightRecorder
from .handlers.https_redirect import redirect_to_https
from .http1 import HTTP1Connection
from .messages import Address, Handler, Headers, Request, Response
from .operate.access_log import AccessEntry, access_logger, escape
from .rules.first_bytes import speaks_http
from .stopping import Stopping

__all__ = ["Service", "serve_connection"]

logger = logging.getLogger("trio_https")

_to_https = redirect_to_https()


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the connections of a server have in common."""

    handler: Handler
    tls_context: Callable[[], ssl.SSLContext] | None
    """Gives the context of a connection that begins now; None: without TLS."""
    limits: Limits
    handshakes: trio.Semaphore
    """A place for each handshake that may go on at a time."""
    stopping: Stopping
    departures: Departures
    records_handshakes: bool = False
    """Whether requests tell what was sent in the handshake."""


async def serve_connection(
    transport: trio.abc.Stream, service: Service, *, client: Address | None = None
) -> None:
    """Serve the requests of one connection until it ends, and close it.

    Raises nothing but what cancelled it; then, the connection is closed at once.
    """
    accepted_at = trio.current_time()
    stream = transport
    received = b""
    recorder = FlightRecorder() if service.records_handshakes else None
    try:
        if service.tls_context is not None:
            context = service.tls_context()
            stream, received = await _shake_hands(transport, context, service, recorder)
        if received:
            service = _redirecting(service)
        tls_info = tls.describe(stream, recorder) if isinstance(stream, trio.SSLStream) else None
        connection = HTTP1Connection(
            stream, limits=service.limits, accepted_at=accepted_at, client=client, tls=tls_info
        )
        connection.incoming.buffer += received
        while await exchange(connection, service):
            pass
        await tls.close(stream, timeout=service.limits.close_timeout)
    except ClientGone as exc:
        # A failed handshake is news for the operator, a client that leaves is not.
        in_handshake = service.tls_context is not None and stream is transport
        level = logging.INFO if in_handshake else logging.DEBUG
        logger.log(level, "%s: %s", client or "a client", exc)
        await tls.abort(stream)
    except BodyCut as exc:
        logger.error("%s: response cut off: %s", client or "a client", escape(str(exc)))
        await tls.abort(stream)
    except BaseExceptionGroup as group:
        bugs, others = group.split(Exception)
        if bugs:
            logger.error("%s: connection aborted", client or "a client", exc_info=bugs)
            await tls.abort(stream)
        if others:  # cancellations
            raise others from None
    except Exception:
        logger.exception("%s: connection aborted", client or "a client")
        await tls.abort(stream)
    finally:
        try:
            await trio.aclose_forcefully(transport)
        finally:
            tls.forget(stream)


async def _shake_hands(
    transport: trio.abc.Stream,
    context: ssl.SSLContext,
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
            context,
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


async def exchange(connection: HTTP1Connection, service: Service) -> bool:
    """Receive a request, have it answered, send the response. Return whether another may follow."""
    try:
        request = await connection.receive_request(service.stopping)
    except HTTPError as refusal:
        await _refuse(connection, refusal)
        return False
    if request is None:
        return False
    try:
        with service.departures.cancel_exchange(connection) as scope:
            response, close = await _answer(connection, service, request)
            close = close or service.stopping.is_set()
            await _send(connection, request, response, close=close)
    finally:
        connection.detach_body()
        _log_access(connection, request)
    if scope.cancelled_caught and not connection.has_answered:
        raise ClientGone("the client left before it was answered")
    return await connection.finish_exchange()


async def _answer(
    connection: HTTP1Connection, service: Service, request: Request
) -> tuple[Response, bool]:
    """Return the handler's response, or the one to its error, and whether it must be the last."""
    timeout = service.limits.handler_timeout
    try:
        if timeout == math.inf:
            return await service.handler(request), False
        with trio.move_on_after(timeout):
            return await service.handler(request), False
        logger.warning("no response to %s within %g s", _line_of(request), timeout)
        return _error_response(HTTPError(503, "this takes too long now")), True
    except ClientGone:
        raise
    except Exception as exc:
        return _answer_error(connection, request, exc)


def _answer_error(
    connection: HTTP1Connection, request: Request, exc: Exception
) -> tuple[Response, bool]:
    # Not where it is caught: a frame that an exception has passed through, with a variable for
    # that exception, is a circle. All that the connection holds would wait for the collector.
    cause = without_groups(exc)
    if isinstance(cause, HTTPError):
        return _error_response(cause), cause.close
    if isinstance(cause, ClientGone):
        raise ClientGone(str(cause)) from exc
    return _report_bug(connection, request, exc), True


async def _send(
    connection: HTTP1Connection, request: Request, response: Response, *, close: bool
) -> None:
    try:
        await connection.send_response(response, close=close)
    except ClientGone:
        raise
    except Exception as exc:
        if connection.status is not None:  # begun: all that is left is to cut it off
            if connection.is_body_error(without_groups(exc)):
                raise ClientGone(f"the request body failed: {exc}") from exc
            raise
        await connection.send_response(_report_bug(connection, request, exc), close=True)


async def _refuse(connection: HTTP1Connection, refusal: HTTPError) -> None:
    """Answer what was no valid request. Nothing that follows it can be trusted."""
    # h11 says it more exactly, and in the client's own characters.
    reason = f" ({escape(str(refusal.__cause__)[:200])})" if refusal.__cause__ else ""
    logger.info("%s: %s%s", connection.client or "a client", refusal, reason)
    try:
        await connection.send_response(_error_response(refusal), close=True)
    finally:
        _log_access(connection, None)


def _error_response(error: HTTPError) -> Response:
    response = Response.text(f"{error}\n", error.status)
    for name, value in error.headers:
        response = response.with_header(name, value)
    return response


def _report_bug(connection: HTTP1Connection, request: Request, exc: Exception) -> Response:
    """Log the handler's bug; return a 500 that tells no more of it than where it stands there."""
    connection.error_id = error_id = secrets.token_hex(4)
    message = "error %s: the handler failed at %s"
    logger.error(message, error_id, _line_of(request), exc_info=exc)
    return Response.text(f"500 Internal Server Error: error {error_id} in the log\n", 500)


def _line_of(request: Request) -> str:
    return escape(f"{request.method} {request.target}")


def _log_access(connection: HTTP1Connection, request: Request | None) -> None:
    if not access_logger.isEnabledFor(logging.INFO):
        return
    entry = AccessEntry(
        received_at=connection.received_at,
        client=connection.client,
        request_line=connection.request_line,
        status=connection.status,
        bytes_sent=connection.bytes_sent,
        duration=trio.current_time() - connection.began_at,
        headers=request.headers if request else Headers(),
        tls=connection.tls,
        error_id=connection.error_id,
    )
    access_logger.info(entry)
