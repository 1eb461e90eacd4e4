"""The body of a request, as its handler reads it: while its exchange lasts, and no longer."""

from collections.abc import Awaitable, Callable

import trio

__all__ = ["RequestBody"]


class RequestBody(trio.abc.ReceiveStream):
    """A stream over the pieces that ``receive`` brings, b"" being the end.

    Nothing is read before it is asked for, and at most one piece is kept.
    """

    def __init__(self, receive: Callable[[], Awaitable[bytes]]) -> None:
        self._receive: Callable[[], Awaitable[bytes]] | None = receive
        self._left_over = b""

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what comes next, at most ``max_bytes`` of it; b"" at the end.

        Raises ``HTTPError`` for what breaks the protocol or a limit, ``ClientGone``, and
        ``trio.ClosedResourceError`` when the request is over. Cancelling loses nothing.
        """
        if max_bytes is not None and max_bytes < 1:
            raise ValueError("max_bytes must be at least 1")
        await trio.lowlevel.checkpoint()
        if self._receive is None:
            raise trio.ClosedResourceError("this request is over, or its body was closed")
        piece = self._left_over or await self._receive()
        size = len(piece) if max_bytes is None else max_bytes
        self._left_over = piece[size:]
        return piece[:size]

    async def aclose(self) -> None:
        """Stop reading; what has not come yet is dropped when it comes."""
        self.detach()
        await trio.lowlevel.checkpoint()

    def detach(self) -> None:
        """Take the connection away: what comes on it from now on is of another request."""
        self._receive = None
