"""The supervisor with work of the test's own, in processes of its own: starts, ends, replacements.

What the workers serve is ``tests/workers/test_command.py``'s.
"""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="the system has no fork")

DEADLINE = 40.0

# Work that does what a test puts in its place, and a supervisor that logs to standard output.
PROGRAM = """
import logging, os, signal, socket, sys, time
from trio_https.workers.orders import READY, Order
from trio_https.workers.supervisor import StartFailed, Supervisor

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")

class Work:
    state: object = "first"

    def work(self, orders: socket.socket) -> None:
        {work}

    def look(self) -> None: pass
    def reload(self) -> None: self.state = object()
    def outlives(self, state: object) -> bool: return {outlives}
    def close(self) -> None: print("closed", flush=True)

def say(text: str) -> None:
    print(text, flush=True)

def say_whole(text: str) -> None:
    # In one go: others write to the same pipe.
    os.write(1, f"{{os.getpid()}} {{text}}\\n".encode())

supervisor = Supervisor(Work(), 2)
with supervisor.ending_all():
    try:
        supervisor.start()
    except StartFailed as exc:
        sys.exit(f"failed: {{exc}}")
    say(f"started {{supervisor.pids}}")
    supervisor.run(say)
"""

# Says that it serves, and obeys: what a worker is at least.
OBEY = "orders.send(READY); say_whole(Order(orders.recv(1)).name)"


class Run:
    """The program while it runs."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process
        self.lines: list[str] = []

    def wait_for(self, pattern: str) -> re.Match[str]:
        """Read lines until one matches."""
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(line.rstrip("\n"))
            if found := re.search(pattern, line):
                return found
        raise AssertionError(f"no {pattern!r} in {self.lines}")

    def first_workers(self) -> list[int]:
        """Return the processes that serve from the start on."""
        return [int(pid) for pid in self.wait_for(r"started \[(.+)\]")[1].split(", ")]

    def stop(self) -> None:
        """Have it stop in order."""
        self.process.send_signal(signal.SIGTERM)
        self.wait_for("Stopped")
        assert self.process.wait(DEADLINE) == 0


@contextmanager
def running(work: str, *, outlives: str = "True") -> Generator[Run]:
    program = PROGRAM.format(work=work, outlives=outlives)
    with subprocess.Popen(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=Path(__file__).parent.parent.parent,
    ) as process:
        try:
            yield Run(process)
        finally:
            process.kill()


def test_a_worker_that_fails_at_its_start_is_told_once_and_nobody_is_left() -> None:
    with running("raise RuntimeError('a fault of the start')") as run:
        run.wait_for(r"failed: worker \d+ ended with exit code 1")
        assert run.process.wait(DEADLINE) == 1
    assert "\n".join(run.lines).count("RuntimeError: a fault of the start") == 1


def test_a_worker_that_is_killed_is_replaced_at_once() -> None:
    with running(OBEY) as run:
        first, second = run.first_workers()
        os.kill(first, signal.SIGKILL)
        run.wait_for(rf"worker {first} was ended by SIGKILL; another takes its place in 0 s")
        third = int(run.wait_for(r"worker (\d+) serves")[1])
        assert third not in (first, second)
        run.stop()
    assert {f"{second} STOP", f"{third} STOP"} <= set(run.lines)


def test_workers_that_end_again_and_again_are_replaced_more_and_more_rarely() -> None:
    with running("orders.send(READY); os._exit(3)") as run:
        for wait in ("0", "0.5", "1"):
            run.wait_for(rf"worker \d+ ended with exit code 3; another takes its place in {wait} s")
        run.stop()


def test_a_worker_that_ends_by_itself_is_replaced_too() -> None:
    with running("orders.send(READY); orders.settimeout(0.5); orders.recv(1)") as run:
        run.wait_for(r"worker \d+ ended with exit code 1; another")
        run.wait_for(r"worker \d+ serves")
        run.stop()


def test_on_sighup_each_worker_is_replaced_after_another_serves() -> None:
    with running(OBEY) as run:
        first, second = run.first_workers()
        run.process.send_signal(signal.SIGHUP)
        run.wait_for(rf"worker \d+ serves in place of worker {first}")
        run.wait_for(rf"worker \d+ serves in place of worker {second}")
        while not {f"{first} RETIRE", f"{second} RETIRE"} <= set(run.lines):
            run.wait_for("RETIRE")
        run.stop()


def test_workers_that_must_not_go_on_are_dismissed_before_others_serve() -> None:
    with running(OBEY, outlives="state is self.state") as run:
        first, second = run.first_workers()
        run.process.send_signal(signal.SIGHUP)
        run.wait_for(r"worker \d+ serves$")
        run.wait_for(r"worker \d+ serves$")
        run.stop()
    assert {f"{first} REFUSE", f"{second} REFUSE"} <= set(run.lines)


def test_a_worker_that_does_not_end_when_told_to_is_ended_by_the_second_signal() -> None:
    stubborn = "orders.send(READY); orders.recv(1); say_whole('no'); orders.recv(1)"
    with running(stubborn) as run:
        run.first_workers()
        run.process.send_signal(signal.SIGTERM)
        run.wait_for("no")
        run.wait_for("no")
        run.process.send_signal(signal.SIGINT)
        assert run.process.wait(DEADLINE) == 0
        assert run.process.stdout is not None
        assert "Stopped" not in run.process.stdout.read()


def test_sockets_are_let_go_of_before_workers_are_told_to_stop() -> None:
    with running(OBEY) as run:
        run.first_workers()
        run.stop()
    closed = run.lines.index("closed")
    assert all(run.lines.index(line) > closed for line in run.lines if line.endswith(" STOP"))


def test_workers_notice_that_their_supervisor_is_gone() -> None:
    work = "orders.send(READY); say_whole(f'alone {orders.recv(1) == bytes()}')"
    with running(work) as run:
        first, second = run.first_workers()
        run.process.kill()
        assert run.process.stdout is not None
        told = run.process.stdout.read().splitlines()  # which ends when the last worker does
    assert sorted(told) == sorted([f"{first} alone True", f"{second} alone True"])
