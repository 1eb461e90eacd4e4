"""The neighbours of many files, made by several threads at a time.

Threads are as fast as processes here, for the compressors let other threads run, and they can be
stopped between two pieces of a file. How far the work has come is told, not shown.
"""

import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import NamedTuple

from .neighbours import Outcome, make_neighbour, neighbour_path
from .page_files import Fault

__all__ = ["Task", "precompress", "processor_count"]


class Task(NamedTuple):
    """A neighbour to be made."""

    path: Path
    coding: str


class _Stopped(Exception):  # noqa: N818 -- no error
    """The work was stopped in the middle of a file."""


def precompress(
    tasks: Iterable[Task], *, jobs: int, tell: Callable[[int], None]
) -> list[Outcome | Fault]:
    """Make neighbours, ``jobs`` at a time, and return what became of each.

    The threads call ``tell`` with the number of bytes that they have read since. Interrupted, it
    stops them, within about half a second, and leaves no file that is half written.
    """
    is_stopping = Event()

    def tell_unless_stopping(count: int) -> None:
        if is_stopping.is_set():
            raise _Stopped
        tell(count)

    def carry_out(task: Task) -> Outcome | Fault:
        try:
            return make_neighbour(task.path, task.coding, tell_unless_stopping)
        except OSError as exc:
            return _fault_of(task, exc)

    with ThreadPoolExecutor(jobs) as threads:
        try:
            return list(threads.map(carry_out, tasks))
        except BaseException:
            is_stopping.set()
            threads.shutdown(wait=False, cancel_futures=True)  # who is at work still: the block's
            raise


def _fault_of(task: Task, error: OSError) -> Fault:
    # All else is about its neighbour, by a temporary name or by none.
    is_about_file = error.filename == str(task.path)
    return Fault.of(task.path if is_about_file else neighbour_path(task.path, task.coding), error)


def processor_count() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
