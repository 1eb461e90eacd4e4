import ctypes
import platform
import subprocess
import sys
from contextlib import ExitStack

import pytest
import trio
import trio.testing

from trio_https.heap import HeapTrimmer, trim_heap

Clock = trio.testing.MockClock


class Crowd:
    """Connections that come and go, and how often the heap was trimmed meanwhile."""

    def __init__(self) -> None:
        self.trims = 0
        self.heap = HeapTrimmer(self._note_trim)
        self._connections: list[ExitStack] = []

    def _note_trim(self) -> None:
        self.trims += 1

    def come(self, count: int) -> None:
        for _ in range(count):
            connection = ExitStack()
            connection.enter_context(self.heap.count_connection())
            self._connections.append(connection)

    def leave(self, count: int) -> None:
        for _ in range(count):
            self._connections.pop().close()

    async def wait(self, seconds: float = 5.0) -> int:
        """Let time pass, and return how often the heap was trimmed so far."""
        await trio.sleep(seconds)
        await trio.testing.wait_all_tasks_blocked()
        return self.trims


@pytest.fixture
def crowd(nursery: trio.Nursery) -> Crowd:
    crowd = Crowd()
    nursery.start_soon(crowd.heap.watch)
    return crowd


async def test_the_heap_is_trimmed_when_three_of_four_of_a_crowd_have_left(
    crowd: Crowd, autojump_clock: Clock
) -> None:
    crowd.come(100)
    crowd.leave(74)
    assert await crowd.wait() == 0
    crowd.leave(1)
    assert await crowd.wait(4) == 0
    assert await crowd.wait(1) == 1
    assert await crowd.wait(3600) == 1


async def test_who_leaves_a_moment_later_belongs_to_the_crowd(
    crowd: Crowd, autojump_clock: Clock
) -> None:
    crowd.come(400)
    crowd.leave(300)
    assert await crowd.wait(4) == 0
    crowd.leave(100)
    assert await crowd.wait(1) == 1
    assert await crowd.wait(3600) == 1


async def test_a_crowd_that_is_back_soon_finds_its_memory_still_there(
    crowd: Crowd, autojump_clock: Clock
) -> None:
    crowd.come(200)
    for _ in range(100):
        crowd.leave(200)
        await crowd.wait(4)
        crowd.come(200)
        assert await crowd.wait(1) == 0


async def test_however_fast_a_crowd_comes_and_goes_the_heap_is_trimmed_every_5_seconds(
    crowd: Crowd, autojump_clock: Clock
) -> None:
    for _ in range(100):
        crowd.come(200)
        crowd.leave(200)
        await crowd.wait(0.5)
    assert crowd.trims == 10


async def test_a_few_connections_are_no_crowd(crowd: Crowd, autojump_clock: Clock) -> None:
    for _ in range(100):
        crowd.come(63)
        crowd.leave(63)
        assert await crowd.wait() == 0


async def test_what_is_left_of_a_crowd_can_be_a_crowd_again(
    crowd: Crowd, autojump_clock: Clock
) -> None:
    crowd.come(400)
    crowd.leave(300)
    assert await crowd.wait() == 1
    crowd.leave(100)
    assert await crowd.wait() == 2  # 25 of 100 were left; of these, no crowd
    crowd.come(64)
    crowd.leave(64)
    assert await crowd.wait() == 3


async def test_connections_that_come_and_go_among_many_trim_nothing(
    crowd: Crowd, autojump_clock: Clock
) -> None:
    crowd.come(1000)
    for _ in range(100):
        crowd.leave(500)
        await crowd.wait()
        crowd.come(500)
        assert await crowd.wait() == 0


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc can")
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


@pytest.mark.parametrize("system", ["win32", "darwin"])
def test_on_other_systems_nothing_happens(system: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", system)
    monkeypatch.setitem(sys.modules, "ctypes", None)  # not even that
    trim_heap()


@pytest.mark.parametrize("lacks", ["ctypes", "dlopen", "malloc_trim"])
def test_where_it_can_not_be_done_nothing_happens(
    lacks: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def open_library(name: None) -> object:
        if lacks == "dlopen":
            raise OSError("dlopen: not in a static program")
        return object()  # musl's has no such function

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", open_library)
    if lacks == "ctypes":
        monkeypatch.setitem(sys.modules, "ctypes", None)
    trim_heap()
