"""The client against servers that we did not write: scripts of bytes. Half is not whole."""

import re
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
import trio

from trio_https.server import Server
from trio_https.stopping import Stopping
from trio_https.testing import ClientConnection, ReceivedResponse, ResponseError, StreamedResponse
from trio_https.testing.client_http1 import ClientExchange
from trio_https.testing.memory_stream import MemoryStream, open_memory_connection
from trio_https.testing.outgoing_request import OutgoingRequest, RequestBodySource, make_request


def open_to_script() -> tuple[ClientConnection, MemoryStream]:
    ours, theirs = open_memory_connection()
    return ClientConnection(ours, Server((), (), Stopping()), lambda: None), theirs


def question(method: str = "GET", body: RequestBodySource = b"") -> OutgoingRequest:
    return make_request(method, "/x", authority="localhost", body=body)


async def play(script: bytes, stream: MemoryStream, reset: bool) -> None:
    await stream.receive_some()
    with suppress(trio.BrokenResourceError):  # the client may have had enough
        await stream.send_all(script)
    if reset:
        stream.reset()
    else:
        await stream.send_eof()


async def receive(
    script: bytes, *, method: str = "GET", reset: bool = False
) -> tuple[ReceivedResponse, ClientExchange]:
    """Ask a server that answers with ``script``, whatever it is asked, and leaves."""
    connection, theirs = open_to_script()
    exchange = ClientExchange(connection, question(method), receive_timeout=60, send_timeout=60)
    async with trio.open_nursery() as nursery:
        await exchange.send(nursery)
        nursery.start_soon(play, script, theirs, reset)
        response = await StreamedResponse(exchange, await exchange.receive_head()).read()
    return response, exchange


async def failure(script: bytes, *, method: str = "GET", reset: bool = False) -> ResponseError:
    with pytest.raises(ExceptionGroup) as caught:
        await receive(script, method=method, reset=reset)
    [error] = caught.value.exceptions
    assert isinstance(error, ResponseError)
    return error


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
WHOLE = {
    "by its length": (OK + b"Content-Length: 5\r\n\r\nhello", "GET", b"hello"),
    "in chunks": (
        CHUNKED + b"5\r\nhello\r\n0\r\n\r\n",
        "GET",
        b"hello",
    ),
    "until the end": (b"HTTP/1.0 200 OK\r\n\r\nhello", "GET", b"hello"),
    "none to a HEAD": (OK + b"Content-Length: 5\r\n\r\n", "HEAD", b""),
    "none with 204": (b"HTTP/1.1 204 No Content\r\n\r\n", "GET", b""),
    "none with 304": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "GET", b""),
}


@pytest.mark.parametrize("how", WHOLE)
async def test_a_whole_response_is_received(how: str) -> None:
    script, method, body = WHOLE[how]
    response, _ = await receive(script, method=method)
    assert response.body == body


CUT_OFF = {
    "nothing": (b"", "closed the connection before a head"),
    "half a head": (OK + b"Content-", "closed the connection in the middle of a head"),
    "only a 100": (b"HTTP/1.1 100 Continue\r\n\r\n", "closed the connection before a head"),
    "too short": (OK + b"Content-Length: 5\r\n\r\nhell", "cut off.*4 bytes, expected 5"),
    "a chunk short": (CHUNKED + b"5\r\nhel", "cut off.*incomplete"),
    "no last chunk": (CHUNKED + b"5\r\nhello\r\n", "cut off"),
}


@pytest.mark.parametrize("what", CUT_OFF)
async def test_a_response_that_is_cut_off_never_looks_whole(what: str) -> None:
    script, reason = CUT_OFF[what]
    error = await failure(script)
    assert str(error).startswith("GET /x: ")
    assert re.search(reason, str(error))


async def test_a_reset_cuts_off_what_only_the_end_would_end() -> None:
    error = await failure(b"HTTP/1.0 200 OK\r\n\r\nhello", reset=True)
    assert "the connection was cut off before the end of its response" in str(error)
    assert error.response is not None
    assert error.response.status == 200


