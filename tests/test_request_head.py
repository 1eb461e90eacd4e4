"""What the bytes of a request head must be: one reading only, or 400 and the end."""

from collections.abc import Iterable, Sequence
from typing import Any

import h11
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trio_https import HTTPError
from trio_https.rules.request_head import check_request_head, find_head_end, take_head

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


def refusal_of(head: bytes, *, max_fields: int = 100) -> tuple[int, bool] | None:
    """Return the status that ``head`` is refused with, and whether that closes the connection."""
    try:
        check_request_head(head, max_fields=max_fields)
    except HTTPError as refusal:
        return refusal.status, refusal.close
    return None


# Where a head ends


@pytest.mark.parametrize(
    ("received", "found"),
    [
        pytest.param(b"", (0, -1), id="nothing"),
        pytest.param(GET, (0, 35), id="a head"),
        pytest.param(GET + GET, (0, 35), id="two heads"),
        pytest.param(GET + b"\r\n\r\n", (0, 35), id="a body like an empty line"),
        pytest.param(b"\r\n" + GET, (2, 37), id="§2.2: an empty line before"),
        pytest.param(b"\r\n\r\n\r\n" + GET, (6, 41), id="§2.2: empty lines before"),
        pytest.param(b"\r\n\r\n", (4, -1), id="§2.2: only empty lines"),
        pytest.param(b"\r", (0, -1), id="half of an empty line"),
        pytest.param(b"\r\n\r", (2, -1), id="an empty line and a half"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", (0, 18), id="no header field"),
        pytest.param(b"GET / HTTP/1.1\n\n", (0, -1), id="§2.2: bare LFs are no line ends"),
        pytest.param(b"GET / HTTP/1.1\r\n\n\r\n", (0, -1), id="§2.2: a bare LF is no empty line"),
        pytest.param(b"\n" + GET, (0, 36), id="§2.2: a bare LF before is part of it"),
    ],
)
def test_a_head_ends_with_its_empty_line(received: bytes, found: tuple[int, int]) -> None:
    assert find_head_end(received) == found
    assert find_head_end(bytearray(received)) == found


FIELD_LINES = st.lists(
    st.tuples(
        st.from_regex(rb"[A-Za-z][A-Za-z0-9-]{0,8}", fullmatch=True).filter(
            lambda name: name.lower() not in (b"content-length", b"transfer-encoding")
        ),
        st.from_regex(rb"([!-~\x80-\xff]([ \t!-~\x80-\xff]{0,8}[!-~\x80-\xff])?)?", fullmatch=True),
    ),
    max_size=6,
)


def make_head(fields: Sequence[tuple[bytes, bytes]]) -> bytes:
    lines = [b"POST /a?b HTTP/1.1", *(name + b": " + value for name, value in fields)]
    return b"\r\n".join(lines) + b"\r\n\r\n"


@given(FIELD_LINES, st.integers(0, 3))
def test_a_head_that_is_cut_anywhere_is_not_complete(
    fields: list[tuple[bytes, bytes]], empty_lines: int
) -> None:
    received = b"\r\n" * empty_lines + make_head(fields)
    for size in range(len(received)):
        assert find_head_end(received[:size])[1] == -1


@given(FIELD_LINES, st.integers(0, 3), st.binary(max_size=20))
def test_what_follows_a_head_does_not_move_its_end(
    fields: list[tuple[bytes, bytes]], empty_lines: int, rest: bytes
) -> None:
    received = b"\r\n" * empty_lines + make_head(fields)
    assert find_head_end(received + rest) == (2 * empty_lines, len(received))


# Taking it from what was received


def take(received: bytearray, *, max_head_bytes: int = 100, max_target_bytes: int = 20) -> Any:
    """Return what ``take_head`` does, or the status that it refuses with and whether it closes."""
    try:
        return take_head(received, max_head_bytes=max_head_bytes, max_target_bytes=max_target_bytes)
    except HTTPError as refusal:
        return refusal.status, refusal.close


def test_a_whole_head_is_taken_and_what_follows_it_stays() -> None:
    received = bytearray(b"\r\n" + GET + GET + b"GET")
    assert take(received) == GET
    assert take(received) == GET
    assert take(received) is None
    assert received == b"GET"


def test_what_follows_a_head_does_not_count_against_its_limits() -> None:
    received = bytearray(GET + bytes(5000))
    assert take(received) == GET
    assert len(received) == 5000


@pytest.mark.parametrize("received", [b"", b"\r", b"\r\n\r\n", b"GET / HTTP/1.1\r\n", GET[:-1]])
def test_what_is_not_whole_stays(received: bytes) -> None:
    rest = bytearray(received)
    assert take(rest) is None
    assert rest == received


@pytest.mark.parametrize(("size", "taken"), [(99, True), (100, True), (101, False), (5000, False)])
def test_a_head_may_be_as_long_as_the_limit_says(size: int, taken: bool) -> None:
    head = GET[:-4].ljust(size - 4, b"a") + b"\r\n\r\n"
    assert len(head) == size
    assert take(bytearray(head)) == (head if taken else (431, True))
    assert take(bytearray(head[:-1])) == (None if size <= 101 else (431, True))


@pytest.mark.parametrize(("size", "taken"), [(19, True), (20, True), (21, False), (5000, False)])
@pytest.mark.parametrize("rest", [b"", b" ", b" HTTP/1.1", b" HTTP/1.1\r\nHost: a\r\n\r\n"])
def test_a_target_may_be_as_long_as_the_limit_says(size: int, taken: bool, rest: bytes) -> None:
    received = b"GET /" + b"a" * (size - 1) + rest
    whole = rest.endswith(b"\r\n\r\n")
    assert take(bytearray(received)) == ((received if whole else None) if taken else (414, True))


def test_a_long_method_or_field_is_no_long_target() -> None:
    assert take(bytearray(b"G" * 60 + b" / HTTP/1.1\r\n")) is None
    assert take(bytearray(b"GET / HTTP/1.1\r\nA: " + b"b c" * 20)) is None


@pytest.mark.parametrize("received", [b"GET / HTTP/1.1\n", b"\n", b"GET / HTTP/1.1\r\nA: b\n\n"])
def test_a_bare_lf_is_not_waited_on(received: bytes) -> None:
    assert take(bytearray(received)) == (400, True)  # RFC 9112 §2.2


def test_a_few_empty_lines_are_passed_over_and_count_against_no_limit() -> None:
    empty_lines = b"\r\n" * 8
    head = GET[:-4].ljust(96, b"a") + b"\r\n\r\n"
    assert take(bytearray(empty_lines)) is None
    assert take(bytearray(empty_lines + head)) == head
    assert take(bytearray(empty_lines + b"\r\n")) == (400, True)
    assert take(bytearray(empty_lines + b"\r\n" + head)) == (400, True)


def verdict_of(pieces: Iterable[bytes]) -> Any:
    """Return what becomes of a head that comes in pieces."""
    received = bytearray()
    for piece in pieces:
        received += piece
        verdict = take(received)
        if verdict is not None:
            return refusal_of(verdict) or verdict if isinstance(verdict, bytes) else verdict
    return None


@given(
    st.integers(1, 30),
    st.lists(
        st.sampled_from([b"\r\n", b"\r", b"\n", b" ", b"A: b", b"a" * 15, b"HTTP/1.1", b"\x00"])
    ),
)
@example(20, [b"A: ", b"a" * 100])
@example(20, [b"A: b", b"\r\n", b" ", b"c", b"\r\n", b"\r\n"])
@example(21, [b"\n", b"\r\n", b"\r\n"])
@example(20, [b"\n", b"a" * 100])
@example(20, [b"a" * 100, b"\n"])
def test_it_makes_no_difference_how_a_head_is_cut(target_size: int, rest: list[bytes]) -> None:
    tokens = [b"GET /", b"a" * (target_size - 1), b" HTTP/1.1\r\n", *rest]
    sent = b"".join(tokens)
    by_octets = [bytes([octet]) for octet in sent]
    assert verdict_of([sent]) == verdict_of(tokens) == verdict_of(by_octets)


def test_the_first_fault_counts_also_where_a_limit_is_passed_behind_it() -> None:
    by_octets = [bytes([octet]) for octet in b"GET\n " + b"a" * 30]
    for pieces in ([b"GET\n " + b"a" * 30], by_octets):
        assert verdict_of(pieces) == (400, True)
    by_octets = [bytes([octet]) for octet in b"GET " + b"a" * 30 + b"\n"]
    for pieces in ([b"GET " + b"a" * 30 + b"\n"], by_octets):
        assert verdict_of(pieces) == (414, True)
    assert verdict_of([b"GET / HTTP/1.1\n" + b"a" * 100]) == (400, True)
    assert verdict_of([b"GET / HTTP/1.1\r\n" + b"a" * 100 + b"\n"]) == (431, True)


# What is accepted


@pytest.mark.parametrize(
    "head",
    [
        pytest.param(GET, id="a request"),
        pytest.param(b"GET / HTTP/1.0\r\n\r\n", id="no header field"),
        pytest.param(b"GET / HTTP/1.1\r\nA:\r\n\r\n", id="§5: an empty value"),
        pytest.param(b"GET / HTTP/1.1\r\nA: \t b\tc \t\r\n\r\n", id="§5: blanks around a value"),
        pytest.param(
            b"GET / HTTP/1.1\r\nA: caf\xe9 \x80\xff\r\n\r\n", id="RFC 9110 §5.5: obs-text"
        ),
        pytest.param(b"P / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", id="§6.2: a length"),
        pytest.param(b"P / HTTP/1.0\r\nContent-Length: 5\r\n\r\n", id="§6.2: a length in 1.0"),
        pytest.param(b"P / HTTP/1.1\r\nContent-Length:\t5 \r\n\r\n", id="§6.2: blanks around it"),
        pytest.param(b"P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", id="§6.1: a coding"),
        pytest.param(b"P / HTTP/1.2\r\nTransfer-Encoding: chunked\r\n\r\n", id="§6.1: in 1.2"),
        pytest.param(
            b"P / HTTP/1.1\r\ntransfer-encoding:\tChunked \r\n\r\n", id="§7: in another case"
        ),
        pytest.param(
            b"P / HTTP/1.1\r\nContent-Length: 5\r\nX-Content-Length: 6\r\n"
            b"Content-Length-X: 7\r\nX: Content-Length: 8\r\n\r\n",
            id="a name that only resembles",
        ),
        pytest.param(
            b"P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nX-Transfer-Encoding: a\r\n"
            b"X: transfer-encoding: b\r\n\r\n",
            id="a coding's name that only resembles",
        ),
        pytest.param(b"GET /content-length: HTTP/1.1\r\nContent-Length: 0\r\n\r\n", id="a target"),
    ],
)
def test_a_head_with_one_reading_is_accepted(head: bytes) -> None:
    assert refusal_of(head) is None


@given(FIELD_LINES)
def test_any_well_formed_fields_are_accepted(fields: list[tuple[bytes, bytes]]) -> None:
    assert refusal_of(make_head(fields)) is None


# What is refused (sections of RFC 9112 where no other is named)

REFUSED = {
    "§2.2: all lines end in a bare LF": b"GET / HTTP/1.1\nHost: a\n\n",
    "§2.2: the request line ends in a bare LF": b"GET / HTTP/1.1\nHost: a\r\n\r\n",
    "§2.2: a field line ends in a bare LF": b"GET / HTTP/1.1\r\nHost: a\nB: c\r\n\r\n",
    "§2.2: a bare CR in the request line": b"GET /\r HTTP/1.1\r\n\r\n",
    "§2.2: a bare CR in a name": b"GET / HTTP/1.1\r\nHo\rst: a\r\n\r\n",
    "§2.2: a bare CR in a value": b"GET / HTTP/1.1\r\nHost: a\rb\r\n\r\n",
    "§2.2: CR CR LF": b"GET / HTTP/1.1\r\r\nHost: a\r\n\r\n",
    "§2.2: LF CR": b"GET / HTTP/1.1\n\rHost: a\n\r\r\n\r\n",
    "§2.2: a bare CR and a bare LF, apart": b"GET /\r / HTTP/1.1\nHost: a\r\n\r\n",
    "§2.2: a blank before the first field": b"GET / HTTP/1.1\r\n Host: a\r\n\r\n",
    "§5.2: a line folded with a space": b"GET / HTTP/1.1\r\nA: b\r\n c\r\n\r\n",
    "§5.2: a line folded with a tab": b"GET / HTTP/1.1\r\nA: b\r\n\tc\r\n\r\n",
    "§5.2: a folded line that is blank": b"GET / HTTP/1.1\r\nA: b\r\n \r\n\r\n",
    "§6.3: two lengths": b"P / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
    "§6.3: the same length twice": (
        b"P / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\n"
    ),
    "§6.3: two lengths in two cases": (
        b"P / HTTP/1.1\r\nCONTENT-LENGTH: 5\r\nA: b\r\ncontent-length:6\r\n\r\n"
    ),
    "§6.3: two lengths, one before a blank": (
        b"P / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length \t: 6\r\n\r\n"
    ),
    "§6.1: a length, then a coding": (
        b"P / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n"
    ),
    "§6.1: a coding, then a length": (
        b"P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n"
    ),
    "§6.1: a length of 0 and a coding": (
        b"P / HTTP/1.1\r\ncontent-length: 0\r\ntransfer-encoding: chunked\r\n\r\n"
    ),
    "§6.1: a length and a coding before a blank": (
        b"P / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding : chunked\r\n\r\n"
    ),
    "§6.1: two codings": (
        b"P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\ntransfer-encoding: chunked\r\n\r\n"
    ),
    "§6.1: a coding in HTTP/1.0": b"P / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "§6.1: a coding in HTTP/1.0, 1.1 in a field": (
        b"P / HTTP/1.0\r\nTransfer-Encoding: chunked\r\nA: HTTP/1.1\r\n\r\n"
    ),
    "§6.1: a coding without a version": b"P /\r\nTransfer-Encoding: chunked\r\n\r\n",
    "§6.1: a coding in HTTP/0.9": b"P / HTTP/0.9\r\nTransfer-Encoding: chunked\r\n\r\n",
    "§6.1: chunked twice": b"P / HTTP/1.1\r\nTransfer-Encoding: chunked, chunked\r\n\r\n",
    "§6.3: chunked is not the last": (b"P / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"),
    "§6.3: chunked in one field, not the last": (
        b"P / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: gzip\r\n\r\n"
    ),
    "§6.3: no chunked": b"P / HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n",
    "§6.3: a name that only resembles chunked": (
        b"P / HTTP/1.1\r\nTransfer-Encoding: xchunked\r\n\r\n"
    ),
    "§6.3: no coding": b"P / HTTP/1.1\r\nTransfer-Encoding:\r\n\r\n",
    "§6.3: an empty coding": b"P / HTTP/1.1\r\nTransfer-Encoding: chunked,\r\n\r\n",
    "§7.1: chunked with a parameter": (b"P / HTTP/1.1\r\nTransfer-Encoding: chunked;a=b\r\n\r\n"),
    "§6.3: a list of lengths": b"P / HTTP/1.1\r\nContent-Length: 5, 5\r\n\r\n",
    "RFC 9110 §8.6: no length": b"P / HTTP/1.1\r\nContent-Length:\r\n\r\n",
    "RFC 9110 §8.6: a length with a sign": b"P / HTTP/1.1\r\nContent-Length: +5\r\n\r\n",
    "RFC 9110 §8.6: two lengths": b"P / HTTP/1.1\r\nContent-Length: 5 5\r\n\r\n",
}


