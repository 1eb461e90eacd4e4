"""The life of one connection on memory streams: who sees what when something goes wrong."""

import logging
import math
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import trio
import trio.testing

from trio_https import Address, ClientGone, Headers, HTTPError, Limits, Request, Response
from trio_https.connection import serve_connection
from trio_https.service import Service
from trio_https.stopping import Stopping
from trio_https.testing import open_connection

from .peer import Peer, read_all
from .service import make_service

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def hello(request: Request) -> Response:
    return Response.text("hello")


def encrypt(
    stream: trio.abc.Stream, context: ssl.SSLContext, **settings: Any
) -> trio.SSLStream[trio.abc.Stream]:
    return trio.SSLStream(stream, context, server_hostname="localhost", **settings)


# TLS


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_over_tls_the_handler_knows_what_was_agreed_on(
    version: ssl.TLSVersion, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    seen: list[Request] = []

    async def handler(request: Request) -> Response:
        seen.append(request)
        return Response.text("hello")

    client_context.minimum_version = client_context.maximum_version = version
    async with open_connection(handler, server_context=server_context) as transport:
        stream = encrypt(transport, client_context)
        assert (await Peer(stream).ask()).body == b"hello"
        cipher = stream.cipher()
    tls = seen[0].tls
    assert tls is not None
    assert cipher is not None
    assert tls.version.replace(".", "_") == version.name
    assert (tls.cipher_suite, tls.alpn, tls.resumed) == (cipher[0], "http/1.1", False)


async def test_close_notify_is_sent_at_the_end(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async with open_connection(hello, server_context=server_context) as transport:
        stream = encrypt(transport, client_context)  # https_compatible=False: insists on it
        await stream.send_all(b"GET / HTTP/1.0\r\n\r\n")
        assert (await read_all(stream)).endswith(b"hello")


async def test_the_end_without_close_notify_is_the_end(
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with open_connection(hello, server_context=server_context) as transport:
        await Peer(encrypt(transport, client_context)).ask()
        await transport.send_eof()
        await read_all(transport)
    assert caplog.messages == []


async def test_a_request_is_answered_though_the_client_ended_its_side_without_close_notify(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async with open_connection(hello, server_context=server_context) as transport:
        stream = encrypt(transport, client_context)
        await stream.send_all(HEAD)
        await transport.send_eof()
        assert (await Peer(stream).read_reply_only()).body == b"hello"


async def test_a_client_that_says_nothing_gets_no_handshake(
    server_context: ssl.SSLContext, autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    started = trio.current_time()
    async with open_connection(
        hello, server_context=server_context, client=Address("192.0.2.7", 1234)
    ) as transport:
        assert await read_all(transport) == b""
    assert trio.current_time() - started == Limits().handshake_timeout
    assert caplog.messages == ["192.0.2.7:1234: no TLS handshake within 10 s"]


@asynccontextmanager
async def encrypted_after_a_wait(
    seconds: float, service: Service, client_context: ssl.SSLContext
) -> AsyncIterator[trio.SSLStream[trio.abc.Stream]]:
    """Yield the client's end of a connection that gets its place for a handshake so late."""
    ours, theirs = trio.testing.memory_stream_pair()
    await service.handshakes.acquire()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_connection, theirs, service)
        await trio.sleep(seconds)
        service.handshakes.release()
        async with encrypt(ours, client_context) as stream:
            yield stream


async def test_a_handshake_waits_for_its_place(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, autojump_clock: Any
) -> None:
    service = make_service(hello, tls_context=server_context, handshakes=1)
    async with encrypted_after_a_wait(9, service, client_context) as stream:
        assert (await Peer(stream).ask()).status == 200
        assert service.handshakes.value == 1  # and it is free for the next one


async def test_a_place_for_a_handshake_is_not_waited_for_longer_than_one_may_take(
    server_context: ssl.SSLContext, caplog: pytest.LogCaptureFixture, autojump_clock: Any
) -> None:
    caplog.set_level(logging.INFO)
    service = make_service(hello, tls_context=server_context, handshakes=1)
    ours, theirs = trio.testing.memory_stream_pair()
    await service.handshakes.acquire()
    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_connection, theirs, service)
        assert await read_all(ours) == b""
    assert trio.current_time() - started == Limits().handshake_timeout
    assert caplog.messages == ["a client: too many others were in a TLS handshake"]


class LateStream(trio.abc.HalfCloseableStream):
    """Has something to read at once, which is noticed when the time is over: the server is busy."""

    def __init__(self, clock: trio.testing.MockClock, said: bytes) -> None:
        self._clock = clock
        self._said = said
        self.is_closed = False

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        self._clock.jump(60)
        return self._said

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await trio.lowlevel.checkpoint()

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def send_eof(self) -> None:
        await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        self.is_closed = True
        await trio.lowlevel.checkpoint()


@pytest.mark.parametrize("said", [b"\x16\x03\x01\x00\x04\x01\x00\x00\x00", b"?"])
async def test_a_server_that_is_too_busy_for_its_deadlines_gives_handshakes_up(
    said: bytes,
    server_context: ssl.SSLContext,
    caplog: pytest.LogCaptureFixture,
    mock_clock: trio.testing.MockClock,
) -> None:
    """Without a traceback: it has other things to do."""
    caplog.set_level(logging.INFO)
    stream = LateStream(mock_clock, said)
    await serve_connection(stream, make_service(hello, tls_context=server_context))
    assert caplog.messages == ["a client: no TLS handshake within 10 s"]
    assert stream.is_closed


@pytest.mark.parametrize(
    ("handshake_begins", "head_begins", "ends", "answer"),
    [
        (0, math.inf, 15, b""),  # silent after a fast handshake
        (8, math.inf, 15, b""),  # and after a slow one
        (8, 8, 15, b"HTTP/1.1 408 "),  # a slow handshake and a head that drips
        (8, 14, 15, b"HTTP/1.1 408 "),  # and a head that begins late
        (0, 14, 15, b"HTTP/1.1 408 "),
        (0, 0, 10, b"HTTP/1.1 408 "),  # head_timeout is over before
        (0, 4, 14, b"HTTP/1.1 408 "),
    ],
)
async def test_the_first_head_has_its_time_from_the_accepted_connection_on(
    handshake_begins: float,
    head_begins: float,
    ends: float,
    answer: bytes,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    autojump_clock: Any,
) -> None:
    started = trio.current_time()
    async with (
        open_connection(hello, server_context=server_context) as transport,
        trio.open_nursery() as nursery,
    ):
        await trio.sleep(handshake_begins)
        stream = encrypt(transport, client_context)
        await stream.do_handshake()
        nursery.start_soon(drip, stream, started + head_begins)
        received = await read_all(stream)
        assert trio.current_time() - started == ends
        nursery.cancel_scope.cancel()
    assert received[:13] == answer


async def drip(stream: trio.abc.SendStream, begin: float) -> None:
    """Send a head that has no end, an octet a second from ``begin`` on."""
    await trio.sleep_until(begin)
    with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
        for octet in HEAD[:-1].ljust(100, b"a"):
            await stream.send_all(bytes([octet]))
            await trio.sleep(1)


async def test_who_waited_for_a_handshake_has_less_time_for_the_first_head(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, autojump_clock: Any
) -> None:
    service = make_service(hello, tls_context=server_context, handshakes=1)
    started = trio.current_time()
    async with encrypted_after_a_wait(9, service, client_context) as stream:
        assert await read_all(stream) == b""
        assert trio.current_time() - started == Limits().first_head_timeout


async def test_a_handshake_has_no_more_time_than_the_first_head(
    server_context: ssl.SSLContext, caplog: pytest.LogCaptureFixture, autojump_clock: Any
) -> None:
    caplog.set_level(logging.INFO)
    started = trio.current_time()
    limits = Limits(first_head_timeout=5)
    async with open_connection(hello, server_context=server_context, limits=limits) as transport:
        assert await read_all(transport) == b""
    assert trio.current_time() - started == 5
    assert caplog.messages == ["a client: no TLS handshake within 5 s"]


async def test_who_was_fast_once_may_take_his_time(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, autojump_clock: Any
) -> None:
    """The time for the first head ends with it: the next may come, and end, after that."""
    async with open_connection(hello, server_context=server_context) as transport:
        peer = Peer(encrypt(transport, client_context))
        assert (await peer.ask()).status == 200
        await trio.sleep(Limits().first_head_timeout - 1)
        await peer.stream.send_all(HEAD[:9])
        await trio.sleep(2)
        await peer.stream.send_all(HEAD[9:])
        assert (await peer.read_reply_only()).status == 200
        await trio.sleep(Limits().idle_timeout - 1)
        assert (await peer.ask()).status == 200


@pytest.mark.parametrize(
    ("sent", "reason"),
    [
        (
            b"CONNECT localhost:443 HTTP/1.1\r\n\r\n",
            "the client took the server for a proxy; give it another proxy, or none",
        ),
        (
            b"SSH-2.0-OpenSSH_9.2\r\n",
            "the client does not speak TLS; give it a URL with https://, or another port",
        ),
        (b"\x16\x03\x01", "the client closed the connection"),
    ],
)
async def test_a_failed_handshake_is_logged_with_its_reason(
    sent: bytes, reason: str, server_context: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with open_connection(hello, server_context=server_context) as transport:
        await transport.send_all(sent)
        await transport.send_eof()
        await read_all(transport)
    assert caplog.messages == [f"a client: the TLS handshake failed: {reason}"]


async def test_a_client_that_distrusts_us_is_logged_with_its_reason(
    server_context: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    async with open_connection(hello, server_context=server_context) as transport:
        with pytest.raises(trio.BrokenResourceError):
            await encrypt(transport, ssl.create_default_context()).do_handshake()
    [message] = caplog.messages
    assert message.startswith("a client: the TLS handshake failed: ")


# Whose fault, and so what happens


async def failing(request: Request) -> Response:
    raise RuntimeError("the secret")


async def failing_with_its_own_stream(request: Request) -> Response:
    raise trio.BrokenResourceError("the secret")


async def failing_in_a_nursery(request: Request) -> Response:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(failing, request)
    raise AssertionError


async def returning_nothing(request: Request) -> Response:
    return None  # type: ignore[return-value]


@pytest.mark.parametrize(
    "handler", [failing, failing_with_its_own_stream, failing_in_a_nursery, returning_nothing]
)
async def test_a_bug_of_the_handler_is_a_500_with_an_id_that_stands_in_the_log(
    handler: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_connection(handler) as stream:
        reply = await Peer(stream).ask("/\x22x")
        assert await read_all(stream) == b""  # no second request on this connection
    assert (reply.status, reply.headers["connection"]) == (500, "close")
    assert b"secret" not in reply.body
    [record] = caplog.records
    error_id = record.getMessage().split()[1].rstrip(":")
    assert error_id.encode() in reply.body
    assert record.getMessage().endswith("the handler failed at GET /\\x22x")
    assert record.exc_info is not None


async def test_a_handler_that_takes_too_long_is_answered_for(
    caplog: pytest.LogCaptureFixture, autojump_clock: Any
) -> None:
    async def slow(request: Request) -> Response:
        await trio.sleep(10)
        raise AssertionError

    async with open_connection(slow, limits=Limits(handler_timeout=5)) as stream:
        started = trio.current_time()
        reply = await Peer(stream).ask()
        assert trio.current_time() - started == 5
        assert await read_all(stream) == b""
    assert (reply.status, reply.headers["connection"]) == (503, "close")
    assert caplog.messages == ["no response to GET / within 5 s"]


async def test_http_error_out_of_a_nursery_is_what_it_is_alone() -> None:
    async def child() -> None:
        raise HTTPError(404, "no such thing")

    async def handler(request: Request) -> Response:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
        raise AssertionError

    async with open_connection(handler) as stream:
        peer = Peer(stream)
        assert (await peer.ask()).status == 404
        assert (await peer.ask()).status == 404


async def test_http_error_can_end_the_connection() -> None:
    async def handler(request: Request) -> Response:
        raise HTTPError(403, close=True)

    async with open_connection(handler) as stream:
        reply = await Peer(stream).ask()
    assert (reply.headers["connection"], reply.body) == ("close", b"403 Forbidden\n")


async def test_a_body_that_fails_midway_cuts_the_response_off(
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def half() -> AsyncIterator[bytes]:
        yield b"half"
        raise HTTPError(404)  # too late for that

    async def handler(request: Request) -> Response:
        return Response(body=half())

    async with open_connection(handler, server_context=server_context) as transport:
        stream = encrypt(transport, client_context)
        await stream.send_all(HEAD)
        received = b""
        with pytest.raises(trio.BrokenResourceError):  # no close_notify: it must not look whole
            while True:
                received += await stream.receive_some()
    assert received.endswith(b"half\r\n")
    assert "connection aborted" in caplog.text
    assert "HTTPError" in caplog.text


async def test_a_client_that_leaves_in_the_middle_of_anything_is_no_news(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def echo(request: Request) -> Response:
        return Response(body=b"".join([bytes(piece) async for piece in request.body]))

    post = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    for size in range(len(post)):
        async with open_connection(echo) as stream:
            await stream.send_all(post[:size])
        async with open_connection(echo) as stream:
            await stream.send_all(post[:size])
            await stream.send_eof()
            assert await read_all(stream) == b""
    assert [record for record in caplog.records if record.levelno >= logging.INFO] == []


async def test_client_gone_leaves_the_handler_and_ends_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caught: list[BaseException] = []

    async def handler(request: Request) -> Response:
        try:
            await request.body.receive_some()
        except ClientGone as exc:
            caught.append(exc)
            raise
        raise AssertionError

    async with open_connection(handler) as stream:
        await stream.send_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n")
        await trio.testing.wait_all_tasks_blocked()
    assert len(caught) == 1
    assert caplog.messages == []


async def test_cancelling_ends_the_connection_and_the_handler_at_once() -> None:
    events: list[str] = []

    async def handler(request: Request) -> Response:
        events.append("begun")
        try:
            await trio.sleep_forever()
        finally:
            events.append("ended")
        raise AssertionError

    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve, theirs, handler)
        await ours.send_all(HEAD)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert events == ["begun", "ended"]
    assert await read_all(ours) == b""


async def serve(stream: trio.abc.Stream, handler: Any) -> None:
    await serve_connection(stream, make_service(handler))


async def test_a_bug_on_the_way_out_of_a_cancelled_handler_stays_in_its_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def child() -> None:
        try:
            await trio.sleep_forever()
        finally:
            raise RuntimeError("on the way out")

    async def handler(request: Request) -> Response:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(child)
            nursery.start_soon(trio.sleep_forever)
        raise AssertionError

    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve, theirs, handler)
        await ours.send_all(HEAD)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert "on the way out" in caplog.text


# The end


async def test_the_client_has_time_to_read_the_response_before_the_connection_ends(
    autojump_clock: Any,
) -> None:
    async with open_connection(hello) as stream:
        started = trio.current_time()
        await stream.send_all(b"nonsense\r\n\r\n" + bytes(100_000))
        assert (await read_all(stream)).startswith(b"HTTP/1.1 400 ")
        await trio.testing.wait_all_tasks_blocked()
        assert trio.current_time() == started  # our side has ended, theirs is waited for
    assert trio.current_time() == started


async def test_a_client_that_never_closes_is_not_waited_for_long(autojump_clock: Any) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve, theirs, hello)
        await ours.send_all(b"GET / HTTP/1.0\r\n\r\n")
    assert trio.current_time() - started == Limits().close_timeout


async def test_close_notify_is_not_waited_for_where_nobody_reads(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, autojump_clock: Any
) -> None:
    ours, theirs = trio.testing.lockstep_stream_pair()
    service = make_service(hello, tls_context=server_context)
    async with trio.open_nursery() as watching:
        for watch in service.watchers:
            watching.start_soon(watch)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve_connection, theirs, service)
            await Peer(encrypt(ours, client_context)).ask()
            started = trio.current_time()
        assert trio.current_time() - started == Limits().idle_timeout + Limits().close_timeout
        watching.cancel_scope.cancel()


async def test_stopping_ends_an_idle_connection_and_lets_a_running_request_finish() -> None:
    stopping = Stopping()
    go_on = trio.Event()

    async def handler(request: Request) -> Response:
        await go_on.wait()
        return Response.text("done")

    async with (
        open_connection(handler, stopping=stopping) as idle,
        open_connection(handler, stopping=stopping) as busy,
    ):
        await busy.send_all(HEAD)
        await trio.testing.wait_all_tasks_blocked()
        stopping.set(10)
        assert await read_all(idle) == b""
        go_on.set()
        reply = await Peer(busy).read_reply_only()
        assert (reply.headers["connection"], reply.body) == ("close", b"done")
        assert await read_all(busy) == b""


async def test_a_connection_that_comes_while_stopping_is_closed() -> None:
    stopping = Stopping()
    stopping.set(10)
    async with open_connection(hello, stopping=stopping) as stream:
        assert await read_all(stream) == b""


async def test_stopping_waits_for_no_client_that_has_not_begun_a_handshake(
    server_context: ssl.SSLContext, autojump_clock: Any
) -> None:
    """As the connections that browsers open in advance."""
    stopping = Stopping()
    started = trio.current_time()
    async with open_connection(hello, server_context=server_context, stopping=stopping) as silent:
        await silent.send_all(b"\x16\x03\x01")
        await trio.testing.wait_all_tasks_blocked()
        stopping.set(math.inf)
        assert await read_all(silent) == b""
    assert trio.current_time() == started


# The access log


@pytest.fixture
def access_log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO, "trio_https.access")
    return caplog


async def test_each_request_leaves_a_line_in_the_access_log(
    access_log: pytest.LogCaptureFixture,
) -> None:
    async with open_connection(hello, client=Address("192.0.2.7", 1)) as stream:
        peer = Peer(stream)
        await peer.ask("/a?b", headers=[("User-Agent", 'x"\x1b'.replace("\x1b", "\xe9"))])
        await peer.ask(method="HEAD")
    first, second = access_log.messages
    assert first.startswith("192.0.2.7 - - [")
    assert '] "GET /a?b HTTP/1.1" 200 5 "-" "x\\x22\\xe9" - - ' in first
    assert '"HEAD / HTTP/1.1" 200 0 "-" "-" - - ' in second


async def test_a_refused_request_leaves_a_line_too(access_log: pytest.LogCaptureFixture) -> None:
    async with open_connection(hello) as stream:
        await stream.send_all(b"GET /\x1b[31m HTTP/1.1\r\n\r\n")
        await read_all(stream)
    [line] = [line for line in access_log.messages if " - - [" in line]
    assert '"GET /\\x1b[31m HTTP/1.1" 400 ' in line


async def test_a_cancelled_request_leaves_a_line_without_a_status(
    access_log: pytest.LogCaptureFixture,
) -> None:
    async def handler(request: Request) -> Response:
        await trio.sleep_forever()
        raise AssertionError

    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve, theirs, handler)
        await ours.send_all(HEAD)
        await trio.testing.wait_all_tasks_blocked()
        nursery.cancel_scope.cancel()
    assert '"GET / HTTP/1.1" - 0 ' in access_log.messages[0]


async def test_over_tls_the_line_names_version_and_cipher_suite(
    access_log: pytest.LogCaptureFixture,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
) -> None:
    async with open_connection(hello, server_context=server_context) as transport:
        stream = encrypt(transport, client_context)
        await Peer(stream).ask(headers=[("Referer", "https://localhost/")])
        cipher = stream.cipher()
    assert cipher is not None
    assert f'"https://localhost/" "-" TLSv1.3 {cipher[0]} ' in access_log.messages[0]
    assert access_log.messages[0].endswith("ms")


# What a fuzzer found


async def test_after_a_long_answer_the_connection_ends_in_order(
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    autojump_clock: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Who read ahead, to see the client leave, has let go of the stream when it is closed."""

    async def slow(request: Request) -> Response:
        await trio.sleep(5)
        return Response.text("done")

    async with open_connection(slow, server_context=server_context) as transport:
        stream = encrypt(transport, client_context)  # insists on close_notify
        await stream.send_all(b"GET / HTTP/1.0\r\n\r\n")
        assert (await read_all(stream)).endswith(b"done")
    assert caplog.messages == []


async def test_a_request_body_that_breaks_while_it_is_sent_back_is_no_bug(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def echo(request: Request) -> Response:
        return Response(body=request.body)

    async with open_connection(echo) as stream:
        await stream.send_all(
            b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3x\r\nabc\r\n"
        )
        await read_all(stream)
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


async def test_the_reason_of_a_refusal_is_one_escaped_line(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, "trio_https")
    async with open_connection(hello) as stream:
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: a\r\n\xff: b\r\n\r\n")
        await read_all(stream)
    record = caplog.records[0]
    assert record.getMessage().startswith("a client: 400 Bad Request (")
    assert record.getMessage().isascii()
    assert record.exc_info is None


async def test_a_client_that_has_the_whole_response_and_closes_gets_close_notify(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, autojump_clock: Any
) -> None:
    async def handler(request: Request) -> Response:
        async def body() -> AsyncIterator[bytes]:
            yield b"whole"
            await trio.sleep(60)  # what was promised is sent, though nobody says so

        return Response(200, Headers({"Content-Length": "5"}), body())

    async with open_connection(handler, server_context=server_context) as transport:
        stream = encrypt(transport, client_context)
        await stream.send_all(HEAD)
        received = b""
        while not received.endswith(b"whole"):
            received += await stream.receive_some()
        await stream.unwrap()  # sends close_notify, and waits for the server's
