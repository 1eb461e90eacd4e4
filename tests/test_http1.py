"""The HTTP/1.1 border, through a connection on memory streams and raw bytes or an h11 client."""

from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any

import pytest
import trio
import trio.testing

from trio_https import Headers, HTTPError, Limits, Request, Response
from trio_https.connection import serve_connection
from trio_https.testing import open_connection

from .peer import Peer, read_all
from .service import make_service

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def hello(request: Request) -> Response:
    return Response.text(f"hello {request.target}")


async def echo(request: Request) -> Response:
    body = b"".join([bytes(piece) async for piece in request.body])
    return Response(200, Headers({"Content-Type": "application/octet-stream"}), body)


async def exchange_bytes(sent: bytes, handler: Any = hello, **settings: Any) -> bytes:
    """Send bytes and the end of the client's side; return all that comes back."""
    async with open_connection(handler, **settings) as stream:
        await stream.send_all(sent)
        await stream.send_eof()
        return await read_all(stream)


# Requests


async def test_a_request_arrives_as_it_was_sent() -> None:
    seen: list[Request] = []

    async def handler(request: Request) -> Response:
        seen.append(request)
        return Response()

    async with open_connection(handler) as stream:
        await Peer(stream).ask("/a%20b/%C3%A9?q=%20", headers=[("X-Note", "caf\u00e9")])
    [request] = seen
    assert (request.method, request.target) == ("GET", "/a%20b/%C3%A9?q=%20")
    assert (request.path, request.query) == ("/a b/é", "q=%20")
    assert (request.authority, request.http_version) == ("localhost", "1.1")
    assert request.headers.get("x-note") == "café"
    assert (request.client, request.tls) == (None, None)


async def test_the_authority_of_an_absolute_target_counts_more_than_host() -> None:
    seen: list[Request] = []

    async def handler(request: Request) -> Response:
        seen.append(request)
        return Response()

    sent = b"GET https://site.localhost:8443/a%20b?q HTTP/1.1\r\nHost: other\r\n\r\n"
    await exchange_bytes(sent, handler)  # RFC 9112 §3.2.2
    [request] = seen
    assert request.authority == "site.localhost:8443"
    assert (request.raw_path, request.path, request.query) == ("/a%20b", "/a b", "q")


async def test_requests_on_one_connection_are_answered_in_their_order() -> None:
    pipelined = b"".join(
        b"POST /%d HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" % number
        for number in range(3)
    )
    received = await exchange_bytes(pipelined + HEAD)
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 4
    positions = [received.find(b"hello /%d" % number) for number in range(3)]
    assert positions == sorted(positions)
    assert positions[0] > 0


async def test_a_chunked_body_ends_where_the_next_request_begins() -> None:
    chunked = (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: 1\r\n\r\n"
    )
    received = await exchange_bytes(chunked + chunked, echo)
    assert received.count(b"\r\n\r\nabcde") == 2


async def test_it_makes_no_difference_how_the_bytes_are_cut() -> None:
    async with open_connection(echo) as stream:
        for octet in b"\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok" + HEAD:
            await stream.send_all(bytes([octet]))
            await trio.testing.wait_all_tasks_blocked()
        await stream.send_eof()
        received = await read_all(stream)
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 2
    assert b"\r\n\r\nok" in received


async def test_the_body_comes_in_pieces_of_the_size_asked_for() -> None:
    pieces: list[bytes] = []

    async def handler(request: Request) -> Response:
        while piece := await request.body.receive_some(4):
            pieces.append(bytes(piece))
        with pytest.raises(ValueError, match="at least 1"):
            await request.body.receive_some(0)
        return Response()

    async with open_connection(handler) as stream:
        await Peer(stream).ask(method="POST", body=b"0123456789")
    assert pieces == [b"0123", b"4567", b"89"]


async def test_continue_is_sent_when_the_body_is_first_read() -> None:
    async with open_connection(echo) as stream:
        await stream.send_all(
            b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        )
        assert await stream.receive_some() == b"HTTP/1.1 100 Continue\r\n\r\n"
        await stream.send_all(b"ok")
        assert (await Peer(stream).read_reply_only()).body == b"ok"


async def test_continue_is_not_sent_for_a_body_that_nobody_reads() -> None:
    async with open_connection(hello) as stream:
        await stream.send_all(
            b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        )
        received = await read_all(stream)
    assert received.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Connection: close\r\n" in received


