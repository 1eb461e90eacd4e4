"""A time in which a handler must have answered."""

import trio

from ..errors import HTTPError
from ..messages import Handler, Reply, Request

__all__ = ["with_time_limit"]


def with_time_limit(handler: Handler, seconds: float) -> Handler:
    """Return ``handler`` with so many seconds until it returns; then it is cancelled, with a 503.

    The body of its response, and what is spoken after an upgrade, take the time that they take: how
    long depends on the client, and ``Limits`` are for that. Where they are to be bound too, set
    ``request.cancel_scope.deadline``. Raises ``ValueError`` for no positive time.
    """
    if not seconds > 0:
        raise ValueError(f"a handler needs some time: {seconds!r} seconds are none")

    async def answer(request: Request) -> Reply:
        with trio.move_on_after(seconds):
            return await handler(request)
        # What it read of the body may be lost: the connection can't be used any more.
        raise HTTPError(503, "this takes too long now", close=True)

    return answer
