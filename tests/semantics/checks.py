"""What the tables check of an answer: each function returns a check, to be read in a row.

Answers are read with the standard library alone: ``email`` for parts, ``gzip`` for content. A check
that fails says what it met.
"""

import gzip
import re
from email import message_from_bytes
from email.message import Message
from email.policy import HTTP
from email.utils import parsedate_to_datetime
from urllib.parse import urljoin, urlsplit

from trio_https import Headers

from .folder import SECRET, content_of, size_of
from .row import Answer, Check

__all__ = [
    "at_most",
    "decoded",
    "differs",
    "field",
    "has",
    "holds",
    "is_file",
    "keeps_secrets",
    "lacks",
    "lacks_text",
    "leads_to",
    "lists",
    "matches",
    "not_of_the_future",
    "nothing",
    "on",
    "part",
    "parts",
    "same",
    "same_content",
    "same_head",
    "stays_here",
    "unsatisfied",
    "valid_parts",
    "whole",
]

# Of the connection and the moment, not of what is answered.
_CHANGING = {"date", "connection", "keep-alive"}
_FRAMING = {"content-length", "transfer-encoding"}


def on(status: int, *checks: Check) -> Check:
    """Check these if the answer has this status, one of several that are right."""

    def check(answer: Answer, first: Answer) -> None:
        for inner in checks if answer.status == status else ():
            inner(answer, first)

    return check


# Header fields


def field(name: str, value: str) -> Check:
    """Check that the value of a field is this one."""

    def check(answer: Answer, _first: Answer) -> None:
        assert answer.fields.get(name) == value, f"{name}: {answer.fields.get(name)}"

    return check


def matches(name: str, pattern: str) -> Check:
    """Check that the value of a field is of this form; a field that is missing has none."""

    def check(answer: Answer, _first: Answer) -> None:
        value = answer.fields.get(name)
        assert value is not None, f"no {name}"
        assert re.fullmatch(pattern, value), f"{name}: {value}"

    return check


def not_of_the_future(name: str) -> Check:
    """Check that a field, if it is there, is a date, and not later than that of the answer."""

    def check(answer: Answer, _first: Answer) -> None:
        value, date = answer.fields.get(name), answer.fields.get("Date")
        assert date, "no Date"
        if value is None:
            return
        assert parsedate_to_datetime(value) <= parsedate_to_datetime(date), f"{name}: {value}"

    return check


def has(*names: str) -> Check:
    """Check that there are such fields."""

    def check(answer: Answer, _first: Answer) -> None:
        missing = [name for name in names if name not in answer.fields]
        assert not missing, f"no {missing}"

    return check


def lacks(*names: str) -> Check:
    """Check that there are no such fields."""

    def check(answer: Answer, _first: Answer) -> None:
        found = [name for name in names if name in answer.fields]
        assert not found, f"there is {found}"

    return check


def lists(name: str, *members: str) -> Check:
    """Check that a field is a list that has these members."""

    def check(answer: Answer, _first: Answer) -> None:
        value = answer.fields.get(name) or ""
        found = {member.strip().lower() for member in value.split(",")}
        assert {member.lower() for member in members} <= found, f"{name}: {value}"

    return check


def same(*names: str) -> Check:
    """Check that these fields are there, and as in the first answer."""

    def check(answer: Answer, first: Answer) -> None:
        for name in names:
            told = answer.fields.get(name)
            assert told is not None, f"no {name}"
            assert told == first.fields.get(name), f"{name}: {told}, not {first.fields.get(name)}"

    return check


def differs(name: str) -> Check:
    """Check that a field is not what it was in the first answer, but there."""

    def check(answer: Answer, first: Answer) -> None:
        assert name in answer.fields, f"no {name}"
        told = answer.fields.get(name)
        assert told != first.fields.get(name), f"{name}: {told}, as before"

    return check


def same_head(answer: Answer, first: Answer) -> None:
    """Check that status and fields are those of the first answer.

    To HEAD, the length may be left out, and how content would be framed (RFC 9110 §9.3.2).
    """
    assert answer.status == first.status, f"status {answer.status}, not {first.status}"
    missing = {line for line in _lines(first) - _lines(answer) if line[0] not in _FRAMING}
    surplus = _lines(answer) - _lines(first)
    assert not missing | surplus, f"without {sorted(missing)}, with {sorted(surplus)}"


def _lines(answer: Answer) -> set[tuple[str, str]]:
    lines = {(name.lower(), value) for name, value in answer.fields}
    return {line for line in lines if line[0] not in _CHANGING}


# Redirects


def leads_to(target: str) -> Check:
    """Check that the answer leads to this path and query on the same server."""

    def check(answer: Answer, first: Answer) -> None:
        stays_here(answer, first)
        location = urlsplit(answer.fields.get("Location") or "")
        found = location._replace(scheme="", netloc="").geturl()
        assert _as_written(found) == _as_written(target), (
            f"Location: {answer.fields.get('Location')}"
        )

    return check


def _as_written(target: str) -> str:
    """Return a target with its hexadecimal digits in capitals (RFC 3986 §6.2.2.1)."""
    return re.sub("%[0-9a-fA-F]{2}", lambda match: match[0].upper(), target)


