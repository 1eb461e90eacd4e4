"""How long to wait before the next try of what has failed. Pure."""

__all__ = ["Backoff"]

_FIRST_SECONDS = 0.5
_MOST_SECONDS = 30.0
_FORGET_SECONDS = 60.0  # a fault that comes so late is the first of another series


class Backoff:
    """Waits that double from failure to failure; after the first one there is none.

    So what fails once in a while is tried again at once, and what fails again and again costs next
    to nothing. Times are seconds of any one clock.
    """

    def __init__(self) -> None:
        self._failures = 0
        self._last = 0.0
        self.until = 0.0
        """When the next try is due."""

    def note_failure(self, now: float) -> float:
        """Count a failure, and return the seconds to wait."""
        if now - self._last > _FORGET_SECONDS:
            self._failures = 0
        delay = 0.0
        if self._failures:
            # Bounded before it is raised to a power, which grows without end.
            doublings = min(self._failures - 1, 16)
            delay = min(_FIRST_SECONDS * 2**doublings, _MOST_SECONDS)
        self._failures += 1
        self._last = now + delay
        self.until = now + delay
        return delay
