"""The life of one connection: handshake, exchanges, close.

``serve_connection`` and ``exchange`` are the whole server as a story. Whatever goes wrong ends
here, by whose fault it is: the client's becomes a status or a closed connection, a handler's bug
becomes a 500 and a traceback in the log, and nothing but a cancellation goes further up.
"""

import logging
import secrets
import ssl
import time

import trio

from . import tls
from .config import Limits
from .errors import ClientGone, HTTPError, without_groups
from .http1 import HTTP1Connection
from .messages import Address, Handler, Headers, Request, Response
from .operate.access_log import AccessEntry, access_logger, escape
from .stopping import Stopping

__all__ = ["serve_connection"]

logger = logging.getLogger("trio_https")


async def serve_connection(
    transport: trio.abc.Stream,
    handler: Handler,
    *,
    tls_context: ssl.SSLContext | None,
    limits: Limits,
    stopping: Stopping,
    client: Address | None = None,
) -> None:
    """Serve the requests of one connection with ``handler`` until it ends, and close it.

    ``tls_context`` None: without TLS. Raises nothing but what cancelled it; then, the connection
    is closed at once.
    """
    stream = transport
    try:
        if tls_context is not None:
            timeout = limits.handshake_timeout
            stream = await tls.shake_hands(transport, tls_context, timeout=timeout)
        await _serve_requests(stream, handler, limits=limits, stopping=stopping, client=client)
        await tls.close(stream, timeout=limits.close_timeout)
    except ClientGone as exc:
        # A failed handshake is news for the operator, a client that leaves is not.
        level = logging.INFO if stream is transport else logging.DEBUG
        logger.log(level, "%s: %s", client or "a client", exc)
    except BaseExceptionGroup as group:
        bugs, others = group.split(Exception)
        if bugs:
            logger.error("%s: connection aborted", client or "a client", exc_info=bugs)
        if others:  # cancellations
            raise others from None
    except Exception:
        logger.exception("%s: connection aborted", client or "a client")
    finally:
        # Without close_notify: what was sent may be cut off, and must not look whole.
        await trio.aclose_forcefully(transport)


async def _serve_requests(
    stream: trio.abc.Stream,
    handler: Handler,
    *,
    limits: Limits,
    stopping: Stopping,
    client: Address | None,
) -> None:
    tls_info = tls.describe(stream) if isinstance(stream, trio.SSLStream) else None
    connection = HTTP1Connection(stream, limits=limits, client=client, tls=tls_info)
    while await exchange(connection, handler, stopping):
        pass


async def exchange(connection: HTTP1Connection, handler: Handler, stopping: Stopping) -> bool:
    """Receive a request, have it answered, send the response. Return whether another may follow."""
    try:
        request = await connection.receive_request(stopping)
    except HTTPError as refusal:
        await _refuse(connection, refusal)
        return False
    if request is None:
        return False
    try:
        response, close = await _answer(handler, request)
        await _send(connection, request, response, close=close or stopping.is_set())
    finally:
        _log_access(connection, request)
    return await connection.finish_exchange()


async def _answer(handler: Handler, request: Request) -> tuple[Response, bool]:
    """Return the handler's response, or the one to its error, and whether it must be the last."""
    try:
        return await handler(request), False
    except Exception as exc:
        cause = without_groups(exc)
        if isinstance(cause, HTTPError):
            return _error_response(cause), cause.close
        if isinstance(cause, ClientGone):
            raise cause from exc
        return _report_bug(request, exc), True


async def _send(
    connection: HTTP1Connection, request: Request, response: Response, *, close: bool
) -> None:
    try:
        await connection.send_response(response, close=close)
    except ClientGone:
        raise
    except Exception as exc:
        if connection.status is not None:  # begun: all that is left is to cut it off
            raise
        await connection.send_response(_report_bug(request, exc), close=True)


async def _refuse(connection: HTTP1Connection, refusal: HTTPError) -> None:
    """Answer what was no valid request. Nothing that follows it can be trusted."""
    logger.info("%s: %s", connection.client or "a client", refusal, exc_info=refusal.__cause__)
    try:
        await connection.send_response(_error_response(refusal), close=True)
    finally:
        _log_access(connection, None)


def _error_response(error: HTTPError) -> Response:
    response = Response.text(f"{error}\n", error.status)
    for name, value in error.headers:
        response = response.with_header(name, value)
    return response


def _report_bug(request: Request, exc: Exception) -> Response:
    """Log the handler's bug; return a 500 that tells no more of it than where it stands there."""
    error_id = secrets.token_hex(4)
    line = escape(f"{request.method} {request.target}")
    logger.error("error %s: the handler failed at %s", error_id, line, exc_info=exc)
    return Response.text(f"500 Internal Server Error: error {error_id} in the log\n", 500)


def _log_access(connection: HTTP1Connection, request: Request | None) -> None:
    if not access_logger.isEnabledFor(logging.INFO):
        return
    entry = AccessEntry(
        received_at=connection.received_at,
        client=connection.client,
        request_line=connection.request_line,
        status=connection.status,
        bytes_sent=connection.bytes_sent,
        duration=time.time() - connection.received_at,
        headers=request.headers if request else Headers(),
        tls=connection.tls,
    )
    access_logger.info(entry)
