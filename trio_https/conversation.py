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
                goes_on = await _end_cancelled(connection, service)
        finally:
            service.timeouts.idle.end(scope)
            end_exchange(connection, service)  # that has not come to its own end


async def _converse_in(
    scope: trio.CancelScope, connection: HTTP1Connection, service: Service
) -> bool:
    """Return whether it may go on in another scope.

    ``scope`` is cancelled when it is idle for too long, or when the server is to stop; whoever has
    entered it ends the idle time that goes on then. Nothing that was received is lost.
    """
    incoming, idle = connection.incoming, service.timeouts.idle
    if not (connection.requests or incoming.buffer or await _await_first(connection, service)):
        return False
    while True:
        if incoming.buffer:
            if scope.cancel_called:  # in the very moment in which that came
                return True
        else:
            if service.stopping.is_set():  # if it is later, those that wait are told by the service
                return False
            # Not in a function of its own: each frame that a wait goes through costs as much.
            idle.begin(scope)
            if not await incoming.receive():
                return False
            if not idle.end(scope):  # in the very moment in which that request came
                return True
        if not await exchange(connection, service):
            return False
        if connection.scope_is_lent:
            return True


async def _await_first(connection: HTTP1Connection, service: Service) -> bool:
    """Wait until the client asks for something for the first time; False: it will not."""
    connection.scope.deadline = connection.first_head_deadline
    with service.stopping.ends_wait(connection.scope):
        has_come = await connection.incoming.receive()
    connection.scope.deadline = math.inf
    return has_come


async def _end_cancelled(connection: HTTP1Connection, service: Service) -> bool:
    """Return whether it may go on after its scope was cancelled."""
    if connection.outgoing.is_sending_at_once:
        raise ClientGone(_TOO_SLOW)
    if (request := connection.request) is None:
        return False
    with trio.CancelScope() as scope:  # the client may not take what it is told now, either
        connection.outgoing.scope = scope
        return await end_cancelled(connection, service, request)
    raise ClientGone(_TOO_SLOW)
