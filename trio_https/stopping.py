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
        self._idle_waits: set[trio.CancelScope] = set()

    def is_set(self) -> bool:
        """Whether the server is to stop."""
        return self._event.is_set()

    def set(self, grace: float) -> None:
        """Say that the server is to stop, within ``grace`` seconds; said twice, the earlier counts.

        Raises ``ValueError`` for a negative or undefined time.
        """
        if not grace >= 0:
            raise ValueError(f"grace must be at least 0 seconds, not {grace}")
        self._grace.deadline = min(self._grace.deadline, trio.current_time() + grace)
        self._event.set()
        for scope in self._idle_waits:
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
        """Have ``scope`` cancelled when the server is to stop, as long as the block runs."""
        self.begin_idle_wait(scope)
        try:
            yield
        finally:
            self.end_idle_wait(scope)

    def begin_idle_wait(self, scope: trio.CancelScope) -> None:
        """Have ``scope`` cancelled when the server is to stop, until ``end_idle_wait``."""
        if self._event.is_set():
            scope.cancel(reason=_REASON)
        self._idle_waits.add(scope)

    def end_idle_wait(self, scope: trio.CancelScope) -> None:
        """Have ``scope`` go on. It may have been cancelled in this very moment."""
        self._idle_waits.discard(scope)
