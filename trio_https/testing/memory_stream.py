"""Two ends of a connection in memory that behave as those of a TCP connection do.

Unlike Trio's memory streams they hold only so much on the way, so that who doesn't read slows the
other down; and one end can reset the connection. Nothing here knows what is said on it.
"""

import math
import operator
from collections.abc import Iterator
from contextlib import contextmanager

import trio

__all__ = ["MemoryStream", "open_memory_connection"]

# What is on its way at most, each way: the socket buffers of both systems, on the small side.
_WINDOW_BYTES = 64 * 1024


class _Way:
    """One direction of a connection."""

    def __init__(self) -> None:
        self.buffer: bytearray = bytearray()
        self.has_ended = False
        self.is_broken = False
        self.nobody_reads = False
        self._waiting = trio.lowlevel.ParkingLot()

    @property
    def room(self) -> int:
        return _WINDOW_BYTES - len(self.buffer)

    async def wait_for_change(self) -> None:
        await self._waiting.park()

    def has_changed(self) -> None:
        self._waiting.unpark_all()


class _Turn:
    """What one task may do at a time."""

    def __init__(self) -> None:
        self._is_taken = False

    @contextmanager
    def alone(self) -> Iterator[None]:
        if self._is_taken:
            raise trio.BusyResourceError("another task is using this stream")
        self._is_taken = True
        try:
            yield
        finally:
            self._is_taken = False


def open_memory_connection() -> tuple["MemoryStream", "MemoryStream"]:
    """Return the two ends of a new connection."""
    there, back = _Way(), _Way()
    return MemoryStream(back, there), MemoryStream(there, back)


class MemoryStream(trio.abc.HalfCloseableStream):
    """One end of a connection in memory.

    As with TCP, to close it while something that came was not read is a reset; and to close it by
    force counts as one too, which the server does to a response that must not look whole. What had
    come before a reset can still be read, so that tests see the same each time.
    """

    def __init__(self, incoming: _Way, outgoing: _Way) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self._is_closed = False
        self._sending = _Turn()
        self._receiving = _Turn()

    @property
    def is_quiet(self) -> bool:
        """Whether the connection is open both ways, and nothing has come that was not read."""
        way = self._incoming
        quiet = not (way.buffer or way.has_ended or way.is_broken)
        return quiet and not (self._is_closed or self._outgoing.is_broken)

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of ``data``. Cancelled, nobody knows how much of it was sent."""
        with self._sending.alone():
            await trio.lowlevel.checkpoint()
            await self._send(memoryview(data).cast("B"))

    async def _send(self, data: memoryview) -> None:
        way = self._outgoing
        while True:
            self._check_sendable()
            piece = data[: way.room]
            way.buffer += piece
            data = data[len(piece) :]
            way.has_changed()
            if not data:
                return
            await way.wait_for_change()

    def _check_sendable(self) -> None:
        if self._is_closed or self._outgoing.has_ended:
            raise trio.ClosedResourceError("this side of the connection was closed")
        if self._outgoing.is_broken or self._outgoing.nobody_reads:
            raise trio.BrokenResourceError("the other side has closed the connection")

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until there is room for a byte."""
        with self._sending.alone():
            await trio.lowlevel.checkpoint()
            self._check_sendable()
            while not self._outgoing.room:
                await self._outgoing.wait_for_change()
                self._check_sendable()

    async def send_eof(self) -> None:
        """End this side of the connection, and go on reading."""
        with self._sending.alone():
            await trio.lowlevel.checkpoint()
            if self._is_closed:
                raise trio.ClosedResourceError("this side of the connection was closed")
            self._outgoing.has_ended = True
            self._outgoing.has_changed()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what comes next, b"" at the end. Cancelling loses nothing."""
        if max_bytes is not None and operator.index(max_bytes) < 1:
            raise ValueError("max_bytes must be at least 1")
        with self._receiving.alone():
            await trio.lowlevel.checkpoint()
            while not self._can_receive():
                await self._incoming.wait_for_change()
        piece = bytes(self._incoming.buffer[:max_bytes])
        del self._incoming.buffer[: len(piece)]
        self._incoming.has_changed()
        return piece

    def _can_receive(self) -> bool:
        if self._is_closed:
            raise trio.ClosedResourceError("this stream was closed")
        if not self._incoming.buffer and self._incoming.is_broken:
            raise trio.BrokenResourceError("the connection was reset")
        return bool(self._incoming.buffer) or self._incoming.has_ended

    def reset(self) -> None:
        """End the connection in both directions, so that the other side sees it as broken."""
        self._is_closed = True
        for way in (self._incoming, self._outgoing):
            way.is_broken = True
            way.has_changed()

    async def aclose(self) -> None:
        """Close this end; by force, or with something unread, it is a reset."""
        if not self._is_closed:
            is_forced = trio.current_effective_deadline() == -math.inf
            if is_forced or self._incoming.buffer:
                self.reset()
            self._is_closed = True
            self._outgoing.has_ended = True
            self._incoming.nobody_reads = True
            self._incoming.has_changed()
            self._outgoing.has_changed()
        await trio.lowlevel.checkpoint()
