"""What the status of a file says of changes, and for how long it can't be trusted to.

Two looks that are the same mean that nothing has changed between them, if the first one came when
the clock of the file system had moved on since the last change.
"""

import os

__all__ = ["file_identity", "is_settled", "was_rewritten"]

_TICK_SECONDS = 2.0
"""The coarsest clock of a file system in use, FAT's."""


def file_identity(status: os.stat_result) -> tuple[int, ...]:
    """Return what is the same for two looks at one file if nothing of it has changed between."""
    return (
        *(status.st_dev, status.st_ino, status.st_size),
        *(status.st_mtime_ns, status.st_ctime_ns),
    )


def is_settled(status: os.stat_result, now: float) -> bool:
    """Whether a change from now on leaves a trace; ``now`` is in seconds since the epoch.

    The time of the last change can be set to any, as copying does; that of the status can't.
    """
    since_change, since_status = now - status.st_mtime, abs(now - status.st_ctime)
    return since_change >= _TICK_SECONDS and since_status >= _TICK_SECONDS


def was_rewritten(before: os.stat_result, now: os.stat_result) -> bool:
    """Whether a file was changed in another way than by adding to its end, as to a log.

    One that was written over and has become longer can't be told from that.
    """
    return now.st_mtime_ns != before.st_mtime_ns and now.st_size <= before.st_size
