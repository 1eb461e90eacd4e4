"""Validators: entity tags and times of the last change (RFC 9110 §8.8)."""

from .checks import differs, field, has, lacks, matches, not_of_the_future, nothing, same
from .folder import FILES, MODIFIED
from .row import Ask, Edit, Row, convention, get, head, row

_STRONG = r'"[\x21\x23-\x7e]*"'
_BEFORE = FILES["edited.txt"]
_AFTER = _BEFORE.upper()


def _edited(name: str, content: bytes, modified: float) -> Row:
    steps: list[Ask | Edit] = [
        get("/edited.txt"),
        Edit("edited.txt", content, modified),
        get("/edited.txt"),
    ]
    return row("9110 §8.8.1", f"another tag after {name}", steps, 200, differs("ETag"))


def _still_known(name: str, edit: Edit, status: int) -> Row:
    steps: list[Ask | Edit] = [get("/edited.txt"), edit, get("/edited.txt", if_none_match="{etag}")]
    return row("9110 §13.1.2", f"the old tag, after {name}", steps, status)


ROWS = [
    row(
        "9110 §8.8.2",
        "the time of the last change",
        get("/notes.txt"),
        200,
        field("Last-Modified", "Tue, 14 Nov 2023 22:13:20 GMT"),
    ),
    row("9110 §8.8.3", "a strong tag", get("/notes.txt"), 200, matches("ETag", _STRONG)),
    row("9110 §8.8.3", "a tag of an empty file", get("/empty.txt"), 200, matches("ETag", _STRONG)),
    row("9110 §8.8.3", "a tag of 5 GiB", head("/huge.bin"), 200, matches("ETag", _STRONG)),
    row("9110 §8.8.3", "a tag of a folder's page", get("/"), 200, matches("ETag", _STRONG)),
    row(
        "9110 §8.8.3",
        "the same tag twice",
        [get("/notes.txt"), get("/notes.txt")],
        200,
        same("ETag", "Last-Modified"),
    ),
    row(
        "9110 §8.8.3",
        "the same tag, whatever the query",
        [get("/notes.txt"), get("/notes.txt?a=b")],
        200,
        same("ETag"),
    ),
    row(
        "9110 §8.8.2.1",
        "no time of the future",
        get("/future.txt"),
        200,
        not_of_the_future("Last-Modified"),
    ),
    _edited("an edit", b"after the edit, and longer", MODIFIED + 100),
    _edited("an edit of the same length", _AFTER, MODIFIED + 100),
    _edited("an edit in the same second", _AFTER, MODIFIED + 0.5),
    _edited("an edit that is of the same time", _AFTER + b".", MODIFIED),
    _edited("an older file was put back", _AFTER, MODIFIED - 100_000),
    _still_known("an edit", Edit("edited.txt", _AFTER, MODIFIED + 100), 200),
    _still_known("an edit in the same second", Edit("edited.txt", _AFTER, MODIFIED + 0.5), 200),
    _still_known("nothing", Edit("one.txt", b"1", MODIFIED), 304),
    row(
        "9110 §13.1.3",
        "the old time, after an edit",
        [
            Edit("edited.txt", _AFTER, MODIFIED + 100),
            get("/edited.txt", if_modified_since="Tue, 14 Nov 2023 22:13:20 GMT"),
        ],
        200,
    ),
    convention(
        "9110 §8.8.1",
        "a weak tag while nobody can tell",
        [get("/notes.txt"), Edit("edited.txt", _AFTER, -0.5), get("/edited.txt")],
        200,
        matches("ETag", f"W/{_STRONG}"),
    ),
    convention(
        "9110 §13.1.5",
        "no part by a weak tag",
        [
            Edit("edited.txt", _AFTER, -0.5),
            get("/edited.txt"),
            get("/edited.txt", range="bytes=0-1", if_range="{etag}"),
        ],
        200,
        matches("ETag", f"W/{_STRONG}"),
    ),
    # RFC 9110 §15.4.5: what a 304 tells
    row(
        "9110 §15.4.5",
        "a 304 has the tag",
        [get("/notes.txt"), get("/notes.txt", if_none_match="{etag}")],
        304,
        same("ETag"),
        nothing,
    ),
    row(
        "9110 §15.4.5",
        "a 304 has a date",
        [get("/notes.txt"), get("/notes.txt", if_none_match="{etag}")],
        304,
        has("Date"),
    ),
    row(
        "9110 §15.4.5",
        "a 304 tells nothing of the content",
        [get("/notes.txt"), get("/notes.txt", if_none_match="{etag}")],
        304,
        lacks("Content-Encoding", "Content-Language", "Content-Type", "Content-Range"),
    ),
    convention(
        "9110 §15.4.5",
        "a 304 has what a 200 has to say of keeping",
        [get("/notes.txt"), get("/notes.txt", if_none_match="{etag}")],
        304,
        same("Cache-Control", "Vary", "ETag"),
    ),
    # --etag content
    convention(
        "9110 §8.8.1",
        "tags of content: no time",
        get("/notes.txt"),
        200,
        matches("ETag", _STRONG),
        lacks("Last-Modified"),
        etag="content",
    ),
    convention(
        "9110 §8.8.1",
        "tags of content: the same after a new build",
        [get("/edited.txt"), Edit("edited.txt", _BEFORE, MODIFIED + 100), get("/edited.txt")],
        200,
        same("ETag"),
        etag="content",
    ),
    convention(
        "9110 §8.8.1",
        "tags of content: another after an edit",
        [get("/edited.txt"), Edit("edited.txt", _AFTER, MODIFIED + 100), get("/edited.txt")],
        200,
        differs("ETag"),
        etag="content",
    ),
    convention(
        "9110 §8.8.3.3",
        "tags of content: another for each coding",
        [get("/coded.txt"), get("/coded.txt", accept_encoding="gzip")],
        200,
        differs("ETag"),
        etag="content",
    ),
    convention(
        "9110 §13.1.2",
        "tags of content: what is known",
        [get("/big.bin"), get("/big.bin", if_none_match="{etag}")],
        304,
        etag="content",
    ),
]
