"""From a folder to its compressed files, and what is said of it: progress, sums, faults."""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click

from ..errors import ConfigError
from ..files.codecs import CODING_SUFFIXES, available_codings
from ..prepare.neighbours import Outcome, find_outcome, neighbour_path, remove_neighbour
from ..prepare.page_files import Fault, FoundFiles, find_page_files
from ..prepare.precompress import Task, precompress, processor_count
from .console import paint, say

__all__ = ["compress_pages", "remove_neighbours"]

_REMEDY = "pip install 'trio-https[compress]'"
_MAX_ORPHANS = 10  # told by name
_KIB = 1024


def compress_pages(root: Path, codings: Sequence[str] | None, *, jobs: int | None) -> int:
    """Make what is missing or stale of the neighbours in a folder; return the exit code.

    ``codings`` None: all that are installed. Raises ``ConfigError`` for what the user got wrong.
    """
    for number in (signal.SIGINT, signal.SIGTERM):  # one is like the other: nothing half-written
        signal.signal(number, signal.default_int_handler)
    started = time.monotonic()
    codings = _choose_codings(codings)
    found = find_page_files(root)
    there, tasks, size = _plan(found, codings)
    with _progress(size) as tell:
        made = precompress(tasks, jobs=jobs or processor_count(), tell=tell)
    outcomes = [outcome for outcome in made if isinstance(outcome, Outcome)]
    _say_sums(codings, [*there, *outcomes])
    _say_counts(there, outcomes, seconds=time.monotonic() - started)
    _say_orphans(found.orphans)
    return _say_faults([*found.faults, *(fault for fault in made if isinstance(fault, Fault))])


def remove_neighbours(root: Path, codings: Sequence[str]) -> int:
    """Remove the neighbours of all files in a folder; return the exit code.

    Raises ``ConfigError`` for what the user got wrong.
    """
    found = find_page_files(root)
    count = size = 0
    for file in found.files:
        for coding in codings:
            try:
                removed = remove_neighbour(file.path, coding)
            except OSError as exc:
                found.faults.append(Fault.of(neighbour_path(file.path, coding), exc))
                continue
            if removed is not None:
                count, size = count + 1, size + removed
    say(f"{_count(count, 'compressed file')} removed, {_format_size(size)}.")
    _say_orphans(found.orphans)
    return _say_faults(found.faults)


def _choose_codings(wanted: Sequence[str] | None) -> Sequence[str]:
    """Return which neighbours to make. Raises ``ConfigError`` for a coding that is not there."""
    available = available_codings()
    missing = [coding for coding in wanted or CODING_SUFFIXES if coding not in available]
    if wanted and missing:
        raise ConfigError(
            f"--coding: the library for {' and '.join(missing)} is not installed. Install it: "
            f"{_REMEDY}"
        )
    if missing:
        say(f"Without {' and '.join(missing)}: {_REMEDY} brings the library for it.")
    return [coding for coding in available if coding in (wanted or available)]


def _plan(found: FoundFiles, codings: Sequence[str]) -> tuple[list[Outcome], list[Task], int]:
    """Return what is there already, what is to be made, and how many bytes are to be read."""
    there, tasks, size = [], [], 0
    for file in found.files:
        for coding in codings:
            outcome = find_outcome(file, coding)
            if outcome is not None:
                there.append(outcome)
            else:
                tasks.append(Task(file.path, coding))
                size += file.size
    return there, tasks, size


@contextmanager
def _progress(size: int) -> Iterator[Callable[[int], None]]:
    """Show a bar on a terminal, none elsewhere; yield what moves it on by so many bytes."""
    if not size or not sys.stderr.isatty():
        yield lambda _: None
        return
    lock = threading.Lock()  # several threads move it
    with click.progressbar(length=size, label="Compressing", file=sys.stderr) as bar:

        def move(count: int) -> None:
            with lock:
                bar.update(count)

        yield move


def _say_sums(codings: Iterable[str], outcomes: Sequence[Outcome]) -> None:
    say(f"{'coding':<8}{'files':>7}{'before':>12}{'after':>12}")
    for coding in codings:
        pairs = [
            (outcome.size, outcome.coded_size)
            for outcome in outcomes
            if outcome.coding == coding and outcome.coded_size is not None
        ]
        before, after = (sum(sizes) for sizes in zip(*pairs, strict=True)) if pairs else (0, 0)
        share = f"{after / before:>7.0%}" if before else ""
        say(f"{coding:<8}{len(pairs):>7}{_format_size(before):>12}{_format_size(after):>12}{share}")


def _say_counts(there: Sequence[Outcome], made: Sequence[Outcome], *, seconds: float) -> None:
    useless = sum(outcome.coded_size is None for outcome in (*there, *made))
    current = sum(outcome.coded_size is not None for outcome in there)
    new = sum(outcome.coded_size is not None for outcome in made)
    say(
        f"{new} made, {current} current, {useless} left out because too little would be saved;"
        f" {seconds:.1f} s."
    )


def _say_orphans(orphans: Sequence[Path]) -> None:
    for path in orphans[:_MAX_ORPHANS]:
        say(f"{path}: there is no {path.stem} that this could be made of.")
    if len(orphans) > _MAX_ORPHANS:
        say(f"And {len(orphans) - _MAX_ORPHANS} more like it.")


def _say_faults(faults: Sequence[Fault]) -> int:
    """Name what went wrong; return the exit code."""
    for fault in dict.fromkeys(faults):  # a file that can't be read is one fault, not three
        say(f"{paint('trio-https:', 'red')} {fault.path}: {fault.reason}")
    return 1 if faults else 0


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _format_size(size: int) -> str:
    return f"{size / _KIB:.1f} KiB" if size < _KIB * _KIB else f"{size / _KIB / _KIB:.1f} MiB"
