"""What a client speaks that has connected to a port for TLS."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.rules.first_bytes import may_become_http, speaks_http


@pytest.mark.parametrize(
    "received",
    [
        pytest.param(b"GET /", id="a path"),
        pytest.param(b"POST /form HTTP/1.1\r\nHost: x", id="more than needed"),
        pytest.param(b"GET http://localhost/", id="RFC 9112 §3.2.2: absolute-form"),
        pytest.param(b"OPTIONS *", id="RFC 9112 §3.2.4: asterisk-form"),
        pytest.param(b"PRI * HTTP/2.0\r\n", id="RFC 9113 §3.4: HTTP/2, which gets a 505"),
        pytest.param(b"UPDATEREDIRECTREF /", id="the longest method"),
    ],
)
def test_a_request_line_is_http(received: bytes) -> None:
    assert speaks_http(received)
    assert not may_become_http(received)


@pytest.mark.parametrize(
    "received",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01", id="TLS"),
        pytest.param(b"\x80\x2e\x01\x00\x02", id="a hello of SSL 2"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", id="SSH"),
        pytest.param(b"EHLO client.example\r\n", id="SMTP"),
        pytest.param(b"NICK somebody\r\n", id="IRC"),
        pytest.param(b"CONNECT localhost:443 HTTP/1.1\r\n", id="for a proxy"),
        pytest.param(b"get / HTTP/1.1\r\n", id="RFC 9110 §9.1: methods are case-sensitive"),
        pytest.param(b"GET\r\n", id="a line without a target"),
        pytest.param(b"\x00", id="a zero byte"),
        pytest.param(b" GET /", id="a space before"),
    ],
)
def test_what_is_no_request_line_is_not_waited_for(received: bytes) -> None:
    assert not speaks_http(received)
    assert not may_become_http(received)


@pytest.mark.parametrize("received", [b"G", b"GET", b"GET ", b"S"])
def test_what_may_become_one_is_waited_for(received: bytes) -> None:
    assert not speaks_http(received)
    assert may_become_http(received)


def test_nothing_is_nothing_yet() -> None:
    assert not speaks_http(b"")
    assert not may_become_http(b"")


@given(st.binary(max_size=40), st.binary(max_size=10))
def test_a_verdict_does_not_change_with_what_follows(received: bytes, more: bytes) -> None:
    if received and not may_become_http(received):
        assert speaks_http(received + more) == speaks_http(received)
        assert not may_become_http(received + more)
