"""The figures as tables: for a terminal, as Markdown, and as JSON for programs.

Both tables are lists of rows of text first; how they are set is known at the end only.
"""

from collections.abc import Mapping, Sequence

from .figures import Figures, Summary
from .limits import Verdict
from .loads import LOADS
from .own_peers import OURS

__all__ = ["as_json", "as_markdown", "as_text", "format_figure"]

_LIMITS_HEAD = ("work", "at most", "which is", "ours", "")
_FIGURES_HEAD = ("server", "median", "lowest to highest", "ours is")


def format_figure(value: float) -> str:
    """Return three digits that count, or all before the point."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def limit_rows(verdicts: Sequence[Verdict]) -> list[tuple[str, ...]]:
    """Return a row for each limit."""
    return [
        (
            LOADS[verdict.limit.load].title,
            verdict.limit.text,
            _with_unit(verdict.bound, verdict.limit.load),
            _with_unit(verdict.ours, verdict.limit.load),
            verdict.outcome,
        )
        for verdict in verdicts
    ]


def _with_unit(value: float | None, load: str) -> str:
    if value is None or value == float("inf"):
        return ""
    return f"{format_figure(value)} {LOADS[load].unit.split(' a ')[0]}"


def figure_rows(summaries: Mapping[str, Summary]) -> list[tuple[str, ...]]:
    """Return a row for each server, the cheapest first, with what ours is to it."""
    ours = summaries.get(OURS)
    rows: list[tuple[str, ...]] = []
    for peer, summary in sorted(summaries.items(), key=lambda item: item[1].median):
        spread = f"{format_figure(summary.low)} to {format_figure(summary.high)}"
        compared = ours is not None and peer != OURS and summary.median > 0
        ratio = f"{ours.median / summary.median:.2f} x" if ours and compared else ""
        rows.append((peer, format_figure(summary.median), spread, ratio))
    return rows


def as_text(
    figures: Figures,
    verdicts: Sequence[Verdict],
    peers: Mapping[str, str],
    machine: Mapping[str, str],
) -> str:
    """Return the whole report for a terminal."""
    parts = [_describe(machine), _describe(peers)]
    for load in figures.measured:
        heading = f"{LOADS[load].title}, {LOADS[load].unit}"
        rows = figure_rows(figures.summaries(load))
        parts.append("\n".join([heading, *_columns([_FIGURES_HEAD, *rows])]))
    parts.append("\n".join(_columns([_LIMITS_HEAD, *limit_rows(verdicts)])))
    return "\n\n".join([*parts, *_left_out(figures)]) + "\n"


def as_markdown(
    figures: Figures,
    verdicts: Sequence[Verdict],
    peers: Mapping[str, str],
    machine: Mapping[str, str],
) -> str:
    """Return the report for docs/measurements.md: one table of limits, one of all figures."""
    loads = list(figures.measured)
    measured = {load: figures.summaries(load) for load in loads}
    names = [name for name in peers if any(name in found for found in measured.values())]
    rows = [
        (LOADS[load].title, LOADS[load].unit, *(_cell(measured[load].get(name)) for name in names))
        for load in loads
    ]
    head = ("load", "unit", *names)
    parts = [
        f"{_describe(machine)}\n\n{_describe(peers)}",
        _pipes([_LIMITS_HEAD, *limit_rows(verdicts)]),
        "Medians, and the lowest and the highest of the rounds:",
        _pipes([head, *rows]),
    ]
    return "\n\n".join([*parts, *_left_out(figures)]) + "\n"


def _cell(summary: Summary | None) -> str:
    if summary is None:
        return ""
    low, high = format_figure(summary.low), format_figure(summary.high)
    return f"{format_figure(summary.median)} ({low} to {high})"


def _describe(things: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in things.items()) + "."


def _left_out(figures: Figures) -> list[str]:
    lines = [
        f"{peer} is left out of {load}: {reason}."
        for load, peers in figures.left_out.items()
        for peer, reason in peers.items()
    ]
    return ["\n".join(lines)] if lines else []


def _columns(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _pipes(rows: Sequence[Sequence[str]]) -> str:
    head, *others = (f"| {' | '.join(row)} |" for row in rows)
    return "\n".join([head, "| --- " * len(rows[0]) + "|", *others])


def as_json(
    figures: Figures,
    verdicts: Sequence[Verdict],
    peers: Mapping[str, str],
    machine: Mapping[str, str],
) -> dict[str, object]:
    """Return all of it, every round's figure included."""
    return {
        "machine": dict(machine),
        "peers": dict(peers),
        "units": {load: LOADS[load].unit for load in figures.measured},
        "figures": figures.measured,
        "left_out": figures.left_out,
        "limits": [
            {
                "load": verdict.limit.load,
                "at_most": verdict.limit.text,
                # JSON has no infinity.
                "bound": None if verdict.bound == float("inf") else verdict.bound,
                "ours": verdict.ours,
                "outcome": verdict.outcome,
            }
            for verdict in verdicts
        ],
    }
