"""The framing of a chunked body: one reading only, and no extensions left, or the end."""

from collections.abc import Iterable

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trio_https import HTTPError, Limits
from trio_https.rules.chunked_framing import ChunkedFraming

LAST = b"0\r\n\r\n"
HEAD = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"

Verdict = tuple[int, bool] | tuple[bytes, bytes]


def verdict_of(pieces: Iterable[bytes], *, max_body_bytes: int = 1000) -> Verdict:
    """Return what is taken of a body that comes in pieces and what is left, or its refusal."""
    framing = ChunkedFraming(
        Limits(max_body_bytes=max_body_bytes, max_head_bytes=100, max_header_fields=3)
    )
    received, taken = bytearray(), b""
    try:
        for piece in pieces:
            received += piece
            taken += framing.take(received)
    except HTTPError as refusal:
        return refusal.status, refusal.close
    return taken, bytes(received)


def octets(sent: bytes) -> list[bytes]:
    return [bytes([octet]) for octet in sent]


# What is taken


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        pytest.param(LAST, LAST, id="no data"),
        pytest.param(b"5\r\nhello\r\n" + LAST, b"5\r\nhello\r\n" + LAST, id="a chunk"),
        pytest.param(
            b"00A\r\n0123456789\r\n000\r\n\r\n", b"a\r\n0123456789\r\n" + LAST, id="zeros"
        ),
        pytest.param(b"1 ; a = b;c\r\na\r\n0;d\r\n\r\n", b"1\r\na\r\n" + LAST, id="extensions"),
        pytest.param(b'1;a=";\\"\xe9"\r\na\r\n' + LAST, b"1\r\na\r\n" + LAST, id="a quoted string"),
        pytest.param(b"0\r\nA: b\r\n\r\n", b"0\r\nA: b\r\n\r\n", id="a trailer"),
        pytest.param(
            b"0\r\n" + b"A: b\r\n" * 3 + b"\r\n", None, id="as many trailers as the limit"
        ),
        pytest.param(b"0\r\nA: " + b"b" * 93 + b"\r\n\r\n", None, id="as long as the limit"),
        pytest.param(b"3e8\r\n" + b"a" * 1000 + b"\r\n" + LAST, None, id="a body of the limit"),
    ],
)
def test_a_body_is_taken_without_its_extensions(sent: bytes, taken: bytes | None) -> None:
    expected = (taken or sent, b"GET /")
    assert verdict_of([sent + b"GET /"]) == expected
    assert verdict_of(octets(sent + b"GET /")) == expected


@pytest.mark.parametrize(
    ("sent", "taken"),
    [
        pytest.param(b"", b"", id="nothing"),
        pytest.param(b"5", b"", id="half a line"),
        pytest.param(b"5;a=b\r", b"", id="a line but for its LF"),
        pytest.param(b"5\r\nhel", b"5\r\nhel", id="half of the data"),
        pytest.param(b"5\r\nhello\r", b"5\r\nhello", id="half a line end"),
        pytest.param(b"0\r\n", b"0\r\n", id="no last line"),
        pytest.param(b"0\r\n\r", b"0\r\n", id="half of the last line"),
        pytest.param(b"0\r\nA: b\r\n", b"0\r\n", id="half of the trailers"),
    ],
)
def test_what_is_not_whole_stays(sent: bytes, taken: bytes) -> None:
    left = sent[len(taken) :]
    assert verdict_of([sent]) == verdict_of(octets(sent)) == (taken, left)


CHUNKS = st.lists(
    st.tuples(
        st.binary(min_size=1, max_size=40),
        st.sampled_from([b"", b";a", b" ;a=b", b'; a = "b\\"; c"', b";a;b=c"]),
    ),
    max_size=6,
)


@given(CHUNKS, st.lists(st.sampled_from([b"A: b\r\n", b"C:\r\n"]), max_size=3), st.binary())
def test_h11_finds_the_data_the_trailers_and_the_end(
    chunks: list[tuple[bytes, bytes]], trailers: list[bytes], rest: bytes
) -> None:
    body = b"".join(b"%x%b\r\n%b\r\n" % (len(data), ext, data) for data, ext in chunks)
    body += b"0\r\n" + b"".join(trailers) + b"\r\n"
    taken, left = verdict_of([body + rest])
    assert isinstance(taken, bytes)
    assert left == rest
    parser = h11.Connection(h11.SERVER)
    parser.receive_data(HEAD + taken)
    assert isinstance(parser.next_event(), h11.Request)
    data = b""
    while isinstance(event := parser.next_event(), h11.Data):
        data += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert data == b"".join(data for data, _ in chunks)
    assert len(list(event.headers)) == len(trailers)
    assert parser.trailing_data == (b"", False)


# What is refused

