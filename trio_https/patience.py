"""How long to wait for a client that is slow: for the next bytes, and for all of them at a rate.

No transfer has a time limit as a whole: who is slow and honest finishes. But who sends a byte now
and then, just in time for the next deadline, would hold a connection for days; so the average has a
lower bound too, once the first wait is over.
"""

__all__ = ["Patience"]


class Patience:
    """What a client has left, in one direction of one message.

    ``timeout`` is for each wait, in seconds; ``min_rate`` is the bytes that must have come in each
    second of waiting, on average, after a first ``timeout`` that is free. Only waiting counts, not
    the time in which nobody asked for more.
    """

    __slots__ = ("_bytes", "_min_rate", "_timeout", "_waited")

    def __init__(self, timeout: float, min_rate: float) -> None:
        self._timeout = timeout
        self._min_rate = min_rate
        self._waited = 0.0
        self._bytes = 0

    def seconds(self) -> float:
        """Return how long to wait for the next bytes."""
        if not self._min_rate:
            return self._timeout
        earned = self._timeout + self._bytes / self._min_rate
        return max(0.0, min(self._timeout, earned - self._waited))

    def note(self, moved: int, waited: float) -> None:
        """Note that ``moved`` bytes took ``waited`` seconds."""
        self._bytes += moved
        self._waited += waited
