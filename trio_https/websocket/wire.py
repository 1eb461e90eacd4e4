"""The stream below a WebSocket, as trio-websocket sees it: senders take turns, closing waits not.

After an orderly end the connection itself is left open for its owner, who closes it in order: a
reset would overtake the close frame. After any other it is aborted, which ends all waits at once.
"""

import trio

from ..upgraded_stream import UpgradedStream
from .frames import Frames

__all__ = ["Wire"]


class Wire(trio.abc.Stream):
    """A stream for frames, of which it is known whether the client is silent."""

    def __init__(self, stream: UpgradedStream, frames: Frames) -> None:
        self._stream = stream
        self._frames = frames
        self._turn = trio.StrictFIFOLock()
        self._is_closed = False
        self._is_reading = False
        self._reads = 0
        self._arrival = trio.Event()

    def __repr__(self) -> str:
        return repr(self._stream)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of ``data``. Cancelled in the midst of it, this is cut: nothing can follow."""
        try:
            self._turn.acquire_nowait()
        except trio.WouldBlock:
            await self._turn.acquire()
        try:
            self._check_open()
            await self._stream.send_all(data)
        except BaseException:
            await self.cut()
            raise
        finally:
            self._turn.release()

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until ``send_all`` might not have to."""
        self._check_open()
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what comes next, b"" at the end. Cancelling loses nothing."""
        self._check_open()
        self._is_reading = True
        self._reads += 1
        try:
            data = await self._stream.receive_some(max_bytes)
        finally:
            self._is_reading = False
        self._arrival.set()
        return data

    def _check_open(self) -> None:
        if self._is_closed:
            raise trio.ClosedResourceError("the WebSocket is closed")

    async def aclose(self) -> None:
        """Close this; and cut the connection, unless both sides have said that they close."""
        self._is_closed = True
        if not self._frames.is_closed:
            await self.cut()

    async def cut(self) -> None:
        """Abort the connection: whoever sends or receives gets ``ClosedResourceError``."""
        self._is_closed = True
        await self._stream.abort()

    async def is_answered(self, question: bytes, *, within: float) -> bool:
        """Send ``question``, and return whether the client then gives a sign, in so many seconds.

        Any octets are one. While nobody reads, for what came before is not taken, the client is not
        to blame.
        """
        reads = self._reads
        self._arrival = arrival = trio.Event()
        await self.send_all(question)
        with trio.move_on_after(within):
            await arrival.wait()
        is_one_long_read = self._is_reading and self._reads == reads
        return arrival.is_set() or not is_one_long_read
