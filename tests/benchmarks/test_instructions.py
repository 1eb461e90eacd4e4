"""What is counted is what it says: each kind of request gets its answer, on one connection."""

from pathlib import Path

import pytest
import trio
from instructions import INSTRUCTIONS, MISSES, parse_counts
from instructions_target import KINDS, LATER, drive, make_pages

REPORT = """\
==27698== Cachegrind, a cache and branch-prediction profiler
==27698== I   refs:      603,934,152
==27698== LL misses:       2,104,674  (  1,000,000 rd   +   1,104,674 wr)
==27698== LL miss rate:          0.3% (        0.2%     +         0.4%  )
"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("pages")
    make_pages(folder)
    return str(folder)


@pytest.mark.parametrize("name", KINDS)
def test_each_request_is_answered_as_expected(
    name: str, pages: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.time", lambda: LATER)
    trio.run(drive, KINDS[name], 3, pages)


def test_an_answer_that_was_not_expected_is_told(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"a page of 1 KiB: expected .*200.*, got .*404"):
        trio.run(drive, KINDS["page"], 3, str(tmp_path))


def test_sums_are_read_from_what_valgrind_tells() -> None:
    assert parse_counts(REPORT) == {INSTRUCTIONS: 603_934_152, MISSES: 2_104_674}
