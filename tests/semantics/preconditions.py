"""Conditional requests, one by one and in their order (RFC 9110 §13)."""

from collections.abc import Sequence

from .checks import nothing, part, whole
from .row import Ask, Check, Row, convention, get, head, row

_FILE = "/notes.txt"
_BEFORE = "Tue, 14 Nov 2023 22:13:19 GMT"
_EQUAL = "Tue, 14 Nov 2023 22:13:20 GMT"
_AFTER = "Tue, 14 Nov 2023 22:13:21 GMT"
_FUTURE = "Fri, 01 Jan 2100 00:00:00 GMT"


def _conditional(section: str, name: str, status: int, **fields: str | Sequence[str]) -> Row:
    check: Check = whole("notes.txt") if status == 200 else nothing
    checks = (check,) if status in (200, 304) else ()
    return row(f"9110 {section}", name, [get(_FILE), get(_FILE, **fields)], status, *checks)


def _none(name: str, status: int, value: str | Sequence[str]) -> Row:
    return _conditional("§13.1.2", f"If-None-Match: {name}", status, if_none_match=value)


def _match(name: str, status: int, value: str | Sequence[str]) -> Row:
    return _conditional("§13.1.1", f"If-Match: {name}", status, if_match=value)


def _modified(name: str, status: int, value: str | Sequence[str]) -> Row:
    return _conditional("§13.1.3", f"If-Modified-Since: {name}", status, if_modified_since=value)


def _unmodified(name: str, status: int, value: str | Sequence[str]) -> Row:
    name = f"If-Unmodified-Since: {name}"
    return _conditional("§13.1.4", name, status, if_unmodified_since=value)


def _elsewhere(name: str, ask: Ask, status: int | tuple[int, ...]) -> Row:
    return row("9110 §13.2.1", name, ask, status)


def _order(name: str, status: int, **fields: str) -> Row:
    return _conditional("§13.2.2", name, status, **fields)


def _then_part(name: str, **fields: str) -> Row:
    ask = get(_FILE, range="bytes=0-9", **fields)
    return row("9110 §13.2.2", name, ask, 206, part("notes.txt", 0, 10))


