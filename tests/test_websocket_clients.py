"""WebSockets over real TLS, and clients of others: websockets, trio-websocket, Chromium."""

import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
import trio_websocket
import trustme
import websockets.exceptions
from trio_websocket import WebSocketConnection
from websockets.sync.client import ClientConnection, connect

from trio_https import Handler, Reply, Request, Response, Server, WebSocketUpgrade, serve

from .chromium import open_chromium
from .test_websocket import door, echo

ROOT = Path(__file__).parent.parent
MIB = 1024 * 1024
MESSAGES: list[str | bytes] = ["", b"", "grün" * 20, b"\x00" * 200_000, "ü" * 400_000]


@asynccontextmanager
async def running(handler: Handler, context: ssl.SSLContext) -> AsyncIterator[Server]:
    async with trio.open_nursery() as nursery:
        server: Server = await nursery.start(partial(serve, handler, port=0, tls=context))
        yield server
        await server.stop()


def url_of(server: Server, path: str = "") -> str:
    return server.urls[0].replace("https:", "wss:") + path


async def with_websockets(
    server: Server, context: ssl.SSLContext, use: Callable[[ClientConnection], Any], **options: Any
) -> Any:
    """Call ``use`` with a connection of websockets' synchronous client, in a thread."""

    def run() -> Any:
        with connect(url_of(server), ssl=context, proxy=None, **options) as connection:
            return use(connection)

    return await trio.to_thread.run_sync(run)


def exchange_messages(connection: ClientConnection) -> str:
    for message in MESSAGES:
        connection.send(message)
        assert connection.recv(timeout=20) == message
    assert connection.ping().wait(20)
    assert connection.response is not None
    return connection.response.headers.get("Sec-WebSocket-Extensions", "")


@pytest.mark.parametrize("compress", [False, True])
async def test_websockets_talks_with_it(
    compress: bool, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    handler = door(echo, compress=compress)
    async with running(handler, server_context) as server:
        agreed = await with_websockets(server, client_context, exchange_messages)
    assert agreed.startswith("permessage-deflate") == compress


async def test_trio_websocket_talks_with_it(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    handler = door(echo, subprotocols=("chat",))
    async with running(handler, server_context) as server:
        async with trio_websocket.open_websocket_url(
            url_of(server), client_context, subprotocols=["x", "chat"]
        ) as connection:
            assert connection.subprotocol == "chat"
            for message in MESSAGES:
                await connection.send_message(message)
                assert await connection.get_message() == message
            await connection.ping()
        assert connection.closed is not None
        assert connection.closed.code == 1000


async def test_a_client_is_told_why_it_is_closed_while_it_still_sends(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    """A reset would overtake the close frame."""

    def send_too_much(connection: ClientConnection) -> websockets.exceptions.ConnectionClosed:
        with pytest.raises(websockets.exceptions.ConnectionClosed) as caught:
            connection.send(b"x" * (8 * MIB))
            connection.recv(timeout=20)
        return caught.value

    async with running(door(echo), server_context) as server:
        told = await with_websockets(server, client_context, send_too_much)
    assert told.rcvd is not None
    assert (told.rcvd.code, told.rcvd.reason) == (1009, "messages have at most 1048576 bytes")


async def test_a_stop_closes_those_that_are_open(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    def wait_for_the_end(connection: ClientConnection) -> int | None:
        with pytest.raises(websockets.exceptions.ConnectionClosedOK):
            connection.recv(timeout=20)
        return connection.close_code

    codes = []
    opened = trio.Event()

    async def listen(connection: WebSocketConnection) -> None:
        opened.set()
        await connection.get_message()

    async with running(door(listen), server_context) as server, trio.open_nursery() as nursery:

        async def note() -> None:
            codes.append(await with_websockets(server, client_context, wait_for_the_end))

        nursery.start_soon(note)
        await opened.wait()
        await server.stop()
    assert codes == [1001]


async def test_other_responses_come_on_the_same_port(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async def deny(request: Request) -> Reply:
        return Response.text("not for you", 402)

    async with running(deny, server_context) as server:
        with pytest.raises(websockets.exceptions.InvalidStatus) as caught:
            await with_websockets(server, client_context, exchange_messages)
    assert caught.value.response.status_code == 402
    assert caught.value.response.body == b"not for you"


OPEN_A_SOCKET = """
new Promise(done => {
    const socket = new WebSocket(URL);
    socket.onopen = () => socket.send("grün");
    socket.onmessage = event => { done(event.data); socket.close(); };
    socket.onerror = () => done("refused");
})
"""


@pytest.mark.parametrize("compress", [False, True])
async def test_pages_of_ours_open_it_in_a_browser_and_others_do_not(
    compress: bool, server_context: ssl.SSLContext, authority: trustme.CA, tmp_path: Path
) -> None:
    """The other origin is the same server, by another of its names."""
    seen: list[tuple[str | None, str | None]] = []

    async def answer(request: Request) -> Reply:
        if request.path != "/socket":
            return Response.html("<!doctype html><title>A page</title>")
        seen.append((request.headers.get("origin"), request.headers.get("sec-fetch-site")))
        return WebSocketUpgrade(talk=echo, compress=compress)

    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    async with (
        running(answer, server_context) as server,
        open_chromium(tmp_path / "browser", trust=tmp_path / "ca.crt") as browser,
    ):
        script = OPEN_A_SOCKET.replace("URL", f"'{url_of(server, 'socket')}'")
        own = f"https://localhost:{server.port}"
        other = f"https://127.0.0.1:{server.port}"
        page = await browser.open_page(f"{own}/")
        assert await page.evaluate(script) == "grün"
        assert page.console_errors == []
        page = await browser.open_page(f"{other}/")
        assert await page.evaluate(script) == "refused"
        assert any("403" in message for message in page.console_errors)
    assert [origin for origin, _ in seen] == [own, other]


def test_the_echo_example_takes_a_port_and_a_certificate(
    authority: trustme.CA, client_context: ssl.SSLContext, tmp_path: Path
) -> None:
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(
        tmp_path / "both.pem"
    )
    program = [sys.executable, str(ROOT / "examples" / "echo_websocket.py")]
    options = ["--port", "0", "--cert", str(tmp_path / "both.pem"), "--compress"]
    with subprocess.Popen([*program, *options], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip().replace("https:", "wss:")
            with connect(url, ssl=client_context, proxy=None) as connection:
                assert exchange_messages(connection).startswith("permessage-deflate")
        finally:
            process.terminate()
