"""A strict reader of what a server sends on one connection (RFC 9112), made without h11.

It takes all that was received and what is known of the requests, and gives the responses, or says
why there is none. It is as strict as a sender must be, not as lenient as a recipient may be: each
message has exactly one reading here. It knows nothing of the server that it judges.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from http import HTTPStatus
from typing import Literal, NamedTuple

__all__ = [
    "CutOff",
    "KnownRequest",
    "Malformed",
    "ReceivedResponse",
    "measure_chunked",
    "parse_responses",
]

Framing = Literal["none", "length", "chunked", "close"]

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) ([\t \x21-\x7e\x80-\xff]*)")  # RFC 9112 §4
_VISIBLE = rb"[\x21-\x7e\x80-\xff]"  # VCHAR or obs-text
_FIELD_LINE = re.compile(  # RFC 9110 §5.5: no blanks at the ends of a value
    rb"(%b):[ \t]*((?:%b(?:[\t \x21-\x7e\x80-\xff]*%b)?)?)[ \t]*" % (_TOKEN, _VISIBLE, _VISIBLE)
)
# RFC 9112 §7.1 and §7.1.1; a recipient must take the blanks that a sender must not send.
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_CHUNK_LINE = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;%b(?:=(?:%b|%b))?)*" % (_TOKEN, _TOKEN, _QUOTED))
_CHUNK_LINE_WITH_BLANKS = re.compile(
    rb"([0-9A-Fa-f]{1,16})(?:[ \t]*;[ \t]*%b(?:[ \t]*=[ \t]*(?:%b|%b))?)*"
    % (_TOKEN, _TOKEN, _QUOTED)
)
_IMF_FIXDATE = re.compile(  # RFC 9110 §5.6.7
    rb"(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-3][0-9]"
    rb" (?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)"
    rb" [0-9]{4} [0-2][0-9]:[0-5][0-9]:[0-6][0-9] GMT"
)
# RFC 9110 §6.5.1 and RFC 9112 §7.1.2: what decides how a message is read can't come after it.
_NO_TRAILERS = {b"content-length", b"transfer-encoding", b"host", b"trailer", b"connection"}
# What a status must come with (RFC 9110 §15.5.2, §15.5.6, §15.5.8, §15.5.22).
_REQUIRED = {
    401: b"www-authenticate",
    405: b"allow",
    407: b"proxy-authenticate",
    426: b"upgrade",
}
_REGISTERED = {status.value for status in HTTPStatus}


class Malformed(ValueError):  # noqa: N818 -- what was received is, and nobody's error yet
    """What was received is no sequence of responses to these requests; the message says why.

    ``content`` is what came of the body in which it stopped, b"" where there was none.
    """

    content = b""


class CutOff(Malformed):
    """It is one as far as it goes, but the last message has no end."""

    def __init__(self, reason: str, content: bytes = b"") -> None:
        super().__init__(reason)
        self.content = content
        self.before: list[ReceivedResponse] = []
        """The responses that are whole."""


class KnownRequest(NamedTuple):
    """What the reading of a response depends on."""

    method: str
    version: str = "1.1"
    expects_continue: bool = False


class ReceivedResponse(NamedTuple):
    """A response with a final status code."""

    status: int
    reason: str
    fields: tuple[tuple[bytes, bytes], ...]
    """Names in lower case."""
    body: bytes
    framing: Framing
    is_last: bool
    """Whether it said that the connection ends with it."""
    informational: tuple[int, ...] = ()
    """The 1xx responses before it."""

    def get_all(self, name: bytes) -> list[bytes]:
        """Return the values of a field, ``name`` being in lower case."""
        return [value for known, value in self.fields if known == name]


def parse_responses(
    received: bytes, requests: Sequence[KnownRequest | None]
) -> list[ReceivedResponse]:
    """Return the responses in ``received``, which is all that came until the connection ended.

    ``requests`` are those that were sent, as far as known: None, like whatever follows the last of
    them, is one of which nothing is known. A response to such a one may be read as one to HEAD, but
    only where nothing else comes behind its head. There may be fewer responses than requests.
    Raises ``Malformed``, and ``CutOff`` where only the end is missing.
    """
    reader = _Reader(received)
    responses: list[ReceivedResponse] = []
    known = iter(requests)
    while not reader.at_end():
        if responses and responses[-1].is_last:
            raise Malformed(f"there is more behind the last response: {reader.glimpse()!r}")
        try:
            responses.append(_read_exchange(reader, next(known, None)))
        except CutOff as exc:
            exc.before = responses
            raise
    return responses


def measure_chunked(received: bytes) -> tuple[bytes, int]:
    """Return the content of the chunked body that ``received`` begins with, and its coded size.

    Here, unlike in responses, stands what a recipient must take or may drop: blanks in chunk
    extensions, and trailer fields that should have been header fields. Raises ``Malformed``.
    """
    reader = _Reader(received)
    return _read_chunks(reader, _CHUNK_LINE_WITH_BLANKS), reader.position


class _Reader:
    """A position in what was received."""

    def __init__(self, received: bytes) -> None:
        self._received = received
        self.position = 0

    def at_end(self) -> bool:
        return self.position == len(self._received)

    def glimpse(self) -> bytes:
        return self._received[self.position :][:40]

    def take_line(self) -> bytes:
        """Return what comes before the next CR LF, and pass over both."""
        end = self._received.find(b"\n", self.position)
        if end < 0:
            raise CutOff(f"the end of a line is missing: {self.glimpse()!r}")
        line = self._received[self.position : end + 1]
        if not line.endswith(b"\r\n") or b"\r" in line[:-2]:
            raise Malformed(f"a line does not end in CR LF: {line[:40]!r}")  # RFC 9112 §2.2
        self.position = end + 1
        return line[:-2]

    def take(self, size: int) -> bytes:
        """Return the next ``size`` bytes."""
        taken = self._received[self.position : self.position + size]
        if len(taken) < size:
            raise CutOff(f"{size - len(taken)} of {size} bytes are missing", taken)
        self.position += size
        return taken

    def take_line_end(self) -> None:
        """Pass over CR LF."""
        end = self.glimpse()[:2]
        if end != b"\r\n":
            if b"\r\n".startswith(end):
                raise CutOff("the end of a chunk is missing")
            raise Malformed(f"a chunk ends in {end!r}")
        self.position += 2

    def take_rest(self) -> bytes:
        return self.take(len(self._received) - self.position)


class _Head(NamedTuple):
    status: int
    reason: str
    fields: tuple[tuple[bytes, bytes], ...]

    def get_all(self, name: bytes) -> list[bytes]:
        return [value for known, value in self.fields if known == name]

    def connection_options(self) -> set[bytes]:
        lines = b",".join(self.get_all(b"connection")).lower().split(b",")
        return {option.strip(b" \t") for option in lines}


def _read_exchange(reader: _Reader, request: KnownRequest | None) -> ReceivedResponse:
    """Read the informational responses to one request, and the final one."""
    informational: list[int] = []
    head = _read_head(reader)
    while head.status < 200:
        _check_informational(head, request, informational)
        informational.append(head.status)
        head = _read_head(reader)
    _check_final(head)
    is_last = b"close" in head.connection_options()
    framing, body = _read_body(reader, head, request, is_last=is_last)
    if request is not None and request.version == "1.0" and not is_last:
        is_last = b"keep-alive" not in head.connection_options()  # RFC 9112 §9.3
    return ReceivedResponse(
        head.status, head.reason, head.fields, body, framing, is_last, tuple(informational)
    )


def _read_head(reader: _Reader) -> _Head:
    if not b"HTTP/1.1 ".startswith(reader.glimpse()[:9]):
        raise Malformed(f"no status line: {reader.glimpse()!r}")
    line = reader.take_line()
    match = _STATUS_LINE.fullmatch(line)
    if match is None:
        raise Malformed(f"no status line: {line[:60]!r}")
    status = int(match[1])
    if not match[2] and status in _REGISTERED:
        raise Malformed(f"{status} has no reason phrase")
    fields = tuple(_read_fields(reader))
    return _Head(status, match[2].decode("latin-1"), fields)


def _read_fields(reader: _Reader) -> Iterator[tuple[bytes, bytes]]:
    while line := reader.take_line():
        match = _FIELD_LINE.fullmatch(line)  # obs-fold is none (RFC 9112 §5.2)
        if match is None:
            raise Malformed(f"no field line: {line[:60]!r}")
        yield match[1].lower(), match[2]


def _check_informational(head: _Head, request: KnownRequest | None, before: Sequence[int]) -> None:
    if head.status == 101:
        raise Malformed("101, but no other protocol was agreed on")
    if request is not None and request.version == "1.0":  # RFC 9110 §15.2
        raise Malformed(f"{head.status} to a client of HTTP/1.0")
    if head.status == 100 and request is not None and not request.expects_continue:
        raise Malformed("100 to a client that did not expect it")  # RFC 9110 §10.1.1
    if head.status == 100 and 100 in before:
        raise Malformed("100 twice")
    _check_unframed(head)


def _check_unframed(head: _Head) -> None:
    """Neither Content-Length nor Transfer-Encoding: RFC 9110 §8.6, RFC 9112 §6.1."""
    for name in (b"content-length", b"transfer-encoding"):
        if head.get_all(name):
            raise Malformed(f"{head.status} with {name.decode()}")


def _check_final(head: _Head) -> None:
    dates = head.get_all(b"date")  # RFC 9110 §6.6.1
    if len(dates) != 1 or not _IMF_FIXDATE.fullmatch(dates[0]):
        raise Malformed(f"{head.status} with Date {dates!r}")
    required = _REQUIRED.get(head.status)
    if required is not None and not head.get_all(required):
        raise Malformed(f"{head.status} without {required.decode()}")
    if head.get_all(b"upgrade") and b"upgrade" not in head.connection_options():
        raise Malformed("Upgrade is no connection option")  # RFC 9110 §7.8


def _read_body(
    reader: _Reader, head: _Head, request: KnownRequest | None, *, is_last: bool
) -> tuple[Framing, bytes]:
    """Return how the body is framed, and the body (RFC 9112 §6.3)."""
    if head.status == 204:
        _check_unframed(head)
        return "none", b""
    length = _content_length(head)
    is_chunked = _is_chunked(head, request)
    if is_chunked and length is not None:
        raise Malformed("there is more than one framing of the body")  # RFC 9112 §6.2
    if head.status == 304 or (request is not None and request.method == "HEAD"):
        return "none", b""
    if request is None and reader.at_end():  # to HEAD, it may be
        return "none", b""
    if request is not None and request.method == "CONNECT" and head.status < 300:
        raise Malformed("a tunnel was opened")
    framing: Framing
    if is_chunked:
        framing, body = "chunked", _read_chunks(reader, _CHUNK_LINE, _NO_TRAILERS)
    elif length is not None:
        framing, body = "length", reader.take(length)
    elif not is_last:
        raise Malformed("the body has neither a length nor an end")
    else:
        framing, body = "close", reader.take_rest()
    if head.status == 205 and body:
        raise Malformed("205 with content")  # RFC 9110 §15.3.6
    return framing, body


def _content_length(head: _Head) -> int | None:
    values = head.get_all(b"content-length")
    if not values:
        return None
    if len(values) > 1 or not re.fullmatch(rb"[0-9]{1,18}", values[0]):
        raise Malformed(f"Content-Length {values!r}")  # RFC 9110 §8.6
    return int(values[0])


def _is_chunked(head: _Head, request: KnownRequest | None) -> bool:
    codings = head.get_all(b"transfer-encoding")
    if not codings:
        return False
    if [coding.lower() for coding in codings] != [b"chunked"]:
        raise Malformed(f"Transfer-Encoding {codings!r}")  # nobody has sent a TE field
    if request is not None and request.version == "1.0":
        raise Malformed("Transfer-Encoding to a client of HTTP/1.0")  # RFC 9112 §6.1
    return True


def _read_chunks(
    reader: _Reader, size_line: re.Pattern[bytes], no_trailers: Collection[bytes] = ()
) -> bytes:
    body = bytearray()
    try:
        while size := _read_chunk_size(reader, size_line):
            body += reader.take(size)
            reader.take_line_end()
        for name, _ in _read_fields(reader):
            if name in no_trailers:
                raise Malformed(f"{name.decode()} in a trailer section")
    except Malformed as exc:
        exc.content = bytes(body) + exc.content
        raise
    return bytes(body)


def _read_chunk_size(reader: _Reader, size_line: re.Pattern[bytes]) -> int:
    line = reader.take_line()
    match = size_line.fullmatch(line)
    if match is None:
        raise Malformed(f"no chunk size: {line[:40]!r}")
    return int(match[1], 16)