def stays_here(answer: Answer, _first: Answer) -> None:
    """Check that no redirect leads to another server, in the eyes of a browser."""
    location = answer.fields.get("Location")
    if location is not None:
        # The WHATWG's URL parser takes backslashes for slashes, and drops control characters.
        as_read = re.sub(r"[\t\r\n]", "", location).replace("\\", "/")
        host = urlsplit(urljoin("http://localhost/", as_read)).hostname
        assert host in ("localhost", "127.0.0.1"), f"Location: {location}"


# Content


def whole(name: str) -> Check:
    """Check that the content is a whole file, as it is, with its length."""

    def check(answer: Answer, _first: Answer) -> None:
        size = size_of(name)
        length = answer.fields.get("Content-Length")
        assert length == str(size), f"Content-Length: {length}, not {size}"
        assert "Content-Range" not in answer.fields, "there is a Content-Range"
        assert answer.body == content_of(name, 0, size), f"content {answer.body[:40]!r}"

    return check


def is_file(name: str) -> Check:
    """Check that the content is that of a file, which may stand for another."""

    def check(answer: Answer, _first: Answer) -> None:
        assert answer.body == content_of(name, 0, size_of(name)), f"content {answer.body[:40]!r}"

    return check


def decoded(name: str) -> Check:
    """Check that the content is a whole file, coded by gzip."""

    def check(answer: Answer, _first: Answer) -> None:
        coding = answer.fields.get("Content-Encoding")
        assert coding == "gzip", f"Content-Encoding: {coding}"
        content = gzip.decompress(answer.body)
        assert content == content_of(name, 0, size_of(name)), f"content {content[:40]!r}"

    return check


def nothing(answer: Answer, _first: Answer) -> None:
    """Check that there is no content."""
    assert not answer.body, f"content {answer.body[:40]!r}"


def holds(text: bytes) -> Check:
    """Check that this is in the content."""

    def check(answer: Answer, _first: Answer) -> None:
        assert text in answer.body, f"content {answer.body[:40]!r}"

    return check


def lacks_text(text: bytes) -> Check:
    """Check that this is not in the content."""

    def check(answer: Answer, _first: Answer) -> None:
        assert text not in answer.body, f"{text!r} is in the content"

    return check


def keeps_secrets(answer: Answer, first: Answer) -> None:
    """Check that nothing of what is hidden, beside the folder or on the machine is told."""
    for text in (SECRET, b"root:x:0:"):
        lacks_text(text)(answer, first)


def same_content(answer: Answer, first: Answer) -> None:
    """Check that the content is that of the first answer."""
    assert answer.body == first.body, f"content {answer.body[:40]!r}"


def at_most(size: int) -> Check:
    """Check that the content is not larger than so many bytes."""

    def check(answer: Answer, _first: Answer) -> None:
        assert len(answer.body) <= size, f"{len(answer.body)} bytes"

    return check


# Parts, whose ends are not included


def part(name: str, start: int, stop: int) -> Check:
    """Check that the content is one part of a file, and told as such."""
    return parts(name, (start, stop))


def parts(name: str, *spans: tuple[int, int]) -> Check:
    """Check that the content is these parts of a file, in this order."""

    def check(answer: Answer, _first: Answer) -> None:
        size = size_of(name)
        expected = [(f"bytes {a}-{b - 1}/{size}", content_of(name, a, b)) for a, b in spans]
        found = _parts_of(answer)
        assert [told for told, _ in found] == [told for told, _ in expected], (
            f"parts {[told for told, _ in found]}"
        )
        assert found == expected, "parts with the wrong content"
        assert len(spans) == 1 or "Content-Range" not in answer.fields, "Content-Range of several"

    return check


def valid_parts(name: str) -> Check:
    """Check that, if there are parts, each is what it says."""

    def check(answer: Answer, _first: Answer) -> None:
        for told, content in _parts_of(answer) if answer.status == 206 else []:
            match = re.fullmatch(rf"bytes (\d+)-(\d+)/{size_of(name)}", told)
            assert match, f"Content-Range: {told}"
            expected = content_of(name, int(match[1]), int(match[2]) + 1)
            assert content == expected, f"the wrong content for {told}"

    return check


def unsatisfied(name: str) -> Check:
    """Check that the size is told to who asked for parts that aren't there (RFC 9110 §15.5.17)."""
    return field("Content-Range", f"bytes */{size_of(name)}")


def _parts_of(answer: Answer) -> list[tuple[str, bytes]]:
    """Return Content-Range and content of each part."""
    kind = answer.fields.get("Content-Type") or ""
    if not kind.startswith("multipart/byteranges"):
        return [(answer.fields.get("Content-Range") or "none", answer.body)]
    message = message_from_bytes(
        f"Content-Type: {kind}\r\n\r\n".encode() + answer.body, policy=HTTP
    )
    assert message.is_multipart(), "no parts"
    assert not message.defects, f"{message.defects}"
    return [_part_of(inner) for inner in message.iter_parts()]


def _part_of(message: Message) -> tuple[str, bytes]:
    content = message.get_payload(decode=True)
    assert isinstance(content, bytes)
    fields = Headers([(name, str(value)) for name, value in message.items()])
    return fields.get("Content-Range") or "none", content
