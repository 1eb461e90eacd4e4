"""A log that an attack can't fill: so many lines a second of one kind, and a count of the rest."""

import logging
import time
from collections.abc import Callable

__all__ = ["Throttle"]

_LINES_PER_SECOND = 10


class Throttle(logging.Filter):
    """A filter for a log handler that lets some records of each kind pass in a second.

    Records are of one kind if they come from the same message, before their arguments are put in.
    The first that passes after others were dropped tells how many. Those at WARNING and above, a
    handler's bug say, always pass. ``clock`` gives seconds.
    """

    def __init__(
        self,
        lines_per_second: int = _LINES_PER_SECOND,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self._lines_per_second = lines_per_second
        self._clock = clock
        self._second = 0
        self._passed: dict[str, int] = {}
        self._dropped: dict[str, int] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the record is written."""
        if record.levelno >= logging.WARNING:
            return True
        second = int(self._clock())
        if second != self._second:
            self._second = second
            self._passed.clear()
        kind = str(record.msg)
        passed = self._passed.get(kind, 0)
        if passed >= self._lines_per_second:
            self._dropped[kind] = self._dropped.get(kind, 0) + 1
            return False
        self._passed[kind] = passed + 1
        if dropped := self._dropped.pop(kind, 0):
            record.msg = f"{record.msg} (and {dropped} more like it before)"
        return True
