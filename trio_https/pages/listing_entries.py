"""What is in a folder, as values, and the orders that it can be shown in.

Where entries come from, and what a list of them looks like, is not known here.
"""

import os
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote

__all__ = [
    "COLUMNS",
    "Contents",
    "Entry",
    "Order",
    "parse_order",
    "readable_name",
    "sort_entries",
]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SURROGATES = re.compile("[\ud800-\udfff]")

COLUMNS = ("name", "size", "modified")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file or a folder in a folder."""

    name: str
    """As the operating system gives it: octets that are not UTF-8 are lone surrogates."""
    size: int | None
    """In bytes, None for a folder."""
    modified: int
    """In seconds since the epoch, within the years 1970 to 9999."""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder, and no file."""
        return self.size is None

    @property
    def url(self) -> str:
        """Its URL relative to that of the folder: "./a%20b", "./folder/"."""
        # "./": a name with a colon is no scheme. The octets of the name, whatever they mean.
        return f"./{quote(os.fsencode(self.name), safe='')}{'/' if self.is_folder else ''}"

    @property
    def modified_at(self) -> str:
        """The time of its last change, as in "2001-09-09T01:46:40Z" (RFC 3339)."""
        return f"{(_EPOCH + timedelta(seconds=self.modified)).isoformat()[:19]}Z"


@dataclass(frozen=True, slots=True)
class Contents:
    """The entries of a folder."""

    entries: list[Entry]
    is_truncated: bool
    """Whether there are more."""


@dataclass(frozen=True, slots=True)
class Order:
    """The column that entries are sorted by."""

    column: str = "name"
    """One of ``COLUMNS``."""
    is_descending: bool = False


def readable_name(name: str) -> str:
    """Return a file name with U+FFFD for each octet that is not UTF-8."""
    return _SURROGATES.sub("\ufffd", name)


def parse_order(query: str) -> Order:
    """Return the order that the query of a URL asks for: "sort=size&order=desc".

    What is missing or unknown is taken for "name" and "asc".
    """
    values = dict(parse_qsl(query))
    column = values.get("sort", "")
    is_descending = values.get("order") == "desc"
    return Order(column if column in COLUMNS else "name", is_descending)


def sort_entries(entries: Iterable[Entry], order: Order) -> list[Entry]:
    """Return the entries in that order: folders first, and equal ones by name.

    Names sort as people count, without regard to case: "file2", "File10". Folders have no size and
    stay in the order of their names then.
    """
    by_name = sorted(entries, key=lambda entry: _natural_key(entry.name))
    folders = [entry for entry in by_name if entry.is_folder]
    files = [entry for entry in by_name if not entry.is_folder]
    if order.column == "size":
        files.sort(key=lambda entry: entry.size or 0, reverse=order.is_descending)
        return folders + files
    for part in (folders, files):
        if order.column == "modified":
            part.sort(key=lambda entry: entry.modified, reverse=order.is_descending)
        elif order.is_descending:
            part.reverse()
    return folders + files


_DIGITS = re.compile(r"([0-9]+)")


def _natural_key(name: str) -> tuple[list[str | int], str]:
    # Decomposed, "é" comes after "e" and not after "z", and no matter how the name was typed.
    text = unicodedata.normalize("NFKD", name.casefold())
    # Text and digits take turns, so that a number is only ever compared with a number.
    parts = enumerate(_DIGITS.split(text))
    return [int(part) if place % 2 else part for place, part in parts], name
