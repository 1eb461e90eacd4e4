"""Raw bytes from a client: each sequence has one meaning, however it is cut (RFC 9110, RFC 9112).

Each row of the tables is sent whole, in two pieces, and byte by byte, each time on a connection of
its own and with one more request behind it, which tells whether the connection is still usable. It
is cut at every octet, or where it is long, at those that matter most. The connections of a row have
one service, as those of a server have. What comes back is read by a parser that is as strict as the
RFC and knows nothing of h11.
"""

import logging
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
import trio
import trio.testing

from trio_https import Request, Response
from trio_https.connection import serve_connection
from trio_https.service import Service

from ..peer import read_all
from ..service import make_service
from . import chunked, content_length, exchanges, fields, host, limits, request_line, targets
from .sequence import LIMITS, SMUGGLED, SMUGGLED_PATH, Seen, Sequence

TABLES = {
    "request line": request_line.SEQUENCES,
    "target": targets.SEQUENCES,
    "Host": host.SEQUENCES,
    "fields": fields.SEQUENCES,
    "length": content_length.SEQUENCES,
    "chunks": chunked.SEQUENCES,
    "limits": limits.SEQUENCES,
    "exchanges": exchanges.SEQUENCES,
}
SEQUENCES = {
    f"{table}, {sequence}": sequence
    for table, sequences in TABLES.items()
    for sequence in sequences
}

# One more request, to see whether it is answered.
PROBE = b"GET /probe HTTP/1.1\r\nHost: probe\r\n\r\n"
PROBE_SEEN = Seen("GET", "/probe", "probe")

# Each boundary of each row is a connection: 47,000 of them. The rows of 8 to 80 KiB, which would
# take hours, are cut in fewer places.
MAX_BYTES_CUT_EVERYWHERE = 1000
MAX_PIECES = 500  # of a row that comes "byte by byte"


class Final(NamedTuple):
    """A response as the client reads it, its informational ones before it."""

    informational: tuple[int, ...]
    status: int
    closes: bool
    body: bytes


class Outcome(NamedTuple):
    """What became of the bytes: what came back, and what the handler saw."""

    responses: list[Final]
    seen: list[Seen]


# How the bytes are sent


@asynccontextmanager
async def open_service() -> AsyncIterator[Service]:
    """Yield what the connections of a row have in common, and have it do what it does for them."""
    service = make_service(forbid, limits=LIMITS)
    async with trio.open_nursery() as watching:
        for watch in service.watchers:
            watching.start_soon(watch)
        yield service
        watching.cancel_scope.cancel()


async def forbid(request: Request) -> Response:
    raise AssertionError("each connection has a handler of its own")


async def send(service: Service, pieces: list[bytes], *, reads_bodies: bool = True) -> Outcome:
    """Send ``pieces``, each when the server has done what it can with those before."""
    begun: list[str] = []
    seen: list[Seen] = []

    async def echo(request: Request) -> Response:
        begun.append(request.method)
        assert SMUGGLED_PATH not in request.target
        body = await request.bytes() if reads_bodies else b""
        seen.append(Seen(request.method, request.target, request.authority, body, request.raw_path))
        return Response(body=echo_of(seen[-1]))

    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as serving, ours:
        serving.start_soon(serve_connection, theirs, replace(service, handler=echo))
        try:
            for piece in pieces:
                await ours.send_all(piece)
                await trio.testing.wait_all_tasks_blocked()
        except trio.BrokenResourceError:
            pass  # the server has had enough
        await ours.send_eof()
        received = await read_all(ours)
    return Outcome(list(read_responses(received, begun)), seen)


def echo_of(seen: Seen) -> bytes:
    return f"{seen.method} {seen.target} {seen.authority}\n".encode() + seen.body


# What comes back

STATUS_LINE = re.compile(rb"HTTP/1\.1 ([1-5][0-9]{2}) [\t -~]*")  # RFC 9112 §4
FIELD_LINE = re.compile(  # RFC 9110 §5.1, §5.5
    rb"([-!#$%&'*+.^_`|~0-9A-Za-z]+):[ \t]*((?:[!-~](?:[ \t!-~]*[!-~])?)?)[ \t]*"
)


def read_responses(received: bytes, methods: list[str]) -> Iterator[Final]:
    """Read all responses to requests of these methods, or fail."""
    informational: tuple[int, ...] = ()
    position = 0
    while received:
        head, empty_line, received = received.partition(b"\r\n\r\n")
        assert empty_line, "the last response has no whole head"
        status_line, *field_lines = head.split(b"\r\n")
        status = int(match_all(STATUS_LINE, status_line)[1])
        matches = [match_all(FIELD_LINE, line) for line in field_lines]
        fields = {match[1].lower(): match[2] for match in matches}
        assert len(fields) == len(matches), "no field of ours is sent twice"
        if status < 200:
            assert not fields
            informational += (status,)
            continue
        is_head = methods[position : position + 1] == ["HEAD"]
        length = 0 if is_head else int(fields[b"content-length"])
        assert len(received) >= length, "the last response is cut off"
        closes = fields.get(b"connection") == b"close"
        yield Final(informational, status, closes, received[:length])
        received = received[length:]
        informational = ()
        position += 1
    assert not informational, "the last response is not a final one"


