"""One exchange: receive a request, have it answered, send the response.

Whatever a handler does ends here: what it raises becomes a response by whose fault it is, its bug a
500 and a traceback in the log. What can only end the connection goes up to ``connection``.
"""

import logging
import math
import secrets
from collections.abc import Awaitable

import trio

from .errors import BodyCut, ClientGone, HTTPError, without_groups
from .http1 import HTTP1Connection
from .messages import Headers, Reply, Request, Response
from .operate.access_log import AccessEntry, access_logger, escape, log_access
from .rules.upgrade import check_upgrade
from .service import Service
from .upgrades import Upgrade, WebSocketUpgrade

__all__ = ["exchange"]

logger = logging.getLogger("trio_https")


async def exchange(connection: HTTP1Connection, service: Service) -> bool:
    """Receive a request, have it answered, send the response. Return whether another may follow.

    Whatever this raises, ``end_exchange`` has to follow.
    """
    try:
        request = connection.take_request() or await connection.receive_request()
    except HTTPError as refusal:
        await _refuse(connection, refusal)
        return False
    service.departures.begin(connection, request.scope)
    # Awaited here, and not further in: each wait walks through all frames above it.
    try:
        reply, close = _agree(connection, request, await _ask(service, request)), False
    except ClientGone:
        raise
    except Exception as exc:
        reply, close = _answer_error(connection, request, exc)
    if isinstance(reply, Upgrade):
        service.departures.end(connection)
        await _speak(connection, request, reply)
    else:
        try:
            await connection.send_response(reply, close=close or service.stopping.is_set())
        except Exception as exc:
            if (report := _report_unsent(connection, request, exc)) is None:
                raise
            await connection.send_response(report, close=True)
    end_exchange(connection, service)
    return connection.status != 101 and await connection.finish_exchange()


def end_exchange(connection: HTTP1Connection, service: Service) -> None:
    """Take note of how the exchange has ended that goes on, if one does."""
    if connection.request is not None:
        service.departures.end(connection)
        connection.detach_body()
        _log_access(connection, connection.request)
        connection.request = None


def _ask(service: Service, request: Request) -> Awaitable[Reply]:
    if service.limits.handler_timeout == math.inf:
        return service.handler(request)
    return _ask_in_time(service, request)


async def _ask_in_time(service: Service, request: Request) -> Reply:
    timeout = service.limits.handler_timeout
    with trio.move_on_after(timeout):
        return await service.handler(request)
    logger.warning("no response to %s within %g s", _line_of(request), timeout)
    raise HTTPError(503, "this takes too long now", close=True)


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


def _report_unsent(
    connection: HTTP1Connection, request: Request, exc: Exception
) -> Response | None:
    """Return what is sent in place of a response that has no valid form; None: ``exc`` is raised.

    Raises ``ClientGone`` where it is the client's doing that a response could not be sent.
    """
    cause = without_groups(exc)
    if exc is cause and isinstance(exc, ClientGone):
        return None
    if isinstance(cause, ClientGone):
        raise ClientGone("the client left in the middle of a response") from exc
    if connection.status is None:
        return _report_bug(connection, request, exc)
    # It has begun: all that is left is to cut it off.
    if connection.is_body_error(cause):
        raise ClientGone(f"the request body failed: {exc}") from exc
    return None


def _agree(connection: HTTP1Connection, request: Request, reply: Reply) -> Response | Upgrade:
    """Return ``reply``, if it is one that this client can be given.

    Raises ``HTTPError`` where the client has not asked for it, and ``TypeError``.
    """
    if isinstance(reply, Response):
        return reply
    if isinstance(reply, WebSocketUpgrade):
        # Here, because it loads trio-websocket and wsproto, which most programs do without.
        from .websocket.agreement import agree_on_websocket

        reply = agree_on_websocket(request, reply)
    if not isinstance(reply, Upgrade):
        raise TypeError(f"a handler returns a Response or an Upgrade, not {reply!r:.100}")
    headers = request.headers
    lines = {name: headers.get_all(name) for name in ("upgrade", "connection")}
    check_upgrade(reply.protocol, http_version=request.http_version, **lines)
    if not connection.has_read_body:
        raise HTTPError(400, "an upgrade comes after the body, and this one was not read")
    return reply


async def _speak(connection: HTTP1Connection, request: Request, upgrade: Upgrade) -> None:
    """Have another protocol spoken on the connection, which ends with it."""
    try:
        stream = await connection.switch_protocol(upgrade)
    except ValueError as exc:
        await connection.send_response(_report_bug(connection, request, exc), close=True)
        return
    try:
        await upgrade.talk(stream)
    except ClientGone:
        raise
    except Exception as exc:
        if stream.is_broken and isinstance(without_groups(exc), trio.BrokenResourceError):
            raise ClientGone("the client left") from exc
        connection.error_id = secrets.token_hex(4)
        exc.add_note(f"error {connection.error_id}: in {upgrade.protocol}, {_line_of(request)}")
        raise


async def end_cancelled(connection: HTTP1Connection, service: Service, request: Request) -> bool:
    """End an exchange whose scope was cancelled: by its client's leaving, or by its handler.

    Return whether another may follow. Raises ``ClientGone`` and ``BodyCut``.
    """
    if connection.has_answered:
        end_exchange(connection, service)
        return connection.status != 101 and await connection.finish_exchange()
    if request.scope.client_has_left:
        raise ClientGone("the client left before it was answered")
    if connection.status is None:
        logger.warning("%s was cancelled, or its deadline has passed", _line_of(request))
        refusal = HTTPError(503, "this takes too long now")
        await connection.send_response(_error_response(refusal), close=True)
    elif connection.status != 101:
        raise BodyCut(f"{request.target} was cancelled, or its deadline has passed")
    return False


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
        bytes_sent=connection.outgoing.content_bytes,
        duration=trio.current_time() - connection.began_at,
        headers=request.headers if request else Headers(),
        tls=connection.tls,
        error_id=connection.error_id,
        user=request.user if request else None,
        request_id=request.id if request else None,
    )
    log_access(entry)
