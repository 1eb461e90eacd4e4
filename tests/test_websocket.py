"""The life of a WebSocket: how it opens, in which ways it ends, and that nothing is left then.

On memory streams and a clock that jumps: each wait is as long as it is said to be. The numbers in
comments are rows of a list of what goes wrong with trio-websocket by itself.
"""

import logging
import math
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
import trio.testing
from trio_websocket import ConnectionClosed, Endpoint, WebSocketConnection
from wsproto.events import BytesMessage, CloseConnection, Ping, Pong, TextMessage
from wsproto.frame_protocol import CloseReason

from trio_https import Address, Headers, Reply, Request, WebSocketUpgrade, serve_stream
from trio_https.stopping import Stopping
from trio_https.testing import open_connection

from .peer import Peer, read_all
from .websocket_peer import WebSocketPeer, handshake

Talk = Callable[[WebSocketConnection], Awaitable[None]]


def door(talk: Talk, **options: Any) -> Any:
    async def answer(request: Request) -> Reply:
        return WebSocketUpgrade(talk=talk, **options)

    return answer


async def echo(connection: WebSocketConnection) -> None:
    while True:
        await connection.send_message(await connection.get_message())


async def leave(connection: WebSocketConnection) -> None:
    """Say nothing."""


async def listen(connection: WebSocketConnection) -> None:
    while True:
        await connection.get_message()


@asynccontextmanager
async def opened(
    talk: Talk, *more: tuple[str, str], handler: Any = None, **options: Any
) -> AsyncIterator[WebSocketPeer]:
    """Yield a client; at the end, see that the server has no task left."""
    own = {name: options.pop(name) for name in ("stopping", "client") if name in options}
    tasks = trio.lowlevel.current_statistics().tasks_living
    async with open_connection(handler or door(talk, **options), **own) as stream:
        peer = WebSocketPeer(stream)
        await peer.open(*more)
        yield peer
    await trio.testing.wait_all_tasks_blocked()
    assert trio.lowlevel.current_statistics().tasks_living == tasks


def errors(caplog: pytest.LogCaptureFixture) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.levelno >= logging.WARNING]


def reason_of(exc: ConnectionClosed) -> tuple[int, str | None]:
    assert exc.reason is not None
    return int(exc.reason.code), exc.reason.reason


# Opening


async def test_messages_go_both_ways(autojump_clock: Any) -> None:
    async with opened(echo) as peer:
        for data in ("text", "", "ü" * 70_000):
            await peer.send(TextMessage(data=data))
            assert await peer.receive_message() == data
        for binary in (b"\x00\xff", b"", b"x" * 300_000):
            await peer.send(BytesMessage(data=binary))
            assert await peer.receive_message() == binary


async def test_frames_that_came_with_the_request_are_not_lost(autojump_clock: Any) -> None:
    async with open_connection(door(echo)) as stream:
        peer = WebSocketPeer(stream)
        await peer.open(early=peer.encode(TextMessage(data="early")))
        assert await peer.receive_message() == "early"
        await peer.send(TextMessage(data="late"))
        assert await peer.receive_message() == "late"


async def test_frames_that_came_while_the_handler_decided_are_not_lost(autojump_clock: Any) -> None:
    async def decide(request: Request) -> Reply:
        await trio.sleep(10)
        return WebSocketUpgrade(talk=echo)

    async with open_connection(decide) as stream:
        peer = WebSocketPeer(stream)
        await stream.send_all(handshake())
        await trio.sleep(5)
        await peer.send(TextMessage(data="meanwhile"))
        await peer.read_head()
        assert await peer.receive_message() == "meanwhile"