def match_all(pattern: re.Pattern[bytes], line: bytes) -> re.Match[bytes]:
    match = pattern.fullmatch(line)
    assert match, line
    return match


# What must come back


def check(sequence: Sequence, outcome: Outcome, *, byte_by_byte: bool = False) -> None:
    expected_seen = [
        seen._replace(raw_path=seen.raw_path or seen.target.partition("?")[0])
        for seen in (*sequence.seen, *[PROBE_SEEN] * (sequence.end == "open"))
    ]
    expected_statuses = [status for status in sequence.statuses if status != 100]
    expected_statuses += [200] * (sequence.end == "open")
    assert [response.status for response in outcome.responses] == expected_statuses
    assert outcome.seen == expected_seen
    bodies = [response.body for response in outcome.responses if response.status == 200]
    assert bodies == [b"" if seen.method == "HEAD" else echo_of(seen) for seen in expected_seen]
    closes = [response.closes for response in outcome.responses]
    assert closes == [False] * (len(closes) - 1) + [sequence.end == "closed"] * bool(closes)
    informational = [status for final in outcome.responses for status in final.informational]
    expected_informational = [status for status in sequence.statuses if status == 100]
    # RFC 9110 §10.1.1: left out where some of the content has come already.
    assert informational == expected_informational or (not informational and not byte_by_byte)


def probed(sequence: Sequence) -> bytes:
    """What is sent at the end of a row: one more request, if there is anybody to send it."""
    return b"" if sequence.end == "abandoned" else PROBE


def cuts(sent: bytes) -> list[int]:
    """Return where to cut; in a long row: the request line, around line ends, some between."""
    if len(sent) <= MAX_BYTES_CUT_EVERYWHERE:
        return list(range(1, len(sent) + 1))
    # Whether what is hidden has come as a whole can't matter: nobody is to look at it.
    end = len(sent.removesuffix(SMUGGLED))
    line_ends = [match.start() for match in re.finditer(rb"\r\n", sent[:end])] or [end]
    chosen = {end, end + 1, len(sent), *range(1, min(line_ends[0], 40))}
    chosen.update(range(1, end, max(8, end // 12)))
    for line_end in line_ends[:8] + line_ends[-3:]:
        chosen.update(range(line_end, line_end + 3))
    return sorted(cut for cut in chosen if 0 < cut <= len(sent))


def faults(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What a client's bytes must never lead to: a bug of the server, a handler that objects."""
    return [record.getMessage() for record in caplog.records if record.levelno > logging.INFO]


@pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=SEQUENCES.keys())
async def test_a_sequence_has_one_meaning(
    sequence: Sequence, autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_service() as service:
        check(sequence, await send(service, [sequence.sent + probed(sequence)]))
    assert faults(caplog) == []


@pytest.mark.no_cover  # the same lines, 47,000 times
@pytest.mark.parametrize("sequence", SEQUENCES.values(), ids=SEQUENCES.keys())
async def test_a_sequence_has_one_meaning_however_it_is_cut(
    sequence: Sequence, autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_service() as service:
        check(sequence, await send(service, drops(sequence)), byte_by_byte=True)
        async with trio.open_nursery() as nursery:
            for cut in cuts(sequence.sent):
                nursery.start_soon(send_in_two, service, sequence, cut)
    assert faults(caplog) == []


def drops(sequence: Sequence) -> list[bytes]:
    """Return a row byte by byte; where it is long, in as many pieces as are done in time."""
    sent = sequence.sent
    size = 1 + len(sent) // MAX_PIECES
    pieces = [sent[start : start + size] for start in range(0, len(sent), size)]
    return pieces + [bytes([octet]) for octet in probed(sequence)]


async def send_in_two(service: Service, sequence: Sequence, cut: int) -> None:
    pieces = [sequence.sent[:cut], sequence.sent[cut:] + probed(sequence)]
    check(sequence, await send(service, pieces))


@pytest.mark.parametrize("table", TABLES)
async def test_nothing_hidden_is_seen_where_no_body_is_read(
    table: str, autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_service() as service:
        for sequence in TABLES[table]:
            outcome = await send(service, [sequence.sent + probed(sequence)], reads_bodies=False)
            assert sequence.end == "open" or PROBE_SEEN not in outcome.seen, sequence
            assert True not in [response.closes for response in outcome.responses[:-1]], sequence
            assert faults(caplog) == [], sequence


def test_no_two_rows_have_the_same_name_or_the_same_bytes() -> None:
    rows = sum(map(len, TABLES.values()))
    assert len(SEQUENCES) == rows
    assert len({sequence.sent for sequence in SEQUENCES.values()}) == rows
