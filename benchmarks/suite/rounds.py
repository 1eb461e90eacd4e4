"""The rounds: each load with each server, one after the other, and all of it again.

So whatever else the machine does meets all servers alike, and a ratio of medians holds.
"""

import shutil
import subprocess
from collections.abc import Callable, Iterator, Sequence

from .figures import Figures
from .loads import LOADS
from .report import format_figure
from .site import Site
from .subjects import LeftOutError, Peer, Subject

__all__ = ["measure_rounds"]


def measure_rounds(
    peers: Sequence[Peer],
    loads: Sequence[str],
    site: Site,
    *,
    rounds: int,
    seconds: float,
    tell: Callable[[str], None],
) -> Figures:
    """Return the figures. What could not be measured is left out, and told."""
    figures = Figures()
    wanted = [load for load in loads if _has_programs(load, tell)]
    for number in range(rounds):
        for load, subject in _subjects(peers, wanted, site, number):
            name = subject.peer.name
            if name in figures.left_out.get(load, {}):
                continue
            try:
                figure = LOADS[load].measure(subject, seconds)
            except (LeftOutError, OSError, subprocess.SubprocessError) as exc:
                figures.leave_out(load, name, str(exc))
                tell(f"{load}: {name} is left out: {exc}")
                continue
            figures.add(load, name, figure)
            text = f"{format_figure(figure)} {LOADS[load].unit}"
            tell(f"round {number + 1}  {load:<10}{name:<16}{text}")
    return figures


def _has_programs(load: str, tell: Callable[[str], None]) -> bool:
    missing = [name for name in LOADS[load].needs if shutil.which(name) is None]
    if missing:
        tell(f"{load} is left out: {missing[0]} is not installed")
    return not missing


def _subjects(
    peers: Sequence[Peer], loads: Sequence[str], site: Site, number: int
) -> Iterator[tuple[str, Subject]]:
    for name in loads:
        load = LOADS[name]
        if load.max_rounds is not None and number >= load.max_rounds:
            continue
        for peer in peers:
            if load.service in peer.services and (not load.only or peer.name in load.only):
                yield name, Subject(peer=peer, service=load.service, site=site)
