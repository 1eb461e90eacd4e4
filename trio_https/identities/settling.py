"""Which of the things that are looked at from time to time have changed, and come to rest.

Whoever renews a certificate writes two files or more, one after the other. What is read between two
of them fits nothing. So a change is news when it was there at two looks in a row. Pure.
"""

from collections.abc import Hashable

__all__ = ["Settling"]


class Settling:
    """For each thing its stamp at the last look, and the stamp that was acted upon."""

    def __init__(self) -> None:
        self._seen: dict[Hashable, Hashable] = {}
        self._taken: dict[Hashable, Hashable] = {}

    def take_news(self, thing: Hashable, stamp: Hashable, *, at_once: bool) -> bool:
        """Look at ``thing``: return whether it is to be acted upon now, and note that.

        It is when its stamp is another one than at that time and the same as at the last look; and
        in any case with ``at_once``.
        """
        has_settled = self._seen.get(thing) == stamp
        has_changed = thing not in self._taken or self._taken[thing] != stamp
        self._seen[thing] = stamp
        if at_once or (has_changed and has_settled):
            self._taken[thing] = stamp
            return True
        return False

    def forget(self, thing: Hashable) -> None:
        """Take back that ``thing`` was acted upon: it is news again at the next look."""
        self._taken.pop(thing, None)
