"""The folder that all rows are about: files of every kind, at a time that is told to the second.

``make_folder`` writes it, with a secret beside it that no answer may hold. What is in a file,
``content_of`` tells without reading it.
"""

import gzip
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .row import Edit, Row

__all__ = [
    "FILES",
    "HUGE",
    "MODIFIED",
    "SECRET",
    "apply_edit",
    "content_of",
    "make_folder",
    "restored",
    "size_of",
    "write_file",
]

MODIFIED = 1_700_000_000
"""Tue, 14 Nov 2023 22:13:20 GMT, in seconds since the epoch."""
LATER = 2_200_000_000  # 2039: a clock that went wrong

SECRET = b"what is beside the folder, or hidden in it"
NOTES = b"".join(b"line %03d\r\n" % number for number in range(100))
TEXT = b"".join(b"This is line %06d of a text that gets smaller.\n" % n for n in range(4000))

# The content of a neighbour in another coding than gzip is nobody's business but its reader's.
FILES: dict[str, bytes] = {
    "index.html": b"<!doctype html><title>The first page</title>",
    "404.html": b"<!doctype html><title>Not here</title>",
    "notes.txt": NOTES,
    "one.txt": b"1",
    "empty.txt": b"",
    "big.bin": bytes(range(256)) * 12_000,
    "long.txt": TEXT,
    "future.txt": b"from a clock that is wrong",
    "edited.txt": b"before the edit",
    "style.css": b"body { color: black }\n" * 100,
    "style.css.gz": gzip.compress(b"body { color: black }\n" * 100, mtime=0),
    "coded.txt": TEXT[:20_000],
    "coded.txt.br": b"as if it was Brotli" * 40,
    "coded.txt.zst": b"as if it was Zstandard" * 40,
    "coded.txt.gz": gzip.compress(TEXT[:20_000], mtime=0),
    "stale.txt": TEXT[:900],
    "stale.txt.gz": gzip.compress(b"what the text was before", mtime=0),
    "archive.tar.gz": gzip.compress(b"an archive", mtime=0),
    # Types
    **dict.fromkeys(
        [
            *("app.js", "module.mjs", "data.json", "app.js.map", "feed.xml", "logo.svg"),
            *("page.xhtml", "notes.md", "table.csv", "app.webmanifest", "module.wasm"),
            *("photo.png", "photo.jpg", "photo.gif", "photo.webp", "photo.avif", "favicon.ico"),
            *("font.woff2", "film.mp4", "song.mp3", "paper.pdf", "files.zip"),
            *("LOUD.PNG", "unknown.xyzzy", "NAMELESS", "notes.txt.xyzzy"),
            *("app.8e0d62a0.js", "style.55e7cbb9ba48.css", "index-BxT3k2Zq.js"),
            *("report.20240131.js", "page.8e0d62a0.html", "jquery-3.7.1.min.js"),
        ],
        b"a file of some type",
    ),
    # Pages
    "about.html": b"<title>About</title>",
    "team/index.html": b"<title>The team</title>",
    "team/start.html": b"<title>Where to start</title>",
    "both.html": b"<title>A page</title>",
    "both/index.html": b"<title>A folder</title>",
    "docs/404.html": b"<title>Not in the docs</title>",
    "docs/deep/page.txt": b"deep",
    "\u00e9t\u00e9/index.html": b"<title>Summer</title>",
    "bare/inner.txt": b"in a folder without a page",
    "bare/.hidden.txt": SECRET,
    # Names
    "a b.txt": b"a blank",
    "100%.txt": b"a percent sign",
    "plus+sign.txt": b"a plus",
    "semi;colon.txt": b"a semicolon",
    "q?mark.txt": b"a question mark",
    "hash#tag.txt": b"a hash",
    'quote\'s "two".txt': b"quotes",
    "<b>&amp;.txt": b"markup",
    "back\\slash.txt": SECRET,
    "caf\u00e9/\u00fcber.txt": b"letters beyond ASCII",
    "\u65e5\u672c.txt": b"letters from elsewhere",
    "\U0001f600.txt": b"beyond the first plane",
    # Never served
    ".env": SECRET,
    ".git/config": SECRET,
    "team/.htpasswd": SECRET,
    ".well-known/.env": SECRET,
    ".well-known/security.txt": b"Contact: mailto:security@example.com\n",
    "notes.txt~": SECRET,
    "notes.txt.bak": SECRET,
    ".notes.txt.swp": SECRET,
    "#notes.txt#": SECRET,
    "server.key": b"-----BEGIN PRIVATE KEY-----\n" + SECRET,
    "public.pem": b"-----BEGIN CERTIFICATE-----\n",
    "_headers": b"/one.txt\n  X-Author: was here\n  Cache-Control: max-age=60\n# " + SECRET,
    "_redirects": b"/old /notes.txt 301\n/moved/* /team/:splat 302\n# " + SECRET,
}

