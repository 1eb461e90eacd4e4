"""The stream that a handler writes its response's body to, when it is not a value that is read."""

from collections.abc import Awaitable, Callable

import trio

__all__ = ["BodySink"]

Piece = bytes | bytearray | memoryview


class BodySink(trio.abc.SendStream):
    """A stream whose pieces ``send_piece`` sends on, as long as the response lasts."""

    def __init__(self, send_piece: Callable[[Piece], Awaitable[None]]) -> None:
        self._send_piece = send_piece
        self._is_sending = False
        self._is_closed = False

    async def send_all(self, data: Piece) -> None:
        """Send ``data``, as soon as the client takes it; nothing of it is kept.

        Raises ``ClientGone``; ``trio.BusyResourceError`` while another task is sending; and
        ``trio.ClosedResourceError`` when the response is over. Cancelled, the response can only be
        cut off.
        """
        if self._is_closed:
            raise trio.ClosedResourceError("this response is over")
        if self._is_sending:
            raise trio.BusyResourceError("another task is sending a piece of this response")
        self._is_sending = True
        try:
            await trio.lowlevel.checkpoint()
            await self._send_piece(data)
        finally:
            self._is_sending = False

    async def wait_send_all_might_not_block(self) -> None:
        """Return at once: nothing here knows better than ``send_all``."""
        await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        """End the body; what is sent afterwards raises."""
        self._is_closed = True
        await trio.lowlevel.checkpoint()
