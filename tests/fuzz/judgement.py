"""What must hold after a connection, whatever the client sent.

What was received is read by the strict parser, what reached the handler is compared with what was
sent, and the log is searched for what is nobody's fault. It knows nothing of how all that came.
"""

import logging
import re
from dataclasses import dataclass, field
from enum import Enum

from trio_https import Request

from .handler import Exchange
from .response_parser import (
    CutOff,
    KnownRequest,
    Malformed,
    ReceivedResponse,
    measure_chunked,
    parse_responses,
)

__all__ = ["Ending", "Outcome", "judge"]

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")
_VISIBLE = r"[\x21-\x7e\x80-\xff]"
_FIELD_LINE = re.compile(
    rf"({_TOKEN.pattern}):[ \t]*((?:{_VISIBLE}(?:[\t \x21-\x7e\x80-\xff]*{_VISIBLE})?)?)[ \t]*"
)


class Ending(Enum):
    """What a client does when it has sent all."""

    HALF_CLOSE = 0
    RESET = 1
    SILENCE = 2
    NEVER_READING = 3
    """Silence too; and what it was sent, from the first byte on, is left in the buffers."""


@dataclass
class Outcome:
    """A connection, and what came of it."""

    payload: bytes
    """What the client sent."""
    ending: Ending
    pauses: bool
    """Whether the client took its time between two pieces."""
    may_half_close: bool
    """Whether the server takes a half-close for less than a farewell."""
    received: bytearray = field(default_factory=bytearray)
    """What the server sent."""
    exchanges: list[Exchange] = field(default_factory=list)
    records: list[logging.LogRecord] = field(default_factory=list)


def judge(outcome: Outcome) -> None:
    """Raise ``AssertionError`` where the server broke one of its promises."""
    unused = _judge_requests(outcome)
    if outcome.ending is not Ending.NEVER_READING:
        responses = _judge_responses(outcome)
        _judge_farewell(outcome, responses, unused)
    _judge_logs(outcome)


def _judge_requests(outcome: Outcome) -> bytes:
    """Each request that reached the handler is well-formed, and begins where the last one ended.

    Return what was sent after the last of them.
    """
    payload, position = outcome.payload, 0
    for exchange in outcome.exchanges:
        request = exchange.request
        _judge_grammar(request)
        while payload.startswith(b"\r\n", position):  # RFC 9112 §2.2
            position += 2
        line = f"{request.method} {request.target} HTTP/".encode()
        assert payload.startswith(line, position), f"a request that was never sent: {line!r}"
        version = payload[position + len(line) :].partition(b"\r\n")[0]
        # RFC 9110 §2.5: a higher minor version is taken for the highest that is known.
        known = {"1.0": rb"1\.0", "1.1": rb"1\.[1-9]"}[request.http_version]
        assert re.fullmatch(known, version), f"{request.http_version} for {version!r}"
        head_end = payload.index(b"\r\n\r\n", position) + 4
        _judge_fields(request, payload[position : head_end - 2])
        position = head_end + _judge_body(exchange, payload[head_end:])
    return payload[position:]


def _judge_grammar(request: Request) -> None:
    assert _TOKEN.fullmatch(request.method), request.method
    assert re.fullmatch(r"[\x21-\x7e]+", request.target), request.target
    assert request.raw_path == "*" or request.raw_path.startswith("/"), request.raw_path
    assert request.authority or request.http_version == "1.0", "no authority"
    lengths = request.headers.get_all("content-length")
    codings = request.headers.get_all("transfer-encoding")
    assert len(lengths) + len(codings) <= 1, "more than one framing"
    assert not codings or request.http_version == "1.1", "Transfer-Encoding in HTTP/1.0"
    assert all(re.fullmatch("[0-9]+", length) for length in lengths), lengths


def _judge_fields(request: Request, head: bytes) -> None:
    """The fields are those that were sent, and each was a line as it must be (RFC 9112 §5)."""
    lines = head.decode("latin-1").split("\r\n")[1:-1]
    fields = [(name.lower(), value) for name, value in request.headers]
    assert len(lines) == len(fields), "another number of fields"
    for line, field_read in zip(lines, fields, strict=True):
        match = _FIELD_LINE.fullmatch(line)
        assert match is not None, f"no field line: {line!r}"
        assert (match[1].lower(), match[2]) == field_read, f"{line!r}: {field_read}"


