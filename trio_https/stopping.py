"""The wish that a server stops, as its connections see it.

Whoever wants the stop calls ``set``. A connection that has not asked for anything yet has said so
with ``ends_wait``, and that wait ends at once, if it is to; all others look at ``is_set`` when they
are done. Those that are not done when the grace is over are cancelled with ``lifetime``, and told
why.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import trio

__all__ = ["STOPPING", "Stopping"]

STOPPING = "the server is stopping"
"""Why a wait was cancelled that nobody would miss."""
_LATE = "the server is stopping, and its grace is over"


class Stopping:
    """An event that also ends the waits for first requests, and sets a deadline to the rest.

    ``lifetime`` is the cancel scope in which all connections run; whoever runs them enters it, has
    ``end_lifetime`` run in it, and sets ``finished`` when none is left.
    """

    def __init__(self) -> None:
        self.lifetime: trio.CancelScope = trio.CancelScope()
        self.finished: trio.Event = trio.Event()
        self._event = trio.Event()
        self._grace = trio.CancelScope()
        self._ends_first_waits = False
        self._first_waits: set[trio.CancelScope] = set()

    def is_set(self) -> bool:
        """Whether the server is to stop."""
        return self._event.is_set()

    def set(self, grace: float, *, await_first_requests: bool = False) -> None:
        """Say that the server is to stop, within ``grace`` seconds; said twice, the earlier counts.

        With ``await_first_requests``, waits for the first request of a connection go on. Raises
        ``ValueError`` for a negative or undefined time.
        """
        if not grace >= 0:
            raise ValueError(f"grace must be at least 0 seconds, not {grace}")
        self._grace.deadline = min(self._grace.deadline, trio.current_time() + grace)
        self._event.set()
        self._ends_first_waits = self._ends_first_waits or not await_first_requests
        if self._ends_first_waits:
            for scope in self._first_waits:
                scope.cancel(reason=STOPPING)

    async def end_lifetime(self) -> None:
        """Cancel ``lifetime`` when the grace is over."""
        # By a task, for a scope that is cancelled by its own deadline can't tell the reason.
        with self._grace:
            await trio.sleep_forever()
        self.lifetime.cancel(reason=_LATE)

    async def wait(self) -> None:
        """Wait until the server is to stop. Cancelling the wait changes nothing."""
        await self._event.wait()

    @contextmanager
    def ends_wait(self, scope: trio.CancelScope) -> Iterator[None]:
        """Have ``scope`` cancelled when the server is to stop, as long as the block runs.

        It is one that waits for the first request of its connection, and goes on where that is
        awaited all the same.
        """
        if self._ends_first_waits:
            scope.cancel(reason=STOPPING)
        self._first_waits.add(scope)
        try:
            yield
        finally:
            self._first_waits.discard(scope)
