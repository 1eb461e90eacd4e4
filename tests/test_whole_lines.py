"""A log of several processes over one pipe: no line is in the midst of another."""

import subprocess
import sys

import pytest

pytest.importorskip("fcntl")

# Four processes that write short lines, and some far longer than a pipe takes as one (PIPE_BUF).
PROGRAM = """
import logging, os, sys
from trio_https.operate.whole_lines import Turn, WholeLines

logger = logging.getLogger("test")
logger.setLevel(logging.INFO)
logger.addHandler(logging.StreamHandler(WholeLines(sys.stdout, Turn())))
pids = []
for letter in "abcd":
    pids.append(os.fork())
    if not pids[-1]:
        for _ in range(100):
            logger.info("%s", letter * 30_000)
            logger.info("%s", letter)
        os._exit(0)
for pid in pids:
    os.waitpid(pid, 0)
"""


def test_lines_of_several_processes_are_whole() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=True)
    lines = done.stdout.decode().splitlines()
    expected = [letter * size for letter in "abcd" for size in (1, 30_000) for _ in range(100)]
    assert sorted(lines) == sorted(expected)


@pytest.mark.parametrize(
    ("happens", "alone"),
    [
        pytest.param("SIGKILL", True, id="ended"),
        pytest.param("SIGKILL", False, id="ended in a short turn"),
        pytest.param("SIGSTOP", False, id="stopped in a short turn"),
    ],
)
def test_who_is_ended_or_stopped_in_its_turn_keeps_nobody_waiting(
    happens: str, alone: bool
) -> None:
    program = f"""
import os, signal
from trio_https.operate.whole_lines import Turn

turn = Turn()
ours, theirs = os.pipe()
pid = os.fork()
if not pid:
    with turn.taken(alone={alone}):
        os.write(theirs, b"x")
        signal.pause()
os.read(ours, 1)
os.kill(pid, signal.{happens})
with turn.taken(alone={alone}):
    print("my turn")
os.kill(pid, signal.SIGKILL)
os.waitpid(pid, 0)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, timeout=40
    )
    assert done.stdout == b"my turn\n"


def test_what_is_no_text_is_written_as_escapes() -> None:
    program = PROGRAM.replace("letter * 30_000", r"'\udcff'").replace("range(100)", "range(1)")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True)
    assert [line for line in done.stdout.splitlines() if len(line) > 1] == [rb"\udcff"] * 4
