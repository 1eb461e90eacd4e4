"""Where the microseconds go: the server's own functions, sampled by py-spy under the load of wrk.

    python benchmarks/hot_spots.py [--file NAME] [--range] [--close] [--native]
        [--server NAME] [--folder DIR]

Prints how much of the samples each function was on top of the stack in, and how much it was
anywhere in, calls included. DIR gets the stacks, folded as flame graph programs read them, and the
same as a flame graph. With ``--native`` what is not Python is seen too: OpenSSL, the interpreter.
Needs Linux, wrk, and py-spy (which ``run.py --install-peers`` installs).
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from suite.own_peers import CEILING, OURS, own_peers
from suite.packages import ENVIRONMENT
from suite.samples import Stacks, format_shares
from suite.site import BIG, MIDDLE, SMALL, make_site
from suite.subjects import CLIENT, Subject

FILES = {"small": SMALL, "middle": MIDDLE, "big": BIG}
MOST = 40


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Where the microseconds go.")
    add = parser.add_argument
    add("--seconds", type=int, default=10, metavar="S", help="[default: 10]")
    add("--connections", type=int, default=32, metavar="N", help="[default: 32]")
    add("--file", choices=list(FILES), default="small", help="[default: small]")
    add("--server", choices=[OURS, CEILING], default=OURS, help=f"[default: {OURS}]")
    add("--range", action="store_true", help="64 KiB of the file")
    add("--close", action="store_true", help="a new connection for each request")
    add("--native", action="store_true", help="what is not Python, too")
    add("--folder", type=Path, default=Path(), metavar="DIR", help="for the files [default: .]")
    add("--peers-venv", type=Path, default=ENVIRONMENT, metavar="DIR", help="where py-spy is")
    return parser.parse_args(arguments)


def find_py_spy(environment: Path) -> str:
    own = environment / "bin" / "py-spy"
    found = str(own) if own.exists() else shutil.which("py-spy")
    if found is None:
        sys.exit(f"py-spy is not in {environment}: benchmarks/run.py --install-peers installs it")
    return found


def main(arguments: list[str]) -> None:
    options = parse_arguments(arguments)
    py_spy = find_py_spy(options.peers_venv)
    if shutil.which("wrk") is None:
        sys.exit("wrk is not installed. On Debian: apt-get install wrk")
    options.folder.mkdir(parents=True, exist_ok=True)
    kind = "new" if options.close else "range" if options.range else options.file
    name = f"{options.server}-{kind}"
    folded = options.folder / f"{name}.folded"
    graph = options.folder / f"{name}.svg"
    [peer] = [peer for peer in own_peers() if peer.name == options.server]
    with tempfile.TemporaryDirectory() as temporary:
        site = make_site(Path(temporary), big_mib=1)
        with Subject(peer=peer, service="one page", site=site).running() as server:
            url = f"https://127.0.0.1:{server.port}{FILES[options.file]}"
            # One run after the other: the two forms are two runs of py-spy.
            for form, path in (("raw", folded), ("flamegraph", graph)):
                record(py_spy, server.pid, form, path, url, options)
    print(format_shares(Stacks.parse(folded.read_text()), MOST))
    print(f"{folded}\n{graph}")


def record(
    py_spy: str, pid: int, form: str, path: Path, url: str, options: argparse.Namespace
) -> None:
    """Have the server sampled while wrk asks it."""
    load = [*CLIENT, "wrk", "-t1", f"-c{options.connections}", f"-d{options.seconds + 2}s"]
    load += [*(["-H", "Connection: close"] if options.close else [])]
    load += [*(["-H", "Range: bytes=0-65535"] if options.range else []), url]
    with subprocess.Popen(load, stdout=subprocess.DEVNULL) as asking:
        command = [py_spy, "record", "--pid", str(pid), "--format", form, "--output", str(path)]
        command += ["--duration", str(options.seconds), "--rate", "200", "--function"]
        if options.native:
            command.append("--native")
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        asking.terminate()
    if done.returncode or not path.exists():
        sys.exit(f"py-spy: {done.stderr.strip()}")


if __name__ == "__main__":
    main(sys.argv[1:])
