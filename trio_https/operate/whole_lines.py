"""A log that several processes write to: each line of it is whole.

A file takes a ``write`` as one, whoever writes to it at the same time. A pipe does so up to 4 KiB
only (PIPE_BUF), and a client can make a line longer than that: another process's line in the midst
of it could look like one that was never written. So what is longer has its turn alone. Short ones
share one, for a process may be stopped in its turn, and others are to go on.
"""

import fcntl
import os
import select
import stat
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

__all__ = ["Turn", "WholeLines"]


class Turn:
    """A lock of all processes that were copied from the one that has made it.

    The system gives it back for one that ends. Threads of one process take their turns, too.
    """

    def __init__(self) -> None:
        self._threads = threading.Lock()
        # Linux needs no folder for it, which a container may not have.
        self._fd = os.memfd_create("turn") if sys.platform == "linux" else _temporary_file()

    @contextmanager
    def taken(self, *, alone: bool) -> Iterator[None]:
        """Have nobody else in such a block meanwhile; or, unless ``alone``, nobody who is alone."""
        with self._threads:
            # Not flock: that belongs to the open file, which the processes have in common.
            fcntl.lockf(self._fd, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
            try:
                yield
            finally:
                fcntl.lockf(self._fd, fcntl.LOCK_UN)


class WholeLines:
    """Writes lines as ``stream`` would, but each text whole, and past what Python would buffer."""

    def __init__(self, stream: TextIO, turn: Turn) -> None:
        self._turn = turn
        self._fd = stream.fileno()
        self._takes_lines_whole = stat.S_ISREG(os.fstat(self._fd).st_mode)

    def write(self, text: str) -> None:
        """Write one or more lines. Raises ``OSError``."""
        lines = text.encode("utf-8", "backslashreplace")
        if self._takes_lines_whole:
            _write_all(self._fd, lines)
            return
        with self._turn.taken(alone=len(lines) > select.PIPE_BUF):
            _write_all(self._fd, lines)

    def flush(self) -> None:
        """Do nothing: nothing is kept."""


def _temporary_file() -> int:
    fd, path = tempfile.mkstemp()
    os.unlink(path)  # noqa: PTH108 -- a text, as it was given
    return fd


def _write_all(fd: int, data: bytes) -> None:
    while data:
        data = data[os.write(fd, data) :]
