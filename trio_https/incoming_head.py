"""The head of a request, as long as it is coming: how long it is waited for, and how big it may be.

What is in it is not known here.
"""

import trio

from .config import Limits
from .errors import ClientGone, HTTPError
from .incoming import Incoming
from .rules.request_head import take_head

__all__ = ["receive_head", "take_received_head"]


def take_received_head(incoming: Incoming, limits: Limits) -> bytes | None:
    """Take the next head from what has come; None: it is not whole yet.

    Raises ``HTTPError`` (400, 414, 431) as soon as it can't become a valid one.
    """
    return take_head(
        incoming.buffer,
        max_head_bytes=limits.max_head_bytes,
        max_target_bytes=limits.max_target_bytes,
    )


async def receive_head(incoming: Incoming, limits: Limits, *, deadline: float) -> bytes:
    """Wait for the rest of a head of which not all has come, and take it.

    Until ``deadline``, by Trio's clock, and no longer than ``limits`` allow. Raises ``HTTPError``
    (408 then, and as ``take_received_head``), and ``ClientGone``. Cancelling loses nothing.
    """
    with trio.move_on_at(min(deadline, trio.current_time() + limits.head_timeout)):
        while await incoming.receive():
            if (head := take_received_head(incoming, limits)) is not None:
                return head
        raise ClientGone("the client left in the middle of a request head")
    raise HTTPError(408, "the request head took too long", close=True)
