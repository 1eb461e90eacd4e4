import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest

from trio_https.files.codecs import CODING_SUFFIXES
from trio_https.prepare.neighbours import Outcome, neighbour_path
from trio_https.prepare.page_files import Fault
from trio_https.prepare.precompress import Task, precompress, processor_count

from .codings import decode

TEXT = b"<p>Many hands make light work.</p>\n" * 3000


@pytest.fixture
def pages(tmp_path: Path) -> list[Path]:
    pages = [tmp_path / f"{number}.html" for number in range(8)]
    for number, page in enumerate(pages):
        page.write_bytes(TEXT[number:])
    return pages


def nothing(_: int) -> None:
    pass


@pytest.mark.parametrize("jobs", [1, 3, 20])
def test_all_neighbours_are_made_and_told_in_order(pages: list[Path], jobs: int) -> None:
    tasks = [Task(page, coding) for page in pages for coding in CODING_SUFFIXES]
    outcomes = precompress(tasks, jobs=jobs, tell=nothing)
    for task, outcome in zip(tasks, outcomes, strict=True):
        content, coded = task.path.read_bytes(), neighbour_path(*task).read_bytes()
        assert decode(coded, task.coding) == content
        assert outcome == Outcome(task.coding, len(content), len(coded))


def test_several_files_are_compressed_at_a_time(pages: list[Path]) -> None:
    together = threading.Barrier(3, timeout=30)
    met = threading.local()

    def meet(_: int) -> None:
        if not hasattr(met, "others"):
            met.others = together.wait()

    outcomes = precompress([Task(page, "gzip") for page in pages[:3]], jobs=3, tell=meet)
    assert all(isinstance(outcome, Outcome) for outcome in outcomes)


def test_the_bytes_that_were_read_are_told(pages: list[Path]) -> None:
    told: list[int] = []
    precompress([Task(page, "gzip") for page in pages], jobs=2, tell=told.append)
    assert sum(told) == sum(page.stat().st_size for page in pages)


def test_a_file_that_can_not_be_compressed_is_told_and_the_others_are_made(
    pages: list[Path],
) -> None:
    pages[1].unlink()
    neighbour_path(pages[2], "gzip").mkdir()
    outcomes = precompress([Task(page, "gzip") for page in pages[:4]], jobs=2, tell=nothing)
    assert outcomes[1] == Fault(pages[1], "No such file or directory")
    assert outcomes[2] == Fault(neighbour_path(pages[2], "gzip"), "Is a directory")
    for number in (0, 3):
        assert decode(neighbour_path(pages[number], "gzip").read_bytes(), "gzip") == TEXT[number:]


@pytest.mark.skipif(sys.platform == "win32", reason="no signals between threads there")
@pytest.mark.parametrize("jobs", [1, 4])
def test_an_interrupt_stops_all_threads_and_leaves_nothing_half_written(
    pages: list[Path], jobs: int, tmp_path: Path
) -> None:
    for page in pages:
        page.write_bytes(TEXT * 20)
    main_thread, has_begun = threading.get_ident(), threading.Event()

    def interrupt(_: int) -> None:
        if not has_begun.is_set():
            has_begun.set()
            signal.pthread_kill(main_thread, signal.SIGINT)
        time.sleep(0.05)  # 30 pieces in each of 8 pages: the interrupt comes in between

    with pytest.raises(KeyboardInterrupt):
        precompress([Task(page, "gzip") for page in pages], jobs=jobs, tell=interrupt)
    # The pool has waited for its threads, but for one that was just being started, as Python will.
    for thread in threading.enumerate():
        if thread is not threading.current_thread():
            thread.join(30)
    assert threading.active_count() == 1
    made = {path for path in tmp_path.iterdir() if path not in pages}
    assert made < {neighbour_path(page, "gzip") for page in pages}
    assert {decode(path.read_bytes(), "gzip") for path in made} <= {TEXT * 20}


def test_there_is_a_processor_for_this_process() -> None:
    assert 1 <= processor_count() <= (os.cpu_count() or 1)
