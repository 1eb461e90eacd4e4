"""A folder that was opened and judged: what is in it, whatever its name has come to mean since.

Whether it may be listed was decided before, by who opened it.
"""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

__all__ = ["OpenFolder"]

_HAS_EFFECTIVE_IDS = os.access in os.supports_effective_ids


class OpenFolder:
    """A folder, open to be listed until the ``with`` block that it begins is left.

    ``status`` is that of the open folder. ``is_root`` says whether it is the one that all served
    files are below, by whatever name it was opened.
    """

    __slots__ = ("_fd", "_real_path", "is_root", "status")

    def __init__(
        self, fd: int | None, real_path: str, status: os.stat_result, *, is_root: bool
    ) -> None:
        self._fd = fd  # None where a folder has no descriptor
        self._real_path = real_path
        self.status = status
        self.is_root = is_root

    @contextmanager
    def scan(self) -> Iterator[Iterator[os.DirEntry[str]]]:
        """Give what is in the folder, in no order, for a block.

        Raises ``OSError``; where a folder has no descriptor, ``FileNotFoundError`` at the end of
        the block if its name leads elsewhere by then.
        """
        with os.scandir(self._real_path if self._fd is None else self._fd) as entries:
            yield entries
        if self._fd is None and os.path.realpath(self._real_path, strict=True) != self._real_path:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), self._real_path)

    def may_open(self, entry: os.DirEntry[str]) -> bool:
        """Whether the mode of a file lets us read it, that of a folder lets us pass."""
        mode = os.X_OK if entry.is_dir(follow_symlinks=False) else os.R_OK
        return os.access(entry.path, mode, dir_fd=self._fd, effective_ids=_HAS_EFFECTIVE_IDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._fd is not None:
            os.close(self._fd)
