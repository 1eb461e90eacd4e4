"""The content of open files as response bodies, at bounded memory.

What is in the page cache is read on the spot; a thread is used only where the disk would keep all
tasks waiting, or where the platform can't tell. A file that changes while it is sent must not look
whole to its receiver. Headers and HTTP are not known here.
"""

import mmap
import os
import time
from collections.abc import AsyncIterator, Iterable
from typing import Self

import trio

from ..errors import BodyCut
from .file_status import has_other_content, seconds_until_traced
from .open_file import OpenFile

__all__ = ["BUFFER_BYTES", "Buffers", "FileBody", "read_at", "read_file"]

BUFFER_BYTES = 384 * 1024
"""Read at a time, always into one buffer: a new one each time makes TLS half as dear again.
It is as much as is sent at a time at most."""

_NOTHING = range(0)

_MAX_SPARE_BUFFERS = 8


class Buffers:
    """Buffers for bodies: a few spare ones are kept, for a new one costs a page fault each 4 KiB.

    Each is memory of its own, which goes back to the system when it is let go; the heap, once
    hundreds of bodies have grown it, does not.
    """

    def __init__(self) -> None:
        self._spare: list[mmap.mmap] = []

    def take(self) -> mmap.mmap:
        """Return a buffer of ``BUFFER_BYTES``, with anything in it."""
        return self._spare.pop() if self._spare else mmap.mmap(-1, BUFFER_BYTES)

    def give_back(self, buffer: mmap.mmap) -> None:
        """Take back a buffer that nobody reads or writes any more."""
        if len(self._spare) < _MAX_SPARE_BUFFERS:
            self._spare.append(buffer)


class FileBody(AsyncIterator[bytes | memoryview]):
    """Parts of a file, and what stands between them, as a body that owns the descriptor.

    Each of ``parts`` is a range of offsets in the file, or bytes that are given as they are. Where
    the file was written to since its status was taken, the body is cut. ``file`` is detached.
    ``buffers`` are those of bodies that are read by one event loop.
    """

    def __init__(self, file: OpenFile, parts: Iterable[range | bytes], buffers: Buffers) -> None:
        self._buffers = buffers
        self._path = file.path
        self._status = file.status
        self._fd = file.detach()
        self._parts = iter(parts)
        self._range = _NOTHING  # what is left of the part that is being read
        self._buffer: mmap.mmap | None = None  # made when first read: HEAD has no use for it
        self._is_reading = False
        self._is_closed = False
        self._has_begun = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes | memoryview:
        """Return the next piece, in a buffer that the next call overwrites.

        Raises ``BodyCut`` for a fault of the disk or a file that changed,
        ``trio.ClosedResourceError`` and ``trio.BusyResourceError``. Cancelling loses nothing, but
        waits for a read that has begun in a thread. Other tasks get their turn only where a thread
        is used: sending what was read is a checkpoint, and one for each piece is enough.
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
        if not self._has_begun:
            await _wait_until_traced(self._status)
            self._has_begun = True
            if self._is_closed:
                raise trio.ClosedResourceError("this body was closed while it was to be read")
        self._buffer = self._buffer or self._buffers.take()
        piece = memoryview(self._buffer)[: len(self._range)]
        count = await self._read(piece, self._range.start)
        self._range = self._range[count:]
        return piece[:count]

    async def _read(self, piece: memoryview, offset: int) -> int:
        try:
            count = _read_cached(self._fd, piece, offset)
            if count is None:
                count = await self._read_in_thread(piece, offset)
            status = os.fstat(self._fd)
        except OSError as exc:
            raise BodyCut(f"{self._path}: {exc.strerror}") from exc
        if not count or has_other_content(self._status, status, self._path):
            raise BodyCut(f"{self._path}: it was changed while it was sent")
        self._status = status  # a change of its name needs no second thought at the next look
        return count

    async def _read_in_thread(self, piece: memoryview, offset: int) -> int:
        self._is_reading = True
        try:
            count = await trio.to_thread.run_sync(read_at, self._fd, piece, offset)
        finally:
            self._is_reading = False
            if self._is_closed:
                self._release()
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
                self._release()
        await trio.lowlevel.checkpoint()

    def _release(self) -> None:
        os.close(self._fd)
        if self._buffer is not None:
            self._buffers.give_back(self._buffer)
            self._buffer = None


async def read_file(file: OpenFile, part: range) -> bytes | None:
    """Return the bytes of an open file at these offsets, None if it has changed.

    The caller closes ``file``. Raises ``OSError``. Cancelling waits for a read that has begun in a
    thread; without a thread there is no checkpoint.
    """
    await _wait_until_traced(file.status)
    buffer, fd = bytearray(len(part)), file.fileno()
    count = _read_cached(fd, buffer, part.start)
    if count != len(part):
        count = await trio.to_thread.run_sync(_read_all_blocking, fd, buffer, part.start)
    if count != len(part) or has_other_content(file.status, os.fstat(fd), file.path):
        return None
    return bytes(buffer)


async def _wait_until_traced(status: os.stat_result) -> None:
    """Wait, for a tick of the kernel at most, so that a change while the file is read is seen."""
    if seconds := seconds_until_traced(status, time.time()):
        await trio.sleep(seconds)


def _read_all_blocking(fd: int, buffer: bytearray, offset: int) -> int:
    view, done = memoryview(buffer), 0
    while count := read_at(fd, view[done:], offset + done):
        done += count
    return done


def _read_cached(fd: int, buffer: bytearray | memoryview, offset: int) -> int | None:
    """Fill the buffer from the page cache; return the count, None if that has no first byte."""
    try:
        return os.preadv(fd, [buffer], offset, os.RWF_NOWAIT)
    # EAGAIN: not in the cache. EOPNOTSUPP: not on this file system. Others: not on this platform.
    except (OSError, AttributeError, NotImplementedError):
        return None


def read_at(fd: int, buffer: bytearray | memoryview, offset: int) -> int:
    """Read into the buffer from that offset on, and return the count, 0 at the end of the file.

    For a thread: it waits for the disk. Nobody else may read the same descriptor meanwhile.
    """
    if hasattr(os, "preadv"):
        return os.preadv(fd, [buffer], offset)
    # Windows
    os.lseek(fd, offset, os.SEEK_SET)
    content = os.read(fd, len(buffer))
    buffer[: len(content)] = content
    return len(content)
