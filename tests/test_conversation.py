"""Exchanges one after the other, in one cancel scope as long as nobody else has got hold of it."""

from collections.abc import Callable

import pytest
import trio
import trio.testing

from trio_https import Limits, Request, Response
from trio_https.connection import serve_connection
from trio_https.testing import open_connection

from .peer import Peer
from .service import make_service

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def hello(request: Request) -> Response:
    return Response.text("hello")


class _Scripted(trio.abc.Stream):
    """A client whose next request has come in the moment in which something else happens."""

    def __init__(self) -> None:
        self.sent = b""
        self.happens: Callable[[], None] = lambda: None
        self._requests = 2

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        await trio.lowlevel.checkpoint()
        if not self._requests:
            return b""
        self._requests -= 1
        if not self._requests:
            self.happens()  # and no checkpoint after it: what came is handed over
        return HEAD

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self.sent += data

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


async def test_a_request_that_comes_in_the_moment_of_the_stop_is_answered() -> None:
    service, stream = make_service(hello), _Scripted()
    stream.happens = lambda: service.stopping.set(10)
    await serve_connection(stream, service)
    assert stream.sent.count(b"HTTP/1.1 200 OK") == 2
    assert stream.sent.count(b"Connection: close") == 1


async def test_a_request_that_comes_in_the_moment_of_its_timeout_is_answered() -> None:
    service, stream = make_service(hello, limits=Limits(idle_timeout=5)), _Scripted()

    def time_is_over() -> None:
        (scope,) = service.timeouts.idle._deadlines
        scope.cancel()

    stream.happens = time_is_over
    await serve_connection(stream, service)
    assert stream.sent.count(b"HTTP/1.1 200 OK") == 2


@pytest.mark.parametrize("awaits_first", [False, True])
async def test_who_waits_for_no_first_request_is_closed_at_a_stop(
    awaits_first: bool, autojump_clock: trio.testing.MockClock
) -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    service = make_service(hello)
    async with trio.open_nursery() as watching:
        for watch in service.watchers:
            watching.start_soon(watch)
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve_connection, theirs, service)
            assert (await Peer(ours).ask()).status == 200
            await trio.testing.wait_all_tasks_blocked()
            started = trio.current_time()
            service.stopping.set(1000, await_first_requests=awaits_first)
            assert await ours.receive_some() == b""
            await ours.aclose()
        assert trio.current_time() == started
        watching.cancel_scope.cancel()


async def test_a_scope_that_a_handler_has_kept_is_not_that_of_the_next_request() -> None:
    scopes: list[trio.CancelScope] = []

    async def handler(request: Request) -> Response:
        for scope in scopes:
            scope.cancel(reason="long after")
        scopes.append(request.cancel_scope)
        await trio.lowlevel.checkpoint()
        return Response.text(f"{len(scopes)}")

    async with open_connection(handler) as stream:
        peer = Peer(stream)
        assert [(await peer.ask()).body for _ in range(3)] == [b"1", b"2", b"3"]


async def test_a_deadline_that_a_handler_has_set_is_not_that_of_the_next_request(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def handler(request: Request) -> Response:
        if request.path == "/quick":
            request.cancel_scope.deadline = trio.current_time() + 1
        else:
            await trio.sleep(5)
        return Response.text(request.path)

    async with open_connection(handler) as stream:
        peer = Peer(stream)
        assert (await peer.ask("/quick")).body == b"/quick"
        assert (await peer.ask("/slow")).body == b"/slow"


async def test_requests_share_a_scope_that_nobody_has_asked_for() -> None:
    scopes: set[int] = set()

    async def handler(request: Request) -> Response:
        scopes.add(id(request.scope._cancel_scope))
        return Response.text("hello")

    async with open_connection(handler) as stream:
        peer = Peer(stream)
        for _ in range(3):
            assert (await peer.ask()).status == 200
    assert len(scopes) == 1


async def test_a_client_that_does_not_even_take_that_its_time_is_over_is_left(
    autojump_clock: trio.testing.MockClock,
) -> None:
    async def handler(request: Request) -> Response:
        request.cancel_scope.deadline = trio.current_time() + 1
        await trio.sleep_forever()
        raise AssertionError

    ours, theirs = trio.testing.lockstep_stream_pair()
    service = make_service(handler, limits=Limits(send_timeout=7))
    async with trio.open_nursery() as watching:
        for watch in service.watchers:
            watching.start_soon(watch)
        started = trio.current_time()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve_connection, theirs, service)
            await ours.send_all(HEAD)  # and reads nothing
        assert trio.current_time() - started == 1 + 7
        watching.cancel_scope.cancel()
