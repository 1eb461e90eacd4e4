"""Content codings: what is chosen by Accept-Encoding, and told of it (RFC 9110 §8.4, §12.5.3)."""

from collections.abc import Sequence

from .checks import (
    decoded,
    differs,
    field,
    is_file,
    lacks,
    lists,
    matches,
    nothing,
    on,
    part,
    same,
    same_head,
    whole,
)
from .folder import size_of
from .row import Check, Row, convention, get, head, row

_FILE = "/coded.txt"
_NAMES = {"br": "coded.txt.br", "zstd": "coded.txt.zst", "gzip": "coded.txt.gz"}
_GZIP_BYTES = size_of(_NAMES["gzip"])
_BR, _ZSTD = ("Brotli",), ("Zstandard",)


def _is(coding: str) -> tuple[Check, ...]:
    """Return the checks that the file is sent in this coding."""
    if coding == "identity":
        return (whole("coded.txt"), lacks("Content-Encoding"))
    return (
        is_file(_NAMES[coding]),
        field("Content-Encoding", coding),
        matches("Content-Type", "text/plain.*"),
        lists("Vary", "Accept-Encoding"),
    )


def _coded(name: str, value: str | Sequence[str], coding: str, *, needs: Sequence[str] = ()) -> Row:
    ask = get(_FILE, accept_encoding=value)
    return row("9110 §12.5.3", name, ask, 200, *_is(coding), needs=needs)


def _own(name: str, value: str, coding: str, source: str = "9110 §12.5.3") -> Row:
    return convention(source, name, get(_FILE, accept_encoding=value), 200, *_is(coding))


# No mixture: gzip of a part is a part of nothing.
_PART_OR_CODED = (
    on(206, lacks("Content-Encoding"), part("long.txt", 0, 3000)),
    on(200, decoded("long.txt")),
)

