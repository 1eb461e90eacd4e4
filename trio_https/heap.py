"""Memory of the C library's heap, given back to the system when a crowd of connections has left.

glibc gives back the end of its heap only, and something small always lies there: after an attack
the server would hold what OpenSSL needed for hundreds of connections for as long as it runs.
"""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

__all__ = ["HeapTrimmer", "trim_heap"]

# Fewer connections leave nothing that is worth the 3 ms that it takes after 300 of them.
_CROWD = 64


def trim_heap() -> None:
    """Give the free pages of the heap back to the system, where the C library can (glibc)."""
    if sys.platform != "linux":
        return
    import ctypes  # here: 1 MiB that a server which sees no crowd does without

    malloc_trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # musl has none
    if malloc_trim is not None:
        malloc_trim(0)


class HeapTrimmer:
    """Counts connections, and trims the heap each time when three of four have left."""

    def __init__(self, trim: Callable[[], None] = trim_heap) -> None:
        self._trim = trim
        self._connections = 0
        self._most = 0

    @contextmanager
    def count_connection(self) -> Iterator[None]:
        """Count a connection as long as the block runs."""
        self._connections += 1
        self._most = max(self._most, self._connections)
        try:
            yield
        finally:
            self._connections -= 1
            if self._most >= _CROWD and self._connections <= self._most // 4:
                self._most = self._connections
                self._trim()