INVALID = {
    "not HTTP": b"220 smtp.example ESMTP\r\n\r\n",
    "two lengths": OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a length that is none": OK + b"Content-Length: -5\r\n\r\nhello",
    "a space before the colon": OK + b"Content-Length : 5\r\n\r\nhello",
    "a chunk size that is none": CHUNKED + b"x\r\nhello\r\n0\r\n\r\n",
    "an unwanted 101": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
    "a body after a HEAD": OK + b"Content-Length: 5\r\n\r\nhello",
    "a body with 204": b"HTTP/1.1 204 No Content\r\n\r\nhello",
    "more than was promised": OK + b"Content-Length: 4\r\n\r\nhello",
    "a second response": 2 * (OK + b"Content-Length: 0\r\n\r\n"),
    "an endless head": OK + b"X: " + b"x" * 70_000,
}


@pytest.mark.parametrize("what", INVALID)
async def test_an_invalid_response_is_refused(what: str) -> None:
    error = await failure(INVALID[what], method="HEAD" if what.endswith("HEAD") else "GET")
    assert "GET /x: " in str(error) or "HEAD /x: " in str(error)


async def test_informational_responses_and_trailers_are_visible() -> None:
    response, _ = await receive(
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n"
        + CHUNKED
        + b"5\r\nhello\r\n0\r\nDigest: 5d41\r\n\r\n"
    )
    [hints] = response.informational
    assert (hints.status, hints.headers.get("link")) == (103, "</a.css>")
    assert response.trailers.get("digest") == "5d41"


async def test_a_connection_is_good_for_more_only_if_both_sides_say_so() -> None:
    _, exchange = await receive(OK + b"Connection: close\r\nContent-Length: 0\r\n\r\n")
    assert not exchange.has_ended


async def test_a_silent_server_is_no_reason_to_wait_for_ever(autojump_clock: object) -> None:
    connection, theirs = open_to_script()
    exchange = ClientExchange(connection, question(), receive_timeout=60, send_timeout=60)
    async with trio.open_nursery() as nursery:
        await exchange.send(nursery)
        with pytest.raises(ResponseError, match=r"for 60 s: GET /x is still without a response"):
            await exchange.receive_head()
        assert trio.current_time() == 60
    await theirs.aclose()


async def test_a_server_that_takes_nothing_is_none_either(autojump_clock: object) -> None:
    connection, theirs = open_to_script()
    request = question("POST", bytes(1_000_000))
    exchange = ClientExchange(connection, request, receive_timeout=300, send_timeout=60)
    async with trio.open_nursery() as nursery:
        await exchange.send(nursery)
        with pytest.raises(ResponseError, match="takes nothing of POST /x for 60 s"):
            await exchange.receive_head()
    await theirs.aclose()


@pytest.mark.parametrize(
    ("method", "target", "headers"),
    [
        ("G T", "/", {}),
        ("GET", "/a b", {}),
        ("GET", "/ä", {}),
        ("GET", "/", {"X": "a\r\nb"}),
        ("GET", "/", {"X y": "a"}),
        ("GET", "/", {"X": "€"}),
    ],
)
async def test_what_is_no_request_is_not_sent(
    method: str, target: str, headers: dict[str, str], nursery: trio.Nursery
) -> None:
    connection, theirs = open_to_script()
    request = make_request(method, target, authority="localhost", headers=headers)
    exchange = ClientExchange(connection, request, receive_timeout=60, send_timeout=60)
    with pytest.raises(ValueError, match=r"no valid request .* connect\(\)"):
        await exchange.send(nursery)
    assert theirs.is_quiet


async def test_what_is_no_body_is_told(nursery: trio.Nursery) -> None:
    with pytest.raises(TypeError, match="bytes or an async iterable"):
        make_request("POST", "/", authority="localhost", body="text")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="body or json, not both"):
        make_request("POST", "/", authority="localhost", body=b"1", json_value=1)
    connection, _ = open_to_script()
    request = make_request(
        "POST", "/", authority="localhost", headers={"Content-Length": "5"}, body=b"six six"
    )
    exchange = ClientExchange(connection, request, receive_timeout=60, send_timeout=60)
    with pytest.raises(ValueError, match="the body of POST / is no valid one"):
        await exchange.send(nursery)


async def test_the_source_of_a_body_fails_in_the_test(nursery: trio.Nursery) -> None:
    async def failing() -> AsyncIterator[bytes]:
        yield b"some"
        raise LookupError("no more")

    connection, _ = open_to_script()
    request = question("POST", failing())
    exchange = ClientExchange(connection, request, receive_timeout=60, send_timeout=60)
    await exchange.send(nursery)
    with pytest.raises(LookupError, match="no more"):
        await exchange.receive_head()
