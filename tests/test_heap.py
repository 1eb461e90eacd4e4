import subprocess
import sys
from contextlib import ExitStack

import pytest

from trio_https.heap import HeapTrimmer, trim_heap


class Crowd:
    """Connections that come and go, and how often the heap was trimmed meanwhile."""

    def __init__(self) -> None:
        self.trims = 0
        self._heap = HeapTrimmer(self._note_trim)
        self._connections: list[ExitStack] = []

    def _note_trim(self) -> None:
        self.trims += 1

    def come(self, count: int) -> None:
        for _ in range(count):
            connection = ExitStack()
            connection.enter_context(self._heap.count_connection())
            self._connections.append(connection)

    def leave(self, count: int) -> None:
        for _ in range(count):
            self._connections.pop().close()


def test_the_heap_is_trimmed_when_three_of_four_of_a_crowd_have_left() -> None:
    crowd = Crowd()
    crowd.come(100)
    crowd.leave(74)
    assert crowd.trims == 0
    crowd.leave(1)
    assert crowd.trims == 1


def test_a_few_connections_are_no_crowd() -> None:
    crowd = Crowd()
    for _ in range(100):
        crowd.come(63)
        crowd.leave(63)
    assert crowd.trims == 0


def test_what_is_left_of_a_crowd_can_be_a_crowd_again() -> None:
    crowd = Crowd()
    crowd.come(400)
    crowd.leave(300)
    assert crowd.trims == 1
    crowd.leave(100)
    assert crowd.trims == 2  # 25 of 100 were left; of these, no crowd
    crowd.come(64)
    crowd.leave(64)
    assert crowd.trims == 3


def test_connections_that_come_and_go_among_many_trim_nothing() -> None:
    crowd = Crowd()
    crowd.come(1000)
    for _ in range(100):
        crowd.leave(500)
        crowd.come(500)
    assert crowd.trims == 0


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc can")
def test_trimming_gives_memory_back_to_the_system() -> None:
    program = """
import os
from pathlib import Path
from trio_https.heap import trim_heap

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1])

pieces = [os.urandom(4096) for _ in range(10_000)]
del pieces[:-1]
before = resident()
trim_heap()
print(before, resident())
"""
    finished = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    before, after = map(int, finished.stdout.split())
    assert after < before / 2


@pytest.mark.parametrize("platform", ["win32", "darwin"])
def test_elsewhere_nothing_happens(platform: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", platform)
    trim_heap()
