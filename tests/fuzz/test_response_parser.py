"""The strict parser against its own table: what it takes, and what it rejects with which reason."""

import pytest

from .response_parser import CutOff, KnownRequest, Malformed, measure_chunked, parse_responses

DATE = b"Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
GET, HEAD = KnownRequest("GET"), KnownRequest("HEAD")
GET_1_0 = KnownRequest("GET", "1.0")
PUT = KnownRequest("PUT", expects_continue=True)


def response(*fields: bytes, body: bytes = b"", status: bytes = b"200 OK") -> bytes:
    head = b"".join(field + b"\r\n" for field in fields)
    return b"HTTP/1.1 " + status + b"\r\n" + DATE + head + b"\r\n" + body


EMPTY = response(b"Content-Length: 0")
CHUNKED = b"Transfer-Encoding: chunked"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
LAST = b"Connection: close"

GOOD = {
    "nothing": (b"", [GET], []),
    "nothing at all": (b"", [], []),
    "a length": (response(b"Content-Length: 3", body=b"abc"), [GET], [(200, b"abc")]),
    "leading zeros": (response(b"content-length:003", body=b"abc"), [GET], [(200, b"abc")]),
    "two": (
        EMPTY + response(b"Content-Length: 1", body=b"x"),
        [GET] * 2,
        [(200, b""), (200, b"x")],
    ),
    "chunks": (
        response(CHUNKED, body=b"3\r\nabc\r\nA\r\n0123456789\r\n0\r\n\r\n") + EMPTY,
        [GET] * 2,
        [(200, b"abc0123456789"), (200, b"")],
    ),
    "a chunk extension": (
        response(CHUNKED, body=b'1;a;b=c;d="e f"\r\nx\r\n00\r\n\r\n'),
        [GET],
        [(200, b"x")],
    ),
    "a trailer": (response(CHUNKED, body=b"0\r\nX: y\r\n\r\n"), [GET], [(200, b"")]),
    "up to the end": (response(LAST, body=b"abc\r\n\r\n"), [GET], [(200, b"abc\r\n\r\n")]),
    "up to the end, for 1.0": (response(LAST, body=b"abc"), [GET_1_0], [(200, b"abc")]),
    "close among others": (response(b"Connection: x , Close", body=b"a"), [GET], [(200, b"a")]),
    "kept alive for 1.0": (
        response(b"Connection: keep-alive", b"Content-Length: 0") + EMPTY,
        [GET_1_0, GET_1_0],
        [(200, b"")] * 2,
    ),
    "HEAD": (response(b"Content-Length: 3") + EMPTY, [HEAD, GET], [(200, b"")] * 2),
    "HEAD, chunked": (response(CHUNKED) + EMPTY, [HEAD, GET], [(200, b"")] * 2),
    "204": (response(status=b"204 No Content") + EMPTY, [GET] * 2, [(204, b""), (200, b"")]),
    "304": (
        response(b"Content-Length: 9", status=b"304 Not Modified") + EMPTY,
        [GET] * 2,
        [(304, b""), (200, b"")],
    ),
    "205": (response(b"Content-Length: 0", status=b"205 Reset Content"), [GET], [(205, b"")]),
    "100": (CONTINUE + EMPTY, [PUT], [(200, b"")]),
    "103": (b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" + EMPTY, [GET], [(200, b"")]),
    "an unknown status": (response(b"Content-Length: 0", status=b"299 "), [GET], [(299, b"")]),
    "obs-text": (response(b"X: \xe9 \tb\x80", b"Content-Length: 0"), [GET], [(200, b"")]),
    "an empty value": (response(b"X:", b"Y: \t ", b"Content-Length: 0"), [GET], [(200, b"")]),
    "405": (response(b"Allow: ", LAST, status=b"405 Method Not Allowed"), [GET], [(405, b"")]),
    "426": (
        response(
            b"Upgrade: websocket",
            b"Connection: Upgrade",
            b"Content-Length: 0",
            status=b"426 Upgrade Required",
        ),
        [GET],
        [(426, b"")],
    ),
    "to nobody knows what": (response(b"Content-Length: 3", body=b"abc"), [], [(200, b"abc")]),
    "perhaps to HEAD": (response(b"Content-Length: 3"), [None], [(200, b"")]),
    "perhaps 1.0": (response(LAST, body=b"abc"), [None], [(200, b"abc")]),
}


@pytest.mark.parametrize(("received", "requests", "expected"), GOOD.values(), ids=GOOD.keys())
def test_responses_are_read_in_one_way(
    received: bytes, requests: list[KnownRequest | None], expected: list[tuple[int, bytes]]
) -> None:
    responses = parse_responses(received, requests)
    assert [(response.status, response.body) for response in responses] == expected


BAD = {
    "no HTTP": (b"hello\r\n\r\n", [GET], "no status line"),
    "another version": (EMPTY.replace(b"1.1", b"1.0"), [GET], "no status line"),
    "a status of two digits": (response(status=b"20 OK"), [GET], "no status line"),
    "a status above 599": (response(status=b"600 Much"), [GET], "no status line"),
    "no blank behind the status": (response(status=b"299"), [GET], "no status line"),
    "a control character in the reason": (response(status=b"200 O\x00K"), [GET], "no status line"),
    "no reason": (response(LAST, status=b"200 "), [GET], "no reason"),
    "an empty line first": (b"\r\n" + EMPTY, [GET], "no status line"),
    "a bare LF": (b"HTTP/1.1 200 OK\n\n", [GET], "CR LF"),
    "a bare CR": (response(b"X: a\rb", LAST), [GET], "CR LF"),
    "no colon": (response(b"X"), [GET], "no field line"),
    "no name": (response(b": x"), [GET], "no field line"),
    "a blank before the colon": (response(b"X : y"), [GET], "no field line"),
    "a folded line": (response(b"X: y", b" z"), [GET], "no field line"),
    "a name that is no token": (response(b"X(: y"), [GET], "no field line"),
    "a NUL in a value": (response(b"X: a\x00b"), [GET], "no field line"),
    "no Date": (b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", [GET], "Date"),
    "two Dates": (response(DATE.strip(), LAST), [GET], "Date"),
    "a Date that is none": (EMPTY.replace(b"Nov 1994", b"11 1994"), [GET], "Date"),
    "no framing": (response(body=b"abc"), [GET], "neither"),
    "no framing, for 1.0": (response(body=b"abc"), [GET_1_0], "neither"),
    "two framings": (
        response(CHUNKED, b"Content-Length: 0", body=b"0\r\n\r\n"),
        [GET],
        "one framing",
    ),
    "two framings, to HEAD": (response(CHUNKED, b"Content-Length: 0"), [HEAD], "one framing"),
    "two lengths": (response(b"Content-Length: 0", b"Content-Length: 0"), [GET], "Content-Length"),
    "a list of lengths": (response(b"Content-Length: 0, 0"), [GET], "Content-Length"),
    "a length with a sign": (response(b"Content-Length: +0"), [GET], "Content-Length"),
    "an empty length": (response(b"Content-Length: "), [GET], "Content-Length"),
    "a transfer coding not asked for": (
        response(b"Transfer-Encoding: gzip, chunked"),
        [GET],
        "Transfer-Encoding",
    ),
    "chunked twice": (response(CHUNKED, CHUNKED), [GET], "Transfer-Encoding"),
    "chunked for 1.0": (response(CHUNKED, body=b"0\r\n\r\n"), [GET_1_0], "HTTP/1.0"),
    "a chunk size that is none": (
        response(CHUNKED, body=b"0x1\r\na\r\n0\r\n\r\n"),
        [GET],
        "chunk size",
    ),
    "a negative chunk": (response(CHUNKED, body=b"-1\r\n"), [GET], "chunk size"),
    "a blank behind the chunk size": (response(CHUNKED, body=b"1 \r\na\r\n"), [GET], "chunk size"),
    "an empty chunk size": (response(CHUNKED, body=b"\r\n0\r\n\r\n"), [GET], "chunk size"),
    "a chunk that is longer": (
        response(CHUNKED, body=b"1\r\nabc\r\n0\r\n\r\n"),
        [GET],
        "a chunk ends",
    ),
    "a bare LF behind a chunk size": (response(CHUNKED, body=b"1\na\r\n0\r\n\r\n"), [GET], "CR LF"),
    "framing in a trailer": (
        response(CHUNKED, body=b"0\r\nContent-Length: 1\r\n\r\n"),
        [GET],
        "trailer",
    ),
    "a trailer that is no field": (
        response(CHUNKED, body=b"0\r\nX\r\n\r\n"),
        [GET],
        "no field line",
    ),
    "a body for HEAD": (response(b"Content-Length: 3", body=b"abc"), [HEAD], "no status line"),
    "a body of 204": (response(status=b"204 No Content", body=b"abc\r\n"), [GET], "no status line"),
    "a body of 304": (
        response(status=b"304 Not Modified", body=b"abc\r\n"),
        [GET],
        "no status line",
    ),
    "a length of 204": (
        response(b"Content-Length: 0", status=b"204 No Content"),
        [GET],
        "204 with",
    ),
    "chunked 204": (response(CHUNKED, status=b"204 No Content"), [GET], "204 with"),
    "content of 205": (
        response(b"Content-Length: 1", status=b"205 Reset Content", body=b"x"),
        [GET],
        "205 with",
    ),
    "a length of 100": (CONTINUE[:-2] + b"Content-Length: 0\r\n\r\n" + EMPTY, [PUT], "100 with"),
    "100 unasked": (CONTINUE + EMPTY, [GET], "did not expect"),
    "100 for 1.0": (
        CONTINUE + EMPTY,
        [KnownRequest("PUT", "1.0", expects_continue=True)],
        "HTTP/1.0",
    ),
    "100 twice": (CONTINUE * 2 + EMPTY, [PUT], "twice"),
    "101": (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n", [GET], "101"),
    "more behind the last": (
        response(LAST, b"Content-Length: 0") + EMPTY,
        [GET] * 2,
        "more behind",
    ),
    "more behind 1.0": (EMPTY + EMPTY, [GET_1_0] * 2, "more behind"),
    "a longer body than told": (
        response(b"Content-Length: 1", body=b"abc\r\n"),
        [GET],
        "no status line",
    ),
    "405 without Allow": (response(LAST, status=b"405 Method Not Allowed"), [GET], "allow"),
    "Upgrade alone": (response(LAST, b"Upgrade: x"), [GET], "no connection option"),
    "a tunnel": (response(LAST), [KnownRequest("CONNECT")], "tunnel"),
    "unknown, but the body is too long": (
        response(b"Content-Length: 1", body=b"ab\r\n"),
        [],
        "no status line",
    ),
}


@pytest.mark.parametrize(("received", "requests", "reason"), BAD.values(), ids=BAD.keys())
def test_what_a_server_must_not_send_is_rejected_with_its_reason(
    received: bytes, requests: list[KnownRequest | None], reason: str
) -> None:
    with pytest.raises(Malformed, match=reason):
        parse_responses(received, requests)


CUT = {
    "in the status line": (b"HTTP/1.1 20", b""),
    "in the fields": (EMPTY[:-2], b""),
    "after 100": (CONTINUE, b""),
    "in a body": (response(b"Content-Length: 5", body=b"abc"), b"abc"),
    "before a body": (response(b"Content-Length: 5"), b""),
    "in a chunk": (response(CHUNKED, body=b"1\r\na\r\n5\r\nabc"), b"aabc"),
    "in a chunk size": (response(CHUNKED, body=b"1\r\na\r\n5"), b"a"),
    "in the end of a chunk": (response(CHUNKED, body=b"1\r\na\r"), b"a"),
    "before the last chunk": (response(CHUNKED, body=b"1\r\na\r\n"), b"a"),
    "in the trailer section": (response(CHUNKED, body=b"0\r\nX: y\r\n"), b""),
}


@pytest.mark.parametrize(("received", "body"), CUT.values(), ids=CUT.keys())
def test_what_has_no_end_is_told_from_what_is_wrong(received: bytes, body: bytes) -> None:
    with pytest.raises(CutOff) as caught:
        parse_responses(EMPTY + received, [GET, PUT])
    assert [response.status for response in caught.value.before] == [200]
    assert caught.value.content == body


@pytest.mark.parametrize(
    "received",
    [
        response(b"Content-Length: 3", body=b"abc"),
        response(CHUNKED, body=b"3;x\r\nabc\r\n0\r\nX: y\r\n\r\n"),
        response(status=b"204 No Content"),
        CONTINUE + EMPTY,
    ],
    ids=["length", "chunked", "204", "100"],
)
def test_what_is_cut_anywhere_is_never_taken_for_whole(received: bytes) -> None:
    assert len(parse_responses(received, [PUT])) == 1
    for size in range(1, len(received)):
        with pytest.raises(CutOff):
            parse_responses(received[:size], [PUT])


def test_a_response_tells_its_framing_its_fields_and_what_came_before_it() -> None:
    received = CONTINUE + response(b"Content-Length: 0", b"X: 1", b"x: 2", LAST)
    [found] = parse_responses(received, [PUT])
    assert (found.framing, found.informational, found.is_last) == ("length", (100,), True)
    assert (found.reason, found.get_all(b"x")) == ("OK", [b"1", b"2"])


def test_a_chunked_body_is_measured() -> None:
    coded = b'3 ; a = "b\\"c" ;d\r\nabc\r\n0\r\nX: y\r\n\r\n'
    assert measure_chunked(coded + b"GET /") == (b"abc", len(coded))


@pytest.mark.parametrize("coded", [b"3 \r\nabc\r\n0\r\n\r\n", b"3\r\nabc\r\n0\r\n", b"3;\r\n"])
def test_what_is_no_chunked_body_has_no_measure(coded: bytes) -> None:
    with pytest.raises(Malformed):
        measure_chunked(coded)
