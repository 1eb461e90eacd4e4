"""The wish that a server stops, as its connections see it.

Whoever wants the stop calls ``set``. A connection that waits for nothing but its next request has
said so with ``ends_wait``, and that wait ends at once; all others look at ``is_set`` when they are
done. Those that are not done when the grace is over are cancelled with ``lifetime``, and told why.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import trio

__all__ = ["Stopping"]

_REASON = "the server is stopping"
_LATE = "the server is stopping, and its grace is over"


class Stopping:
    """An event that also ends the waits which nobody would miss, and sets a deadline to the rest.

    ``lifetime`` is the cancel scope in which all connections run; whoever runs them enters it, has
    ``end_lifetime`` run in it, and sets ``finished`` when none is left.
    """

    def __init__(self) -> None:
        self.lifetime: trio.CancelScope = trio.CancelScope()
        self.finished: trio.Event = trio.Event()
        self._event = trio.Event()
        self._grace = trio.CancelScope()
        self._ends_first_waits = False
        self._idle_waits: dict[trio.CancelScope, bool] = {}

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
        for scope, is_first in self._idle_waits.items():
            if self._ends(is_first):
                scope.cancel(reason=_REASON)

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

        It is one that waits for the first request of its connection.
        """
        self.begin_idle_wait(scope, is_first=True)
        try:
            yield
        finally:
            self.end_idle_wait(scope)

    def begin_idle_wait(self, scope: trio.CancelScope, *, is_first: bool = False) -> None:
        """Have ``scope`` cancelled when the server is to stop, until ``end_idle_wait``.

        ``is_first``: it waits for the first request of its connection.
        """
        if self._event.is_set() and self._ends(is_first):
            scope.cancel(reason=_REASON)
        self._idle_waits[scope] = is_first

    def end_idle_wait(self, scope: trio.CancelScope) -> None:
        """Have ``scope`` go on. It may have been cancelled in this very moment."""
        self._idle_waits.pop(scope, None)

    def _ends(self, is_first: bool) -> bool:
        return self._ends_first_waits or not is_first
