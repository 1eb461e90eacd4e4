"""The scope of a request, a body that is written, and the server's stop, as a handler sees them."""

import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio
import trio.testing

from trio_https import ClientGone, Headers, Request, Response, serve_stream
from trio_https.stopping import Stopping
from trio_https.testing import open_connection

from .peer import Peer, read_all

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
Write = Callable[[trio.abc.SendStream], Awaitable[None]]


def written(write: Write, **fields: str) -> Any:
    async def answer(request: Request) -> Response:
        return Response(200, Headers(fields), write)

    return answer


def troubles(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


class TestADeadlineOfARequest:
    async def test_that_passes_in_the_handler_is_a_503(
        self, autojump_clock: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def answer(request: Request) -> Response:
            request.cancel_scope.deadline = trio.current_time() + 60
            await trio.sleep_forever()
            raise AssertionError("for ever")

        async with open_connection(answer) as stream:
            started = trio.current_time()
            reply = await Peer(stream).ask()
            assert (reply.status, reply.headers["connection"]) == (503, "close")
            assert trio.current_time() - started == 60
        assert troubles(caplog) == ["GET / was cancelled, or its deadline has passed"]

    async def test_that_passes_in_the_response_cuts_it_off(
        self, autojump_clock: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def write(out: trio.abc.SendStream) -> None:
            await out.send_all(b"half")
            await trio.sleep_forever()

        async def answer(request: Request) -> Response:
            request.cancel_scope.deadline = trio.current_time() + 60
            return Response(body=write)

        async with open_connection(answer) as stream:
            await stream.send_all(HEAD)
            received = await read_all(stream)
        assert received.endswith(b"4\r\nhalf\r\n")
        assert ["cut off" in line for line in troubles(caplog)] == [True]

    async def test_that_does_not_pass_changes_nothing(self, autojump_clock: Any) -> None:
        async def answer(request: Request) -> Response:
            request.cancel_scope.deadline = trio.current_time() + 60
            return Response.text("in time")

        async with open_connection(answer) as stream:
            peer = Peer(stream)
            assert (await peer.ask()).body == b"in time"
            await trio.sleep(50)
            assert (await peer.ask()).body == b"in time"

    async def test_that_passes_after_a_whole_response_does_no_harm(
        self, autojump_clock: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def write(out: trio.abc.SendStream) -> None:
            await out.send_all(b"whole")
            await trio.sleep_forever()

        async def answer(request: Request) -> Response:
            request.cancel_scope.deadline = trio.current_time() + 5
            return Response(200, Headers({"Content-Length": "5"}), write)

        async with open_connection(answer) as stream:
            await stream.send_all(HEAD)
            assert (await read_all(stream)).endswith(b"\r\n\r\nwhole")
        assert troubles(caplog) == []


class TestWorkThatOutlivesItsClient:
    @pytest.mark.parametrize("outlives", [False, True])
    async def test_is_what_asked_for_it(self, outlives: bool, autojump_clock: Any) -> None:
        outcomes: list[str] = []

        async def answer(request: Request) -> Response:
            if outlives:
                request.outlive_client()
            try:
                await trio.sleep(60)
                outcomes.append("done")
            except trio.Cancelled:
                outcomes.append("cancelled")
                raise
            return Response.text("for nobody")

        async with open_connection(answer) as stream:
            await stream.send_all(HEAD)
            await trio.sleep(1)
            await trio.aclose_forcefully(stream)
        assert outcomes == ["done" if outlives else "cancelled"]

    async def test_sees_that_nothing_more_comes(self, autojump_clock: Any) -> None:
        outcomes: list[BaseException] = []

        async def answer(request: Request) -> Response:
            request.outlive_client()
            await trio.sleep(60)
            try:
                await request.bytes()
            except ClientGone as exc:
                outcomes.append(exc)
            return Response()

        async with open_connection(answer) as stream:
            await stream.send_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf")
            await trio.sleep(1)
            await trio.aclose_forcefully(stream)
        assert len(outcomes) == 1

    async def test_ends_with_its_server_all_the_same(self, autojump_clock: Any) -> None:
        outcomes: list[str] = []

        async def answer(request: Request) -> Response:
            request.outlive_client()
            try:
                await trio.sleep_forever()
            finally:
                outcomes.append("ended")
            raise AssertionError("for ever")

        ours, theirs = trio.testing.memory_stream_pair()
        async with trio.open_nursery() as nursery:
            server = await nursery.start(serve_stream, answer, theirs)
            await ours.send_all(HEAD)
            await trio.sleep(1)
            await trio.aclose_forcefully(ours)
            await trio.sleep(1)
            started = trio.current_time()
            await server.stop(grace=5)
            assert trio.current_time() - started == 5
        assert outcomes == ["ended"]


class TestABodyThatIsWritten:
    async def test_is_sent_piece_by_piece(self, autojump_clock: Any) -> None:
        async def write(out: trio.abc.SendStream) -> None:
            for piece in (b"one ", bytearray(b"two "), memoryview(b"three"), b""):
                await out.wait_send_all_might_not_block()
                await out.send_all(piece)

        async with open_connection(written(write)) as stream:
            reply = await Peer(stream).ask()
        assert (reply.body, reply.headers["transfer-encoding"]) == (b"one two three", "chunked")

    async def test_may_come_from_a_nursery_of_its_own(self, autojump_clock: Any) -> None:
        async def write(out: trio.abc.SendStream) -> None:
            turn = trio.Lock()

            async def tick(word: bytes, seconds: float) -> None:
                for _ in range(2):
                    await trio.sleep(seconds)
                    async with turn:
                        await out.send_all(word)

            async with trio.open_nursery() as nursery:
                nursery.start_soon(tick, b"a", 2)
                nursery.start_soon(tick, b"b", 3)

        async with open_connection(written(write)) as stream:
            assert (await Peer(stream).ask()).body == b"abab"

    async def test_has_the_length_that_it_promised_or_is_cut_off(
        self, autojump_clock: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def write(out: trio.abc.SendStream) -> None:
            await out.send_all(b"four")

        fields = {"Content-Length": "5"}
        async with open_connection(written(write, **fields)) as stream:
            await stream.send_all(HEAD)
            assert (await read_all(stream)).endswith(b"\r\n\r\nfour")
        assert len(troubles(caplog)) == 1

    async def test_is_not_written_where_there_must_be_none(self, autojump_clock: Any) -> None:
        async def write(out: trio.abc.SendStream) -> None:
            raise AssertionError("nobody wants this")

        async with open_connection(written(write)) as stream:
            await stream.send_all(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            assert (await Peer(stream).read_reply_only("HEAD")).status == 200

    async def test_that_fails_is_cut_off(
        self, autojump_clock: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def write(out: trio.abc.SendStream) -> None:
            await out.send_all(b"half")
            raise LookupError("the reason")

        async with open_connection(written(write)) as stream:
            await stream.send_all(HEAD)
            received = await read_all(stream)
        assert received.endswith(b"4\r\nhalf\r\n")
        assert "the reason" in caplog.text

    async def test_ends_quietly_with_its_client_also_in_a_nursery(
        self, autojump_clock: Any, caplog: pytest.LogCaptureFixture
    ) -> None:
        async def write(out: trio.abc.SendStream) -> None:
            async def send() -> None:
                while True:
                    await out.send_all(b"more")

            async with trio.open_nursery() as nursery:
                nursery.start_soon(send)

        async with open_connection(written(write)) as stream:
            await stream.send_all(HEAD)
            await stream.receive_some()
        assert troubles(caplog) == []

    async def test_takes_one_task_at_a_time_and_none_afterwards(self, autojump_clock: Any) -> None:
        kept: list[trio.abc.SendStream] = []

        async def write(out: trio.abc.SendStream) -> None:
            kept.append(out)
            async with trio.open_nursery() as nursery:
                nursery.start_soon(out.send_all, b"x")
                await trio.testing.wait_all_tasks_blocked()
                with pytest.raises(trio.BusyResourceError):
                    await out.send_all(b"y")

        client, server = trio.testing.lockstep_stream_pair()
        async with trio.open_nursery() as nursery:
            nursery.start_soon(serve_stream, written(write), server)
            await client.send_all(HEAD)
            head = bytes(await client.receive_some())
            await trio.sleep(1)  # the piece waits for us
            assert b"\r\n1\r\nx\r\n" in head + bytes(await client.receive_some())
            assert await client.receive_some() == b"0\r\n\r\n"
            with pytest.raises(trio.ClosedResourceError):
                await kept[0].send_all(b"late")
            await client.aclose()

    async def test_ends_with_its_client(self, autojump_clock: Any) -> None:
        outcomes: list[str] = []

        async def write(out: trio.abc.SendStream) -> None:
            try:
                await trio.sleep_forever()
            except trio.Cancelled:
                outcomes.append("cancelled")
                raise

        async with open_connection(written(write)) as stream:
            await stream.send_all(HEAD)
            await stream.receive_some()
            await trio.aclose_forcefully(stream)
        assert outcomes == ["cancelled"]


async def test_a_stream_of_events_ends_when_its_server_is_to_stop(autojump_clock: Any) -> None:
    stopping = Stopping()

    async def answer(request: Request) -> Response:
        async def write(out: trio.abc.SendStream) -> None:
            while not request.stopping.is_set():
                await out.send_all(b"tick ")
                with trio.move_on_after(1):
                    await request.stopping.wait()

        return Response(body=write)

    async with open_connection(answer, stopping=stopping) as stream:
        await stream.send_all(HEAD)
        await trio.sleep(2.5)
        stopping.set(grace=10)
        reply = await Peer(stream).read_reply_only()
        assert reply.body == b"tick tick tick "
