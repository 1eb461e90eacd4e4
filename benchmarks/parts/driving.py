"""What the parts are measured with: coroutines that have nothing to wait for, run without Trio.

Trio's own share of a request, its waits and its switches, is in the suite's figures, and in those
of ``hot_spots.py``.
"""

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

import trio

__all__ = ["Benchmark", "EndlessClient", "finish", "in_trio"]

T = TypeVar("T")  # Python 3.11 is supported


class Benchmark(Protocol):
    """The fixture of pytest-benchmark, as far as it is used here."""

    def __call__(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call it again and again, and return what it returned."""


class EndlessClient(trio.abc.Stream):
    """Sends the same request whenever it is asked, and takes all that it gets."""

    def __init__(self, request: bytes) -> None:
        self.request = request
        self.taken = 0

    async def receive_some(self, _max_bytes: int | None = None) -> bytes:
        """Return the request, without a wait."""
        return self.request

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Count the bytes, without a wait."""
        self.taken += len(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Return at once."""

    async def aclose(self) -> None:
        """Do nothing."""


def finish(coroutine: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as done:
        result: T = done.value
        return result
    coroutine.close()
    raise AssertionError("it waited for something")


def in_trio(measure: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run ``measure`` where Trio's clock and cancel scopes are."""
    trio.run(measure)
