"""Requests a second with one process and with two workers, in interleaved rounds.

    python benchmarks/workers.py [ROUNDS] [SECONDS]

wrk asks for a page of 1 KiB over 32 connections that are kept, or over a new one each time, on the
same processors as the server: what it takes, the server lacks. So beside the ratio of requests a
second stands what would be possible: all processors, shared between wrk and the server as each
request needs it. "waited" is how long the server's processes were ready to run while others had the
processors, against the time that they ran: where other programs run, it is not small. "log" is the
access log, which goes to /dev/null, with the turns that the processes take for a pipe. Needs Linux,
and wrk (Debian: wrk).
"""

import itertools
import os
import re
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from processes import cpu_seconds, free_port, make_certificate, processor_wait_seconds, running

CONNECTIONS = 32
COUNTS = (1, 2)
KINDS = {"kept": (), "new": ("-H", "Connection: close"), "kept, log": ()}


class Figures(NamedTuple):
    """What a round has shown."""

    per_second: float
    server_us: float
    """CPU a request, of all processes of the server."""
    load_us: float
    """CPU a request, of wrk."""
    waited: float


def main(rounds: int = 5, seconds: int = 4) -> None:
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed. On Debian: apt-get install wrk")
    found: dict[tuple[str, int], list[Figures]] = {}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        certificate, key = make_certificate(folder)
        (folder / "site").mkdir()
        (folder / "site" / "index.html").write_text("x" * 1024)
        for _, kind, count in itertools.product(range(rounds), KINDS, COUNTS):
            port = free_port()
            arguments = [
                *("-m", "trio_https", str(folder / "site"), "--host", "127.0.0.1"),
                *("--cert", certificate, "--key", key, "--port", str(port)),
                *("--workers", str(count)),
                "--access-log" if kind.endswith("log") else "--no-access-log",
            ]
            with running(arguments, port) as process:
                url = f"https://127.0.0.1:{port}/"
                figures = measure(process.pid, url, KINDS[kind], seconds)
            found.setdefault((kind, count), []).append(figures)
            print(f"{kind:<10} {count}: {figures.per_second:7.0f} requests a second", flush=True)
    report(found)


def measure(pid: int, url: str, options: tuple[str, ...], seconds: int) -> Figures:
    load = ["wrk", "-t1", f"-c{CONNECTIONS}", *options, url]
    subprocess.run([*load, "-d1"], check=True, capture_output=True)  # warm
    pids = [pid, *children(pid)]
    server, wait, own = total(cpu_seconds, pids), total(processor_wait_seconds, pids), load_cpu()
    done = subprocess.run([*load, f"-d{seconds}"], check=True, capture_output=True, text=True)
    server, wait = total(cpu_seconds, pids) - server, total(processor_wait_seconds, pids) - wait
    found = re.search(r"(\d+) requests in ([\d.]+)s", done.stdout)
    if found is None or "Non-2xx" in done.stdout:
        sys.exit(f"the load did not go through:\n{done.stdout}")
    requests = int(found[1])
    return Figures(
        per_second=requests / float(found[2]),
        server_us=server / requests * 1e6,
        load_us=(load_cpu() - own) / requests * 1e6,
        waited=wait / server,
    )


def children(pid: int) -> list[int]:
    return list(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))


def total(figure: Callable[[int], float], pids: list[int]) -> float:
    return sum(figure(pid) for pid in pids)


def load_cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def report(found: dict[tuple[str, int], list[Figures]]) -> None:
    processors = len(os.sched_getaffinity(0))
    print()
    for kind in KINDS:
        middle = {}
        for count in COUNTS:
            rounds = found[kind, count]
            middle[count] = Figures(*map(statistics.median, zip(*rounds, strict=True)))
            per_second = sorted(figures.per_second for figures in rounds)
            print(
                f"{kind:<10} {count}: {middle[count].per_second:7.0f} a second"
                f" ({per_second[0]:.0f} to {per_second[-1]:.0f});"
                f" CPU a request {middle[count].server_us:.0f} µs, wrk's"
                f" {middle[count].load_us:.0f}; waited {middle[count].waited:.2f}"
            )
        ratios = [
            two.per_second / one.per_second
            for one, two in zip(found[kind, 1], found[kind, 2], strict=True)
        ]
        one = middle[1]
        # One process has a processor of its own; two share all of them with wrk.
        possible = processors * max(one.server_us, one.load_us) / (one.server_us + one.load_us)
        print(
            f"{kind:<10} 2 to 1: {statistics.median(ratios):.2f}"
            f" ({min(ratios):.2f} to {max(ratios):.2f}); possible: {min(possible, 2):.2f}"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
