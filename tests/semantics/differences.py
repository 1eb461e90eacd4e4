"""What nginx and Caddy do in another way than the tables say: rows of one kind, under one subject.

``docs/comparison.md`` tells of each subject; a test holds both to what the servers do.
"""

from .tables import TABLES

__all__ = ["DIFFERENCES", "rows_of"]

DIFFERENCES: dict[str, tuple[str, tuple[str, ...]]] = {
    "methods other than GET and HEAD": (
        "methods",
        (
            "POST of a file",
            "PUT of a file",
            "DELETE of a file",
            "PATCH of a file",
            "POST of a folder",
            "DELETE of a folder",
            "OPTIONS of a file",
            "TRACE shows nothing to a script",
        ),
    ),
    "methods that nobody knows": (
        "methods",
        ("a method that nobody knows", "a method of WebDAV", "get in small letters"),
    ),
    "conditions and ranges of POST": ("methods", ("POST with If-None-Match", "POST with Range")),
    "HEAD of what is coded on the fly": (
        "methods",
        ("HEAD and GET of a file that is coded on the fly",),
    ),
    "a file of the future": ("validators", ("no time of the future",)),
    "a second edit in one second": (
        "validators",
        (
            "another tag after an edit in the same second",
            "the old tag, after an edit in the same second",
        ),
    ),
    "tags in two field lines": (
        "preconditions",
        ("If-None-Match: two lines", "If-Match: two lines"),
    ),
    "two dates": ("preconditions", ("If-Modified-Since: two dates",)),
    "If-Unmodified-Since without a date": (
        "preconditions",
        ("If-Unmodified-Since: nonsense", "If-Unmodified-Since: in a form of today"),
    ),
    "tag and time together": (
        "preconditions",
        ("the tag, a time before", "If-Match holds, a change since"),
    ),
    "positions beyond 64 bits": (
        "ranges",
        ("an end beyond all numbers", "from beyond all numbers"),
    ),
    "units of ranges": (
        "ranges",
        ("a unit in capitals", "another unit", "a unit that only begins like bytes"),
    ),
    "empty members of a list": ("ranges", ("a list with empty members", "with empty members")),
    "the last no bytes": ("ranges", ("no last bytes", "the last of an empty file")),
    "a sign before a position": ("ranges", ("invalid: a sign",)),
    "one byte, a thousand times": ("ranges", ("the same byte, a thousand times",)),
    "HEAD with Range": ("ranges", ("HEAD has no parts", "HEAD has no 416")),
    "a part of what is missing": (
        "ranges",
        ("of what is missing", "of nothing of what is missing"),
    ),
    "Vary of a file as it is": (
        "codings",
        (
            "none, but it depends",
            "a 304 of the file as it is tells it, too",
            "on the fly, not asked for",
        ),
    ),
    "gzip in a second line, or as x-gzip": (
        "codings",
        ("gzip in the second line", "gzip by its old name"),
    ),
    "identity with the greater weight": (
        "codings",
        ("identity is better", "on the fly, identity is better"),
    ),
    "416 for a coded file": ("codings", ("nothing of the coded file",)),
    "the tag of what is coded on the fly": ("codings", ("on the fly, another tag",)),
    "a part of what is coded on the fly": ("codings", ("on the fly, a part",)),
    "the type of scripts": ("representations", ("the type of app.js", "the type of module.mjs")),
    "other types": (
        "representations",
        (
            "the type of notes.md",
            "the type of table.csv",
            "the type of app.webmanifest",
            "the type of archive.tar.gz",
        ),
    ),
    "an encoded slash": (
        "URLs",
        ("a slash that is encoded", "a slash at the end that is encoded"),
    ),
    "NUL in a path": (
        "URLs",
        ("NUL at the end", "NUL in the middle", "not outside: NUL"),
    ),
    "names too long to be there": (
        "URLs",
        ("a name of 300 letters", "a path of 3,000 letters"),
    ),
    "the query of a folder's redirect": ("URLs", ("the query stays", "the query stays as it was")),
    "absolute-form without a path": ("URLs", ("in absolute-form, no path",)),
    "links in a circle, pipes, sockets": (
        "what is not found",
        ("a link to itself", "a pipe, without waiting for its writer", "a socket"),
    ),
}


def rows_of(subject: str) -> list[str]:
    """Return the rows that a subject is about, by their names in ``tables.ROWS``."""
    table, names = DIFFERENCES[subject]
    found = [f"{table}, {row}" for name in names for row in TABLES[table] if row.name == name]
    assert len(found) == len(names), f"{subject}: {found}"
    return found
