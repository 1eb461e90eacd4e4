"""Another protocol on a connection: who gets it, who is refused, and how it ends."""

import logging
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing

from trio_https import Headers, Limits, Reply, Request, Response, Upgrade, serve_stream
from trio_https.operate.access_log import AccessEntry
from trio_https.stopping import Stopping
from trio_https.testing import open_connection

from .peer import Peer, read_all

ASKING = b"Host: localhost\r\nConnection: keep-alive, Upgrade\r\nUpgrade: other, Example/1\r\n"
HEAD = b"GET /door HTTP/1.1\r\n" + ASKING + b"\r\n"
SWITCH = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: example/1\r\n"

Talk = Callable[[trio.abc.Stream], Awaitable[None]]


def door(talk: Talk, headers: Headers | None = None) -> Any:
    async def answer(request: Request) -> Reply:
        return Upgrade(protocol="example/1", talk=talk, headers=headers or Headers())

    return answer


async def shout(stream: trio.abc.Stream) -> None:
    """Give back in capitals what comes, piece by piece."""
    async for piece in stream:
        await stream.send_all(bytes(piece).upper())


async def read_switch(stream: trio.abc.ReceiveStream) -> bytes:
    """Return what came after the head of the 101, which must be there."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = await stream.receive_some()
        assert piece, received
        received += piece
    head, _, rest = received.partition(b"\r\n\r\n")
    assert (head + b"\r\n").startswith(SWITCH)
    return rest


async def test_the_protocol_has_the_connection_after_the_101(autojump_clock: Any) -> None:
    async with open_connection(door(shout)) as stream:
        await stream.send_all(HEAD)
        assert await read_switch(stream) == b""
        for word in (b"one", b"two"):
            await stream.send_all(word)
            assert await stream.receive_some() == word.upper()
        await stream.send_eof()
        assert await read_all(stream) == b""


async def test_what_came_with_the_request_comes_first(autojump_clock: Any) -> None:
    async with open_connection(door(shout)) as stream:
        await stream.send_all(HEAD + b"early")
        assert await read_switch(stream) + await stream.receive_some() == b"EARLY"
        await stream.send_all(b"late")
        assert await stream.receive_some() == b"LATE"


async def test_what_comes_while_the_handler_decides_is_not_lost(autojump_clock: Any) -> None:
    async def decide(request: Request) -> Reply:
        await trio.sleep(10)  # meanwhile the server reads ahead, to see the client leave
        return Upgrade(protocol="example/1", talk=shout)

    async with open_connection(decide) as stream:
        await stream.send_all(HEAD)
        await trio.sleep(5)
        await stream.send_all(b"meanwhile")
        assert await read_switch(stream) + await stream.receive_some() == b"MEANWHILE"


async def test_it_may_be_read_in_parts(autojump_clock: Any) -> None:
    pieces: list[bytes] = []

    async def nibble(stream: trio.abc.Stream) -> None:
        with pytest.raises(ValueError, match="at least 1"):
            await stream.receive_some(0)
        while piece := await stream.receive_some(2):
            pieces.append(bytes(piece))

    async with open_connection(door(nibble)) as stream:
        await stream.send_all(HEAD + b"abcde")
        await stream.send_eof()
        await read_all(stream)
    assert pieces == [b"ab", b"cd", b"e"]


async def test_it_works_over_tls(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, autojump_clock: Any
) -> None:
    async with open_connection(door(shout), server_context=server_context) as transport:
        stream = trio.SSLStream(transport, client_context, server_hostname="localhost")
        await stream.send_all(HEAD)
        assert await read_switch(stream) == b""
        await stream.send_all(b"x" * 100_000)
        received = b""
        while len(received) < 100_000:
            received += await stream.receive_some()
        assert received == b"X" * 100_000
        await stream.aclose()


async def test_fields_of_its_own_go_with_the_101(autojump_clock: Any) -> None:
    async with open_connection(door(shout, Headers({"Example-Room": "7"}))) as stream:
        await stream.send_all(HEAD)
        head = bytes(await stream.receive_some())
    assert b"\r\nExample-Room: 7\r\n" in head
    assert b"content-length" not in head.lower()


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 426),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: example/1\r\n\r\n", 426),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: upgrade\r\n\r\n", 426),
        (b"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n", 426),
        (b"GET / HTTP/1.0\r\n" + ASKING + b"\r\n", 426),
        (b"POST / HTTP/1.1\r\n" + ASKING + b"Content-Length: 5\r\n\r\n12345", 400),
    ],
    ids=["not asked", "not for this hop", "for nothing", "another", "HTTP/1.0", "a body unread"],
)
async def test_who_has_not_asked_for_it_is_told(
    head: bytes, status: int, autojump_clock: Any
) -> None:
    async with open_connection(door(shout)) as stream:
        await stream.send_all(head)
        await stream.send_eof()
        received = await read_all(stream)
    assert received.startswith(b"HTTP/1.1 %d " % status)
    assert (b"\r\nUpgrade: example/1\r\n" in received) == (status == 426)
    assert (b"\r\nConnection: upgrade" in received) == (status == 426)


async def test_who_was_refused_may_ask_for_something_else(autojump_clock: Any) -> None:
    async with open_connection(door(shout)) as stream:
        peer = Peer(stream)
        assert (await peer.ask()).status == 426
        assert (await peer.ask()).status == 426


async def test_lines_of_connection_and_upgrade_are_one_list(autojump_clock: Any) -> None:
    async with open_connection(door(shout)) as stream:
        await stream.send_all(
            b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: keep-alive\r\n"
            b"Connection: UPGRADE\r\nUpgrade: a\r\nUpgrade: EXAMPLE/1\r\n\r\n"
        )
        assert await read_switch(stream) == b""


async def test_after_a_body_that_was_read_it_is_possible(autojump_clock: Any) -> None:
    async def answer(request: Request) -> Reply:
        assert await request.bytes() == b"12345"
        return Upgrade(protocol="example/1", talk=shout)

    async with open_connection(answer) as stream:
        await stream.send_all(b"POST / HTTP/1.1\r\n" + ASKING + b"Content-Length: 5\r\n\r\n12345!")
        assert await read_switch(stream) + await stream.receive_some() == b"!"


async def test_a_client_that_asked_may_get_a_response_all_the_same(autojump_clock: Any) -> None:
    async def answer(request: Request) -> Reply:
        return Response.text("no")

    async with open_connection(answer) as stream:
        peer = Peer(stream)
        await stream.send_all(HEAD)
        assert (await peer.read_reply_only()).body == b"no"
        await stream.send_all(HEAD)
        assert (await Peer(stream).read_reply_only()).body == b"no"


# How it ends


async def test_what_fails_in_it_is_logged_and_cut_off(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")

    async def fail(stream: trio.abc.Stream) -> None:
        raise LookupError("the reason")

    async with open_connection(door(fail)) as stream:
        await stream.send_all(HEAD)
        await read_all(stream)
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info
    assert isinstance(record.exc_info[1], LookupError)
    [note] = record.exc_info[1].__notes__
    assert "in example/1, GET /door" in note
    [access] = [each for each in caplog.records if each.name == "trio_https.access"]
    assert isinstance(access.msg, AccessEntry)
    assert access.msg.error_id
    assert access.msg.error_id in note


@pytest.mark.parametrize("grouped", [False, True])
async def test_a_client_that_leaves_is_nobodys_mistake(
    grouped: bool, autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def send_on(stream: trio.abc.Stream) -> None:
        while True:
            await stream.send_all(b"x" * 1000)
            await trio.sleep(1)

    async def talk(stream: trio.abc.Stream) -> None:
        if not grouped:
            await send_on(stream)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send_on, stream)

    async with open_connection(door(talk)) as stream:
        await stream.send_all(HEAD)
        await read_switch(stream)
        await trio.aclose_forcefully(stream)
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_broken_stream_of_another_kind_is_the_protocols_mistake(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def talk(stream: trio.abc.Stream) -> None:
        raise trio.BrokenResourceError("the database")

    async with open_connection(door(talk)) as stream:
        await stream.send_all(HEAD)
        await read_all(stream)
    assert [record.levelname for record in caplog.records].count("ERROR") == 1


async def test_a_client_that_takes_nothing_is_let_go(autojump_clock: Any) -> None:
    ended = trio.Event()
    client, server = trio.testing.lockstep_stream_pair()

    async def talk(stream: trio.abc.Stream) -> None:
        try:
            await stream.send_all(b"x" * 100)
        finally:
            ended.set()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve_stream, door(talk), server)
        await client.send_all(HEAD)
        await read_switch(client)
        started = trio.current_time()
        await ended.wait()
        assert trio.current_time() - started == Limits().send_timeout


async def test_its_head_that_is_none_is_a_500(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async with open_connection(door(shout, Headers({"Bad": "a\nb"}))) as stream:
        await stream.send_all(HEAD)
        received = await read_all(stream)
    assert received.startswith(b"HTTP/1.1 500 ")


async def test_a_server_that_stops_tells_it(autojump_clock: Any) -> None:
    stopping = Stopping()

    async def answer(request: Request) -> Reply:
        async def talk(stream: trio.abc.Stream) -> None:
            await request.stopping.wait()
            await stream.send_all(b"bye")

        return Upgrade(protocol="example/1", talk=talk)

    async with open_connection(answer, stopping=stopping) as stream:
        await stream.send_all(HEAD)
        assert await read_switch(stream) == b""
        await trio.sleep(5)
        stopping.set(grace=10)
        assert await read_all(stream) == b"bye"


async def test_the_requests_deadline_ends_it(autojump_clock: Any) -> None:
    async def answer(request: Request) -> Reply:
        request.cancel_scope.deadline = trio.current_time() + 30
        return Upgrade(protocol="example/1", talk=shout)

    async with open_connection(answer) as stream:
        started = trio.current_time()
        await stream.send_all(HEAD)
        await read_switch(stream)
        assert await read_all(stream) == b""
        assert trio.current_time() - started == 30


async def test_its_stream_can_be_closed_once_and_is_closed_then(autojump_clock: Any) -> None:
    async def talk(stream: trio.abc.Stream) -> None:
        await stream.wait_send_all_might_not_block()
        await stream.aclose()
        await stream.aclose()
        for use in (stream.send_all(b"x"), stream.receive_some()):
            with pytest.raises(trio.ClosedResourceError):
                await use
        with pytest.raises(trio.ClosedResourceError):
            await stream.wait_send_all_might_not_block()

    async with open_connection(door(talk)) as stream:
        await stream.send_all(HEAD)
        await read_switch(stream)
        assert await read_all(stream) == b""


async def test_the_access_log_has_it_with_what_was_sent(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    async with open_connection(door(shout)) as stream:
        await stream.send_all(HEAD + b"12345")
        await stream.send_eof()
        await read_all(stream)
    [line] = [each.getMessage() for each in caplog.records if each.name == "trio_https.access"]
    assert '"GET /door HTTP/1.1" 101 5 ' in line
