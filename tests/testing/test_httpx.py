"""httpx over memory: what its users expect of a transport, and both ways streaming."""

import subprocess
import sys
from collections.abc import AsyncIterator

import httpx
import pytest
import trio

from trio_https import Headers, Request, Response
from trio_https.testing import open_client, throwaway_contexts
from trio_https.testing.httpx import MemoryTransport, open_httpx_client

from .handlers import Waiting


async def describe(request: Request) -> Response:
    content = await request.text()
    tls = request.tls and request.tls.version
    return Response.json(
        {"line": f"{request.method} {request.target}", "body": content, "tls": tls}
    )


async def echo(request: Request) -> Response:
    return Response(200, Headers({"Content-Type": "text/plain"}), request.body)


async def test_a_client_asks_and_is_answered(autojump_clock: object) -> None:
    async with open_httpx_client(describe) as client:
        response = await client.get("/x", params={"q": "1 2"})
        assert response.json() == {"line": "GET /x?q=1+2", "body": "", "tls": "TLSv1.3"}
        assert (response.http_version, response.reason_phrase) == ("HTTP/1.1", "OK")
        response = await client.post("/", data={"name": "Ada"})
        assert response.json()["body"] == "name=Ada"
        response = await client.post("/", json={"a": 1})
        assert response.json()["body"] == '{"a":1}'
        response = await client.put("/", content=b"x" * 200_000)
        assert len(response.json()["body"]) == 200_000


async def test_the_transport_takes_any_client() -> None:
    async with (
        open_client(describe, tls=True) as memory,
        httpx.AsyncClient(
            transport=MemoryTransport(memory), base_url="https://localhost"
        ) as client,
    ):
        assert (await client.get("/")).status_code == 200
        assert (await memory.get("/")).status == 200


async def test_a_response_is_streamed(autojump_clock: object) -> None:
    async def tick(out: trio.abc.SendStream) -> None:
        for number in range(3):
            await out.send_all(b"tick %d" % number)
            await trio.sleep(60)

    async def clock(request: Request) -> Response:
        return Response(body=tick)

    async with (
        open_httpx_client(clock) as client,
        client.stream("GET", "/", timeout=None) as response,
    ):
        seen = [(trio.current_time(), piece) async for piece in response.aiter_bytes()]
    assert seen == [(0, b"tick 0"), (60, b"tick 1"), (120, b"tick 2")]


async def test_a_request_is_streamed() -> None:
    send, receive = trio.open_memory_channel[bytes](0)

    async def content() -> AsyncIterator[bytes]:
        async for piece in receive:
            yield piece

    async with (
        open_httpx_client(echo) as client,
        client.stream("POST", "/", content=content()) as response,
    ):
        pieces = response.aiter_raw()
        for word in (b"one", b"two"):
            await send.send(word)
            assert await anext(pieces) == word
        await send.aclose()
        with pytest.raises(StopAsyncIteration):
            await anext(pieces)


async def test_its_timeout_for_reading_holds(autojump_clock: object) -> None:
    async def slow(request: Request) -> Response:
        await trio.sleep(10)
        return Response.text("late")

    async with open_httpx_client(slow) as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/")  # httpx waits for 5 s
        assert trio.current_time() == 5
        assert (await client.get("/", timeout=None)).text == "late"


async def test_its_timeout_for_writing_holds(autojump_clock: object) -> None:
    async def deaf(request: Request) -> Response:
        await trio.sleep(60)
        return Response.text("what did you say?")

    timeout = httpx.Timeout(None, write=20)
    async with open_httpx_client(deaf, tls=False) as client:
        with pytest.raises(httpx.WriteTimeout):
            await client.post("/", content=bytes(1_000_000), timeout=timeout)
        assert trio.current_time() == 20


async def test_its_timeout_for_connecting_holds(autojump_clock: object) -> None:
    async with open_httpx_client(describe) as client:
        with pytest.raises(httpx.ConnectTimeout, match="no TLS handshake within 0 s"):
            await client.get("/", timeout=httpx.Timeout(None, connect=0))


async def test_cancelling_closes_the_connection(autojump_clock: object) -> None:
    waiting = Waiting()
    async with open_httpx_client(waiting) as client:
        with trio.move_on_after(1):
            await client.get("/", timeout=None)
        await waiting.left.wait()


async def test_to_leave_a_stream_is_to_leave_the_server(autojump_clock: object) -> None:
    waiting = Waiting()
    async with open_httpx_client(waiting.as_body) as client:
        async with client.stream("GET", "/") as response:
            assert response.status_code == 200
            assert not waiting.left.is_set()
        await waiting.left.wait()


async def test_a_response_that_is_cut_off_is_httpxs_own_error() -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"some"
        raise LookupError("no more")

    async def handler(request: Request) -> Response:
        return Response(body=failing())

    async with open_httpx_client(handler, raise_handler_errors=False) as client:
        with pytest.raises(httpx.RemoteProtocolError, match="cut off"):
            await client.get("/")
    async with open_httpx_client(handler) as client:
        with pytest.raises(LookupError, match="no more"):
            await client.get("/")


async def test_a_server_that_was_stopped_refuses() -> None:
    async with (
        open_client(describe) as memory,
        httpx.AsyncClient(transport=MemoryTransport(memory), base_url="http://localhost") as client,
    ):
        await memory.stop()
        with pytest.raises(httpx.ConnectError, match="was stopped"):
            await client.get("/")


async def test_a_certificate_for_another_name_is_httpxs_own_error() -> None:
    tls = throwaway_contexts("www.test")
    async with open_httpx_client(describe, tls=tls) as client:
        with pytest.raises(httpx.ConnectError, match="mismatch"):
            await client.get("/")


@pytest.mark.parametrize(
    ("tls", "url"), [(True, "http://localhost/"), (False, "https://localhost/")]
)
async def test_the_scheme_must_be_what_is_spoken(tls: bool, url: str) -> None:
    async with open_httpx_client(describe, tls=tls) as client:
        with pytest.raises(httpx.UnsupportedProtocol, match="this client speaks"):
            await client.get(url)


async def test_a_body_for_synchronous_clients_is_refused() -> None:
    async with open_client(describe, tls=True) as memory:
        request = httpx.Request("POST", "https://localhost/", content=iter([b"x"]))
        with pytest.raises(TypeError, match="async client"):
            await MemoryTransport(memory).handle_async_request(request)


def test_who_has_no_httpx_is_told_what_to_install() -> None:
    program = (
        "import sys\n"
        "sys.modules['httpx'] = None\n"
        "import trio_https.testing\n"
        "import trio_https.testing.httpx\n"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "needs httpx, which is not installed: pip install httpx" in finished.stderr
