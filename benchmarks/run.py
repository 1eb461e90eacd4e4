"""The server beside its peers, under loads that each must bear: one command, one table.

    python benchmarks/run.py [--install-peers] [--rounds N] [--only LOAD] [--peers NAME ...]

Each server is started over the same folder and certificate, in TLS 1.3, with one worker and
without an access log, alone on one processor; clients run on another. The figure is the server's
CPU time for a piece of work, its median over interleaved rounds. At the end stands which of the
limits that this server was given are reached. Needs Linux and two processors; for most loads wrk
and curl. A server that is missing is left out, and the report says so.
"""

import argparse
import json
import os
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from suite.limits import judge
from suite.loads import LOADS
from suite.machine import describe_machine
from suite.own_peers import own_peers
from suite.packages import ENVIRONMENT, PACKAGES, find_package, install_packages
from suite.plot import as_svg
from suite.programs import find_caddy, find_nginx
from suite.report import as_json, as_markdown, as_text
from suite.rounds import measure_rounds
from suite.site import make_site
from suite.subjects import CLIENT_PROCESSOR, LeftOutError, Peer

FOREIGN: dict[str, Callable[[Path], Peer]] = {
    "nginx": lambda _: find_nginx(),
    "Caddy": lambda _: find_caddy(),
    **{name: partial(find_package, name) for name in PACKAGES},
}
BIG_MIB = 100


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="This server beside its peers.")
    add = parser.add_argument
    names = [peer.name for peer in own_peers()] + list(FOREIGN)
    add("--rounds", type=int, default=5, metavar="N", help="[default: 5]")
    add("--seconds", type=float, default=3, metavar="S", help="of a load [default: 3]")
    add("--quick", action="store_true", help="1 round of 1 second: does all of it work?")
    add("--only", nargs="+", choices=list(LOADS), metavar="LOAD", help=", ".join(LOADS))
    add("--peers", nargs="+", choices=names, metavar="NAME", help=", ".join(names))
    add("--peers-venv", type=Path, default=ENVIRONMENT, metavar="DIR", help="of those from PyPI")
    add("--install-peers", action="store_true", help="install those, and measure")
    add("--big-mib", type=int, default=BIG_MIB, metavar="MIB", help="of the big file")
    add("--markdown", type=Path, metavar="FILE", help="write the tables as Markdown, too")
    add("--json", type=Path, metavar="FILE", help="write every figure, too")
    add("--plot", type=Path, metavar="FILE", help="write a picture of them, as SVG, too")
    options = parser.parse_args(arguments)
    if options.quick:
        options.rounds, options.seconds = 1, 1
    return options


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def find_peers(wanted: list[str] | None, environment: Path) -> Iterator[Peer]:
    """Yield those that are there, and tell of the others."""
    for peer in own_peers():
        if wanted is None or peer.name in wanted:
            yield peer
    for name, find in FOREIGN.items():
        if wanted is None or name in wanted:
            try:
                yield find(environment.absolute())
            except LeftOutError as exc:
                tell(f"{name} is left out: {exc}")


def prepare_process() -> None:
    """Let servers and clients hold many connections, and leave the server's processor to it.

    Settings of Python's own that a developer has would be the servers' too: without bytecode a
    start takes three times as long, and without buffers a log costs more.
    """
    for name in os.environ.keys() & {
        "PYTHONDONTWRITEBYTECODE",
        "PYTHONUNBUFFERED",
        "PYTHONDEVMODE",
    }:
        del os.environ[name]
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if len(os.sched_getaffinity(0)) > 1 and shutil.which("taskset"):
        os.sched_setaffinity(0, {CLIENT_PROCESSOR})


def main(arguments: list[str]) -> None:
    options = parse_arguments(arguments)
    if options.install_peers:
        install_packages(options.peers_venv)
    peers = list(find_peers(options.peers, options.peers_venv))
    prepare_process()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure_rounds(
            peers,
            options.only or list(LOADS),
            make_site(Path(folder), options.big_mib),
            rounds=options.rounds,
            seconds=options.seconds,
            tell=tell,
        )
    verdicts = [v for v in judge(figures) if options.only is None or v.limit.load in options.only]
    told = figures, verdicts, {peer.name: peer.version for peer in peers}, describe_machine()
    print(as_text(*told))
    if options.markdown:
        options.markdown.write_text(as_markdown(*told))
    if options.json:
        options.json.write_text(json.dumps(as_json(*told), indent=1) + "\n")
    if options.plot:
        options.plot.write_text(as_svg(figures))


if __name__ == "__main__":
    main(sys.argv[1:])
