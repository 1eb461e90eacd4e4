"""Requests are answered for the names that the server is known by."""

import pytest

from trio_https import Request, Response, with_known_hosts
from trio_https.testing import open_connection

from .peer import Peer, read_all


async def hello(request: Request) -> Response:
    return Response.text("hello")


known = with_known_hosts(hello, ["localhost", "*.Pages.example", "final.example."])


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("localhost", 200),
        ("LOCALHOST:8443", 200),
        ("localhost.", 200),
        ("my.pages.example:1", 200),
        ("final.example", 200),
        ("127.0.0.1:8443", 200),
        ("192.168.1.7", 200),
        ("[::1]:8443", 200),
        ("[fe80::1]", 200),
        ("evil.example", 421),
        ("localhost.evil.example", 421),
        ("pages.example", 421),
        ("a.my.pages.example", 421),
        ("1.2.3.4.evil.example", 421),
        ("0x7f000001", 421),
        ("notlocalhost", 421),
    ],
)
async def test_names_are_known_or_not_and_addresses_always_are(host: str, status: int) -> None:
    async with open_connection(known) as stream:
        await stream.send_all(b"GET / HTTP/1.1\r\nHost: %b\r\n\r\n" % host.encode())
        reply = await Peer(stream).read_reply_only()
    assert reply.status == status


async def test_the_authority_of_an_absolute_target_is_what_counts() -> None:
    async with open_connection(known) as stream:
        await stream.send_all(b"GET https://evil.example/ HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert (await Peer(stream).read_reply_only()).status == 421


async def test_a_request_of_http_1_0_without_host_is_answered() -> None:
    async with open_connection(known) as stream:
        await stream.send_all(b"GET / HTTP/1.0\r\n\r\n")
        assert (await read_all(stream)).startswith(b"HTTP/1.1 200 ")


async def test_names_that_change_are_asked_for_with_each_request() -> None:
    names = ["before.example"]
    async with open_connection(with_known_hosts(hello, lambda: names)) as stream:
        peer = Peer(stream)
        statuses = []
        for name in ("localhost", "before.example"):
            names[:] = [name]
            statuses.append((await peer.ask()).status)  # for localhost
    assert statuses == [200, 421]
