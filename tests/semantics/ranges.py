"""Ranges: one part, several, none; and If-Range (RFC 9110 §14, §13.1.5)."""

from collections.abc import Sequence

from .checks import (
    at_most,
    field,
    has,
    lacks,
    matches,
    nothing,
    part,
    parts,
    same,
    same_head,
    unsatisfied,
    valid_parts,
    whole,
)
from .folder import MODIFIED
from .row import Edit, Row, convention, get, head, row

_FILE = "/notes.txt"
_SIZE = 1000
_GIB = 2**30
_EQUAL = "Tue, 14 Nov 2023 22:13:20 GMT"


def _part(name: str, value: str, start: int, stop: int, section: str = "§14.1.2") -> Row:
    ask = get(_FILE, range=value)
    return row(f"9110 {section}", name, ask, 206, part("notes.txt", start, stop))


def _none(name: str, value: str, section: str = "§15.5.17") -> Row:
    ask = get(_FILE, range=value)
    return row(f"9110 {section}", name, ask, 416, unsatisfied("notes.txt"))


def _ignored(name: str, value: str | Sequence[str], section: str = "§14.2") -> Row:
    ask = get(_FILE, range=value)
    return row(f"9110 {section}", name, ask, 200, whole("notes.txt"), lacks("Content-Range"))


def _invalid(name: str, value: str) -> Row:
    # RFC 9110 §14.2: what is invalid may be ignored or rejected, but never be understood.
    return row("9110 §14.2", f"invalid: {name}", get(_FILE, range=value), (200, 400, 416))


def _several(name: str, value: str, *spans: tuple[int, int], section: str = "§14.6") -> Row:
    ask = get(_FILE, range=value)
    return row(f"9110 {section}", name, ask, 206, parts("notes.txt", *spans))


def _if_range(name: str, status: int, value: str, asked: str = "bytes=0-9") -> Row:
    check = {206: part("notes.txt", 0, 10), 200: whole("notes.txt")}.get(
        status, unsatisfied("notes.txt")
    )
    steps = [get(_FILE), get(_FILE, range=asked, if_range=value)]
    return row("9110 §13.1.5", f"If-Range: {name}", steps, status, check)


def _huge(name: str, value: str, *spans: tuple[int, int]) -> Row:
    ask = get("/huge.bin", range=value)
    return row("9110 §14.1.2", f"5 GiB: {name}", ask, 206, parts("huge.bin", *spans))