async def test_a_body_that_came_unasked_is_read_away() -> None:
    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n\r\n" + b"x" * 5000
    received = await exchange_bytes(post + HEAD)
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 2


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"Content-Length: 70000\r\n\r\n" + b"x" * 70000, id="long"),
        pytest.param(
            b"Transfer-Encoding: chunked\r\n\r\n" + b"1000\r\n%b\r\n" % (b"x" * 4096) * 20,
            id="chunked, long",
        ),
        pytest.param(b"Transfer-Encoding: chunked\r\n\r\nno chunk\r\n", id="broken"),
    ],
)
async def test_after_a_body_too_long_to_read_away_the_connection_ends(body: bytes) -> None:
    received = await exchange_bytes(b"POST / HTTP/1.1\r\nHost: a\r\n" + body + HEAD)
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 1


async def test_a_body_that_does_not_come_is_not_waited_for_long(autojump_clock: Any) -> None:
    async with open_connection(hello) as stream:
        await stream.send_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n")
        started = trio.current_time()
        assert (await read_all(stream)).startswith(b"HTTP/1.1 200 OK\r\n")
        assert trio.current_time() - started == pytest.approx(Limits().drain_timeout)


async def test_a_body_ends_with_its_request() -> None:
    kept: list[trio.abc.ReceiveStream] = []

    async def handler(request: Request) -> Response:
        kept.append(request.body)
        return Response()

    async with open_connection(handler) as stream:
        peer = Peer(stream)
        await peer.ask(method="POST", body=b"abc")
        await peer.ask("/next")
        with pytest.raises(trio.ClosedResourceError, match="over"):
            await kept[0].receive_some()


async def test_after_a_body_was_read_whole_the_connection_may_be_idle(autojump_clock: Any) -> None:
    async with open_connection(echo) as stream:
        peer = Peer(stream)
        for _ in range(2):
            assert (await peer.ask(method="POST", body=b"abc")).body == b"abc"
            await trio.sleep(Limits().idle_timeout - 1)
        stopped_at = trio.current_time()
        assert await read_all(stream) == b""
        assert trio.current_time() - stopped_at == pytest.approx(1)


async def test_past_its_end_a_body_is_empty_at_once(autojump_clock: Any) -> None:
    async def handler(request: Request) -> Response:
        started = trio.current_time()
        while await request.body.receive_some():
            pass
        assert await request.body.receive_some() == b""
        assert trio.current_time() == started
        return Response.text("done")

    async with open_connection(handler) as stream:
        peer = Peer(stream)
        assert (await peer.ask(method="POST", body=b"abc")).body == b"done"
        assert (await peer.ask()).body == b"done"


async def test_trailers_are_kept_apart_from_headers() -> None:
    seen: list[tuple[Headers, object]] = []

    async def handler(request: Request) -> Response:
        await request.bytes()
        seen.append((request.headers, request.trailers))
        return Response()

    chunked = (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"3\r\nabc\r\n0\r\nX-Sum: 6\r\nHost: b\r\n\r\n"
    )
    await exchange_bytes(chunked, handler)
    [(headers, trailers)] = seen
    assert (headers.get("host"), headers.get("x-sum")) == ("a", None)
    assert trailers == Headers([("x-sum", "6"), ("host", "b")])


async def test_a_closed_body_is_read_away() -> None:
    async def handler(request: Request) -> Response:
        await request.body.aclose()
        return Response.text("done")

    async with open_connection(handler) as stream:
        peer = Peer(stream)
        assert (await peer.ask(method="POST", body=b"abc")).body == b"done"
        assert (await peer.ask(method="POST", body=b"abc")).body == b"done"


async def test_an_upgrade_that_nobody_takes_is_a_plain_request() -> None:
    async with open_connection(echo) as stream:
        peer = Peer(stream)
        upgrade = [("Connection", "Upgrade"), ("Upgrade", "h2c")]
        assert (await peer.ask(headers=upgrade)).status == 200
        assert (await peer.ask()).status == 200


