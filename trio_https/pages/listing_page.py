"""The list of a folder as an HTML page, which needs no script and loads nothing.

All links in it are relative, so it is the same below any prefix. A name may be anything: it is
escaped, isolated from the text around it, and what would turn or break that text is made visible.
Files are not touched here, but for the style sheet.
"""

import base64
import hashlib
import re
from collections.abc import Iterator
from html import escape
from pathlib import Path

from .listing_entries import COLUMNS, Contents, Entry, Order, readable_name

__all__ = ["CONTENT_SECURITY_POLICY", "render_page"]

_STYLE = Path(__file__).with_name("listing.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

CONTENT_SECURITY_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
)
"""For the page: should a name ever get out of its place, it still can't do a thing."""

# A folder: without an icon, browsers ask for /favicon.ico, and complain where there is none.
_ICON = (
    "data:image/svg+xml,"
    "<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 20 20' fill='%230d6656'>"
    "<path d='M1.5 5.5a2 2 0 0 1 2-2h4l2 2.5h7a2 2 0 0 1 2 2v7a2 2 0 0 1-2 2h-13a2 2 0 0 1-2-2z'/>"
    "</svg>"
)

_ROOT_NAME = "Files"
_UNITS = ("KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB")  # sparse files add up to the last one
_HEADINGS = {"name": "Name", "size": "Size", "modified": "Modified"}

# Controls, the marks that change the direction of text (Unicode Standard Annex 9), line ends, and
# what is not to be seen at all. Not those that join letters or emoji: names need them.
_DECEPTIVE = re.compile(
    "[\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
)


def render_page(segments: tuple[str, ...], contents: Contents, order: Order) -> str:
    """Return the page for the folder of these names below the root, its entries as they come."""
    return "".join(_render(segments, contents, order))


def _render(segments: tuple[str, ...], contents: Contents, order: Order) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n'
    yield _head(segments)
    yield f"<body>\n<header>\n{_breadcrumbs(segments)}"
    yield f"<h1>{_isolated(segments[-1]) if segments else _ROOT_NAME}</h1>\n"
    yield f"<p>{_summary(contents)}</p>\n</header>\n<main>\n"
    if contents.is_truncated:
        count = f"{len(contents.entries):,}"
        yield f'<p class="notice">There is more in this folder than these {count} entries.</p>\n'
    if segments:
        yield '<p><a class="parent" href="../">Parent folder</a></p>\n'
    if contents.entries:
        headings = "".join(_heading(column, order) for column in COLUMNS)
        yield f"<table>\n<thead>\n<tr>{headings}</tr>\n</thead>\n<tbody>\n"
        yield from map(_row, contents.entries)
        yield "</tbody>\n</table>\n"
    yield "</main>\n</body>\n</html>\n"


def _head(segments: tuple[str, ...]) -> str:
    path = "".join(f"{_text(segment)}/" for segment in segments)
    return (
        '<head>\n<meta charset="utf-8">\n'
        f"<title>{path or _ROOT_NAME}</title>\n"
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        f'<link rel="icon" href="{_ICON}">\n'
        f"<style>{_STYLE}</style>\n</head>\n"
    )


def _breadcrumbs(segments: tuple[str, ...]) -> str:
    """Return links to the folders above, the farthest first."""
    if not segments:
        return ""
    names = [_ROOT_NAME, *map(_isolated, segments[:-1])]
    links = (
        f'<li><a href="{"../" * (len(names) - depth)}">{name}</a></li>'
        for depth, name in enumerate(names)
    )
    return f'<nav aria-label="Folders above"><ol>{"".join(links)}</ol></nav>\n'


def _summary(contents: Contents) -> str:
    folders = sum(entry.is_folder for entry in contents.entries)
    files = len(contents.entries) - folders
    parts = [_count(folders, "folder")] if folders else []
    if files:
        size = sum(entry.size or 0 for entry in contents.entries)
        parts += [_count(files, "file"), _format_size(size)]
    return ", ".join(parts) or "This folder is empty."


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _heading(column: str, order: Order) -> str:
    """Return the head of a column, a link to sort by it, or the other way if it is sorted by."""
    is_active = column == order.column
    direction = "desc" if is_active and not order.is_descending else "asc"
    sorted_as = "descending" if order.is_descending else "ascending"
    attribute = f' aria-sort="{sorted_as}"' if is_active else ""
    link = f'<a href="?sort={column}&amp;order={direction}">{_HEADINGS[column]}</a>'
    return f'<th scope="col"{attribute}>{link}</th>'


def _row(entry: Entry) -> str:
    kind, slash = ("folder", "/") if entry.is_folder else ("file", "")
    link = f'<a class="{kind}" href="{entry.url}">{_isolated(entry.name)}{slash}</a>'
    return f"<tr><td>{link}</td>{_size_cell(entry.size)}{_time_cell(entry.modified_at)}</tr>\n"


def _size_cell(size: int | None) -> str:
    if size is None:
        return "<td></td>"
    return f'<td title="{_count(size, "byte")}">{_format_size(size)}</td>'


def _time_cell(moment: str) -> str:
    day, clock = moment[:10], moment[11:16]
    return f'<td><time datetime="{moment}">{day} <span>{clock} UTC</span></time></td>'


def _format_size(size: int) -> str:
    if size < 1000:
        return f"{size} B"
    number, units = float(size), iter(_UNITS)
    unit = ""
    while number >= 999.95:  # or it would be rounded to four digits
        number, unit = number / 1024, next(units)
    return f"{number:.1f} {unit}"


def _isolated(name: str) -> str:
    # <bdi>: a name in Arabic or Hebrew must not take the text around it along.
    return f"<bdi>{_text(name)}</bdi>"


def _text(name: str) -> str:
    return escape(_DECEPTIVE.sub(_visible, readable_name(name)))


def _visible(match: re.Match[str]) -> str:
    return f"\\u{ord(match[0]):04x}"
