"""The octets of a request's body on the wire: which they are, how many at most, how long awaited.

Taken from what has come as they were sent, with their chunks, and never one of the next request.
What they mean is decoded by the border, and read by a handler as ``RequestBody``. Nothing is sent
here, and h11 isn't known.
"""

import trio

from .config import Limits
from .errors import ClientGone, HTTPError
from .headers import Headers
from .incoming import Incoming
from .patience import Patience
from .rules.chunked_framing import ChunkedFraming

__all__ = ["IncomingBody", "expect_body"]


def expect_body(headers: Headers, incoming: Incoming, limits: Limits) -> "IncomingBody | None":
    """Return the body that the fields of a request announce; None: there is none (RFC 9112 §6.3).

    The fields are known to be valid, and of one framing. Raises ``HTTPError`` 413 where the body is
    too long by its own account.
    """
    if headers.get("transfer-encoding") is not None:
        return IncomingBody(ChunkedFraming(limits), incoming, limits)
    length = int(headers.get("content-length") or 0)
    if length > limits.max_body_bytes:
        limit = f"{limits.max_body_bytes:,}"
        raise HTTPError(413, f"the request body is over {limit} bytes", close=True)
    return IncomingBody(length, incoming, limits) if length else None


class IncomingBody:
    """One body, framed by chunks or by its length in octets."""

    __slots__ = ("_bytes_left", "_chunks", "_incoming", "_limits", "_patience")

    def __init__(self, framing: ChunkedFraming | int, incoming: Incoming, limits: Limits) -> None:
        self._chunks = None if isinstance(framing, int) else framing
        self._bytes_left = framing if isinstance(framing, int) else 0
        self._incoming = incoming
        self._limits = limits
        self._patience = Patience(limits.receive_timeout, limits.min_receive_rate)

    def take(self) -> bytes:
        """Remove from what has come all that is of this body, and return it; b"" where more must.

        Raises ``HTTPError`` (400, 413, 431) where the chunks are malformed or over a limit.
        """
        received = self._incoming.buffer
        if self._chunks is not None:
            return self._chunks.take(received)
        data = bytes(received[: self._bytes_left])
        del received[: len(data)]
        self._bytes_left -= len(data)
        return data

    async def wait(self) -> None:
        """Wait until more has come, as long as the client deserves it.

        Raises ``HTTPError`` 408 after that, and ``ClientGone``. Cancelling loses nothing.
        """
        started, before = trio.current_time(), len(self._incoming.buffer)  # half a line, at most
        with trio.move_on_after(self._patience.seconds()):
            if not await self._incoming.receive():
                raise ClientGone("the client left in the middle of a request body")
            arrived = len(self._incoming.buffer) - before
            self._patience.note(arrived, trio.current_time() - started)
            return
        raise HTTPError(408, "the request body took too long", close=True)

    def is_nearly_done(self) -> bool:
        """Whether what is left is known to be little enough to read it away."""
        return self._chunks is None and self._bytes_left <= self._limits.max_drain_bytes
