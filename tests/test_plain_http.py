"""Plain HTTP on the port for TLS: a redirect to the same URL with https, within all limits."""

import logging
import ssl
from typing import Any

import pytest
import trio

from trio_https import Address, Limits, Request, Response
from trio_https.testing import open_connection

from .peer import Peer, read_all


async def hello(request: Request) -> Response:
    raise AssertionError("nobody was to ask without TLS")


async def send(sent: bytes, context: ssl.SSLContext, **settings: Any) -> str:
    """Return all that comes back."""
    async with open_connection(hello, server_context=context, **settings) as transport:
        await transport.send_all(sent)
        return (await read_all(transport)).decode("latin-1")


@pytest.mark.parametrize(
    ("sent", "location"),
    [
        ("GET / HTTP/1.1\r\nHost: localhost:8443\r\n", "https://localhost:8443/"),
        ("GET /a%20b?q=1&r HTTP/1.1\r\nHost: [::1]:8443\r\n", "https://[::1]:8443/a%20b?q=1&r"),
        ("GET /? HTTP/1.1\r\nHost: localhost\r\n", "https://localhost/"),
        ("HEAD / HTTP/1.0\r\nHost: 127.0.0.1:8443\r\n", "https://127.0.0.1:8443/"),
        ("GET //evil.test/ HTTP/1.1\r\nHost: localhost\r\n", "https://localhost//evil.test/"),
        ("GET http://name.test/x HTTP/1.1\r\nHost: other\r\n", "https://name.test/x"),
        ("DELETE /x HTTP/1.1\r\nHost: localhost\r\n", "https://localhost/x"),
        ('GET /"<b> HTTP/1.1\r\nHost: localhost\r\n', "https://localhost/%22%3Cb%3E"),
    ],
)
async def test_a_request_is_led_to_the_same_url_with_https(
    sent: str, location: str, server_context: ssl.SSLContext
) -> None:
    answer = await send(f"{sent}\r\n".encode(), server_context)
    head, _, body = answer.partition("\r\n\r\n")
    status, *fields = head.split("\r\n")
    assert status == "HTTP/1.1 308 Permanent Redirect"
    assert f"Location: {location}" in fields
    assert "Connection: close" in fields
    # A browser would keep it for good, also when another program has this port.
    assert "Cache-Control: no-store" in fields
    assert body == ""


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param("GET / HTTP/1.0\r\n", 400, id="HTTP/1.0 without Host"),
        pytest.param("OPTIONS * HTTP/1.1\r\nHost: localhost\r\n", 400, id="no URL"),
        pytest.param("GET / HTTP/1.1\r\n", 400, id="RFC 9112 §3.2: no Host"),
        pytest.param("GET / HTTP/1.1\r\nHost: a/b@c\r\n", 400, id="a malformed Host"),
        pytest.param("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n", 400, id="two Hosts"),
        pytest.param("GET / HTTP/1.1\r\nHost: a\rLocation: b\r\n", 400, id="half a line end"),
        pytest.param(
            "GET /" + "x" * 9000 + " HTTP/1.1\r\nHost: a\r\n", 414, id="too long a target"
        ),
        pytest.param("GET / HTTP/1.1\r\nHost: a\r\nX: " + "x" * 40000, 431, id="too long a head"),
        pytest.param("PRI * HTTP/2.0\r\n", 505, id="RFC 9113 §3.4: HTTP/2"),
    ],
)
async def test_what_leads_nowhere_is_refused(
    sent: str, status: int, server_context: ssl.SSLContext
) -> None:
    answer = await send(f"{sent}\r\n".encode(), server_context)
    assert answer.startswith(f"HTTP/1.1 {status} ")
    assert "\r\nConnection: close\r\n" in answer
    assert "Location" not in answer


async def test_who_names_no_host_is_told_what_to_do(server_context: ssl.SSLContext) -> None:
    answer = await send(b"GET / HTTP/1.0\r\n\r\n", server_context)
    assert "only HTTPS is spoken here: ask for a URL with https://" in answer


async def test_only_one_request_is_answered(server_context: ssl.SSLContext) -> None:
    request = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    assert (await send(request * 3, server_context)).count("HTTP/1.1 ") == 1


async def test_a_request_may_come_byte_by_byte(server_context: ssl.SSLContext) -> None:
    async with open_connection(hello, server_context=server_context) as transport:
        for octet in b"POST /form HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\nab":
            await transport.send_all(bytes([octet]))
            await trio.testing.wait_all_tasks_blocked()
        reply = await Peer(transport).read_reply_only()
    assert (reply.status, reply.headers["location"]) == (308, "https://localhost/form")


@pytest.mark.parametrize(
    ("sent", "seconds", "begin"),
    [
        pytest.param(b"GE", 10, "", id="what may become a request"),
        pytest.param(b"GET / HT", 3, "HTTP/1.1 408 ", id="half a head"),
    ],
)
async def test_nobody_is_waited_for_longer_than_others(
    sent: bytes, seconds: float, begin: str, server_context: ssl.SSLContext, autojump_clock: Any
) -> None:
    started = trio.current_time()
    answer = await send(sent, server_context, limits=Limits(handshake_timeout=10, head_timeout=3))
    assert trio.current_time() - started == seconds
    assert answer.startswith(begin)


async def test_the_access_log_has_a_line_for_it_and_the_log_has_none(
    server_context: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    client = Address("192.0.2.7", 1234)
    await send(b"GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n", server_context, client=client)
    [message] = caplog.messages
    assert message.startswith("192.0.2.7 - - [")
    assert '"GET /x HTTP/1.1" 308 0 "-" "-" - - ' in message
