"""CPU time for a full TLS handshake: our server beside bare Trio and h11, in interleaved rounds.

    python benchmarks/handshakes.py [ROUNDS] [SECONDS]

Connections that ask for nothing, one after the other by ``openssl s_time``: in TLS 1.3, without
resumption, with an ECDSA P-256 certificate. It is the ratio that can be compared between machines.
Needs Linux, and openssl.
"""

import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from processes import cpu_seconds, free_port, make_certificate, pinned_to, running

HERE = Path(__file__).parent


def main(rounds: int = 5, seconds: int = 5) -> None:
    if shutil.which("openssl") is None:
        sys.exit("openssl is not installed. On Debian: apt-get install openssl")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        certificate, key = make_certificate(folder)
        (folder / "site").mkdir()
        bare, ours = free_port(), free_port()
        options = ["--cert", certificate, "--key", key, "--port", str(ours), "--no-access-log"]
        site = str(folder / "site")
        servers = {
            "bare": (bare, [str(HERE / "ceiling.py"), certificate, key, str(bare)]),
            "trio_https": (ours, ["-m", "trio_https", site, "--host", "127.0.0.1", *options]),
        }
        costs: dict[str, list[float]] = {name: [] for name in servers}
        for number in range(rounds):
            for name, (port, arguments) in servers.items():
                with running(arguments, port, prefix=pinned_to(0)) as process:
                    cost = measure(process, port, seconds)
                costs[name].append(cost)
                print(
                    f"round {number + 1}  {name:<12}{cost:8.1f} µs of CPU a handshake", flush=True
                )
    report(costs)


def measure(process: "subprocess.Popen[bytes]", port: int, seconds: int) -> float:
    """Return the microseconds of CPU that a handshake cost the server."""
    load = [*pinned_to(1), "openssl", "s_time", "-connect", f"127.0.0.1:{port}", "-new", "-time"]
    subprocess.run([*load, "1"], check=True, capture_output=True)  # warm
    before = cpu_seconds(process.pid)
    done = subprocess.run([*load, str(seconds)], check=True, capture_output=True, text=True)
    used = cpu_seconds(process.pid) - before
    connections = re.search(r"(\d+) connections in \d+ real seconds", done.stdout)
    if connections is None:
        sys.exit(f"the load did not go through:\n{done.stdout}")
    return used / int(connections[1]) * 1e6


def report(costs: dict[str, list[float]]) -> None:
    bare = statistics.median(costs["bare"])
    print()
    for name, values in costs.items():
        median = statistics.median(values)
        spread = f"{min(values):.1f} to {max(values):.1f}"
        print(f"{name:<12}{median:8.1f} µs ({spread}), {median / bare:.2f} x bare")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