@pytest.mark.parametrize("head", REFUSED.values(), ids=REFUSED.keys())
def test_a_head_with_two_readings_is_refused(head: bytes) -> None:
    assert refusal_of(head) == (400, True)


@pytest.mark.parametrize(
    "codings",
    [
        b"Transfer-Encoding: gzip, chunked",
        b"Transfer-Encoding: a;b=c ,\tCHUNKED",
        b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked",
    ],
)
def test_a_coding_that_is_unknown_is_not_implemented(codings: bytes) -> None:
    assert refusal_of(b"P / HTTP/1.1\r\n" + codings + b"\r\n\r\n") == (501, True)  # §6.1


@pytest.mark.parametrize("octet", [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
@pytest.mark.parametrize(
    "head",
    [
        pytest.param(b"GET /%b HTTP/1.1\r\nA: b\r\n\r\n", id="request line"),
        pytest.param(b"GET / HTTP/1.1\r\nA%b: b\r\n\r\n", id="name"),
        pytest.param(b"GET / HTTP/1.1\r\nA: b%bc\r\n\r\n", id="value"),
    ],
)
def test_no_control_character_is_in_a_head(head: bytes, octet: int) -> None:
    assert refusal_of(head % bytes([octet])) == (400, True)  # RFC 9110 §5.5


@pytest.mark.parametrize(("fields", "status"), [(0, None), (3, None), (4, 431), (400, 431)])
def test_there_may_be_as_many_fields_as_the_limit_says(fields: int, status: int | None) -> None:
    head = b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * fields + b"\r\n"
    assert refusal_of(head, max_fields=3) == (status and (status, True))


def test_a_refusal_names_the_fault_and_nothing_of_the_server() -> None:
    with pytest.raises(HTTPError, match=r"^431 [\w ]+: more than 2 header fields$"):
        check_request_head(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 3 + b"\r\n", max_fields=2)


# Any bytes

PIECES = st.lists(
    st.sampled_from(
        b"GET / HTTP/1.1\r\n,P / HTTP/1.0\r\n,\r\n,\r,\n, ,\t,:,A,5,\x00,\xff,HTTP/1.1,chunked,"
        b"Content-Length,Transfer-Encoding,Host: a\r\n,A: b\r\n,Content-Length: 5\r\n,"
        b"Transfer-Encoding: chunked\r\n".split(b",")
    )
).map(b"".join)


@given(st.binary() | PIECES, st.integers(0, 5))
@example(b"", 0)
@example(b"\n", 0)
def test_any_bytes_are_accepted_or_refused(head: bytes, max_fields: int) -> None:
    refusal = refusal_of(head, max_fields=max_fields)
    assert refusal in (None, (400, True), (431, True), (501, True))


@given(st.binary() | PIECES)
def test_any_bytes_have_a_head_where_find_head_end_says_or_none(received: bytes) -> None:
    start, end = find_head_end(received)
    assert set(received[:start]) <= set(b"\r\n")
    assert start % 2 == 0
    if end < 0:
        assert b"\r\n\r\n" not in received[start:]
    else:
        assert received[start:end].find(b"\r\n\r\n") == end - start - 4 > 0


ODD_FIELD_LINES = st.lists(
    st.tuples(
        st.sampled_from([b"Host", b"A", b"Content-Length", b"Transfer-Encoding", b"A ", b"", b"("]),
        st.sampled_from([b":", b": ", b":\t", b" :", b"::", b""]),
        st.sampled_from(
            [b"5", b"chunked", b"a", b"a:b", b"a \t", b"", b"+5", b"\xff", b"5 \n", b"\r"]
        ),
    ).map(b"".join),
    max_size=4,
)


@given(ODD_FIELD_LINES)
@example([b"Content-Length: 5"])
@example([b"A:b\t ", b"Transfer-Encoding: chunked"])
def test_what_is_accepted_reads_the_same_for_h11_and_for_a_plain_splitter(
    lines: list[bytes],
) -> None:
    head = b"\r\n".join([b"POST / HTTP/1.1", b"Host: a", *lines, b"", b""])
    end = find_head_end(head)[1]
    if refusal_of(head[:end]) is not None:
        return
    parser = h11.Connection(h11.SERVER)
    parser.receive_data(head[:end])
    try:
        request = parser.next_event()
    except h11.RemoteProtocolError:
        return
    assert isinstance(request, h11.Request)
    fields = [line.partition(b":") for line in head[: end - 4].split(b"\r\n")[1:]]
    assert list(request.headers) == [
        (name.lower(), value.strip(b" \t")) for name, _, value in fields
    ]
