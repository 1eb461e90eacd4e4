"""The content of open files as response bodies, at bounded memory.

What is in the page cache is read on the spot; a thread is used only where the disk would keep all
tasks waiting, or where the platform can't tell. Names, headers and HTTP are not known here.
"""

import os

import trio

__all__ = ["BUFFER_BYTES", "FileBody", "read_file"]

BUFFER_BYTES = 256 * 1024
"""Read at a time, always into one buffer: a new one each time makes TLS half as dear again."""


class FileBody(trio.abc.ReceiveStream):
    """``length`` bytes of an open file from ``offset`` on, as a stream that owns ``fd``.

    A file that has become shorter ends early, and the receiver notices the missing bytes; what was
    added to a file is left out.
    """

    def __init__(self, fd: int, length: int, *, offset: int = 0) -> None:
        self._fd = fd
        self._offset = offset
        self._end = offset + length
        self._buffer = bytearray()  # made when first read: a HEAD request has no use for it
        self._is_reading = False
        self._is_closed = False

    async def receive_some(self, max_bytes: int | None = None) -> bytearray:
        """Return the next bytes, none at the end, in a buffer that the next call overwrites.

        Raises ``trio.ClosedResourceError``, ``trio.BusyResourceError``, and ``OSError`` for a fault
        of the disk. Cancelling loses nothing, but waits for a read that has begun in a thread.
        Other tasks get their turn only where a thread is used: sending what was read is a
        checkpoint, and one for each piece is enough.
        """
        if max_bytes is not None and max_bytes < 1:
            raise ValueError("max_bytes must be at least 1")
        if self._is_closed:
            raise trio.ClosedResourceError("this body was closed")
        if self._is_reading:
            raise trio.BusyResourceError("another task is reading this body")
        await trio.lowlevel.checkpoint_if_cancelled()
        size = min(self._end - self._offset, max_bytes or BUFFER_BYTES, BUFFER_BYTES)
        if len(self._buffer) != size:
            # Never resized in place: whoever still looks at it would make that a BufferError.
            self._buffer = bytearray(size)
        count = await self._read() if size else 0
        self._offset = self._offset + count if count else self._end
        return self._buffer if count == size else self._buffer[:count]

    async def _read(self) -> int:
        count = _read_cached(self._fd, self._buffer, self._offset)
        if count is not None:
            return count
        self._is_reading = True
        try:
            count = await trio.to_thread.run_sync(
                _read_blocking, self._fd, self._buffer, self._offset
            )
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
            if not self._is_reading:
                os.close(self._fd)
        await trio.lowlevel.checkpoint()


async def read_file(fd: int, length: int) -> bytes:
    """Return the first ``length`` bytes of an open file, fewer if it has become shorter.

    The caller closes ``fd``. Cancelling waits for a read that has begun in a thread; without a
    thread there is no checkpoint.
    """
    buffer = bytearray(length)
    if _read_cached(fd, buffer, 0) == length:
        return bytes(buffer)
    count = await trio.to_thread.run_sync(_read_all_blocking, fd, buffer)
    return bytes(buffer[:count])


def _read_all_blocking(fd: int, buffer: bytearray) -> int:
    view, done = memoryview(buffer), 0
    while count := _read_blocking(fd, view[done:], done):
        done += count
    return done


def _read_cached(fd: int, buffer: bytearray, offset: int) -> int | None:
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
