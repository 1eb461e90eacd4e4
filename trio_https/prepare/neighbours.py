"""The neighbours of a file: its content coded, beside it, under its name and a suffix.

A neighbour has the modification time of its file: by that it is known to be current, here and to
the server. It takes its place whole, or not at all. Which files get neighbours, and how many are
made at a time, is not known here.
"""

import errno
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from stat import S_IMODE, S_ISREG
from typing import IO, NamedTuple

from ..files.codecs import BEST_LEVELS, CODING_SUFFIXES, MIN_BYTES, is_worthwhile, make_encoder
from .page_files import PageFile

__all__ = ["Outcome", "find_outcome", "make_neighbour", "neighbour_path", "remove_neighbour"]

# Compressed at a time. Brotli takes 0.3 s for a piece: so long Ctrl-C waits.
_PIECE_BYTES = 64 * 1024

# Hidden by its dot: never served, whenever the power fails.
_TEMPORARY_PREFIX = ".trio-https-"


class Outcome(NamedTuple):
    """What a file of ``size`` bytes came to in a coding."""

    coding: str
    size: int
    coded_size: int | None
    """None where too little would be saved, and so there is no neighbour."""


def neighbour_path(path: Path, coding: str) -> Path:
    """Return where the neighbour of a file is, whether there is one or not."""
    return path.with_name(path.name + CODING_SUFFIXES[coding])


def find_outcome(file: PageFile, coding: str) -> Outcome | None:
    """Return what is there already, None where the neighbour is to be made, perhaps anew."""
    try:
        status = neighbour_path(file.path, coding).lstat()
    except FileNotFoundError:
        return Outcome(coding, file.size, None) if file.size < MIN_BYTES else None
    except OSError:
        return None  # told when it is made
    if S_ISREG(status.st_mode) and status.st_mtime_ns == file.mtime_ns:
        return Outcome(coding, file.size, status.st_size)
    return None


def make_neighbour(path: Path, coding: str, tell: Callable[[int], None]) -> Outcome:
    """Put the neighbour of a file in its place, or take away the old one if it is not worthwhile.

    ``tell`` is called with the number of bytes after each piece that was read; what it raises ends
    the work, with nothing changed. Raises ``OSError``, also if the file changes meanwhile.
    """
    neighbour = neighbour_path(path, coding)
    with _open_original(path) as original, _open_temporary(path.parent) as temporary:
        status = os.fstat(original.fileno())
        encoder = make_encoder(coding, BEST_LEVELS[coding], size=status.st_size)
        for piece in _read_pieces(original, path, status.st_size):
            temporary.write(encoder.compress(piece))
            tell(len(piece))
        temporary.write(encoder.flush())
        _check_unchanged(original, path, status)
        coded_size = temporary.tell()
        if not is_worthwhile(status.st_size, coded_size):
            neighbour.unlink(missing_ok=True)
            return Outcome(coding, status.st_size, None)
        # An empty file of the right time, after a power failure, would be taken for current.
        temporary.flush()
        os.fsync(temporary.fileno())
        temporary.close()  # Windows renames no open file
        _copy_status(status, temporary.name)
        Path(temporary.name).replace(neighbour)
        return Outcome(coding, status.st_size, coded_size)


def remove_neighbour(path: Path, coding: str) -> int | None:
    """Remove the neighbour of a file, whoever made it; return its size, None if there is none.

    Raises ``OSError``.
    """
    neighbour = neighbour_path(path, coding)
    try:
        size = neighbour.lstat().st_size
        neighbour.unlink()
    except FileNotFoundError:
        return None
    return size


def _open_original(path: Path) -> IO[bytes]:
    # It was no link when it was found.
    return os.fdopen(os.open(path, os.O_RDONLY | _O_NOFOLLOW | _O_BINARY), "rb")


_O_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)  # Unix
_O_BINARY: int = getattr(os, "O_BINARY", 0)  # Windows


@contextmanager
def _open_temporary(folder: Path) -> Iterator["tempfile._TemporaryFileWrapper[bytes]"]:
    """Open a new file that is gone with the block, unless it was renamed."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix=_TEMPORARY_PREFIX, delete=False) as file:
        try:
            yield file
        finally:
            file.close()
            with suppress(FileNotFoundError):
                Path(file.name).unlink()


def _read_pieces(file: IO[bytes], path: Path, size: int) -> Iterator[bytes]:
    while size:
        piece = file.read(min(size, _PIECE_BYTES))
        if not piece:
            raise _changed(path)
        size -= len(piece)
        yield piece


def _check_unchanged(file: IO[bytes], path: Path, before: os.stat_result) -> None:
    now = os.fstat(file.fileno())
    if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        raise _changed(path)


def _changed(path: Path) -> OSError:
    return OSError(errno.EBUSY, "It was changed while it was read", str(path))


def _copy_status(status: os.stat_result, path: str) -> None:
    """Give a file the owner, mode and time of another: who may read that one may read this."""
    if hasattr(os, "chown"):
        with suppress(PermissionError):  # only root gives files away
            os.chown(path, status.st_uid, status.st_gid)
    with suppress(PermissionError):  # FAT has no modes
        Path(path).chmod(S_IMODE(status.st_mode) & 0o666)  # nothing to run
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))
