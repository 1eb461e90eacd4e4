"""The figures as a picture: for each load a bar for each server, as SVG without a library."""

from collections.abc import Iterator
from xml.sax.saxutils import escape

from .figures import Figures, Summary
from .loads import LOADS
from .own_peers import OURS
from .report import format_figure

__all__ = ["as_svg"]

_WIDTH, _NAMES, _NUMBERS, _LINE, _GAP = 760, 130, 90, 20, 34
_BARS = _WIDTH - _NAMES - _NUMBERS
_OURS, _OTHERS, _TEXT = "#0969da", "#8c959f", "#1f2328"


def as_svg(figures: Figures) -> str:
    """Return the picture. Each load has a scale of its own, from zero."""
    parts, top = [], 10
    for load in figures.measured:
        summaries = figures.summaries(load)
        if not summaries:
            continue
        parts.append(_text(0, top + 14, f"{LOADS[load].title}, {LOADS[load].unit}", bold=True))
        top += _LINE + 4
        parts += _bars(summaries, top)
        top += _LINE * len(summaries) + _GAP
    style = f'font-family="sans-serif" font-size="13" fill="{_TEXT}"'
    size = f'viewBox="0 0 {_WIDTH} {top}" width="{_WIDTH}" height="{top}"'
    background = f'<rect width="{_WIDTH}" height="{top}" fill="#ffffff"/>'
    body = "\n".join([background, *parts])
    return f'<svg xmlns="http://www.w3.org/2000/svg" {size} {style}>\n{body}\n</svg>\n'


def _bars(summaries: dict[str, Summary], top: int) -> Iterator[str]:
    scale = _BARS / max(summary.high for summary in summaries.values())
    ordered = sorted(summaries.items(), key=lambda item: item[1].median)
    for number, (peer, summary) in enumerate(ordered):
        y = top + number * _LINE
        colour = _OURS if peer == OURS else _OTHERS
        low, median, high = (
            _NAMES + max(0.0, value) * scale
            for value in (summary.low, summary.median, summary.high)
        )
        yield _text(0, y + 13, peer)
        yield (
            f'<rect x="{_NAMES}" y="{y + 2}" width="{median - _NAMES:.1f}"'
            f' height="{_LINE - 6}" fill="{colour}"/>'
        )
        # How far the rounds lie apart.
        yield (
            f'<path d="M{low:.1f} {y + _LINE / 2 - 1}H{high:.1f}" stroke="{_TEXT}"'
            f' stroke-width="1.5"/>'
        )
        yield _text(high + 8, y + 13, format_figure(summary.median))


def _text(x: float, y: float, text: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return f'<text x="{x:.1f}" y="{y}"{weight}>{escape(text)}</text>'
