"""Time limits for waits that are over long before, as a rule: one task enforces those of thousands.

A cancel scope with a deadline, entered for each wait, costs a tenth of what a small page costs.
Here a wait is an entry in a dictionary, which stays in the order of the deadlines as the time is
the same for all. What a cancelled scope means is the business of who has entered it.
"""

import trio

from .config import Limits

__all__ = ["Timeout", "Timeouts"]


class Timeout:
    """One time limit, of ``seconds``, for any number of waits.

    A wait is known by the cancel scope that it is in, one that serves for many waits after each
    other. ``what`` is too slow then, for the reason of the cancellation.
    """

    def __init__(self, seconds: float, what: str) -> None:
        self._seconds = seconds
        self._reason = f"{what} within {seconds:g} s"
        self._deadlines: dict[trio.CancelScope, float] = {}
        self._has_some = trio.Event()
        # Asked without trio.current_time, which goes through two more functions, for each wait.
        self._clock = trio.lowlevel.current_clock()

    def begin(self, scope: trio.CancelScope) -> None:
        """Have ``scope`` cancelled when the time is over, unless ``end`` is called before."""
        if not self._deadlines:
            self._has_some.set()
        self._deadlines[scope] = self._clock.current_time() + self._seconds

    def end(self, scope: trio.CancelScope) -> bool:
        """Have ``scope`` go on; False: it was cancelled, maybe in this very moment."""
        return self._deadlines.pop(scope, None) is not None

    def cancel_all(self, reason: str) -> None:
        """Cancel the scopes of all waits now."""
        while self._deadlines:
            scope, _ = self._deadlines.popitem()
            scope.cancel(reason=reason)

    async def enforce(self) -> None:
        """Cancel the scopes whose time is over, until cancelled."""
        while True:
            while not self._deadlines:  # or over, before this could look at it
                self._has_some = trio.Event()
                await self._has_some.wait()
            scope, deadline = next(iter(self._deadlines.items()))
            if deadline > trio.current_time():
                # The next one begins to count now, if this one is over by then.
                await trio.sleep_until(deadline)
            else:
                del self._deadlines[scope]
                scope.cancel(reason=self._reason)


class Timeouts:
    """Those of the waits that every request has."""

    def __init__(self, limits: Limits) -> None:
        self.idle = Timeout(limits.idle_timeout, "no other request came")
        self.send = Timeout(limits.send_timeout, "the client did not take the response")
