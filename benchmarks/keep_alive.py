"""CPU time for a 1 KiB page over keep-alive: our server beside the ceiling, in interleaved rounds.

    python benchmarks/keep_alive.py [ROUNDS] [SECONDS]

Both serve on one processor and wrk asks on another, where there are two. The figure is the server's
own CPU time (user and system, from /proc) per request, its median over the rounds, and the ratio of
the medians: that one can be compared between machines, the microseconds can't. Needs Linux, and wrk
(Debian: wrk).
"""

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from processes import cpu_seconds, free_port, make_certificate, pinned_to, running

CONNECTIONS = 32
HERE = Path(__file__).parent


def main(rounds: int = 5, seconds: int = 5) -> None:
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed. On Debian: apt-get install wrk")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        certificate, key = make_certificate(folder)
        (folder / "site").mkdir()
        (folder / "site" / "index.html").write_text("x" * 1024)
        ceiling, ours = free_port(), free_port()
        servers = {
            "ceiling": (ceiling, [str(HERE / "ceiling.py"), certificate, key, str(ceiling)]),
            "trio_https": (ours, trio_https_arguments(folder, certificate, key, ours)),
        }
        costs: dict[str, list[float]] = {name: [] for name in servers}
        for number in range(rounds):
            for name, (port, arguments) in servers.items():
                with running(arguments, port, prefix=pinned_to(0)) as process:
                    cost = measure(process, f"https://127.0.0.1:{port}/", seconds)
                costs[name].append(cost)
                print(f"round {number + 1}  {name:<12}{cost:8.1f} µs of CPU a request", flush=True)
    report(costs)


def trio_https_arguments(folder: Path, certificate: str, key: str, port: int) -> list[str]:
    options = ["--cert", certificate, "--key", key, "--port", str(port), "--no-access-log"]
    return ["-m", "trio_https", str(folder / "site"), "--host", "127.0.0.1", *options]


def measure(process: "subprocess.Popen[bytes]", url: str, seconds: int) -> float:
    """Return the microseconds of CPU that a request cost the server."""
    load = [*pinned_to(1), "wrk", "-t1", f"-c{CONNECTIONS}", url]
    subprocess.run([*load, "-d1"], check=True, capture_output=True)  # warm
    before = cpu_seconds(process.pid)
    done = subprocess.run([*load, f"-d{seconds}"], check=True, capture_output=True, text=True)
    used = cpu_seconds(process.pid) - before
    requests = re.search(r"(\d+) requests in", done.stdout)
    if requests is None or "Non-2xx" in done.stdout or "Socket errors" in done.stdout:
        sys.exit(f"the load did not go through:\n{done.stdout}")
    return used / int(requests[1]) * 1e6


def report(costs: dict[str, list[float]]) -> None:
    ceiling = statistics.median(costs["ceiling"])
    print()
    for name, values in costs.items():
        median = statistics.median(values)
        spread = f"{min(values):.1f} to {max(values):.1f}"
        print(f"{name:<12}{median:8.1f} µs ({spread}), {median / ceiling:.2f} x the ceiling")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
