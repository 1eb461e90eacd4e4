"""The lines of a text file that an author writes by hand, and how its mistakes are told.

All mistakes come in one message, each with the number of its line, so that a file is mended in one
go. What the lines mean is not known here.
"""

import re
from collections.abc import Iterator, Sequence

from ..errors import ConfigError

__all__ = ["LineMistake", "check_characters", "check_mistakes", "numbered_lines"]

_MAX_SHOWN = 20  # a screenful; a file of the wrong kind has as many mistakes as lines

# All but HTAB. What stands in a file may end in a header field (RFC 9110 §5.5) and in a log.
_CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")


class LineMistake(Exception):  # noqa: N818 -- the author's word for it
    """What is wrong in one line, and what to write in its place."""


def numbered_lines(text: str) -> Iterator[tuple[int, str]]:
    """Yield the lines that say something, numbered from 1, without white space at their end.

    Lines end in LF or CR LF. Empty ones, and those that begin with "#", are left out.
    """
    for number, line in enumerate(text.split("\n"), start=1):
        content = line.rstrip(" \t\r")
        if content and not content.lstrip(" \t").startswith("#"):
            yield number, content


def check_characters(line: str) -> None:
    """Raise ``LineMistake`` for control characters, which editors don't show."""
    if found := _CONTROL_CHARACTER.search(line):
        raise LineMistake(f"there is a control character, U+{ord(found[0]):04X}: take it out")


def check_mistakes(name: str, mistakes: Sequence[tuple[int, LineMistake]]) -> None:
    """Raise ``ConfigError`` for a file with mistakes: its name, then a line for each of them."""
    if not mistakes:
        return
    ordered = sorted(mistakes, key=lambda numbered: numbered[0])
    lines = [f"line {number}: {mistake}." for number, mistake in ordered[:_MAX_SHOWN]]
    if len(ordered) > _MAX_SHOWN:
        lines.append(f"and {len(ordered) - _MAX_SHOWN:,} more.")
    raise ConfigError("\n  ".join((f"{name}: this can't be understood.", *lines)))