REFUSED = {
    "no request line": (b"nonsense\r\n\r\n", 400),
    "a target with a space": (b"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 400),
    "no Host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two Hosts": (b"GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400),
    "a malformed Host": (b"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
    "CONNECT": (b"CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 501),
    "TRACE": (b"TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", 501),
    "a transfer coding unknown": (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        501,
    ),
    "an expectation unknown": (b"GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417),
    "a bare LF": (b"GET / HTTP/1.1\nHost: a\n\n", 400),
    "a body over the limit": (
        b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999\r\n\r\n",
        413,
    ),
    "a target over the limit": (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n", 414),
    "a target over the limit, unfinished": (b"GET /" + b"a" * 9000, 414),
    "a head over the limit": (b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 33000, 431),
    "too many fields": (b"GET / HTTP/1.1\r\nHost: a\r\n" + b"A: b\r\n" * 100 + b"\r\n", 431),
}


@pytest.mark.parametrize(("sent", "status"), REFUSED.values(), ids=REFUSED.keys())
async def test_what_is_no_valid_request_is_refused_and_ends_the_connection(
    sent: bytes, status: int
) -> None:
    received = await exchange_bytes(sent + HEAD)
    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert b"Connection: close\r\n" in received
    assert received.count(b"HTTP/1.1 ") == 1


async def test_trace_sends_nothing_back_though_a_handler_would() -> None:
    async def mirror(request: Request) -> Response:
        return Response.text(str(list(request.headers)))

    sent = b" / HTTP/1.1\r\nHost: a\r\nCookie: secret\r\n\r\n"
    assert b"secret" in await exchange_bytes(b"GET" + sent, mirror)
    assert b"secret" not in await exchange_bytes(b"TRACE" + sent, mirror)  # RFC 9110 §9.3.8


@pytest.mark.parametrize("name", ["a target over the limit", "a head over the limit"])
async def test_a_limit_does_not_depend_on_how_the_bytes_are_cut(name: str) -> None:
    sent, status = REFUSED[name]
    async with open_connection(hello) as stream:
        for start in range(0, len(sent), 1000):
            await stream.send_all(sent[start : start + 1000])
            await trio.testing.wait_all_tasks_blocked()
        assert (await read_all(stream)).startswith(b"HTTP/1.1 %d " % status)


async def test_a_chunked_body_is_counted_while_it_is_read() -> None:
    chunk = b"800\r\n%b\r\n" % (b"x" * 2048)
    sent = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n" + chunk * 4
    received = await exchange_bytes(sent, echo, limits=Limits(max_body_bytes=4096))
    assert received.startswith(b"HTTP/1.1 413 ")
    assert b"Connection: close\r\n" in received


async def test_a_broken_body_is_refused_when_it_is_read() -> None:
    sent = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n"
    assert (await exchange_bytes(sent, echo)).startswith(b"HTTP/1.1 400 ")


async def test_the_answer_to_a_head_request_that_is_refused_has_no_body() -> None:
    received = await exchange_bytes(b"HEAD / HTTP/1.1\r\nHost: a b\r\n\r\n")
    assert received.startswith(b"HTTP/1.1 400 ")
    assert received.endswith(b"\r\n\r\n")


# Deadlines, to the second


async def serve_until_closed(
    stream: trio.abc.Stream, handler: Any, limits: Limits | None = None
) -> None:
    await serve_connection(stream, make_service(handler, limits=limits))


async def seconds_until_closed(stream: trio.abc.ReceiveStream) -> tuple[float, bytes]:
    started = trio.current_time()
    received = await read_all(stream)
    return trio.current_time() - started, received


async def test_who_never_asks_is_hung_up_on_in_silence(autojump_clock: Any) -> None:
    async with open_connection(hello) as stream:
        assert await seconds_until_closed(stream) == (Limits().first_head_timeout, b"")


async def test_who_was_answered_may_be_idle_for_longer(autojump_clock: Any) -> None:
    async with open_connection(hello) as stream:
        await Peer(stream).ask()
        assert await seconds_until_closed(stream) == (Limits().idle_timeout, b"")


async def test_a_connection_has_so_many_requests() -> None:
    async with open_connection(hello, limits=Limits(max_requests_per_connection=3)) as stream:
        peer = Peer(stream)
        replies = [await peer.ask() for _ in range(3)]
        assert await read_all(stream) == b""
    assert [reply.headers.get("connection") for reply in replies] == [None, None, "close"]


async def test_a_head_must_end_in_time_however_it_drips(autojump_clock: Any) -> None:
    async with open_connection(hello) as stream, trio.open_nursery() as nursery:

        async def drip() -> None:
            for octet in HEAD:
                try:
                    await stream.send_all(bytes([octet]))
                except trio.BrokenResourceError:
                    return
                await trio.sleep(1)

        nursery.start_soon(drip)
        seconds, received = await seconds_until_closed(stream)
    assert seconds == Limits().head_timeout
    assert received.startswith(b"HTTP/1.1 408 ")


async def test_the_first_head_has_no_more_time_because_it_began_late(autojump_clock: Any) -> None:
    async with open_connection(hello) as stream:
        await trio.sleep(Limits().first_head_timeout - 1)
        await stream.send_all(b"GET")
        seconds, received = await seconds_until_closed(stream)
    assert seconds == 1
    assert received.startswith(b"HTTP/1.1 408 ")


async def test_a_later_head_has_its_time_from_its_first_byte_on(autojump_clock: Any) -> None:
    async with open_connection(hello) as stream:
        await Peer(stream).ask()
        await trio.sleep(Limits().idle_timeout - 1)
        await stream.send_all(b"GET")
        seconds, received = await seconds_until_closed(stream)
    assert seconds == Limits().head_timeout
    assert received.startswith(b"HTTP/1.1 408 ")


async def test_a_body_may_be_slow_but_not_silent(autojump_clock: Any) -> None:
    async with open_connection(echo) as stream:
        await stream.send_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99999\r\n\r\n")
        for _ in range(4):
            await trio.sleep(Limits().receive_timeout - 1)
            await stream.send_all(bytes(10_000))
        seconds, received = await seconds_until_closed(stream)
    assert seconds == Limits().receive_timeout
    assert received.startswith(b"HTTP/1.1 408 ")


async def test_a_body_that_drips_too_slowly_is_refused(autojump_clock: Any) -> None:
    limits = Limits(receive_timeout=10, min_receive_rate=10)
    started = trio.current_time()
    async with open_connection(echo, limits=limits) as stream, trio.open_nursery() as nursery:

        async def drip() -> None:
            await stream.send_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 99\r\n\r\n")
            with suppress(trio.BrokenResourceError):
                while True:  # 2 bytes a second in place of 10
                    await trio.sleep(1)
                    await stream.send_all(b"xx")

        nursery.start_soon(drip)
        received = await read_all(stream)
        nursery.cancel_scope.cancel()
    assert received.startswith(b"HTTP/1.1 408 ")
    # The first 10 s are free, and 12 drips earn 2.4 s more.
    assert trio.current_time() - started == pytest.approx(12.4)


async def test_an_honest_slow_client_gets_a_long_response_to_its_end(autojump_clock: Any) -> None:
    async def long(request: Request) -> Response:
        return Response(body=Pieces(*[bytes(30_000)] * 100))

    ours, theirs = trio.testing.lockstep_stream_pair()
    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_until_closed, theirs, long)
        await ours.send_all(HEAD.replace(b"1.1", b"1.0"))
        size = 0
        while piece := await ours.receive_some(10_000):
            size += len(piece)
            await trio.sleep(15)
        nursery.cancel_scope.cancel()
    assert size > 3_000_000
    assert trio.current_time() - started > 15 * 300


async def test_who_takes_nothing_of_a_response_is_hung_up_on(autojump_clock: Any) -> None:
    async def endless(request: Request) -> Response:
        async def zeros() -> AsyncIterator[bytes]:
            while True:
                yield bytes(1000)

        return Response(body=zeros())

    ours, theirs = trio.testing.lockstep_stream_pair()
    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_until_closed, theirs, endless)
        await ours.send_all(HEAD)
        await ours.receive_some(10)
    assert trio.current_time() - started == Limits().send_timeout
    await trio.aclose_forcefully(ours)


async def test_who_takes_a_response_too_slowly_is_hung_up_on(autojump_clock: Any) -> None:
    async def endless(request: Request) -> Response:
        async def digits() -> AsyncIterator[bytes]:
            while True:
                yield b"12345"  # 10 bytes as a chunk

        return Response(body=digits())

    ours, theirs = trio.testing.lockstep_stream_pair()
    taken = 0

    async def take() -> None:
        nonlocal taken
        taken = len(await ours.receive_some(10_000))  # the head
        with suppress(trio.BrokenResourceError):
            while await ours.receive_some(10):
                taken += 10
                await trio.sleep(5)  # 2 bytes a second in place of 10

    async with trio.open_nursery() as nursery:
        nursery.start_soon(ours.send_all, HEAD)
        nursery.start_soon(take)
        started = trio.current_time()
        await serve_until_closed(theirs, endless, Limits(send_timeout=10, min_send_rate=10))
        seconds = trio.current_time() - started
        nursery.cancel_scope.cancel()
    # The first 10 s are free, and each byte that was taken earns a tenth more.
    assert seconds == pytest.approx(10 + taken / 10)
    assert seconds < 100


# Responses


async def test_length_date_and_reason_are_added() -> None:
    async with open_connection(hello) as stream:
        await stream.send_all(HEAD)
        received = await stream.receive_some()
    head, _, body = bytes(received).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"\r\nContent-Length: 7" in head
    assert b"\r\nDate: " in head
    assert body == b"hello /"


async def test_a_head_request_gets_the_fields_and_nothing_else() -> None:
    async with open_connection(hello) as stream:
        peer = Peer(stream)
        reply = await peer.ask(method="HEAD")
        assert (reply.headers["content-length"], reply.body) == ("7", b"")
        assert (await peer.ask()).body == b"hello /"


class Pieces(trio.abc.ReceiveStream):
    """A response body that remembers being closed."""

    def __init__(self, *pieces: bytes) -> None:
        self.pieces = list(pieces)
        self.closed = False

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        await trio.lowlevel.checkpoint()
        return self.pieces.pop(0) if self.pieces else b""

    async def aclose(self) -> None:
        self.closed = True
        await trio.lowlevel.checkpoint()


def answer_with(response: Response) -> Any:
    async def handler(request: Request) -> Response:
        return response

    return handler


async def test_a_stream_of_unknown_length_is_chunked() -> None:
    body = Pieces(b"abc", b"x" * 100_000, b"d")
    async with open_connection(answer_with(Response(body=body))) as stream:
        reply = await Peer(stream).ask()
    assert reply.headers["transfer-encoding"] == "chunked"
    assert reply.body == b"abc" + b"x" * 100_000 + b"d"
    assert body.closed


async def test_for_http_1_0_it_ends_with_the_connection() -> None:
    handler = answer_with(Response(body=Pieces(b"abc", b"de")))
    async with open_connection(handler) as stream:
        await stream.send_all(b"GET / HTTP/1.0\r\n\r\n")
        received = await read_all(stream)
    assert received.endswith(b"\r\n\r\nabcde")
    assert b"transfer-encoding" not in received.lower()


async def test_an_async_generator_is_a_body_and_is_closed() -> None:
    closed: list[bool] = []

    async def numbers() -> AsyncIterator[bytes]:
        try:
            yield b"1"
            yield b""
            yield b"2"
        finally:
            closed.append(True)

    async with open_connection(answer_with(Response(body=numbers()))) as stream:
        assert (await Peer(stream).ask()).body == b"12"
    assert closed == [True]


@pytest.mark.parametrize(
    ("method", "status"), [("HEAD", 200), ("GET", 204), ("GET", 205), ("GET", 304)]
)
async def test_a_body_that_must_not_be_sent_is_closed_unread(method: str, status: int) -> None:
    body = Pieces(b"abc")
    async with open_connection(answer_with(Response(status, body=body))) as stream:
        peer = Peer(stream)
        assert (await peer.ask(method=method)).body == b""
        await trio.testing.wait_all_tasks_blocked()
        assert (body.closed, body.pieces) == (True, [b"abc"])
        assert (await peer.ask(method=method)).status == status


@pytest.mark.parametrize("status", [204, 304])
async def test_bytes_are_left_out_where_there_must_be_no_body(status: int) -> None:
    async with open_connection(answer_with(Response(status, body=b"abc"))) as stream:
        reply = await Peer(stream).ask()
    assert (reply.body, "content-length" in reply.headers) == (b"", False)


@pytest.mark.parametrize(
    "response",
    [
        Response(headers=Headers({"X": "a\r\nSet-Cookie: b"})),
        Response(headers=Headers({"X Y": "a"})),
        Response(headers=Headers({"X": "\u20ac"})),
        Response(headers=Headers({"\u00e9": "a"})),
        Response(headers=Headers({"Content-Length": "5"}), body=b"abc"),
        Response(headers=Headers({"Transfer-Encoding": "chunked"})),
        Response(99),
        Response(700),
    ],
    ids=str,
)
async def test_a_response_that_has_no_valid_form_is_a_bug_of_the_handler(
    response: Response, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_connection(answer_with(response)) as stream:
        reply = await Peer(stream).ask()
    assert reply.status == 500
    assert "x" not in reply.headers
    [record] = caplog.records
    assert record.exc_info is not None


@pytest.mark.parametrize(
    ("promised", "pieces"), [("5", [b"abc"]), ("2", [b"abc"])], ids=["too short", "too long"]
)
async def test_a_body_of_another_length_than_promised_is_cut_off(
    promised: str, pieces: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    body = Pieces(*pieces)
    response = Response(headers=Headers({"Content-Length": promised}), body=body)
    async with open_connection(answer_with(response)) as stream:
        await stream.send_all(HEAD + HEAD)
        received = await read_all(stream)
    assert received.count(b"HTTP/1.1 ") == 1
    assert len(received.partition(b"\r\n\r\n")[2]) < 5
    assert body.closed
    assert "aborted" in caplog.text


async def test_http_error_gives_its_status_its_detail_and_its_headers() -> None:
    async def handler(request: Request) -> Response:
        raise HTTPError(405, "only GET", headers=[("Allow", "GET")])

    async with open_connection(handler) as stream:
        peer = Peer(stream)
        reply = await peer.ask(method="DELETE")
        assert (reply.status, reply.headers["allow"]) == (405, "GET")
        assert reply.body == b"405 Method Not Allowed: only GET\n"
        assert (await peer.ask()).status == 405  # the connection goes on


# Informational responses


async def test_early_hints_come_before_the_response() -> None:
    async def handler(request: Request) -> Response:
        await request.send_early_hints(Headers({"Link": "</a.css>; rel=preload"}))
        await request.send_early_hints(Headers())
        return Response.text("done")

    async with open_connection(handler) as stream:
        await stream.send_all(HEAD)
        received = bytes(await stream.receive_some())
        assert received.startswith(
            b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n"
        )
    async with open_connection(handler) as stream:
        reply = await Peer(stream).ask()
        assert (reply.informational, reply.body) == ((103, 103), b"done")


async def test_a_client_of_http_1_0_gets_no_informational_response() -> None:
    async def handler(request: Request) -> Response:
        await request.send_early_hints(Headers())
        return Response.text("done")

    assert (await exchange_bytes(b"GET / HTTP/1.0\r\n\r\n", handler)).startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("status", [99, 101, 200])
async def test_what_is_no_informational_response_is_not_sent(status: int) -> None:
    async def handler(request: Request) -> Response:
        with pytest.raises(ValueError, match=r"informational|status"):
            await request.send_informational(status, Headers())
        return Response.text("done")

    async with open_connection(handler) as stream:
        assert (await Peer(stream).ask()).body == b"done"


async def test_once_the_response_has_begun_there_is_no_informational_one() -> None:
    async def handler(request: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            yield b"begun"
            with pytest.raises(ValueError, match="no place"):
                await request.send_early_hints(Headers())

        return Response(body=body())

    async with open_connection(handler) as stream:
        assert (await Peer(stream).ask()).body == b"begun"


async def test_continue_is_still_sent_after_early_hints() -> None:
    async def handler(request: Request) -> Response:
        await request.send_early_hints(Headers())
        return Response(body=await request.bytes())

    async with open_connection(handler) as stream:
        await stream.send_all(
            b"PUT / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n"
        )
        received = b""
        while b"100 Continue\r\n\r\n" not in received:
            received += await stream.receive_some()
        await stream.send_all(b"ok")
        assert (await Peer(stream).read_reply_only("PUT")).body == b"ok"


# What a fuzzer found


async def test_a_body_that_failed_fails_again() -> None:
    outcomes: list[int] = []

    async def handler(request: Request) -> Response:
        for _ in range(2):
            with pytest.raises(HTTPError) as caught:
                await request.body.receive_some()
            outcomes.append(caught.value.status)
        return Response.text("done")

    chunked = (
        b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n500\r\n%b\r\n0\r\n\r\n"
    )
    await exchange_bytes(chunked % bytes(0x500), handler, limits=Limits(max_body_bytes=1024))
    assert outcomes == [413, 413]


async def test_before_a_chunked_body_is_dropped_the_response_says_so() -> None:
    """RFC 9112 §9.6: how much of it is left, nobody can tell."""
    sent = b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with open_connection(hello) as stream:
        await stream.send_all(sent)
        reply = await Peer(stream).read_reply_only("POST")
    assert reply.headers["connection"] == "close"


async def test_a_later_minor_version_is_served_as_1_1() -> None:
    seen: list[str] = []

    async def handler(request: Request) -> Response:
        seen.append(request.http_version)
        return Response()

    await exchange_bytes(b"GET / HTTP/1.7\r\nHost: a\r\n\r\n", handler)  # RFC 9110 §2.5
    assert seen == ["1.1"]
