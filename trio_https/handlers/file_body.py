"""The content of open files as response bodies, at bounded memory.

What is in the page cache is read on the spot; a thread is used only where the disk would keep all
tasks waiting, or where the platform can't tell. Names, headers and HTTP are not known here.
"""

import mmap
import os
from collections.abc import AsyncIterator, Iterable
from typing import Self

import trio

__all__ = ["BUFFER_BYTES", "FileBody", "read_file"]

BUFFER_BYTES = 256 * 1024
"""Read at a time, always into one buffer: a new one each time makes TLS half as dear again."""

_NOTHING = range(0)


class FileBody(AsyncIterator[bytes | memoryview]):
    """Parts of an open file, and what stands between them, as a body that owns ``fd``.

    Each of ``parts`` is a range of offsets in the file, or bytes that are given as they are. A file
    that has become shorter ends the body early, and the receiver notices the missing bytes; what
    was added to a file is left out.
    """

    def __init__(self, fd: int, parts: Iterable[range | bytes]) -> None:
        self._fd = fd
        self._parts = iter(parts)
        self._range = _NOTHING  # what is left of the part that is being read
        self._buffer: mmap.mmap | None = None  # made when first read: HEAD has no use for it
        self._is_reading = False
        self._is_closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes | memoryview:
        """Return the next piece, in a buffer that the next call overwrites.

        Raises ``trio.ClosedResourceError``, ``trio.BusyResourceError``, and ``OSError`` for a fault
        of the disk. Cancelling loses nothing, but waits for a read that has begun in a thread.
        Other tasks get their turn only where a thread is used: sending what was read is a
        checkpoint, and one for each piece is enough.
        """
        if self._is_closed:
            raise trio.ClosedResourceError("this body was closed")
        if self._is_reading:
            raise trio.BusyResourceError("another task is reading this body")
        await trio.lowlevel.checkpoint_if_cancelled()
        while not self._range:
            part = next(self._parts, None)
            if part is None:
                raise StopAsyncIteration
            if isinstance(part, bytes):
                return part
            self._range = part
        # Memory of its own: given back to the system when the body is closed, which the heap,
        # once hundreds of bodies have grown it, is not.
        self._buffer = self._buffer or mmap.mmap(-1, BUFFER_BYTES)
        piece = memoryview(self._buffer)[: len(self._range)]
        count = await self._read(piece, self._range.start)
        self._range = self._range[count:]
        if not count:
            self._parts, self._range = iter(()), _NOTHING
            raise StopAsyncIteration
        return piece[:count]

    async def _read(self, piece: memoryview, offset: int) -> int:
        count = _read_cached(self._fd, piece, offset)
        if count is not None:
            return count
        self._is_reading = True
        try:
            count = await trio.to_thread.run_sync(_read_blocking, self._fd, piece, offset)
        finally:
            self._is_reading = False
            if self._is_closed:
                os.close(self._fd)
        if self._is_closed:
            raise trio.ClosedResourceError("this body was closed while it was read")
        return count

    async def aclose(self) -> None:
        """Close the file, at once; but not under a thread that reads it.

        That thread would go on reading whatever is opened next by the same number. The task that
        waits for it closes the file then, and gets ``trio.ClosedResourceError``.
        """
        if not self._is_closed:
            self._is_closed = True
            self._buffer = None
            if not self._is_reading:
                os.close(self._fd)
        await trio.lowlevel.checkpoint()


async def read_file(fd: int, part: range) -> bytes:
    """Return the bytes of an open file at these offsets, fewer if it has become shorter.

    The caller closes ``fd``. Cancelling waits for a read that has begun in a thread; without a
    thread there is no checkpoint.
    """
    buffer = bytearray(len(part))
    if _read_cached(fd, buffer, part.start) == len(part):
        return bytes(buffer)
    count = await trio.to_thread.run_sync(_read_all_blocking, fd, buffer, part.start)
    return bytes(buffer[:count])


def _read_all_blocking(fd: int, buffer: bytearray, offset: int) -> int:
    view, done = memoryview(buffer), 0
    while count := _read_blocking(fd, view[done:], offset + done):
        done += count
    return done


def _read_cached(fd: int, buffer: bytearray | memoryview, offset: int) -> int | None:
    """Fill the buffer from the page cache; return the count, None if that has no first byte."""
    try:
        return os.preadv(fd, [buffer], offset, os.RWF_NOWAIT)
    # EAGAIN: not in the cache. EOPNOTSUPP: not on this file system. Others: not on this platform.
    except (OSError, AttributeError, NotImplementedError):
        return None


def _read_blocking(fd: int, buffer: bytearray | memoryview, offset: int) -> int:
    if hasattr(os, "preadv"):
        return os.preadv(fd, [buffer], offset)
    # Windows. Nobody else moves in this open file.
    os.lseek(fd, offset, os.SEEK_SET)
    content = os.read(fd, len(buffer))
    buffer[: len(content)] = content
    return len(content)
