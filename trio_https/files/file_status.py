"""What the status of a file says of changes, and for how long it can't be trusted to.

Two looks that are the same mean that nothing has changed between them, if the first one came when
the clock of the file system had moved on since the last change.
"""

import os
from collections.abc import Callable
from operator import attrgetter

__all__ = ["file_identity", "has_other_content", "is_settled", "seconds_until_traced"]

_TICK_SECONDS = 2.0
"""The coarsest clock of a file system in use, FAT's."""
_KERNEL_TICK_SECONDS = 0.02
"""Linux has ticks of 1 to 10 ms, and other systems no longer ones."""


file_identity: Callable[[os.stat_result], tuple[int, ...]] = attrgetter(
    "st_dev", "st_ino", "st_size", "st_mtime_ns", "st_ctime_ns"
)
"""What is the same for two looks at one file if nothing of it has changed between."""


def is_settled(status: os.stat_result, now: float) -> bool:
    """Whether a change from now on leaves a trace; ``now`` is in seconds since the epoch.

    The time of the last change can be set to any, as copying does; that of the status can't.
    """
    since_change, since_status = now - status.st_mtime, abs(now - status.st_ctime)
    return since_change >= _TICK_SECONDS and since_status >= _TICK_SECONDS


def seconds_until_traced(status: os.stat_result, now: float) -> float:
    """Return how long to wait until a change leaves a trace on a disk of this machine.

    Its time is that of the kernel's last tick, so of two changes in one tick the second leaves
    none. A disk with a coarser clock, FAT's say, may need longer, which nobody would wait for.
    """
    last_change = max(status.st_mtime, status.st_ctime)
    is_in_tick = 0 <= now - last_change < _KERNEL_TICK_SECONDS
    return last_change + _KERNEL_TICK_SECONDS - now if is_in_tick else 0.0


def has_other_content(before: os.stat_result, now: os.stat_result, path: str) -> bool:
    """Whether an open file may have other content than before; ``path`` is where it was opened.

    Also one that is only longer: nobody can tell whether it was added to or written over. But not
    one that was renamed, replaced, deleted, or whose mode was changed, which is what its ctime
    tells as well.
    """
    if (now.st_size, now.st_mtime_ns) != (before.st_size, before.st_mtime_ns):
        return True
    if now.st_ctime_ns == before.st_ctime_ns or _rights(now) != _rights(before):
        return False
    try:
        named = os.stat(path)  # noqa: PTH116 -- hot
    except OSError:
        return False
    # Still by its name: its time was set back, then.
    return (named.st_dev, named.st_ino) == (now.st_dev, now.st_ino)


def _rights(status: os.stat_result) -> tuple[int, ...]:
    return status.st_nlink, status.st_mode, status.st_uid, status.st_gid
