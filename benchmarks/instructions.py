"""Instructions of the processor that a request costs, as valgrind counts them: the same every day.

    python benchmarks/instructions.py [--checkout FOLDER] [--misses] [KIND ...]

Where others use the machine too, times jump by half, and these counts by less than a hundredth. So
two versions can be compared, the one here and that in another FOLDER, down to a single line. What
is counted is one connection in memory, without TLS and sockets. Not all instructions are alike:
with ``--misses``, how often they wait for what is not in a cache of 512 KiB, which takes as long as
some hundred of them. Needs valgrind.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from instructions_target import KINDS, make_pages

HERE = Path(__file__).parent
TARGET = HERE / "instructions_target.py"
FEW, MANY = 300, 1300  # requests: what the start costs is in both

# Those that a core of many a server has alone: in bytes, ways, and bytes of a line.
CACHES = ("--I1=32768,8,64", "--D1=32768,8,64", "--LL=524288,8,64")
INSTRUCTIONS, MISSES = "I refs", "LL misses"
_COUNT = re.compile(r"==\d+== +(\S+ +\S+?): +([\d,]+)")


def parse_arguments(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Instructions that a request costs.")
    add = parser.add_argument
    add("kinds", nargs="*", metavar="KIND", help=f"of {', '.join(KINDS)} [default: all]")
    add("--checkout", type=Path, metavar="FOLDER", help="another version of this repository")
    add("--misses", action="store_true", help="of a cache of 512 KiB, too; takes longer")
    options = parser.parse_args(arguments)
    if unknown := set(options.kinds) - set(KINDS):
        parser.error(f"there is no kind {', '.join(sorted(unknown))}, but {', '.join(KINDS)}")
    return options


def parse_counts(report: str) -> dict[str, int]:
    """Return the sums that valgrind has told, by their names."""
    return {
        " ".join(name.split()): int(number.replace(",", ""))
        for name, number in _COUNT.findall(report)
    }


def counts_of(kind: str, checkout: Path, pages: str, *, misses: bool) -> dict[str, float]:
    """Return what one request costs with the package in ``checkout``."""
    environment = {
        **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
        "PYTHONPATH": str(checkout),
        "PYTHONHASHSEED": "0",
    }
    valgrind = ["valgrind", "--tool=cachegrind", "--cachegrind-out-file=/dev/null"]
    valgrind += ["--cache-sim=yes", *CACHES] if misses else ["--cache-sim=no"]
    _run([], kind, 10, pages, environment)  # whose modules are compiled then
    few, many = (
        parse_counts(_run(valgrind, kind, requests, pages, environment)) for requests in (FEW, MANY)
    )
    return {name: (many[name] - few[name]) / (MANY - FEW) for name in many}


def _run(
    prefix: list[str], kind: str, requests: int, pages: str, environment: Mapping[str, str]
) -> str:
    command = [*prefix, sys.executable, str(TARGET), kind, str(requests), pages]
    finished = subprocess.run(command, check=False, env=environment, capture_output=True, text=True)
    if finished.returncode:
        sys.exit(finished.stderr)
    return finished.stderr


def main(arguments: list[str]) -> None:
    options = parse_arguments(arguments)
    if shutil.which("valgrind") is None:
        sys.exit("valgrind is not installed. On Debian: apt-get install valgrind")
    with tempfile.TemporaryDirectory() as pages:
        make_pages(Path(pages))
        for kind in options.kinds or KINDS:
            here = counts_of(kind, HERE.parent, pages, misses=options.misses)
            line = f"{KINDS[kind].what:<40}{here[INSTRUCTIONS]:>10,.0f} instructions"
            if options.misses:
                line += f", {here[MISSES]:>6,.0f} misses"
            if options.checkout:
                there = counts_of(kind, options.checkout, pages, misses=options.misses)
                ratio = here[INSTRUCTIONS] / there[INSTRUCTIONS]
                line += f"; there {there[INSTRUCTIONS]:>10,.0f}: {ratio:.3f} x"
            print(line, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
