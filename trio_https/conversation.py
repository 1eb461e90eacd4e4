"""A connection after its handshake: one exchange after the other, and the waiting between them.

All of it is in one cancel scope, as long as nobody else has got hold of that: it is cancelled when
the client leaves, or takes too long for its first or next request, or for a response that is sent
in one piece. To enter a scope for each of these would cost a quarter of what a small page costs.
"""

import math

import trio

from .errors import ClientGone
from .exchange import end_cancelled, end_exchange, exchange
from .http1 import HTTP1Connection
from .service import Service

__all__ = ["converse"]

_TOO_SLOW = "the client took the response too slowly"


async def converse(connection: HTTP1Connection, service: Service) -> None:
    """Have one exchange after the other, as long as another may follow.

    Raises ``ClientGone``, ``BodyCut``, and what ``exchange`` raises. When this returns, the
    connection is to be closed in order.
    """
    goes_on = True
    while goes_on:
        try:
            with trio.CancelScope() as scope:
                connection.scope = connection.outgoing.scope = scope
                goes_on = await _converse_in(scope, connection, service)
            if scope.cancelled_caught:
                goes_on = await _end_cancelled(connection)
        finally:
            end_exchange(connection)  # that has not come to its own end


async def _converse_in(
    scope: trio.CancelScope, connection: HTTP1Connection, service: Service
) -> bool:
    """Return whether it may go on in another scope."""
    while await _await_request(connection, service, scope):
        if scope.cancel_called:  # in the very moment in which that request came
            return True
        if not await exchange(connection, service):
            return False
        if connection.scope_is_lent:
            return True
    return False


async def _end_cancelled(connection: HTTP1Connection) -> bool:
    """Return whether it may go on after its scope was cancelled."""
    if connection.outgoing.is_sending_at_once:
        raise ClientGone(_TOO_SLOW)
    if (request := connection.request) is None:
        return False
    with trio.CancelScope() as scope:  # the client may not take what it is told now, either
        connection.outgoing.scope = scope
        return await end_cancelled(connection, request)
    raise ClientGone(_TOO_SLOW)


async def _await_request(
    connection: HTTP1Connection, service: Service, scope: trio.CancelScope
) -> bool:
    """Wait until the client asks for something; False: it will not.

    ``scope`` is cancelled when it is idle for too long, or when the server is to stop. Raises
    ``ClientGone``. Cancelling loses nothing that was received.
    """
    if connection.incoming.buffer:
        return True
    if not connection.requests:
        return await _await_first_request(connection, service, scope)
    if service.stopping.is_set():  # if it is later, those that wait are told by the service
        return False
    idle = service.timeouts.idle
    idle.begin(scope)
    try:
        return await connection.incoming.receive()
    finally:
        idle.end(scope)


async def _await_first_request(
    connection: HTTP1Connection, service: Service, scope: trio.CancelScope
) -> bool:
    scope.deadline = connection.first_head_deadline
    with service.stopping.ends_wait(scope):
        received = await connection.incoming.receive()
    scope.deadline = math.inf
    return received