def _judge_body(exchange: Exchange, sent: bytes) -> int:
    """Compare the body that was read with the one at the beginning of ``sent``; return its size."""
    if exchange.request.headers.get_all("transfer-encoding"):
        body, size, fault = _read_chunked(sent)
    else:
        size = int(exchange.request.headers.get("content-length") or 0)
        body, fault = sent[:size], "it has no end" if size > len(sent) else ""
    exchange.has_come = not fault
    read = bytes(exchange.body)
    assert body.startswith(read), f"another body: {read!r}"
    if exchange.body_is_whole:
        assert not fault, f"a body that is none was accepted: {fault}"
        assert read == body, f"a part of the body: {read!r}"
    return size


def _read_chunked(sent: bytes) -> tuple[bytes, int, str]:
    """Return the content, its coded size, and what is wrong with it: then, nothing follows it."""
    try:
        return *measure_chunked(sent), ""
    except Malformed as exc:
        return exc.content, len(sent), str(exc)


def _judge_responses(outcome: Outcome) -> list[ReceivedResponse] | None:
    """Return the responses; None where they are not all."""
    exchanges = outcome.exchanges
    requests = [_known(exchange.request) for exchange in exchanges]
    cut: CutOff | None = None
    try:
        responses = parse_responses(bytes(outcome.received), requests)
    except CutOff as exc:
        cut, responses = exc, exc.before
    for exchange, response in zip(exchanges, responses, strict=False):
        _judge_response(exchange, response)
        if not outcome.pauses:
            assert response.status != 408 or not exchange.has_come, "408, but all had come"
    for refusal in responses[len(exchanges) :]:
        _judge_refusal(refusal)
    if outcome.ending is Ending.RESET:
        return None
    unanswered = exchanges[len(responses) :]
    if cut is not None:
        assert len(unanswered) == 1, f"cut off: {cut}"
        assert unanswered[0].may_be_cut, f"cut off: {cut}"
        return None
    if outcome.ending is Ending.HALF_CLOSE and not outcome.may_half_close:
        return None
    for exchange in unanswered:
        assert not exchange.is_answered, "a response is missing"
        assert not exchange.has_come, "a request is not answered"
    return None if unanswered else responses


def _judge_farewell(
    outcome: Outcome, responses: list[ReceivedResponse] | None, unused: bytes
) -> None:
    """Whoever has a request ignored was told by the response before it (RFC 9112 §9.6)."""
    if not responses or outcome.pauses:  # then, the server may have run out of patience
        return
    if b"\r\n\r\n" in unused.lstrip(b"\r\n"):
        assert responses[-1].is_last, f"not answered, and not said so: {unused!r}"


def _known(request: Request) -> KnownRequest:
    expectation = request.headers.get("expect") or ""
    return KnownRequest(
        request.method,
        request.http_version,
        # RFC 9110 §10.1.1: that of an HTTP/1.0 client is ignored.
        expects_continue=expectation.lower() == "100-continue" and request.http_version != "1.0",
    )


def _judge_refusal(response: ReceivedResponse) -> None:
    assert 400 <= response.status <= 599, f"{response.status} to no request"
    assert response.status != 500, "500 to no request"
    assert response.is_last, "the connection goes on after what was no request"


def _judge_response(exchange: Exchange, response: ReceivedResponse) -> None:
    if _is_body_held_back(exchange) and 100 not in response.informational:
        # RFC 9110 §10.1.1: nobody could tell whether the body follows or the next request.
        assert response.is_last, "the connection goes on, with the body or without"
    assert response.status != 500 or exchange.is_bug, "500 without a bug"
    assert response.status == 500 or not exchange.is_bug or exchange.may_be_cut, "no 500"
    if exchange.expected is None or response.status != 200:
        return
    if exchange.request.method != "HEAD":
        assert response.body == exchange.expected, f"another body: {response.body!r}"


def _is_body_held_back(exchange: Exchange) -> bool:
    """Whether the client may wait for 100 Continue before it sends the body."""
    has_body = int(exchange.request.headers.get("content-length") or 0) > 0
    is_chunked = bool(exchange.request.headers.get_all("transfer-encoding"))
    is_unread = not exchange.body and not exchange.body_is_whole
    return _known(exchange.request).expects_continue and is_unread and (has_body or is_chunked)


def _judge_logs(outcome: Outcome) -> None:
    has_bug = any(exchange.is_bug for exchange in outcome.exchanges)
    for record in outcome.records:
        message = record.getMessage()
        assert message.isascii(), f"not escaped: {message!r}"
        assert message.isprintable(), f"not escaped: {message!r}"
        if record.levelno >= logging.WARNING:
            assert has_bug, f"{message}: {record.exc_info}"
    lines = [record for record in outcome.records if record.name == "trio_https.access"]
    assert len(lines) - len(outcome.exchanges) in (0, 1), "not a line for each request"
