"""The stream below a WebSocket, as trio-websocket sees it: closed, it ends every wait at once.

The connection itself is left open for its owner, who closes it in order: the close frame must not
be overtaken by a reset. What a frame is, is not known here.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import trio

__all__ = ["Wire"]


class Wire(trio.abc.Stream):
    """A stream whose senders take turns, and of which it is known whether the client is silent."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self._turn = trio.StrictFIFOLock()
        self._waits: set[trio.CancelScope] = set()
        self._is_closed = False
        self._reading_since: float | None = None
        self._arrival = trio.Event()

    def __repr__(self) -> str:
        return repr(self._stream)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of ``data``. Cancelled in the midst of it, this is closed: a frame was cut."""
        async with self._turn:
            with self._until_closed():
                try:
                    await self._stream.send_all(data)
                except BaseException:
                    self.cut()
                    raise

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until ``send_all`` might not have to."""
        with self._until_closed():
            await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """Return what comes next, b"" at the end. Cancelling loses nothing."""
        data: bytes | bytearray = b""
        with self._until_closed():
            self._reading_since = trio.current_time()
            try:
                data = await self._stream.receive_some(max_bytes)
            finally:
                self._reading_since = None
        self._arrival.set()
        return data

    async def aclose(self) -> None:
        """End what goes on here; ``ClosedResourceError`` is raised there."""
        self.cut()
        await trio.lowlevel.checkpoint()

    def cut(self) -> None:
        """Close this without waiting for anything."""
        self._is_closed = True
        for scope in self._waits:
            scope.cancel(reason="the WebSocket is closed")

    async def is_answered(self, question: bytes, *, within: float) -> bool:
        """Send ``question``, and return whether the client then gives a sign, in so many seconds.

        Any octets are one. While nobody reads, for what came before is not taken, the client is not
        to blame.
        """
        asked_at = trio.current_time()
        self._arrival = arrival = trio.Event()
        await self.send_all(question)
        with trio.move_on_after(within):
            await arrival.wait()
        was_read = self._reading_since is not None and self._reading_since <= asked_at
        return arrival.is_set() or not was_read

    @contextmanager
    def _until_closed(self) -> Iterator[None]:
        if self._is_closed:
            raise trio.ClosedResourceError("the WebSocket is closed")
        with trio.CancelScope() as scope:
            self._waits.add(scope)
            try:
                yield
            finally:
                self._waits.discard(scope)
        if scope.cancelled_caught:
            raise trio.ClosedResourceError("the WebSocket is closed")
