"""Memory of the C library's heap, given back to the system when a crowd of connections has left.

glibc gives back the end of its heap only, and something small always lies there: after an attack
the server would hold what OpenSSL needed for hundreds of connections for as long as it runs.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import trio

__all__ = ["HeapTrimmer", "trim_heap"]

# Fewer connections leave nothing that is worth the trouble.
_CROWD = 64
# A crowd that is back so soon finds its memory still there, and nobody trims more often.
_PAUSE_SECONDS = 5.0


def trim_heap() -> None:
    """Give the free pages of the heap back to the system, where the C library can (glibc)."""
    if sys.platform != "linux":
        return
    # ImportError: Python was built without it. AttributeError: the C library is musl.
    with suppress(ImportError, OSError, AttributeError):
        import ctypes  # here: 1 MiB that a server which sees no crowd does without

        malloc_trim = ctypes.CDLL(None).malloc_trim
        malloc_trim.argtypes = [ctypes.c_size_t]
        malloc_trim(0)


class HeapTrimmer:
    """Counts connections, and trims the heap when three of four of a crowd have left for good."""

    def __init__(self, trim: Callable[[], None] = trim_heap) -> None:
        self._trim = trim
        self._connections = 0
        self._most = 0  # since the heap was trimmed
        self._crowd_has_left = trio.Event()

    @contextmanager
    def count_connection(self) -> Iterator[None]:
        """Count a connection as long as the block runs."""
        self._connections += 1
        self._most = max(self._most, self._connections)
        try:
            yield
        finally:
            self._connections -= 1
            if self._has_crowd_left():
                self._crowd_has_left.set()

    async def watch(self) -> None:
        """Trim the heap when there is a reason, until cancelled.

        It is done in the task, not in a thread: it takes milliseconds, and a thread that it is done
        in would make all others that want memory meanwhile wait as well.
        """
        while True:
            await self._crowd_has_left.wait()
            await trio.sleep(_PAUSE_SECONDS)
            self._crowd_has_left = trio.Event()
            if self._has_crowd_left():
                self._most = self._connections
                self._trim()

    def _has_crowd_left(self) -> bool:
        return self._most >= _CROWD and self._connections <= self._most // 4
