"""A client that leaves while its request is answered: the work for it ends, and no other."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
import trio
import trio.testing

from trio_https import ClientGone, Limits, Request, Response
from trio_https.incoming import Incoming
from trio_https.testing import open_connection

from .command import DEADLINE
from .peer import Peer, read_all

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Work:
    """A handler that works for ever, or for some seconds, and remembers its end."""

    def __init__(self, seconds: float = float("inf")) -> None:
        self.seconds = seconds
        self.outcomes: list[str] = []

    async def __call__(self, request: Request, /) -> Response:
        try:
            await trio.sleep(self.seconds)
        except trio.Cancelled:
            self.outcomes.append("cancelled")
            raise
        self.outcomes.append("done")
        return Response.text("done")


@pytest.mark.parametrize("reset", [False, True])
async def test_the_handler_is_cancelled_when_its_client_leaves(
    reset: bool, autojump_clock: Any
) -> None:
    work = Work()
    async with open_connection(work) as stream:
        started = trio.current_time()
        await stream.send_all(HEAD)
        if reset:
            await trio.aclose_forcefully(stream)
        else:
            await stream.send_eof()
    assert work.outcomes == ["cancelled"]
    assert trio.current_time() - started < 1


async def test_a_streamed_response_ends_when_its_client_leaves(autojump_clock: Any) -> None:
    ended: list[bool] = []

    async def clock(request: Request) -> Response:
        async def ticks() -> AsyncIterator[bytes]:
            try:
                yield b"tick"
                await trio.sleep_forever()
            finally:
                ended.append(True)

        return Response(body=ticks())

    async with open_connection(clock) as stream:
        await stream.send_all(HEAD)
        await stream.receive_some()
        assert ended == []
    assert ended == [True]


async def test_a_client_that_stays_gets_its_response_however_long_it_takes(
    autojump_clock: Any,
) -> None:
    async with open_connection(Work(3600)) as stream:
        peer = Peer(stream)
        assert (await peer.ask()).body == b"done"
        assert (await peer.ask()).body == b"done"


async def test_requests_that_come_early_are_kept_and_answered(autojump_clock: Any) -> None:
    work = Work(10)
    async with open_connection(work) as stream:
        await stream.send_all(HEAD)
        await trio.sleep(5)  # it is watched now
        await stream.send_all(HEAD + HEAD[:10])
        await trio.sleep(1)
        await stream.send_all(HEAD[10:].replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        received = await read_all(stream)
    assert received.count(b"HTTP/1.1 200 OK\r\n") == 3
    assert work.outcomes == ["done"] * 3


async def test_what_comes_early_is_kept_up_to_a_bound(autojump_clock: Any) -> None:
    async with open_connection(Work(10), limits=Limits(max_head_bytes=1_000_000)) as stream:
        await stream.send_all(HEAD)
        await trio.sleep(1)
        for _ in range(20):
            await stream.send_all(HEAD * 1000)
        assert (await Peer(stream).read_reply_only()).body == b"done"


async def test_a_body_that_comes_while_the_handler_works_is_read_afterwards(
    autojump_clock: Any,
) -> None:
    async def handler(request: Request) -> Response:
        await trio.sleep(5)
        return Response(body=b"".join([bytes(piece) async for piece in request.body]))

    async with open_connection(handler) as stream:
        await stream.send_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n")
        await trio.sleep(1)
        await stream.send_all(b"abc")
        await trio.sleep(6)
        await stream.send_all(b"def" + HEAD)
        peer = Peer(stream)
        assert (await peer.read_reply_only("POST")).body == b"abcdef"


async def test_with_half_close_allowed_the_response_still_comes(autojump_clock: Any) -> None:
    work = Work(10)
    async with open_connection(work, limits=Limits(allow_half_close=True)) as stream:
        await stream.send_all(HEAD)
        await stream.send_eof()
        assert (await read_all(stream)).endswith(b"done")


async def test_a_handler_that_must_finish_shields_itself(autojump_clock: Any) -> None:
    work = Work(10)

    async def handler(request: Request) -> Response:
        with trio.CancelScope() as scope:
            scope.shield = True
            return await work(request)
        raise AssertionError

    async with open_connection(handler) as stream:
        await stream.send_all(HEAD)
    assert work.outcomes == ["done"]


async def test_a_handler_that_answers_at_once_is_not_read_ahead_for() -> None:
    """What the client sent behind its request stays on the wire until it is its turn."""

    async def handler(request: Request) -> Response:
        return Response.text("done")

    async with open_connection(handler) as stream:
        await stream.send_all(HEAD)
        await stream.send_eof()
        assert (await read_all(stream)).endswith(b"done")


async def test_who_is_closed_by_another_task_has_left() -> None:
    """Watching, TLS may have an alert to send while the connection is being closed."""
    _, stream = trio.testing.memory_stream_one_way_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(stream.receive_some)  # so that it is busy
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(ClientGone):
            await Incoming(stream).receive()
        with trio.fail_after(DEADLINE):
            await Incoming(stream).wait_until_client_leaves()
        nursery.cancel_scope.cancel()