REFUSED = {
    "no size": b"\r\n",
    "a prefix": b"0x5\r\n",
    "a sign": b"+5\r\n",
    "an underscore": b"0_5\r\n",
    "a blank before the size": b" 5\r\n",
    "a blank behind the size": b"5 \r\n",
    "§2.2: a bare LF behind the size": b"5\n",
    "§2.2: a bare CR behind the size": b"5\rhello\r\n",
    "§7.1.1: an extension without a name": b"5;\r\n",
    "§7.1.1: an extension without a value": b"5;a=\r\n",
    "§7.1.1: a bare CR in an extension": b"5;a\rb\r\n",
    "§7.1.1: NUL in an extension": b"5;a=\x00\r\n",
    "§7.1.1: a quote that does not end": b'5;a="b\r\n',
    "§7.1.1: an extension that is too long": b"5;" + b"a" * 5000 + b"\r\n",
    "§7.1.1: an extension that does not end": b"5;" + b"a" * 5000,
    "§7.1.1: extensions that are too long": (b"1;" + b"a" * 1000 + b"\r\na\r\n") * 20,
    "nothing behind the data": b"5\r\nhello0\r\n\r\n",
    "§2.2: a bare LF behind the data": b"5\r\nhello\n",
    "§2.2: two CRs behind the data": b"5\r\nhello\r\r",
    "§2.2: a bare LF as the end": b"0\r\n\n",
    "§2.2: a bare LF in the trailers": b"0\r\nA: b\nC: d\r\n\r\n",
    "§2.2: a bare CR in the trailers": b"0\r\nA: b\rC: d\r\n\r\n",
    "§5.2: a folded trailer": b"0\r\nA: b\r\n c\r\n\r\n",
    "§5.2: a blank before the trailers": b"0\r\n A: b\r\n\r\n",
    "RFC 9110 §5.5: NUL in the trailers": b"0\r\nA: \x00\r\n\r\n",
    "RFC 9110 §6.5.1: a length behind the data": b"0\r\ncontent-LENGTH: 5\r\n\r\n",
    "RFC 9110 §6.5.1: a coding behind the data": b"0\r\nA: b\r\nTransfer-Encoding: a\r\n\r\n",
}


@pytest.mark.parametrize("sent", REFUSED.values(), ids=REFUSED.keys())
def test_what_has_two_readings_is_refused(sent: bytes) -> None:
    assert verdict_of([sent]) == verdict_of(octets(sent)) == (400, True)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"3e9\r\n", 413, id="a chunk over the limit of a body"),
        pytest.param(b"3e8\r\n" + b"a" * 1000 + b"\r\n1\r\n", 413, id="two chunks over it"),
        pytest.param(b"f" * 40 + b"\r\n", 413, id="a size that no machine word holds"),
        pytest.param(b"0\r\n" + b"A: b\r\n" * 4 + b"\r\n", 431, id="too many trailers"),
        pytest.param(b"0\r\nA: " + b"b" * 94 + b"\r\n\r\n", 431, id="trailers too long"),
        pytest.param(b"0\r\nA: " + b"b" * 500, 431, id="trailers that do not end"),
    ],
)
def test_what_passes_a_limit_is_refused(sent: bytes, status: int) -> None:
    assert verdict_of([sent]) == verdict_of(octets(sent)) == (status, True)


def test_extensions_may_be_long_where_there_are_data() -> None:
    # As they are in signed uploads to S3: 85 octets on each chunk.
    chunk = b"40;chunk-signature=" + b"f" * 64 + b"\r\n" + b"a" * 64 + b"\r\n"
    taken, _ = verdict_of([chunk * 1000 + LAST], max_body_bytes=64_000)
    assert taken == (b"40\r\n" + b"a" * 64 + b"\r\n") * 1000 + LAST


# Any bytes

LINES = [b"A: b", b"Host: a", b"0\r\n\r\n", b"5\r\nhello\r\n", b"hello", b"a" * 60]
TOKENS = st.lists(st.sampled_from([*octets(b'\r\n015a;=" \x00'), b"\r\n", *LINES]))


@given(TOKENS)
@example([b"0\r\n\r\n", b"\n"])
@example([b"1\r\n", b"a", b"\r", b"\n"])
@example([b"0", b"\r\n", b"A: b", b"a" * 60, b"a" * 60, b"\n"])
@example([b"0", b"\r\n", b"A: b", b"\n", b"a" * 60, b"a" * 60])
def test_it_makes_no_difference_how_a_body_is_cut(tokens: list[bytes]) -> None:
    sent = b"".join(tokens)
    assert verdict_of([sent]) == verdict_of(tokens) == verdict_of(octets(sent))


@given(st.lists(st.binary()))
def test_any_bytes_are_taken_or_refused(pieces: list[bytes]) -> None:
    taken, _ = verdict_of(pieces)
    assert isinstance(taken, bytes) or taken in (400, 413, 431)
