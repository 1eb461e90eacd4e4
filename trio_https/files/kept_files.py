"""The files of a folder, the small ones kept in memory as long as their status says the same.

One look at the status of a file by its name is what a kept one costs, in place of opening, judging,
reading and closing it; and once a second one at its folder, for all files of that. What its content
is sent as is not known here.
"""

import os
from collections import OrderedDict

import trio

from ..errors import HTTPError
from .file_body import Buffers, read_file
from .file_status import file_identity, is_settled
from .open_file import Folder, OpenFile

__all__ = ["MAX_BYTES_AT_ONCE", "Files", "KeptFile", "read_part", "read_whole"]

MAX_BYTES_AT_ONCE = 128 * 1024
"""Up to here a file, or what is asked for of it, is read at once: head and body leave together."""

_MAX_KEPT_BYTES = 16 * 1024 * 1024
_OVERHEAD_BYTES = 2048  # of an entry: status, names, what is prepared of its head

# A folder on the way to the file may have been moved outside, without a trace in the file. What was
# judged at a later time than now was so in another run, whose clock was its own.
_JUDGED_SECONDS = 1.0
_MAX_FOLDERS = 1024  # whose real paths are known


class KeptFile:
    """A file whose ``content`` is in memory, with the ``status`` that it had when it was read."""

    __slots__ = ("content", "identity", "judged_at", "path", "real_path", "status")

    def __init__(self, file: OpenFile, content: bytes) -> None:
        self.path = file.path
        self.real_path = file.real_path
        self.status = file.status
        self.identity = file.identity
        self.content = content
        self.judged_at = trio.current_time()

    def close(self) -> None:
        """Do nothing: there is no descriptor."""


class Files:
    """The files of ``folder``; of the small ones, up to ``max_kept_bytes`` are kept in memory."""

    def __init__(self, folder: Folder, *, max_kept_bytes: int = _MAX_KEPT_BYTES) -> None:
        self._folder = folder
        self.buffers = Buffers()
        self._bytes_left = max_kept_bytes
        self._kept: OrderedDict[tuple[str, ...], KeptFile] = OrderedDict()
        # The real paths of folders, and when each was found.
        self._real_folders: dict[tuple[str, ...], tuple[str, float]] = {}

    def open(self, segments: tuple[str, ...]) -> OpenFile | KeptFile:
        """Open a file as ``Folder.open`` does, or return it from memory if nothing has changed."""
        kept = self._kept.get(segments)
        if kept is None:
            return self._folder.open(segments)
        if self._is_current(segments, kept):
            self._kept.move_to_end(segments)
            return kept
        self._forget(segments)
        file = self._folder.open(segments)
        if file.identity != kept.identity:
            return file
        file.close()  # the same as before, and judged anew: no need to read it again
        kept.judged_at = trio.current_time()
        self._keep(segments, kept)
        return kept

    async def load(
        self, segments: tuple[str, ...], file: OpenFile | KeptFile, *, now: float
    ) -> bytes | OpenFile:
        """Return the content of a small file, opened by ``segments``, and keep it.

        A larger one is returned as it is. ``now`` is in seconds since the epoch. The caller closes
        ``file``. Raises what ``read_whole`` raises. Cancelling waits for a read that has begun in a
        thread.
        """
        if isinstance(file, KeptFile):
            return file.content
        if file.status.st_size > MAX_BYTES_AT_ONCE:
            return file
        content = await read_whole(file)
        if is_settled(file.status, now):
            self._keep(segments, KeptFile(file, content))
        return content

    async def keep(self, segments: tuple[str, ...], file: OpenFile, *, now: float) -> None:
        """Keep a small file, opened by ``segments``, as ``load`` does."""
        if is_settled(file.status, now):
            await self.load(segments, file, now=now)

    def _is_current(self, segments: tuple[str, ...], file: KeptFile) -> bool:
        now = trio.current_time()
        try:
            if 0 <= now - file.judged_at < _JUDGED_SECONDS:
                return file_identity(os.stat(file.path)) == file.identity  # noqa: PTH116 -- hot
            return self._is_in_its_folder(segments, file, now)
        except OSError:
            return False

    def _is_in_its_folder(self, segments: tuple[str, ...], file: KeptFile, now: float) -> bool:
        """Whether a file is itself, no link to it, in the folder where it was judged, still served.

        One look at the folder does for all files in it: where many are asked for in turn, each asks
        the system once, in place of the five times that it takes to open and judge it.
        """
        if file_identity(os.lstat(file.path)) != file.identity:
            return False
        folder, judged_at = self._find_real_folder(segments[:-1], now)
        real_path = f"{folder}{os.sep}{segments[-1]}"
        if real_path != file.real_path or not self._folder.serves(real_path):
            return False
        file.judged_at = judged_at
        return True

    def _find_real_folder(self, segments: tuple[str, ...], now: float) -> tuple[str, float]:
        found = self._real_folders.get(segments)
        if found is None or not 0 <= now - found[1] < _JUDGED_SECONDS:
            if len(self._real_folders) >= _MAX_FOLDERS:
                self._real_folders.clear()
            found = self._real_folders[segments] = self._folder.real_folder(segments), now
        return found

    def _keep(self, segments: tuple[str, ...], file: KeptFile) -> None:
        self._forget(segments)
        self._kept[segments] = file
        self._bytes_left -= len(file.content) + _OVERHEAD_BYTES
        while self._bytes_left < 0:
            self._forget(next(iter(self._kept)))

    def _forget(self, segments: tuple[str, ...]) -> None:
        file = self._kept.pop(segments, None)
        if file is not None:
            self._bytes_left += len(file.content) + _OVERHEAD_BYTES


async def read_whole(file: OpenFile) -> bytes:
    """Return the whole content of a small file. The caller closes it.

    Raises ``HTTPError`` 503 if it has changed since it was opened, and ``OSError``. Cancelling
    waits for a read that has begun in a thread.
    """
    return await read_part(file, range(file.status.st_size))


async def read_part(file: OpenFile, part: range) -> bytes:
    """Return the bytes at these offsets, as ``read_whole`` returns all."""
    content = await read_file(file, part)
    if content is None:
        raise HTTPError(503, "the file is being written", headers=[("Retry-After", "1")])
    return content
