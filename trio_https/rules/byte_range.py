"""Parts of a representation: which ones a request asks for, and how they are told (RFC 9110 §14).

A part is a ``range`` of offsets, its end not included, as everywhere in Python; first and last
positions, both included, are in the header fields only. Whether the method and the status let
Range count at all (RFC 9110 §14.2: GET, and what would be a 200) is for the caller to know, and so
is how bytes are read.
"""

import re
from collections.abc import Sequence

from .entity_tag import is_strong_match
from .http_dates import parse_http_date

__all__ = [
    "content_range",
    "is_range_current",
    "multipart_byteranges",
    "select_ranges",
    "unsatisfied_range",
]

# Viewers of documents and players ask for a few at a time. Many small ones are how a server is made
# to send much for little (RFC 9110 §17.15, CVE-2011-3192).
_MAX_RANGES = 10

# No file has 10**20 bytes. RFC 9110 §14.1.2 wants larger numbers read, too; int() would take a time
# that grows with the square of their length, or raise. They all count as one, beyond any size.
_MAX_DIGITS = 20
_BEYOND_ANY_SIZE = 10**_MAX_DIGITS

# int-range or suffix-range (RFC 9110 §14.1.1), which may also come out as "-" alone.
_RANGE_SPEC = re.compile(r"([0-9]*)-([0-9]*)")


def select_ranges(field_value: str, size: int) -> tuple[range, ...] | None:
    """Return the parts of ``size`` bytes that the value of a Range field asks for.

    None means to ignore the field and answer with the whole: it is malformed, of another unit than
    bytes, asks for more than 10 ranges, or there is nothing to take a part of. An empty tuple means
    that none can be satisfied: 416. Else they are in the order asked for, without those that can't
    be satisfied, and no byte is in two of them.
    """
    # RFC 9110 §14.2 allows to ignore the field for an empty representation. No Content-Range can
    # tell an empty part, and clients that add "bytes=0-" to all want no 416; so nginx and Go.
    if size == 0:
        return None
    unit, _, members = field_value.partition("=")
    # RFC 9110 §5.6.1: empty members of a list don't count. A blank behind "=" is in the RFC's own
    # example (§14.1.2), and since erratum 7306 in its grammar.
    specs = [spec for member in members.split(",") if (spec := member.strip(" \t"))]
    if unit.lower() != "bytes" or not 1 <= len(specs) <= _MAX_RANGES:
        return None
    asked = [_resolve(spec, size) for spec in specs]
    if None in asked:
        return None
    return _merge([part for part in asked if part])


def _resolve(spec: str, size: int) -> range | None:
    """Return the part that one range-spec asks for: empty where there is none, None if invalid."""
    match = _RANGE_SPEC.fullmatch(spec)
    if match is None or spec == "-":
        return None
    first, last = match.groups()
    if not first:
        return range(max(0, size - _number(last)), size)
    start = _number(first)
    if not last:
        return range(start, size)
    stop = _number(last) + 1
    return None if stop <= start else range(start, min(stop, size))


def _number(digits: str) -> int:
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) <= _MAX_DIGITS else _BEYOND_ANY_SIZE


def _merge(asked: list[range]) -> tuple[range, ...]:
    """Return parts that neither overlap nor adjoin, and hold the same bytes.

    Each stands where the first of those that it was made of was asked for (RFC 9110 §15.3.7.2).
    So the parts of an answer never hold more bytes than the representation.
    """
    if len(asked) < 2:  # nearly always
        return tuple(asked)
    merged: list[tuple[int, range]] = []
    for place, part in sorted(enumerate(asked), key=lambda placed: placed[1].start):
        if merged and part.start <= merged[-1][1].stop:
            before_place, before = merged[-1]
            whole = range(before.start, max(before.stop, part.stop))
            merged[-1] = (min(before_place, place), whole)
        else:
            merged.append((place, part))
    return tuple(part for _, part in sorted(merged, key=lambda placed: placed[0]))


def is_range_current(
    if_range: str, *, etag: str | None, last_modified: int | None, now: float
) -> bool:
    """Whether an If-Range field lets Range count: what the client has is still the same.

    ``etag`` and ``last_modified`` are those of the selected representation, None where it has none;
    times are in seconds since the epoch, and ``now`` is when the request was received. Text that is
    neither one entity tag nor a date is of something else: false, and the whole is sent.
    """
    if etag is not None and is_strong_match(if_range, etag):
        return True
    # RFC 9110 §8.8.2.2: in the second that a date tells, the file may still change once more. That
    # a client got its part after that second is for the client to know (§13.1.5).
    if last_modified is None or now - last_modified < 1:
        return False
    return parse_http_date(if_range, now=now) == last_modified


def content_range(part: range, size: int) -> str:
    """Return the Content-Range for a part, not empty, of ``size`` bytes: "bytes 0-4/10"."""
    return f"bytes {part.start}-{part.stop - 1}/{size}"


def unsatisfied_range(size: int) -> str:
    """Return the Content-Range of a 416 for a representation of ``size`` bytes: "bytes */10"."""
    return f"bytes */{size}"


def multipart_byteranges(
    ranges: Sequence[range], *, size: int, content_type: str, boundary: str
) -> tuple[list[range | bytes], int]:
    """Return the body of a 206 with several parts, and its length in bytes (RFC 9110 §14.6).

    The body is the parts, as ranges of offsets, and what stands around them, as bytes. ``size`` and
    ``content_type`` are those of the whole representation. ``boundary`` must not occur in it: 128
    random bits, as hexadecimal digits, will not. The caller tells it in the Content-Type of the
    response, "multipart/byteranges; boundary=...".
    """
    body: list[range | bytes] = []
    line_end = ""  # RFC 2046 §5.1.1: the CRLF before a delimiter is of it, but the first has none
    for part in ranges:
        head = (
            f"{line_end}--{boundary}\r\n"
            f"Content-Type: {content_type}\r\n"
            f"Content-Range: {content_range(part, size)}\r\n\r\n"
        )
        body += (head.encode("latin-1"), part)
        line_end = "\r\n"
    body.append(f"{line_end}--{boundary}--\r\n".encode("latin-1"))
    return body, sum(map(len, body))