ROWS = [
    row("9110 §12.5.3", "none is asked for", get(_FILE), 200, *_is("identity")),
    row("9110 §12.5.5", "none, but it depends", get(_FILE), 200, lists("Vary", "Accept-Encoding")),
    _coded("gzip", "gzip", "gzip"),
    _coded("Brotli", "br", "br", needs=_BR),
    _coded("Zstandard", "zstd", "zstd", needs=_ZSTD),
    _coded("gzip in capitals", "GZIP", "gzip"),
    _coded("gzip by its old name", "x-gzip", "gzip"),
    _coded("gzip in a list", "compress, gzip", "gzip"),
    _coded("gzip behind empty members", ", ,gzip", "gzip"),
    _coded("gzip in the second line", ("compress", "gzip"), "gzip"),
    _coded("gzip with a weight", "gzip;q=1.000", "gzip"),
    _coded("gzip with a small weight", "gzip;q=0.001", "gzip"),
    _coded("gzip with a weight and blanks", "gzip ; q=0.5", "gzip"),
    _coded("gzip with a weight in capitals", "gzip;Q=0.5", "gzip"),
    _coded("gzip refused", "gzip;q=0", "identity"),
    _coded("gzip refused with digits", "gzip;q=0.000", "identity"),
    _coded("gzip refused with blanks", "gzip; q=0", "identity"),
    _coded("gzip refused, the rest welcome", "gzip;q=0, *;q=0.001, br;q=0, zstd;q=0", "identity"),
    _coded("identity only", "identity", "identity"),
    _coded("identity is better", "identity, gzip;q=0.5", "identity"),
    _coded("identity is worse", "identity;q=0.5, gzip", "gzip"),
    _coded("identity is refused", "identity;q=0, gzip", "gzip"),
    _coded("an empty field", "", "identity"),
    _coded("what there isn't", "compress", "identity"),
    _coded("what only ends in gzip", "notgzip", "identity"),
    _coded("what only begins with gzip", "gzipped", "identity"),
    _coded("a coding of the future", "gzip-2", "identity"),
    row(
        "9110 §15.5.7",
        "nothing fits",
        get(_FILE, accept_encoding="*;q=0"),
        (200, 406),
        lacks("Content-Encoding"),
    ),
    _coded("gzip is better than Brotli", "br;q=0.1, gzip", "gzip", needs=_BR),
    _coded("Brotli is better than gzip", "br, gzip;q=0.1", "br", needs=_BR),
    _coded("Zstandard is better than gzip", "gzip;q=0.1, zstd", "zstd", needs=_ZSTD),
    _coded("Brotli is refused", "br;q=0, gzip", "gzip", needs=_BR),
    _own("as browsers ask", "gzip, deflate, br, zstd", "br", "as Caddy does"),
    _own("what is smaller, among equals", "gzip, zstd", "zstd", "as Caddy does"),
    _own("a star", "*", "br"),
    _own("a star, but not the first", "*, br;q=0", "zstd"),
    convention(
        "9110 §15.5.7",
        "nothing fits, and the page is sent",
        get(_FILE, accept_encoding="*;q=0"),
        200,
        *_is("identity"),
    ),
    # What is told of a coded file
    row(
        "9110 §8.8.3.3",
        "another tag for another coding",
        [get(_FILE), get(_FILE, accept_encoding="gzip")],
        200,
        differs("ETag"),
    ),
    row(
        "9110 §8.8.3.3",
        "another tag for Brotli than for gzip",
        [get(_FILE, accept_encoding="br"), get(_FILE, accept_encoding="gzip")],
        200,
        differs("ETag"),
        needs=_BR,
    ),
    row(
        "9110 §13.1.2",
        "the tag of the coded file",
        [
            get(_FILE, accept_encoding="gzip"),
            get(_FILE, accept_encoding="gzip", if_none_match="{etag}"),
        ],
        304,
        same("ETag"),
        nothing,
    ),
    row(
        "9110 §13.1.2",
        "the tag of the file as it is",
        [get(_FILE), get(_FILE, accept_encoding="gzip", if_none_match="{etag}")],
        200,
    ),
    row(
        "9110 §13.1.2",
        "the tag of the coded file, for the file as it is",
        [get(_FILE, accept_encoding="gzip"), get(_FILE, if_none_match="{etag}")],
        200,
        *_is("identity"),
    ),
    row(
        "9110 §15.4.5",
        "a 304 tells what it depends on",
        [
            get(_FILE, accept_encoding="gzip"),
            get(_FILE, accept_encoding="gzip", if_none_match="{etag}"),
        ],
        304,
        lists("Vary", "Accept-Encoding"),
    ),
    row(
        "9110 §15.4.5",
        "a 304 of the file as it is tells it, too",
        [get(_FILE), get(_FILE, if_none_match="{etag}")],
        304,
        lists("Vary", "Accept-Encoding"),
    ),
    row(
        "9110 §14.2",
        "a part of the coded file, or all of it",
        get(_FILE, accept_encoding="gzip", range="bytes=-5"),
        (200, 206),
        on(206, part("coded.txt.gz", _GZIP_BYTES - 5, _GZIP_BYTES)),
        on(200, is_file("coded.txt.gz")),
        field("Content-Encoding", "gzip"),
    ),
    convention(
        "as Caddy does",
        "a part of the coded file",
        get(_FILE, accept_encoding="gzip", range="bytes=0-9"),
        206,
        part("coded.txt.gz", 0, 10),
        field("Content-Encoding", "gzip"),
    ),
    convention(
        "9110 §13.1.5",
        "a part, if it is still that coded file",
        [
            get(_FILE, accept_encoding="gzip"),
            get(_FILE, accept_encoding="gzip", range="bytes=0-9", if_range="{etag}"),
        ],
        206,
        part("coded.txt.gz", 0, 10),
    ),
    row(
        "9110 §13.1.5",
        "no part of the coded file for who has the other",
        [get(_FILE), get(_FILE, accept_encoding="gzip", range="bytes=0-9", if_range="{etag}")],
        200,
        *_is("gzip"),
    ),
    row(
        "9110 §15.5.17",
        "nothing of the coded file",
        get(_FILE, accept_encoding="gzip", range="bytes=15000-"),
        (200, 416),
        on(416, lacks("Content-Encoding")),
    ),
    row(
        "9110 §9.3.2",
        "HEAD of the coded file",
        [get(_FILE, accept_encoding="br"), head(_FILE, accept_encoding="br")],
        200,
        same_head,
        needs=_BR,
    ),
    row(
        "9110 §8.4",
        "only gzip lies there, and is wanted",
        get("/style.css", accept_encoding="br, gzip"),
        200,
        is_file("style.css.gz"),
        field("Content-Encoding", "gzip"),
        matches("Content-Type", "text/css.*"),
    ),
    # The coded file by its own name
    row(
        "9110 §8.4",
        "the coded file itself is not coded",
        get("/coded.txt.gz"),
        200,
        whole("coded.txt.gz"),
        lacks("Content-Encoding"),
    ),
    row(
        "9110 §8.4",
        "nor for who takes gzip",
        get("/coded.txt.gz", accept_encoding="gzip"),
        200,
        whole("coded.txt.gz"),
        lacks("Content-Encoding"),
    ),
    row(
        "9110 §8.4",
        "an archive is not coded",
        get("/archive.tar.gz", accept_encoding="gzip"),
        200,
        whole("archive.tar.gz"),
        lacks("Content-Encoding"),
    ),
    row(
        "9110 §8.4",
        "a picture is not coded",
        get("/photo.png", accept_encoding="gzip"),
        200,
        whole("photo.png"),
        lacks("Content-Encoding"),
    ),
    row(
        "9110 §8.4",
        "an empty file",
        get("/empty.txt", accept_encoding="gzip"),
        200,
        whole("empty.txt"),
    ),
    convention(
        "9110 §12.5.5",
        "a picture depends on nothing",
        get("/photo.png", accept_encoding="gzip"),
        200,
        lacks("Vary"),
    ),
    convention(
        "as static-web-server does",
        "no neighbour that is older than its file",
        get("/stale.txt", accept_encoding="gzip"),
        200,
        whole("stale.txt"),
        lacks("Content-Encoding"),
    ),
    # On the fly
    row(
        "9110 §8.4",
        "on the fly",
        get("/long.txt", accept_encoding="gzip"),
        200,
        decoded("long.txt"),
        lists("Vary", "Accept-Encoding"),
    ),
    row(
        "9110 §12.5.3",
        "on the fly, refused",
        get("/long.txt", accept_encoding="gzip;q=0"),
        200,
        whole("long.txt"),
        lacks("Content-Encoding"),
    ),
    row(
        "9110 §12.5.3",
        "on the fly, identity is better",
        get("/long.txt", accept_encoding="gzip;q=0.5, identity"),
        200,
        whole("long.txt"),
    ),
    row(
        "9110 §12.5.5",
        "on the fly, not asked for",
        get("/long.txt"),
        200,
        lists("Vary", "Accept-Encoding"),
    ),
    row(
        "9110 §8.8.3.3",
        "on the fly, another tag",
        [get("/long.txt"), get("/long.txt", accept_encoding="gzip")],
        200,
        differs("ETag"),
    ),
    row(
        "9110 §13.1.2",
        "on the fly, what is known",
        [
            get("/long.txt", accept_encoding="gzip"),
            get("/long.txt", accept_encoding="gzip", if_none_match="{etag}"),
        ],
        304,
        nothing,
    ),
    row(
        "9110 §14.2",
        "on the fly, a part",
        get("/long.txt", accept_encoding="gzip", range="bytes=0-2999"),
        (200, 206),
        *_PART_OR_CODED,
    ),
    convention(
        "as nginx does",
        "on the fly, a weak tag",
        get("/long.txt", accept_encoding="gzip"),
        200,
        matches("ETag", 'W/".*"'),
    ),
    convention(
        "as nginx does",
        "not below 1 KiB",
        get("/notes.txt", accept_encoding="gzip"),
        200,
        whole("notes.txt"),
    ),
    convention(
        "as Caddy does",
        "not on the fly, if turned off",
        get("/long.txt", accept_encoding="gzip"),
        200,
        whole("long.txt"),
        compress=False,
    ),
    convention(
        "as Caddy does",
        "neighbours, if turned off",
        get(_FILE, accept_encoding="gzip"),
        200,
        *_is("gzip"),
        compress=False,
    ),
]
