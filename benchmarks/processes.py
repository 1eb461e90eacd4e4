"""Servers as subprocesses, and what Linux tells of them in /proc: time, memory, descriptors.

For the benchmarks that stand beside it. What is asked of a server, and how, they know themselves.
"""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import trustme

__all__ = [
    "Resources",
    "cpu_seconds",
    "family_cpu_seconds",
    "family_memory_kib",
    "family_of",
    "family_wait_seconds",
    "free_port",
    "make_certificate",
    "pinned_to",
    "processor_wait_seconds",
    "running",
    "running_command",
    "socket_buffer_bytes",
]

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_END_SECONDS, _START_SECONDS = 10, 30  # on a machine that is busy with other things
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def make_certificate(folder: Path) -> tuple[str, str]:
    """Return the files of a certificate for 127.0.0.1 and of its key, made in ``folder``."""
    authority = trustme.CA(key_type=trustme.KeyType.ECDSA)
    issued = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.ECDSA)
    certificate, key = folder / "server.crt", folder / "server.key"
    issued.cert_chain_pems[0].write_to_path(certificate)
    issued.private_key_pem.write_to_path(key)
    return str(certificate), str(key)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port: int = unused.getsockname()[1]
        return port


@contextmanager
def running(
    arguments: list[str], port: int, *, prefix: Sequence[str] = (), log: Path | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run Python with ``arguments``, behind the command ``prefix``, as long as the block runs.

    The block begins when something listens on ``port``. Standard error goes to ``log``. Raises
    ``ConnectionRefusedError`` where nothing does.
    """
    with running_command([*prefix, sys.executable, *arguments], port, log=log) as process:
        yield process


@contextmanager
def running_command(
    command: list[str],
    port: int,
    *,
    output: Path | None = None,
    log: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a server as long as the block runs, which begins when something listens on ``port``.

    Standard output goes to ``output``, standard error to ``log``. Raises
    ``ConnectionRefusedError`` where nothing does.
    """
    with (
        (output or Path(os.devnull)).open("ab") as stdout,
        (log or Path(os.devnull)).open("ab") as stderr,
        subprocess.Popen(
            command, stdout=stdout, stderr=stderr, env={**os.environ, **(environment or {})}
        ) as process,
    ):
        try:
            _wait_until_listening(process, port)
            yield process
        finally:
            if process.poll() is not None:
                print(f"the server has ended by itself: {process.returncode}", file=sys.stderr)
            _end(process)


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a server and its workers; by force, if it does not end when it is asked to."""
    family = family_of(process.pid)
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        for member in family:
            with suppress(ProcessLookupError):
                os.kill(member, signal.SIGKILL)


def pinned_to(processor: int) -> list[str]:
    """Return the prefix of a command that keeps it on one processor, where there are more."""
    if shutil.which("taskset") is None or len(os.sched_getaffinity(0)) < 2:
        return []
    return ["taskset", "-c", str(processor)]


def _wait_until_listening(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.005)
        else:
            return
        if process.poll() is not None:
            raise ConnectionRefusedError(f"it ended with {process.returncode} before it listened")
    raise ConnectionRefusedError(f"it does not listen after {_START_SECONDS} s")


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used, its own and the system's for it."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_SECOND  # utime and stime, proc(5)


def family_of(pid: int) -> list[int]:
    """Return a process and all that descend from it: a master has workers."""
    children: dict[int, list[int]] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            parent = int(path.read_text().rpartition(")")[2].split()[1])
            children.setdefault(parent, []).append(int(path.parent.name))
    family = [pid]
    for member in family:  # grows as it is walked
        family += children.get(member, [])
    return family


def family_cpu_seconds(pid: int) -> float:
    """Return the processor time of a process and its descendants, threads included.

    To the nanosecond, where ``cpu_seconds`` counts in ticks of 10 ms: each process has a clock.
    """
    # From linux/posix-timers_types.h: the process inverted, and 2 for time as it was scheduled.
    return sum(time.clock_gettime((~member << 3) | 2) for member in family_of(pid))


def family_wait_seconds(pid: int) -> float:
    """Return how long these were ready to run while others had the processors, threads included."""
    waits = 0
    for member in family_of(pid):
        for path in Path(f"/proc/{member}/task").glob("*/schedstat"):
            with suppress(OSError):  # it has ended meanwhile
                waits += int(path.read_text().split()[1])
    return waits / 1e9


def family_memory_kib(pid: int) -> int:
    """Return the resident memory of a process and its descendants; what they share counts once."""
    return sum(_proportional_kib(member) for member in family_of(pid))


def _proportional_kib(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1])
    raise LookupError(f"/proc/{pid}/smaps_rollup has no line Pss")


def processor_wait_seconds(pid: int) -> float:
    """Return how long a process was ready to run while others had the processors."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) / 1e9


class Resources(NamedTuple):
    """What a process holds."""

    resident_kib: int
    descriptors: int
    threads: int

    @classmethod
    def of(cls, pid: int) -> "Resources":
        """Return what the process holds now."""
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
        status = dict(line.split(":", 1) for line in lines)
        return cls(
            resident_kib=int(status["VmRSS"].split()[0]),
            descriptors=len(os.listdir(f"/proc/{pid}/fd")),  # noqa: PTH208 -- names, no paths
            threads=int(status["Threads"]),
        )


def socket_buffer_bytes() -> int:
    """Return what the TCP sockets of the whole machine hold in buffers of the kernel."""
    for line in Path("/proc/net/sockstat").read_text().splitlines():
        name, *fields = line.split()
        if name == "TCP:":
            return int(fields[fields.index("mem") + 1]) * _PAGE_BYTES
    raise LookupError("/proc/net/sockstat has no line for TCP")
