"""Methods: what is read, what is refused and how, and HEAD beside GET (RFC 9110 §9)."""

from .checks import (
    field,
    has,
    holds,
    lacks_text,
    lists,
    nothing,
    same,
    same_content,
    same_head,
    whole,
)
from .row import Ask, Row, convention, get, head, row


def _same(
    name: str,
    target: str,
    status: int | tuple[int, ...],
    source: str = "9110 §9.3.2",
    **fields: str,
) -> Row:
    steps = [get(target, **fields), head(target, **fields)]
    return row(source, f"HEAD and GET of {name}", steps, status, same_head, nothing)


def _length(name: str, target: str, **fields: str) -> Row:
    steps = [get(target, **fields), head(target, **fields)]
    told = same("Content-Length")
    return convention("9110 §8.6", f"HEAD tells the length of {name}", steps, (200, 404), told)


def _refused(method: str, target: str = "/notes.txt", name: str = "") -> Row:
    return row(
        "9110 §15.5.6",
        f"{method} {name or 'of a file'}",
        Ask(method, target),
        405,
        lists("Allow", "GET", "HEAD"),
    )


ROWS = [
    row("9110 §9.3.1", "GET", get("/notes.txt"), 200, whole("notes.txt")),
    row("9110 §9.3.1", "GET of an empty file", get("/empty.txt"), 200, whole("empty.txt")),
    row("9110 §9.3.1", "GET of one byte", get("/one.txt"), 200, whole("one.txt")),
    row("9110 §9.3.1", "GET of some MiB", get("/big.bin"), 200, whole("big.bin")),
    _same("a file", "/notes.txt", 200),
    _same("an empty file", "/empty.txt", 200),
    _same("some MiB", "/big.bin", 200),
    _same("a folder's page", "/", 200),
    _same("a coded file", "/coded.txt", 200, accept_encoding="gzip"),
    _same("a file that is coded on the fly", "/long.txt", 200, accept_encoding="gzip"),
    _same("what is missing", "/missing", 404),
    _same("a redirect", "/team", (301, 302, 307, 308)),
    _same("what is known", "/notes.txt", 304, "9110 §13.1.2", if_none_match="*"),
    _same("what has changed", "/notes.txt", 412, "9110 §13.1.1", if_match='"x"'),
    _length("a file", "/notes.txt"),
    _length("an empty file", "/empty.txt"),
    _length("a coded file", "/coded.txt", accept_encoding="br"),
    _length("a file that is coded on the fly", "/long.txt", accept_encoding="br"),
    _length("what is missing", "/missing"),
    row(
        "9110 §8.6",
        "HEAD of more than 4 GiB",
        head("/huge.bin"),
        200,
        field("Content-Length", "5368709125"),
        nothing,
    ),
    _refused("POST"),
    _refused("PUT"),
    _refused("DELETE"),
    _refused("PATCH"),
    _refused("POST", "/", "of a folder"),
    _refused("DELETE", "/team/", "of a folder"),
    row("9110 §9.3.3", "POST of what is missing", Ask("POST", "/missing"), (404, 405)),
    row(
        "9110 §9.3.5",
        "DELETE deletes nothing",
        [get("/notes.txt"), Ask("DELETE", "/notes.txt"), get("/notes.txt")],
        200,
        same_content,
    ),
    row(
        "9110 §13.2.1",
        "POST with If-None-Match",
        Ask("POST", "/notes.txt", (("If-None-Match", "*"),)),
        405,
    ),
    row(
        "9110 §14.2",
        "POST with Range",
        Ask("POST", "/notes.txt", (("Range", "bytes=0-9"),)),
        405,
    ),
    row(
        "9110 §9.3.8",
        "TRACE shows nothing to a script",
        Ask("TRACE", "/notes.txt", (("Cookie", "secret=1"),)),
        (405, 501),
        lacks_text(b"secret=1"),
    ),
    row("9110 §9.1", "a method that nobody knows", Ask("BREW", "/notes.txt"), 501),
    row("9110 §9.1", "a method of WebDAV", Ask("PROPFIND", "/notes.txt"), (405, 501)),
    row("9110 §9.1", "get in small letters", Ask("get", "/notes.txt"), (400, 405, 501)),
    row(
        "9110 §9.3.7",
        "OPTIONS of a file",
        Ask("OPTIONS", "/notes.txt"),
        (200, 204, 405),
        lists("Allow", "GET", "HEAD"),
    ),
    convention(
        "as Apache does",
        "OPTIONS is answered",
        Ask("OPTIONS", "/notes.txt"),
        204,
        lists("Allow", "GET", "HEAD", "OPTIONS"),
        nothing,
    ),
    convention(
        "9110 §9.3.7",
        "OPTIONS of the server",
        Ask("OPTIONS", "*"),
        204,
        lists("Allow", "GET", "HEAD", "OPTIONS"),
    ),
    row("9110 §6.6.1", "Date in a 412", get("/notes.txt", if_match='"x"'), 412, has("Date")),
    row("9110 §9.3.1", "a page is text", get("/"), 200, holds(b"<!doctype html>")),
]