ROWS = [
    _part("the first bytes", "bytes=0-9", 0, 10),
    _part("bytes in the middle", "bytes=500-599", 500, 600),
    _part("one byte", "bytes=7-7", 7, 8),
    _part("the last byte", "bytes=999-999", 999, 1000),
    _part("from a byte on", "bytes=990-", 990, 1000),
    _part("from the first byte on", "bytes=0-", 0, 1000),
    _part("the last bytes", "bytes=-10", 990, 1000),
    _part("the last byte, counted from the end", "bytes=-1", 999, 1000),
    _part("more last bytes than there are", "bytes=-5000", 0, 1000),
    _part("an end behind the end", "bytes=990-5000", 990, 1000),
    _part("an end beyond all numbers", "bytes=990-99999999999999999999999999", 990, 1000),
    _part("leading zeros", "bytes=000-009", 0, 10),
    _part("a unit in capitals", "BYTES=0-9", 0, 10, "§14.1"),
    _part("a list with empty members", "bytes=,0-9,,", 0, 10, "§5.6.1"),
    _part("a blank behind the equals sign", "bytes= 0-9", 0, 10),
    row(
        "9110 §14.1.2",
        "MiB",
        get("/big.bin", range="bytes=1-3000000"),
        206,
        part("big.bin", 1, 3_000_001),
    ),
    row(
        "9110 §14.1.2",
        "a file of one byte",
        get("/one.txt", range="bytes=0-0"),
        206,
        part("one.txt", 0, 1),
    ),
    row(
        "9110 §14.1.2",
        "a folder's page",
        get("/", range="bytes=0-4"),
        206,
        part("index.html", 0, 5),
    ),
    row(
        "9110 §15.3.7",
        "a part is told of as the whole",
        [get(_FILE), get(_FILE, range="bytes=0-9")],
        206,
        same("ETag", "Last-Modified", "Content-Type"),
        has("Date"),
    ),
    convention(
        "9110 §15.3.7",
        "a part may be kept as the whole",
        [get(_FILE), get(_FILE, range="bytes=0-9")],
        206,
        same("Cache-Control", "Vary"),
    ),
    row("9110 §14.3", "ranges are offered", get(_FILE), 200, field("Accept-Ranges", "bytes")),
    row(
        "9110 §14.3",
        "ranges are offered to HEAD",
        head(_FILE),
        200,
        field("Accept-Ranges", "bytes"),
    ),
    # Nothing
    _none("from behind the end", "bytes=1000-"),
    _none("far behind the end", "bytes=5000-6000"),
    _none("from beyond all numbers", "bytes=99999999999999999999999999-"),
    _none("no last bytes", "bytes=-0"),
    _none("several behind the end", "bytes=1000-1001,2000-"),
    row(
        "9110 §15.5.17",
        "of one byte, the second",
        get("/one.txt", range="bytes=1-1"),
        416,
        unsatisfied("one.txt"),
    ),
    row("9110 §14.2", "of an empty file", get("/empty.txt", range="bytes=0-"), (200, 416)),
    row("9110 §14.2", "the last of an empty file", get("/empty.txt", range="bytes=-5"), (200, 416)),
    convention(
        "as nginx and Go do",
        "of an empty file, all",
        get("/empty.txt", range="bytes=0-"),
        200,
        whole("empty.txt"),
    ),
    convention(
        "9111 §3",
        "what is not there may come",
        get(_FILE, range="bytes=5000-"),
        416,
        field("Cache-Control", "no-cache"),
    ),
    # What is no range
    _ignored("another unit", "lines=0-9"),
    _ignored("a unit that only begins like bytes", "bytesize=0-9"),
    _invalid("the end before the beginning", "bytes=9-0"),
    _invalid("no range", "bytes="),
    _invalid("a word", "bytes=all"),
    _invalid("neither first nor last", "bytes=-"),
    _invalid("three positions", "bytes=1-2-3"),
    _invalid("no equals sign", "bytes 0-9"),
    _invalid("hexadecimal digits", "bytes=0x0-0x9"),
    _invalid("a sign", "bytes=+0-9"),
    _invalid("a fraction", "bytes=0.5-9"),
    _invalid("a semicolon", "bytes=0-9;20-29"),
    _invalid("one right and one wrong", "bytes=0-9,x"),
    _invalid("an underscore", "bytes=0-1_0"),
    # Several
    _several("two", "bytes=0-9,20-29", (0, 10), (20, 30)),
    _several("three of each kind", "bytes=0-9,500-509,-10", (0, 10), (500, 510), (990, 1000)),
    _several(
        "in the order asked for", "bytes=500-509,0-9", (500, 510), (0, 10), section="§15.3.7.2"
    ),
    _several("with blanks", "bytes=0-9 , 20-29", (0, 10), (20, 30), section="§5.6.1"),
    _several("with empty members", "bytes=0-9,,20-29,", (0, 10), (20, 30), section="§5.6.1"),
    _several("one of them behind the end", "bytes=0-9,5000-", (0, 10), section="§14.2"),
    _several("the last of them clipped", "bytes=0-9,990-5000", (0, 10), (990, 1000)),
    row(
        "9110 §14.6",
        "two, of all bytes that there are",
        get("/big.bin", range="bytes=0-599,1000-1999"),
        206,
        parts("big.bin", (0, 600), (1000, 2000)),
    ),
    row(
        "9110 §14.6",
        "the type of several",
        get(_FILE, range="bytes=0-9,20-29"),
        206,
        matches("Content-Type", r'multipart/byteranges; boundary=[-\w"]+'),
    ),
    row(
        "9110 §15.3.7.2",
        "no range of several",
        get(_FILE, range="bytes=0-9,20-29"),
        206,
        lacks("Content-Range"),
    ),
    row(
        "9110 §15.3.7",
        "several are told of as the whole",
        [get(_FILE), get(_FILE, range="bytes=0-9,20-29")],
        206,
        same("ETag", "Last-Modified"),
    ),
    row(
        "9110 §15.3.7.2",
        "two that overlap",
        get(_FILE, range="bytes=0-9,5-14"),
        (200, 206),
        valid_parts("notes.txt"),
    ),
    convention(
        "9110 §15.3.7.2",
        "two that overlap become one",
        get(_FILE, range="bytes=0-9,5-14"),
        206,
        part("notes.txt", 0, 15),
    ),
    convention(
        "9110 §15.3.7.2",
        "two that adjoin become one",
        get(_FILE, range="bytes=0-9,10-19"),
        206,
        part("notes.txt", 0, 20),
    ),
    convention(
        "as Jetty does",
        "ten",
        get(_FILE, range=f"bytes={','.join(f'{n}-{n}' for n in range(0, 100, 10))}"),
        206,
        parts("notes.txt", *((n, n + 1) for n in range(0, 100, 10))),
    ),
    convention(
        "9110 §17.15",
        "eleven are too many",
        get(_FILE, range=f"bytes={','.join(f'{n}-{n}' for n in range(0, 110, 10))}"),
        200,
        whole("notes.txt"),
    ),
    row(
        "9110 §17.15",
        "the whole, a hundred times",
        get(_FILE, range=f"bytes={','.join(['0-'] * 100)}"),
        (200, 206, 400, 416),
        at_most(2 * _SIZE),
    ),
    row(
        "9110 §17.15",
        "the same byte, a thousand times",
        get(_FILE, range=f"bytes={','.join(['0-0'] * 1000)}"),
        (200, 206, 400, 416),
        at_most(2 * _SIZE),
    ),
    # Of what is not there, and HEAD
    row(
        "9110 §14.2",
        "HEAD has no parts",
        head(_FILE, range="bytes=0-9"),
        200,
        field("Content-Length", "1000"),
        lacks("Content-Range"),
        nothing,
    ),
    row(
        "9110 §14.2",
        "HEAD has no 416",
        head(_FILE, range="bytes=5000-"),
        200,
        lacks("Content-Range"),
        nothing,
    ),
    row(
        "9110 §14.2",
        "of what is missing",
        get("/missing", range="bytes=0-4"),
        404,
        lacks("Content-Range"),
    ),
    row(
        "9110 §14.2",
        "of nothing of what is missing",
        get("/missing", range="bytes=5000-"),
        404,
        lacks("Content-Range"),
    ),
    row(
        "9110 §14.2",
        "of a redirect",
        get("/team", range="bytes=0-4"),
        (301, 302, 307, 308),
        lacks("Content-Range"),
    ),
    # If-Range
    _if_range("the tag", 206, "{etag}"),
    _if_range("the tag as a weak one", 200, "{weak_etag}"),
    _if_range("another tag", 200, '"other"'),
    _if_range("the time", 206, "{last_modified}"),
    _if_range("the time, in the form of RFC 850", 206, "Tuesday, 14-Nov-23 22:13:20 GMT"),
    _if_range("a later time", 200, "Tue, 14 Nov 2023 22:13:21 GMT"),
    _if_range("an earlier time", 200, "Tue, 14 Nov 2023 22:13:19 GMT"),
    _if_range("nonsense", 200, "nonsense"),
    _if_range("a star", 200, "*"),
    _if_range("without quotes", 200, "{opaque_tag}"),
    _if_range("a list that has it", 200, '"a", {etag}'),
    _if_range("the tag, and a part that is not there", 416, "{etag}", "bytes=5000-"),
    _if_range("another tag, and a part that is not there", 200, '"other"', "bytes=5000-"),
    row(
        "9110 §13.1.5",
        "If-Range: without Range",
        [get(_FILE), get(_FILE, if_range="{etag}")],
        200,
        whole("notes.txt"),
    ),
    row(
        "9110 §13.1.5",
        "If-Range: HEAD",
        [head(_FILE), head(_FILE, if_range='"other"')],
        200,
        same_head,
    ),
    row(
        "9110 §13.1.5",
        "If-Range: the file has changed",
        [
            get("/edited.txt"),
            Edit("edited.txt", b"AFTER the edit", MODIFIED + 100),
            get("/edited.txt", range="bytes=0-9", if_range="{etag}"),
        ],
        200,
    ),
    row(
        "9110 §13.2.2",
        "If-Range: If-Match holds",
        [get(_FILE), get(_FILE, range="bytes=0-9", if_range="{etag}", if_match="{etag}")],
        206,
    ),
    # Beyond 32 bits
    _huge("the first bytes", "bytes=0-8", (0, 9)),
    _huge("across 4 GiB", f"bytes={4 * _GIB - 8}-{4 * _GIB + 11}", (4 * _GIB - 8, 4 * _GIB + 12)),
    _huge("the last bytes", "bytes=-7", (5 * _GIB - 2, 5 * _GIB + 5)),
    _huge("from there on", f"bytes={5 * _GIB}-", (5 * _GIB, 5 * _GIB + 5)),
    _huge("the first and the last", "bytes=0-8,-7", (0, 9), (5 * _GIB - 2, 5 * _GIB + 5)),
    row(
        "9110 §15.5.17",
        "5 GiB: behind the end",
        get("/huge.bin", range=f"bytes={5 * _GIB + 5}-"),
        416,
        unsatisfied("huge.bin"),
    ),
]