# So long after a change of a file, a server can't tell whether there was another: weak tags.
_SETTLED_SECONDS = 2.1

HUGE = "huge.bin"
HUGE_BYTES = 5 * 2**30 + 5
HUGE_MARKS = {0: b"the begin", 2**32 - 8: b"across four gibibytes", HUGE_BYTES - 7: b"the end"}


def content_of(name: str, start: int, stop: int) -> bytes:
    """Return the bytes of a file from ``start`` up to ``stop``, which is not included."""
    if name != HUGE:
        return FILES[name][start:stop]
    content = bytearray(stop - start)
    for offset, mark in HUGE_MARKS.items():
        for position, octet in enumerate(mark, offset - start):
            if 0 <= position < len(content):
                content[position] = octet
    return bytes(content)


def size_of(name: str) -> int:
    """Return the size of a file in bytes."""
    return HUGE_BYTES if name == HUGE else len(FILES[name])


def make_folder(root: Path) -> None:
    """Write the folder, and what is beside it; return when it looks as if it was always there."""
    for name in FILES:
        write_file(root, name)
    _write(root, os.fsdecode(b"latin\xe9.txt"), b"a name that is not UTF-8")
    os.utime(root / "future.txt", (LATER, LATER))
    os.utime(root / "stale.txt.gz", (MODIFIED - 60, MODIFIED - 60))
    _write_huge(root / HUGE)
    beside = root.with_name(f"{root.name}-beside")  # its path begins like that of the folder
    _write(beside, "secret.txt", SECRET)
    _write(root.parent, "secret.txt", SECRET)
    _make_links(root, beside)
    os.mkfifo(root / "pipe")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(root / "socket"))  # such a name may have 107 bytes
    time.sleep(_SETTLED_SECONDS)


def write_file(root: Path, name: str) -> None:
    """Write a file of the folder as it is meant to be."""
    _write(root, name, FILES[name])


@contextmanager
def restored(root: Path, row: Row) -> Iterator[None]:
    """Put back what a row edits, at the end of the block."""
    try:
        yield
    finally:
        for step in row.steps:
            if isinstance(step, Edit):
                write_file(root, step.name)


def apply_edit(root: Path, edit: Edit) -> None:
    """Change a file of the folder as a row says."""
    path = root / edit.name
    path.write_bytes(edit.content)
    modified = edit.modified if edit.modified >= 0 else time.time() + edit.modified
    os.utime(path, (modified, modified))


def _write(root: Path, name: str, content: bytes) -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (MODIFIED, MODIFIED))


def _write_huge(path: Path) -> None:
    with path.open("wb") as file:  # what is not written takes no place on the disk
        for offset, mark in HUGE_MARKS.items():
            file.seek(offset)
            file.write(mark)
    os.utime(path, (MODIFIED, MODIFIED))


def _make_links(root: Path, beside: Path) -> None:
    links: dict[str, str | Path] = {
        "inside-link.txt": "notes.txt",
        "inside-folder": "team",
        "hidden-link.txt": ".env",
        "outside-link.txt": beside / "secret.txt",
        "outside-folder": beside,
        "dangling.txt": "nowhere.txt",
        "loop.txt": "loop.txt",
    }
    for name, target in links.items():
        (root / name).symlink_to(target)
