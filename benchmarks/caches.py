"""How often a request waits for memory: this server and the ceiling, in valgrind's simulation.

    python benchmarks/caches.py [--connections N] [--seconds S]

Each serves the same page of 1 KiB over TLS, and wrk asks it over connections that are kept. Told is
what a request takes: instructions, and misses of a cache of 512 KiB, which a core of many a server
has alone. What is not in it takes as long as some hundred instructions, and with many connections
little of one is left when the next request on it comes. The system's own part is not seen. Needs
valgrind and wrk.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from instructions import CACHES, INSTRUCTIONS, MISSES, parse_counts
from processes import free_port, running_command
from suite.own_peers import CEILING, OURS, own_peers
from suite.site import SMALL, Site, make_site
from suite.subjects import CLIENT, Peer
from suite.wrk import requests_in


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="How often a request waits for memory.")
    add = parser.add_argument
    add("--connections", type=int, default=32, metavar="N", help="[default: 32]")
    add("--seconds", type=int, default=20, metavar="S", help="[default: 20]")
    return parser.parse_args(arguments)


def counts_after(
    peer: Peer, site: Site, connections: int, seconds: int
) -> tuple[int, Mapping[str, int]]:
    """Return how many requests were answered, and the sums of all that the server did."""
    port = free_port()
    command = peer.services["one page"](site, port)
    valgrind = ["valgrind", "--tool=cachegrind", "--cachegrind-out-file=/dev/null"]
    log = site.work / f"{peer.name}-{seconds}.log"
    url = f"https://127.0.0.1:{port}{SMALL}"
    load = [*CLIENT, "wrk", "-t1", f"-c{connections}", f"-d{seconds}s", "--timeout=60s", url]
    with running_command(
        [*valgrind, "--cache-sim=yes", *CACHES, *command.arguments],
        port,
        log=log,
        environment=command.environment,
    ):
        asked = subprocess.run(load, check=True, capture_output=True, text=True)
    return requests_in(asked.stdout), parse_counts(log.read_text())


def main(arguments: list[str]) -> None:
    options = parse_arguments(arguments)
    for program in ("valgrind", "wrk"):
        if shutil.which(program) is None:
            sys.exit(f"{program} is not installed. On Debian: apt-get install {program}")
    peers = [peer for peer in own_peers() if peer.name in (CEILING, OURS)]
    with tempfile.TemporaryDirectory() as temporary:
        site = make_site(Path(temporary), big_mib=1)
        for peer in peers:
            # What the start and the handshakes cost is in both.
            few, before = counts_after(peer, site, options.connections, options.seconds // 3)
            many, after = counts_after(peer, site, options.connections, options.seconds)
            each = {name: (after[name] - before[name]) / (many - few) for name in after}
            print(
                f"{peer.name:<12}{each[INSTRUCTIONS]:>10,.0f} instructions"
                f"{each[MISSES]:>8,.0f} misses",
                flush=True,
            )


if __name__ == "__main__":
    main(sys.argv[1:])
