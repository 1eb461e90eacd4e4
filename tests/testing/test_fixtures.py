"""What the fixtures give, without pytest: clients and servers for the time of a block."""

import pytest
import trio

from trio_https import Request, Response
from trio_https.testing import throwaway_contexts
from trio_https.testing.fixtures import https_client_opener, https_server_starter

from .handlers import fail


async def hello(request: Request) -> Response:
    return Response.text("Hello!")


async def test_clients_are_closed_at_the_end() -> None:
    async with https_client_opener() as open_client:
        clients = [await open_client(hello), await open_client(hello, tls=False)]
        for client in clients:
            assert (await client.get("/")).text == "Hello!"
    assert [client.is_secure for client in clients] == [True, False]
    for client in clients:
        with pytest.raises(trio.ClosedResourceError, match="at the end of its block"):
            await client.get("/")


async def test_a_bug_of_the_handler_is_raised_where_it_is_met() -> None:
    async with https_client_opener() as open_client:
        client = await open_client(fail)
        with pytest.raises(LookupError):
            await client.get("/")
        client = await open_client(fail, raise_handler_errors=False)
        assert (await client.get("/")).status == 500


async def test_servers_are_ended_at_the_end() -> None:
    tls = throwaway_contexts().client
    async with https_server_starter() as start_server:
        server = await start_server(hello)
        async with await trio.open_ssl_over_tcp_stream(
            "localhost", server.port, ssl_context=tls
        ) as stream:
            await stream.send_all(b"GET / HTTP/1.0\r\n\r\n")
            assert (await stream.receive_some()).endswith(b"Hello!")
    with pytest.raises(OSError, match="attempts to connect"):
        await trio.open_tcp_stream("localhost", server.port)
