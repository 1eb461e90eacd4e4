"""Plain HTTP on a port of its own leads to HTTPS, and does nothing else."""

import pytest

from trio_https import with_known_hosts
from trio_https.handlers.https_redirect import redirect_to_https
from trio_https.testing import open_connection

from .peer import Peer, Reply, read_all


async def ask(request: str, *, port: int = 8443) -> Reply:
    handler = with_known_hosts(redirect_to_https(port), ["localhost", "site.example"])
    async with open_connection(handler) as stream:
        await stream.send_all(request.encode("latin-1") + b"\r\n\r\n")
        return await Peer(stream).read_reply_only()


@pytest.mark.parametrize(
    ("target", "host", "location"),
    [
        ("/", "localhost", "https://localhost:8443/"),
        ("/a/b.html?c=d&e", "localhost:80", "https://localhost:8443/a/b.html?c=d&e"),
        ("/%2e%2e/a%20b", "LOCALHOST.", "https://localhost:8443/%2e%2e/a%20b"),
        ("/", "site.example", "https://site.example:8443/"),
        ("/", "192.168.1.7:8080", "https://192.168.1.7:8443/"),
        ("/", "[FD00::7]:80", "https://[fd00::7]:8443/"),
        ("//evil.example/a", "localhost", "https://localhost:8443//evil.example/a"),
        # RFC 9112 §3.2.2: the authority of an absolute target is what counts.
        ("http://site.example/x?y", "localhost", "https://site.example:8443/x?y"),
    ],
)
async def test_a_url_leads_to_the_same_under_https(target: str, host: str, location: str) -> None:
    reply = await ask(f"GET {target} HTTP/1.1\r\nHost: {host}")
    assert (reply.status, reply.headers["location"], reply.body) == (308, location, b"")
    assert reply.headers["cache-control"] == "no-store"


async def test_the_default_port_is_left_out() -> None:
    reply = await ask("GET /a HTTP/1.1\r\nHost: localhost", port=443)
    assert reply.headers["location"] == "https://localhost/a"


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "DELETE", "BREW"])
async def test_every_method_is_led_there(method: str) -> None:
    async with open_connection(redirect_to_https(8443)) as stream:
        reply = await Peer(stream).ask("/a", method)
    assert (reply.status, reply.headers["location"]) == (308, "https://localhost:8443/a")


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "evil.example:8443"])
async def test_nobody_is_led_to_a_host_that_the_server_is_not(host: str) -> None:
    reply = await ask(f"GET / HTTP/1.1\r\nHost: {host}")
    assert reply.status == 421
    assert "location" not in reply.headers


async def test_a_request_for_the_whole_server_leads_nowhere() -> None:
    assert (await ask("OPTIONS * HTTP/1.1\r\nHost: localhost")).status == 400


async def test_a_request_of_http_1_0_without_host_leads_nowhere() -> None:
    async with open_connection(redirect_to_https(8443)) as stream:
        await stream.send_all(b"GET / HTTP/1.0\r\n\r\n")
        assert (await read_all(stream)).startswith(b"HTTP/1.1 400 ")