ROWS = [
    _none("the tag", 304, "{etag}"),
    _none("the tag as a weak one", 304, "{weak_etag}"),
    _none("another tag", 200, '"other"'),
    _none("a list that has it first", 304, '{etag}, "b"'),
    _none("a list that has it in the middle", 304, '"a", {etag}, "b"'),
    _none("a list that has it as a weak one", 304, 'W/"a", {weak_etag}'),
    _none("a list that lacks it", 200, '"a", W/"b", "c"'),
    _none("a list without blanks", 304, '"a",{etag},"b"'),
    _none("a list with blanks and empty members", 304, '"a" ,, \t{etag} ,'),
    _none("two lines", 304, ('"a"', "{etag}")),
    _none("behind a tag with a comma", 304, '"a,b", {etag}'),
    _none("behind a tag with a backslash", 304, '"a\\", {etag}'),
    _none("behind a tag beyond ASCII", 304, '"\xe9", {etag}'),
    _none("a star", 304, "*"),
    _none("a star in quotes", 200, '"*"'),
    _none("without quotes", 200, "{opaque_tag}"),
    _none("in other quotes", 200, "'{opaque_tag}'"),
    _none("with a small w", 200, "w/{etag}"),
    _none("a part of the tag", 200, '"{opaque_tag}'),
    _none("longer than the tag", 200, '"{opaque_tag}x"'),
    _none("empty", 200, ""),
    _none("nonsense", 200, "nonsense"),
    row(
        "9110 §13.1.2",
        "If-None-Match: HEAD",
        [get(_FILE), head(_FILE, if_none_match="{etag}")],
        304,
    ),
    _modified("the same time", 304, "{last_modified}"),
    _modified("a second later", 304, _AFTER),
    _modified("a second earlier", 200, _BEFORE),
    _modified("in the form of RFC 850", 304, "Tuesday, 14-Nov-23 22:13:20 GMT"),
    _modified("earlier, in the form of RFC 850", 200, "Tuesday, 14-Nov-23 22:13:19 GMT"),
    _modified("in the form of asctime", 304, "Tue Nov 14 22:13:20 2023"),
    _modified("earlier, in the form of asctime", 200, "Tue Nov 14 22:13:19 2023"),
    _modified("the future", 304, _FUTURE),
    _modified("before 1970", 200, "Wed, 01 Jan 1969 00:00:00 GMT"),
    _modified("a day that there isn't", 200, "Thu, 31 Nov 2030 22:13:20 GMT"),
    _modified("in a form of today", 200, "2030-11-14T22:13:20Z"),
    _modified("seconds since the epoch", 200, "1900000000"),
    _modified("nonsense", 200, "tomorrow"),
    row(
        "9110 §13.1.3",
        "If-Modified-Since: two dates",
        get(_FILE, if_modified_since=(_EQUAL, _EQUAL)),
        (200, 400),
    ),
    _modified("empty", 200, ""),
    row(
        "9110 §13.1.3",
        "If-Modified-Since: HEAD",
        [get(_FILE), head(_FILE, if_modified_since="{last_modified}")],
        304,
    ),
    _match("the tag", 200, "{etag}"),
    _match("a star", 200, "*"),
    _match("a list that has it", 200, '"a", {etag}'),
    _match("two lines", 200, ('"a"', "{etag}")),
    _match("another tag", 412, '"other"'),
    _match("the tag as a weak one", 412, "{weak_etag}"),
    _match("a list that lacks it", 412, '"a", "b"'),
    _match("without quotes", 412, "{opaque_tag}"),
    _match("nonsense", 412, "nonsense"),
    row("9110 §13.1.1", "If-Match: HEAD", head(_FILE, if_match='"other"'), 412),
    _unmodified("the same time", 200, "{last_modified}"),
    _unmodified("later", 200, _AFTER),
    _unmodified("earlier", 412, _BEFORE),
    _unmodified("earlier, in the form of RFC 850", 412, "Tuesday, 14-Nov-23 22:13:19 GMT"),
    _unmodified("earlier, in the form of asctime", 412, "Tue Nov 14 22:13:19 2023"),
    _unmodified("nonsense", 200, "yesterday"),
    _unmodified("in a form of today", 200, "2001-11-14T22:13:20Z"),
    # Which of two
    _order("another tag, the same time", 200, if_none_match='"x"', if_modified_since=_EQUAL),
    _order("the tag, a time before", 304, if_none_match="{etag}", if_modified_since=_BEFORE),
    _order("nonsense for a tag", 200, if_none_match="x", if_modified_since=_EQUAL),
    _order("If-Match holds, a change since", 200, if_match="{etag}", if_unmodified_since=_BEFORE),
    _order("If-Match fails, no change", 412, if_match='"x"', if_unmodified_since=_AFTER),
    _order("both tags match", 304, if_match="{etag}", if_none_match="{etag}"),
    _order("neither tag matches", 412, if_match='"x"', if_none_match='"x"'),
    _order("If-Match fails, the other would be 304", 412, if_match='"x"', if_none_match="{etag}"),
    _order("a change since, and none", 412, if_unmodified_since=_BEFORE, if_modified_since=_AFTER),
    _order("no change, the tag", 304, if_unmodified_since=_EQUAL, if_none_match="{etag}"),
    _order("If-Match holds, no change", 304, if_match="{etag}", if_modified_since=_EQUAL),
    _then_part("another tag, and Range", if_none_match='"x"'),
    _then_part("a change since, and Range", if_modified_since=_BEFORE),
    _then_part("no change, and Range", if_unmodified_since=_EQUAL),
    _order("304 before Range", 304, if_none_match="{etag}", range="bytes=0-9"),
    _order("304 before a Range of nothing", 304, if_none_match="{etag}", range="bytes=5000-"),
    _order("412 before Range", 412, if_match='"x"', range="bytes=0-9"),
    _order("412 before a Range of nothing", 412, if_match='"x"', range="bytes=5000-"),
    _order("304 before If-Range", 304, if_none_match="*", range="bytes=0-9", if_range='"x"'),
    # Where nothing would be sent, or something else
    _elsewhere("a star for what is missing", get("/missing", if_none_match="*"), 404),
    _elsewhere("If-Match for what is missing", get("/missing", if_match='"x"'), 404),
    _elsewhere("any If-Match for what is missing", get("/missing", if_match="*"), 404),
    _elsewhere("a time for what is missing", get("/missing", if_modified_since=_FUTURE), 404),
    _elsewhere("a change of what is missing", get("/missing", if_unmodified_since=_BEFORE), 404),
    _elsewhere("a star for a redirect", get("/team", if_none_match="*"), (301, 302, 307, 308)),
    _elsewhere("If-Match for a redirect", get("/team", if_match='"x"'), (301, 302, 307, 308)),
    _elsewhere(
        "a time for a redirect", get("/team", if_modified_since=_FUTURE), (301, 302, 307, 308)
    ),
    _elsewhere("a folder's page", get("/", if_none_match="*"), 304),
    _elsewhere("an empty file", get("/empty.txt", if_none_match="*"), 304),
    convention(
        "9110 §13.2.1",
        "a star for a page at another URL",
        get("/about.html", if_none_match="*"),
        301,
    ),
]