REFUSED = {
    "a POST": (handshake(method="POST"), 405, b"\r\nAllow: GET\r\n"),
    "HTTP/1.0": (handshake(version="1.0"), 426, b"\r\nUpgrade: websocket\r\n"),
    "no Upgrade": (handshake(without=["Upgrade"]), 426, b"\r\nUpgrade: websocket\r\n"),
    "another protocol": (
        handshake(("Upgrade", "h2c"), without=["Upgrade"]),
        426,
        b"\r\nUpgrade: websocket\r\n",
    ),
    "not for this hop": (handshake(without=["Connection"]), 426, b"\r\nConnection: upgrade"),
    "an old version": (
        handshake(("Sec-WebSocket-Version", "8"), without=["Sec-WebSocket-Version"]),
        426,
        b"\r\nSec-WebSocket-Version: 13\r\n",
    ),
    "no key": (handshake(without=["Sec-WebSocket-Key"]), 400, b"Sec-WebSocket-Key"),
    "two keys": (handshake(("Sec-WebSocket-Key", "bad")), 400, b"Sec-WebSocket-Key"),
    "a bad key": (
        handshake(("Sec-WebSocket-Key", "bad"), without=["Sec-WebSocket-Key"]),
        400,
        b"Sec-WebSocket-Key",
    ),
    "a body": (handshake(("Content-Length", "3")) + b"abc", 400, b"no content"),
    "a chunked body": (
        handshake(("Transfer-Encoding", "chunked")) + b"0\r\n\r\n",
        400,
        b"no content",
    ),
    "another origin": (handshake(("Origin", "https://evil.example")), 403, b"origin"),
    "no origin's name": (handshake(("Origin", "null")), 403, b"origin"),
    "a bad subprotocol": (handshake(("Sec-WebSocket-Protocol", "a b")), 400, b"token"),
    "a bad extension": (handshake(("Sec-WebSocket-Extensions", "a;")), 400, b"malformed"),
    "a host that is none": (  # 9: wsproto raises UnicodeError
        handshake(("Host", "xn--a\xff"), without=["Host"]),
        400,
        b"",
    ),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_a_handshake_that_is_none_gets_a_response(
    what: str, autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    head, status, part = REFUSED[what]
    async with open_connection(door(echo)) as stream:
        await stream.send_all(head)
        await stream.send_eof()
        received = await read_all(stream)
    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert part in received
    assert not errors(caplog)


async def test_who_was_refused_may_ask_for_something_else(autojump_clock: Any) -> None:
    async with open_connection(door(echo)) as stream:
        peer = Peer(stream)
        assert (await peer.ask()).status == 426
        assert (await peer.ask(method="POST")).status == 405


async def test_two_lines_of_connection_are_one_list(autojump_clock: Any) -> None:
    async with opened(echo, ("Connection", "keep-alive")) as peer:  # wsproto takes the last alone
        await peer.send(TextMessage(data="in"))
        assert await peer.receive_message() == "in"


@pytest.mark.parametrize("origin", ["http://localhost", "https://app.example", None])
async def test_pages_of_ours_and_of_those_allowed_may_connect(
    origin: str | None, autojump_clock: Any
) -> None:
    fields = [("Origin", origin)] if origin else []
    async with opened(echo, *fields, origins=("https://app.example",)) as peer:
        await peer.send(TextMessage(data="in"))
        assert await peer.receive_message() == "in"


async def test_over_tls_our_pages_are_those_with_https(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, autojump_clock: Any
) -> None:
    async with open_connection(door(echo), server_context=server_context) as transport:
        stream = trio.SSLStream(transport, client_context, server_hostname="localhost")
        await stream.send_all(handshake(("Origin", "http://localhost")))
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 403 ")
        peer = WebSocketPeer(stream)
        await peer.open(("Origin", "https://localhost"))
        await peer.send(TextMessage(data="in"))
        assert await peer.receive_message() == "in"
        await stream.aclose()


@pytest.mark.parametrize(
    ("offer", "chosen"), [("chat.v1, chat.v2", "chat.v2"), ("chat.v1", "chat.v1"), ("x", None)]
)
async def test_the_best_subprotocol_of_both_is_agreed_on(
    offer: str, chosen: str | None, autojump_clock: Any
) -> None:
    async def tell(connection: WebSocketConnection) -> None:
        await connection.send_message(str(connection.subprotocol))

    field = ("Sec-WebSocket-Protocol", offer)
    async with opened(tell, field, subprotocols=("chat.v2", "chat.v1")) as peer:
        assert await peer.receive_message() == str(chosen)
        assert (f"Sec-WebSocket-Protocol: {chosen}" in peer.head) == (chosen is not None)


async def test_fields_of_its_own_go_with_the_101(autojump_clock: Any) -> None:
    async with opened(echo, headers=Headers({"Set-Cookie": "seat=7"})) as peer:
        assert "\r\nSet-Cookie: seat=7" in peer.head


async def test_a_field_that_is_none_is_a_500(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_connection(door(echo, headers=Headers({"A": "1\r\n2"}))) as stream:
        await stream.send_all(handshake())
        assert (await stream.receive_some()).startswith(b"HTTP/1.1 500 ")
    assert len(errors(caplog)) == 1


async def test_it_knows_what_was_asked_for_and_by_whom(autojump_clock: Any) -> None:  # 7
    seen: list[Any] = []

    async def look(ws: WebSocketConnection) -> None:
        seen.extend([ws.path, ws.remote, ws.local, ws.is_server, ws.closed])
        seen.append(dict(ws.handshake_headers)[b"user-agent"])

    async with open_connection(door(look), client=Address("192.0.2.7", 4711)) as stream:
        peer = WebSocketPeer(stream)
        await peer.open(("User-Agent", "caf\xe9"), target="/room?seat=7")
        await peer.answer_close()
    path, remote, local, is_server, closed, agent = seen
    assert (path, local, is_server, closed) == ("/room?seat=7", "localhost", True, None)
    assert isinstance(remote, Endpoint)
    assert remote.url == "ws://192.0.2.7:4711"
    assert agent == b"caf\xe9"


async def test_a_client_without_an_address_has_a_text_for_one(autojump_clock: Any) -> None:
    async def tell(connection: WebSocketConnection) -> None:
        await connection.send_message(str(connection.remote))

    async with opened(tell) as peer:
        assert "UpgradedStream" in str(await peer.receive_message())


WRONG = [
    ({"origins": ("https://app.example/",)}, ValueError, "no origin"),
    ({"origins": "https://app.example"}, TypeError, "tuple of names"),
    ({"subprotocols": ("a b",)}, ValueError, "no name of a subprotocol"),
    ({"subprotocols": "chat"}, TypeError, "tuple of names"),
    ({"ping_interval": 0}, ValueError, "ping_interval is 0"),
    ({"close_timeout": math.nan}, ValueError, "close_timeout is nan"),
    ({"max_message_bytes": 0}, ValueError, "max_message_bytes is 0"),
]


@pytest.mark.parametrize(("options", "error", "words"), WRONG)
def test_what_can_not_be_right_is_said_when_it_is_written(
    options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        WebSocketUpgrade(talk=echo, **options)


# Ending by the server's side


async def test_when_talk_returns_it_is_closed_with_1000(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(leave) as peer:
        assert await peer.answer_close() == (1000, "")
    assert trio.current_time() == 0
    assert not errors(caplog)


async def test_a_close_that_is_not_answered_is_waited_for_so_long(autojump_clock: Any) -> None:  # 4
    async with opened(leave, close_timeout=7) as peer:
        assert (await peer.receive_close()).code == 1000
        assert await read_all(peer.stream) == b""
        assert trio.current_time() == 7


async def test_messages_on_their_way_do_not_hold_up_a_close(autojump_clock: Any) -> None:
    async with opened(leave) as peer:
        await peer.receive_close()
        for _ in range(10):
            await peer.stream.send_all(WebSocketPeer(peer.stream).encode(TextMessage(data="late")))
            await peer.stream.send_all(WebSocketPeer(peer.stream).encode(Ping(payload=b"late")))
        await peer.send(CloseConnection(code=1000))
        assert await peer.receive() is None
    assert trio.current_time() == 0


async def test_what_talk_raises_closes_it_with_1011_and_is_logged(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(connection: WebSocketConnection) -> None:
        raise ZeroDivisionError("secret")

    async with opened(fail) as peer:
        assert await peer.answer_close() == (1011, "")
    [record] = errors(caplog)
    assert record.exc_info
    assert isinstance(record.exc_info[1], ZeroDivisionError)  # and no group around it
    [note] = record.exc_info[1].__notes__
    assert note.endswith(": in websocket, GET /")


async def test_a_talk_that_is_closed_under_its_children_ends_quietly(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def with_children(connection: WebSocketConnection) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen, connection)
            nursery.start_soon(listen, connection)
            nursery.start_soon(trio.sleep_forever)

    async with opened(with_children) as peer:
        await peer.send(CloseConnection(code=1000))
        assert (await peer.receive_close()).code == 1000
    assert trio.current_time() == 0
    assert not errors(caplog)


async def test_a_mistake_beside_the_clients_closing_is_still_logged(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def stumble(connection: WebSocketConnection) -> None:
        try:
            await connection.get_message()
        finally:
            raise KeyError("secret")

    async def with_children(connection: WebSocketConnection) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(listen, connection)
            nursery.start_soon(stumble, connection)

    async with opened(with_children) as peer:
        await peer.send(CloseConnection(code=1000))
        assert (await peer.receive_close()).code == 1000
    assert len(errors(caplog)) == 1


async def test_another_websocket_that_closes_is_no_end_of_this_one(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail_upstream(connection: WebSocketConnection) -> None:
        raise ConnectionClosed(None)

    async with opened(fail_upstream) as peer:
        assert await peer.answer_close() == (1011, "")
    assert len(errors(caplog)) == 1


async def test_talk_may_close_with_a_code_and_a_reason_of_its_own(autojump_clock: Any) -> None:
    async def close(connection: WebSocketConnection) -> None:
        await connection.aclose(4001, "this seat is taken")
        with pytest.raises(ConnectionClosed):
            await connection.send_message("too late")

    async with opened(close) as peer:
        assert await peer.answer_close() == (4001, "this seat is taken")


async def test_a_close_by_talk_does_not_wait_for_ever(autojump_clock: Any) -> None:  # 4
    done: list[float] = []

    async def close(connection: WebSocketConnection) -> None:
        await connection.aclose(4001)
        done.append(trio.current_time())

    async with opened(close, close_timeout=7) as peer:
        await peer.receive_close()
        assert await read_all(peer.stream) == b""
    assert done == [7]
    assert trio.current_time() == 7


async def test_a_server_that_stops_closes_with_1001(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ended: list[object] = []

    async def note(connection: WebSocketConnection) -> None:
        try:
            await connection.get_message()
        except ConnectionClosed as exc:
            ended.extend([reason_of(exc), connection.closed == exc.reason])

    stopping = Stopping()
    async with opened(note, stopping=stopping) as peer:
        await trio.sleep(5)
        stopping.set(grace=60)
        assert await peer.answer_close() == (1001, "the server is stopping")
    assert ended == [(1001, "the server is stopping"), True]
    assert trio.current_time() == 5
    assert not errors(caplog)


async def test_a_talk_that_goes_on_after_the_stop_is_cancelled(autojump_clock: Any) -> None:
    async def go_on(connection: WebSocketConnection) -> None:
        await trio.sleep_forever()

    stopping = Stopping()
    async with opened(go_on, stopping=stopping, close_timeout=7) as peer:
        stopping.set(grace=60)
        event = await peer.receive_close()
        await peer.send(event.response())
        assert await read_all(peer.stream) == b""
        assert trio.current_time() == 7


async def test_a_websocket_that_opens_while_the_server_stops_is_closed_at_once(
    autojump_clock: Any,
) -> None:
    stopping = Stopping()

    async def answer(request: Request) -> Reply:
        stopping.set(grace=60)
        return WebSocketUpgrade(talk=echo)

    async with opened(echo, handler=answer, stopping=stopping) as peer:
        assert await peer.answer_close() == (1001, "the server is stopping")


async def test_a_deadline_of_the_request_ends_it(autojump_clock: Any) -> None:
    async def answer(request: Request) -> Reply:
        request.cancel_scope.deadline = trio.current_time() + 5
        return WebSocketUpgrade(talk=echo)

    async with opened(echo, handler=answer) as peer:
        assert await peer.receive() is None
    assert trio.current_time() == 5


# Ending by the client's side


@pytest.mark.parametrize(
    ("close", "code", "reason"),
    [
        (CloseConnection(code=1000), 1000, None),
        (CloseConnection(code=4711, reason="enough"), 4711, "enough"),
        (
            CloseConnection(code=CloseReason.NO_STATUS_RCVD),
            1005,
            None,
        ),  # a close frame without a code
    ],
)
async def test_a_client_that_closes_is_seen_by_talk_and_needs_no_catching(
    close: CloseConnection,
    code: int,
    reason: str | None,
    autojump_clock: Any,
    caplog: pytest.LogCaptureFixture,
) -> None:
    seen: list[tuple[int, str | None]] = []

    async def note(connection: WebSocketConnection) -> None:
        try:
            await connection.get_message()
        except ConnectionClosed as exc:
            seen.append(reason_of(exc))
            raise

    async with opened(note) as peer:
        await peer.send(close)
        answer = await peer.receive_close()
        assert (answer.code, answer.reason or None) == (code, reason)
        assert await peer.receive() is None
    assert seen == [(code, reason)]
    assert trio.current_time() == 0
    assert not errors(caplog)


@pytest.mark.parametrize("leave_by", ["end", "reset"])
async def test_a_client_that_vanishes_is_1006(
    leave_by: str, autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    codes: list[int] = []

    async def note(connection: WebSocketConnection) -> None:
        try:
            await connection.get_message()
        except ConnectionClosed as exc:
            codes.append(reason_of(exc)[0])
            raise

    async with opened(note) as peer:
        await trio.sleep(1)
        if leave_by == "end":
            await peer.stream.send_eof()  # type: ignore[attr-defined]
        else:
            await trio.aclose_forcefully(peer.stream)
    assert codes == [1006]
    assert trio.current_time() == 1
    assert not errors(caplog)


async def test_who_goes_on_when_the_client_has_left_is_cancelled_in_the_end(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ended: list[float] = []

    async def go_on(connection: WebSocketConnection) -> None:
        try:
            await trio.sleep_forever()
        finally:
            ended.append(trio.current_time())

    async with opened(go_on, close_timeout=7) as peer:
        await peer.stream.aclose()
    assert ended == [7]
    assert not errors(caplog)


async def test_what_outlives_its_client_is_not_cancelled(autojump_clock: Any) -> None:
    ended: list[float] = []

    async def go_on(connection: WebSocketConnection) -> None:
        await trio.sleep(3600)
        ended.append(trio.current_time())

    async def answer(request: Request) -> Reply:
        request.outlive_client()
        return WebSocketUpgrade(talk=go_on)

    async with opened(go_on, handler=answer) as peer:
        await peer.stream.aclose()
    assert ended == [3600]


async def test_who_sends_to_a_client_that_has_left_sees_it_closed(autojump_clock: Any) -> None:
    async def tell(connection: WebSocketConnection) -> None:
        with pytest.raises(ConnectionClosed):
            while True:
                await connection.send_message("tick")
                await trio.sleep(1)

    async with opened(tell) as peer:
        await peer.receive_message()
        await trio.aclose_forcefully(peer.stream)


async def test_a_client_that_takes_nothing_is_let_go(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def flood(connection: WebSocketConnection) -> None:
        while True:
            await connection.send_message(b"x" * 100_000)

    ours, theirs = trio.testing.lockstep_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_stream, door(flood), theirs)
        await WebSocketPeer(ours).open()
        await trio.sleep(1000)  # and takes nothing
        assert not nursery.child_tasks
    assert not errors(caplog)


# Pings


async def test_a_client_that_answers_pings_stays(autojump_clock: Any) -> None:
    async with opened(echo, ping_interval=20, ping_timeout=20) as peer:
        for number in range(1, 50):
            event = await peer.receive()
            assert isinstance(event, Ping)
            assert trio.current_time() == 20 * number
            await trio.sleep(3)
            await peer.send(event.response())
        await peer.send(TextMessage(data="still here"))
        assert await peer.receive_message() == "still here"


async def test_a_client_that_does_not_is_closed(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:  # 5
    codes: list[int] = []

    async def note(connection: WebSocketConnection) -> None:
        try:
            await connection.get_message()
        except ConnectionClosed as exc:
            codes.append(reason_of(exc)[0])

    async with opened(note, ping_interval=20, ping_timeout=5) as peer:
        assert isinstance(await peer.receive(), Ping)
        assert await peer.receive() is None
        assert trio.current_time() == 25
    assert codes == [1006]
    assert not errors(caplog)


async def test_whatever_else_it_sends_shows_that_a_client_is_there(autojump_clock: Any) -> None:
    async with opened(listen, ping_interval=20, ping_timeout=5) as peer:
        for _ in range(10):
            assert isinstance(await peer.receive(), Ping)
            await trio.sleep(4)
            await peer.send(TextMessage(data="no pong, but a sign of life"))
    assert trio.current_time() == 204


async def test_pings_end_when_the_closing_begins(autojump_clock: Any) -> None:
    async def close(connection: WebSocketConnection) -> None:
        await trio.sleep(19)
        await connection.aclose()

    async with opened(close, ping_interval=20) as peer:
        assert isinstance(await peer.receive(), CloseConnection)
        assert await peer.receive() is None
    assert trio.current_time() == 29


async def test_no_pings_are_sent_where_none_are_wanted(autojump_clock: Any) -> None:
    async with opened(echo, ping_interval=math.inf) as peer:
        await trio.sleep(80_000)
        await peer.send(TextMessage(data="first"))
        assert isinstance(await peer.receive(), TextMessage)


async def test_pings_of_talks_own_are_answered(autojump_clock: Any) -> None:
    async def ping(connection: WebSocketConnection) -> None:
        await connection.ping(b"are you there")

    async with opened(ping) as peer:
        event = await peer.receive()
        assert event == Ping(payload=b"are you there")
        await peer.send(Pong(payload=b"are you there"))
        assert await peer.answer_close() == (1000, "")


async def test_pings_of_the_client_are_answered_while_talk_is_busy(autojump_clock: Any) -> None:
    async def work(connection: WebSocketConnection) -> None:
        await trio.sleep(10)

    async with opened(work) as peer:
        await peer.send(Ping(payload=b"there?"))
        event = await peer.receive()
        assert isinstance(event, Pong)
        assert event.payload == b"there?"
        assert trio.current_time() == 0


# A talk that does not receive: 6


async def test_a_client_is_not_to_blame_for_what_talk_does_not_take(autojump_clock: Any) -> None:
    """Pongs wait behind messages that nobody takes: then no pong is missed."""

    async def think(connection: WebSocketConnection) -> None:
        await trio.sleep(600)
        for number in range(5):
            assert await connection.get_message() == str(number)
        await connection.send_message("thought")

    async with opened(think) as peer:
        for number in range(5):
            await peer.send(TextMessage(data=str(number)))
        assert await peer.receive_message() == "thought"
        assert trio.current_time() == 600
        assert await peer.answer_close() == (1000, "")


async def test_a_talk_that_only_sends_ends_when_its_client_is_gone(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def tick(connection: WebSocketConnection) -> None:
        while True:
            await connection.send_message("tick")
            await trio.sleep(15)

    async with opened(tick) as peer:
        for _ in range(5):
            await peer.send(TextMessage(data="nobody takes this"))
        await trio.sleep(100)
        await trio.aclose_forcefully(peer.stream)
    assert trio.current_time() == 105
    assert not errors(caplog)


async def test_a_talk_that_neither_sends_nor_receives_does_not_keep_a_client_that_has_left(
    autojump_clock: Any,
) -> None:
    async def sleep(connection: WebSocketConnection) -> None:
        await trio.sleep_forever()

    async with opened(sleep, close_timeout=7) as peer:
        for _ in range(5):
            await peer.send(TextMessage(data="nobody takes this"))
        await trio.aclose_forcefully(peer.stream)
    assert trio.current_time() == 27  # the next ping finds nobody


# Cancelling a send


async def test_a_send_that_was_cut_off_is_followed_by_nothing(autojump_clock: Any) -> None:
    """What came after half a frame would be taken for the rest of it."""

    async def hurry(connection: WebSocketConnection) -> None:
        with trio.move_on_after(5):
            await connection.send_message(b"x" * 1000)
        with pytest.raises(ConnectionClosed):
            await connection.send_message("the rest")

    ours, theirs = trio.testing.lockstep_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_stream, door(hurry), theirs)
        await WebSocketPeer(ours).open()
        await trio.sleep(6)
        received = await ours.receive_some(10)
        assert (received + await read_all(ours)).endswith(b"x" * 990)


async def test_many_may_send_at_a_time(autojump_clock: Any) -> None:
    async def all_at_once(connection: WebSocketConnection) -> None:
        async with trio.open_nursery() as nursery:
            for number in range(20):
                nursery.start_soon(connection.send_message, str(number) * 1000)

    async with opened(all_at_once, ping_interval=0.001) as peer:
        received = {await peer.receive_message() for _ in range(20)}
        assert received == {str(number) * 1000 for number in range(20)}


async def test_the_access_log_has_it_with_what_was_sent(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "trio_https.access")
    async with opened(leave) as peer:
        await peer.answer_close()
    [record] = caplog.records
    entry: Any = record.msg
    assert (entry.status, entry.bytes_sent) == (101, 4)  # a close frame with a code
