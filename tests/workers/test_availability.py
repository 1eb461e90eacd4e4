"""Where there can be workers, and how many."""

import os
import subprocess
import sys

import pytest

from trio_https.workers.availability import count_processors, why_no_workers


@pytest.mark.parametrize("platform", ["linux", "freebsd14", "netbsd10"])
def test_there_are_workers_where_processes_are_copied(platform: str) -> None:
    assert why_no_workers(platform) is None


@pytest.mark.parametrize(
    ("platform", "name"), [("win32", "Windows"), ("darwin", "macOS"), ("wasi", "wasi")]
)
def test_elsewhere_there_is_a_reason_and_a_remedy(platform: str, name: str) -> None:
    why = why_no_workers(platform)
    assert why is not None
    assert name in why
    assert why.endswith("Leave --workers out: one process serves all.")


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system does not pin")
def test_only_processors_that_this_process_may_use_count() -> None:
    first = min(os.sched_getaffinity(0))
    program = (
        f"import os; os.sched_setaffinity(0, [{first}])\n"
        "from trio_https.workers.availability import count_processors\n"
        "print(count_processors())"
    )
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert told.stdout.strip() == b"1"
    assert count_processors() == len(os.sched_getaffinity(0))
