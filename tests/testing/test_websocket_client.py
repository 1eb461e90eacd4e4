"""WebSockets by the client: to our server, and to one written here with wsproto alone."""

import base64
import hashlib
from collections.abc import Awaitable, Callable

import pytest
import trio
import wsproto
from trio_websocket import ConnectionClosed, ConnectionRejected, WebSocketConnection
from wsproto.connection import Connection, ConnectionType
from wsproto.events import BytesMessage, CloseConnection, TextMessage

from trio_https import (
    Handler,
    Headers,
    HTTPError,
    Reply,
    Request,
    Response,
    Upgrade,
    WebSocketUpgrade,
)
from trio_https.testing import ResponseTimeoutError, open_client

from .handlers import Waiting, fail

Answer = Callable[[wsproto.events.Event], wsproto.events.Event | None]


def echo(event: wsproto.events.Event) -> wsproto.events.Event | None:
    if isinstance(event, CloseConnection):
        return event.response()
    return event if isinstance(event, TextMessage | BytesMessage) else None


def websocket(answer: Answer, subprotocol: str = "") -> Handler:
    async def talk(stream: trio.abc.Stream) -> None:
        connection = Connection(ConnectionType.SERVER)
        async for data in stream:
            connection.receive_data(bytes(data))
            for event in connection.events():
                if (reply := answer(event)) is not None:
                    await stream.send_all(connection.send(reply))
                if isinstance(event, CloseConnection) and reply is not None:
                    return

    async def handler(request: Request) -> Reply:
        assert request.headers.get("sec-websocket-version") == "13"
        key = request.headers.get("sec-websocket-key") or ""
        digest = hashlib.sha1(key.encode() + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest()
        fields = Headers({"Sec-WebSocket-Accept": base64.b64encode(digest).decode()})
        if subprotocol:
            fields = fields.with_header("Sec-WebSocket-Protocol", subprotocol)
        return Upgrade(protocol="websocket", talk=talk, headers=fields)

    return handler


@pytest.mark.parametrize("tls", [False, True])
async def test_messages_go_both_ways(tls: bool) -> None:
    async with open_client(websocket(echo), tls=tls) as client, client.websocket("/chat") as ws:
        await ws.send_message("hällo")
        assert await ws.get_message() == "hällo"
        await ws.send_message(bytes(100_000))
        assert await ws.get_message() == bytes(100_000)


async def test_subprotocols_and_fields_are_sent() -> None:
    seen: list[str | None] = []
    serve = websocket(echo, subprotocol="chat.v2")

    async def handler(request: Request) -> Reply:
        names = ("host", "origin", "sec-websocket-protocol")
        seen.extend([request.target, *(request.headers.get(name) for name in names)])
        return await serve(request)

    async with (
        open_client(handler) as client,
        client.websocket(
            "/chat?room=1",
            subprotocols=["chat.v1", "chat.v2"],
            headers={"Origin": "https://localhost"},
        ) as ws,
    ):
        assert ws.subprotocol == "chat.v2"
    assert seen == ["/chat?room=1", "localhost", "https://localhost", "chat.v1, chat.v2"]


async def test_a_refused_handshake_has_its_status() -> None:
    async def refuse(request: Request) -> Response:
        raise HTTPError(403, "not from there")

    async with open_client(refuse) as client:
        with pytest.raises(ConnectionRejected) as caught:
            async with client.websocket("/"):
                raise AssertionError("it was refused")
        assert caught.value.status_code == 403
        assert (await client.get("/")).status == 403


@pytest.mark.parametrize("when", ["in the handshake", "in a message"])
async def test_an_error_of_the_handler_is_raised(when: str) -> None:
    def refuse(event: wsproto.events.Event) -> None:
        raise LookupError("no such thing")

    handler: Handler = fail if when == "in the handshake" else websocket(refuse)
    async with open_client(handler) as client:
        with pytest.raises(LookupError, match="no such thing"):
            async with client.websocket("/") as ws:
                await ws.send_message("hello")
                await ws.get_message()


async def test_a_close_of_the_server_is_trio_websockets_own_exception() -> None:
    def close(event: wsproto.events.Event) -> wsproto.events.Event | None:
        return CloseConnection(code=4001) if isinstance(event, TextMessage) else None

    async with open_client(websocket(close)) as client, client.websocket("/") as ws:
        await ws.send_message("hello")
        with pytest.raises(ConnectionClosed) as caught:
            await ws.get_message()
        assert caught.value.reason is not None
        assert caught.value.reason.code == 4001


async def test_a_handshake_that_is_not_answered_is_told(autojump_clock: object) -> None:
    async with open_client(Waiting(), patience=60) as client:
        with pytest.raises(ResponseTimeoutError, match="handshake for /chat within 60 s"):
            async with client.websocket("/chat"):
                raise AssertionError("there is no WebSocket")


async def test_a_server_that_does_not_answer_a_close_is_not_waited_for(
    autojump_clock: object,
) -> None:
    async with open_client(websocket(lambda event: None)) as client:
        async with client.websocket("/", close_timeout=10) as ws:
            await ws.send_message("hello")
        assert trio.current_time() == pytest.approx(10)


async def test_an_exception_of_the_test_is_raised_as_it_is() -> None:
    async with open_client(websocket(echo)) as client:
        with pytest.raises(AssertionError, match="of the test"):
            async with client.websocket("/"):
                raise AssertionError("of the test")


def talking(talk: Callable[[WebSocketConnection], Awaitable[None]]) -> Handler:
    async def handler(request: Request) -> WebSocketUpgrade:
        return WebSocketUpgrade(talk=talk, subprotocols=("chat.v2",))

    return handler


async def repeat(connection: WebSocketConnection) -> None:
    while True:
        await connection.send_message(await connection.get_message())


class TestToOurServer:
    @pytest.mark.parametrize("tls", [False, True])
    async def test_messages_go_both_ways(self, tls: bool, autojump_clock: object) -> None:
        async with (
            open_client(talking(repeat), tls=tls) as client,
            client.websocket("/chat", subprotocols=["chat.v2"]) as ws,
        ):
            assert ws.subprotocol == "chat.v2"
            for message in ("hällo", bytes(100_000)):
                await ws.send_message(message)
                assert await ws.get_message() == message
                await trio.sleep(60)  # and pings are answered meanwhile

    async def test_an_error_of_talk_is_raised(self) -> None:
        async def refuse(connection: WebSocketConnection) -> None:
            raise LookupError(await connection.get_message())

        async with open_client(talking(refuse)) as client:
            with pytest.raises(LookupError, match="no such room"):
                async with client.websocket("/") as ws:
                    await ws.send_message("no such room")
                    await ws.get_message()
        async with open_client(talking(refuse), raise_handler_errors=False) as client:
            async with client.websocket("/") as ws:
                await ws.send_message("no such room")
                with pytest.raises(ConnectionClosed) as caught:
                    await ws.get_message()
            assert caught.value.reason is not None
            assert caught.value.reason.code == 1011

    async def test_that_the_client_has_left_is_no_error(self) -> None:
        async def in_a_group(connection: WebSocketConnection) -> None:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(repeat, connection)

        for talk in (repeat, in_a_group):
            async with open_client(talking(talk)) as client, client.websocket("/") as ws:
                await ws.send_message("bye")

    async def test_a_stop_closes_it(self, autojump_clock: object) -> None:
        async with (
            open_client(talking(repeat)) as client,
            client.websocket("/") as ws,
            trio.open_nursery() as nursery,
        ):
            nursery.start_soon(client.stop)
            with pytest.raises(ConnectionClosed) as caught:
                await ws.get_message()
            assert caught.value.reason is not None
            assert caught.value.reason.code == 1001

    async def test_a_page_of_another_origin_is_refused(self) -> None:
        async with open_client(talking(repeat), tls=True) as client:
            with pytest.raises(ConnectionRejected) as caught:
                async with client.websocket("/", headers={"Origin": "https://evil.example"}):
                    raise AssertionError("it was refused")
            assert caught.value.status_code == 403
