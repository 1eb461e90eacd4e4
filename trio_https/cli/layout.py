"""How reports are laid out: as wide as the terminal, within bounds, and findings with a label each.

Paths, fingerprints and commands are to be copied: they are shown whole, and not cut in the middle.
What is reported is not known here.
"""

import shutil
import textwrap
from collections.abc import Iterator
from typing import Literal

from .console import paint

__all__ = ["finding", "indented", "labelled", "printable", "report_width"]

_MAX_WIDTH = 100  # columns; longer lines are hard to read
_MIN_WIDTH = 60
_COLOURS = {"ok": "green", "note": "yellow", "problem": "red"}


def report_width() -> int:
    """Return the columns that a line may have."""
    return max(_MIN_WIDTH, min(_MAX_WIDTH, shutil.get_terminal_size().columns))


def printable(text: str) -> str:
    """Return ``text`` without what would steer a terminal: a certificate may hold anything."""
    return "".join(
        character if character.isprintable() else f"\\u{ord(character):04x}" for character in text
    )


def finding(kind: Literal["ok", "note", "problem"], text: str) -> Iterator[str]:
    """Yield the lines of something that was found out."""
    yield from labelled(f"  {paint(f'{kind:<7}', _COLOURS[kind])}  ", text, columns=11)


def labelled(label: str, text: str, *, columns: int) -> Iterator[str]:
    """Yield the lines of ``text`` to the right of a label, which takes so many columns."""
    first, *later = _wrap(text, columns) or [""]
    yield f"{label}{first}"
    for line in later:
        yield f"{'':<{columns}}{line}"


def indented(text: str, columns: int = 2) -> Iterator[str]:
    """Yield the lines of ``text``, each so many columns in."""
    for line in _wrap(text, columns):
        yield f"{'':<{columns}}{line}"


def _wrap(text: str, columns: int) -> list[str]:
    return textwrap.wrap(
        printable(text),
        report_width() - columns,
        break_long_words=False,
        break_on_hyphens=False,
    )
