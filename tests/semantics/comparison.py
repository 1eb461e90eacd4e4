"""The same rows asked of nginx, Caddy and this server over one folder: which of them each meets.

    python -m tests.semantics.comparison

prints the counts by table, and each row that one of them does not meet, with what it did instead.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

from .clients import ask_all
from .folder import make_folder
from .peers import Server, start_caddy, start_nginx, start_ours
from .row import Row, judge
from .tables import ROWS, TABLES

__all__ = ["Count", "Outcome", "compare", "count"]

_TIMEOUT = 5.0  # seconds; only a server that waits for a pipe takes longer than some milliseconds


class Outcome(NamedTuple):
    """What became of the rows that apply to a server."""

    name: str
    version: str
    faults: dict[str, str]
    """For each row, by its name in ``ROWS``: what was wrong, "" if nothing."""


class Count(NamedTuple):
    """How many rows are met, of those that apply."""

    met: int
    applying: int

    def __str__(self) -> str:
        return f"{self.met} of {self.applying}"


def compare(site: Path, folder: Path) -> list[Outcome]:
    """Ask each server all rows that apply to it, one server after the other."""
    outcomes = []
    for start in (start_nginx, start_caddy, start_ours):
        with start(site, folder) as server:
            outcomes.append(Outcome(server.name, server.version, dict(_faults(server, site))))
    return outcomes


def _faults(server: Server, site: Path) -> Iterator[tuple[str, str]]:
    for name, row in ROWS.items():
        if row.needs <= server.abilities and not row.options:
            yield name, _fault(row, server, site)


def _fault(row: Row, server: Server, site: Path) -> str:
    try:
        judge(row, ask_all(row, server.address, site, timeout=_TIMEOUT))
    except (AssertionError, OSError, HTTPException) as exc:
        return str(exc) or type(exc).__name__
    return ""


def count(outcome: Outcome, names: list[str] | None = None) -> Count:
    """Count the rows that are met, of these, or of all."""
    asked = [name for name in outcome.faults if names is None or name in names]
    return Count(sum(not outcome.faults[name] for name in asked), len(asked))


def main() -> None:
    """Print the comparison."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        site = folder / "site"
        make_folder(site)
        outcomes = compare(site, folder)
    sys.stdout.writelines(f"{line}\n" for line in _report(outcomes))


def _report(outcomes: list[Outcome]) -> Iterator[str]:
    for outcome in outcomes:
        yield f"{outcome.name} {outcome.version} meets {count(outcome)}"
    for table, rows in TABLES.items():
        names = [f"{table}, {row}" for row in rows]
        yield f"{table}: {', '.join(str(count(outcome, names)) for outcome in outcomes)}"
    for name in ROWS:
        faults = {o.name: o.faults[name] for o in outcomes if o.faults.get(name)}
        if faults:
            yield name
            yield from (f"    {server}: {fault}" for server, fault in faults.items())


if __name__ == "__main__":
    main()
