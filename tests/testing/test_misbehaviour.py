"""What a client can do wrong on purpose, and that the server sees exactly that."""

import pytest
import trio

from trio_https import ClientGone, Limits, Request, Response
from trio_https.testing import open_client

from .handlers import Waiting

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def echo(request: Request) -> Response:
    return Response(body=await request.bytes())


@pytest.mark.parametrize("tls", [False, True])
async def test_a_request_may_come_byte_by_byte(tls: bool, autojump_clock: object) -> None:
    request = b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello"
    async with open_client(echo, tls=tls) as client, client.connect() as connection:
        await connection.send_slowly(request)
        assert (await connection.receive_response("POST")).body == b"hello"
        assert trio.current_time() == 0
        await connection.send_slowly(request, seconds_between=0.05)
        assert (await connection.receive_response("POST")).body == b"hello"
        assert trio.current_time() == pytest.approx(0.05 * len(request))


async def test_one_that_comes_too_slowly_is_refused(autojump_clock: object) -> None:
    limits = Limits(head_timeout=10)
    async with open_client(echo, limits=limits) as client, client.connect() as connection:
        with pytest.raises(trio.BrokenResourceError):
            await connection.send_slowly(HEAD, seconds_between=1)
        assert (await connection.receive_response()).status == 408


async def test_several_requests_may_come_at_once() -> None:
    async with open_client(echo) as client, client.connect() as connection:
        await connection.send_all(3 * HEAD)
        for _ in range(3):
            assert (await connection.receive_response()).status == 200


@pytest.mark.parametrize("allowed", [True, False])
async def test_a_client_may_end_its_side(allowed: bool, autojump_clock: object) -> None:
    async def slow(request: Request) -> Response:
        await trio.sleep(60)
        return Response.text("done")

    limits = Limits(allow_half_close=allowed)
    async with open_client(slow, limits=limits) as client, client.connect() as connection:
        await connection.send_all(HEAD)
        await connection.send_eof()
        if allowed:
            assert (await connection.receive_response()).text == "done"
        else:
            with pytest.raises(trio.BrokenResourceError):
                await connection.receive_some()


@pytest.mark.parametrize("tls", [False, True])
@pytest.mark.parametrize("how", ["reset", "send_eof"])
async def test_a_client_may_break_off_in_a_body(
    tls: bool, how: str, autojump_clock: object
) -> None:
    gone = trio.Event()

    async def read(request: Request) -> Response:
        try:
            await request.bytes()
        except ClientGone:
            gone.set()
            raise
        raise AssertionError("the body was taken for a whole one")

    async with open_client(read, tls=tls) as client, client.connect() as connection:
        await connection.send_all(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhel")
        if how == "reset":
            connection.reset()
        else:
            await connection.send_eof()
        await gone.wait()


async def test_a_reset_ends_what_the_handler_does(autojump_clock: object) -> None:
    waiting = Waiting()
    async with open_client(waiting, tls=True) as client, client.connect() as connection:
        await connection.send_all(HEAD)
        await trio.sleep(1)
        assert not waiting.left.is_set()
        connection.reset()
        await waiting.left.wait()


@pytest.mark.parametrize("tls", [False, True])
async def test_bytes_that_are_no_request_are_answered(tls: bool) -> None:
    async with open_client(echo, tls=tls) as client, client.connect() as connection:
        await connection.send_all(b"what?\r\n\r\n")
        response = await connection.receive_response()
        assert (response.status, response.headers.get("connection")) == (400, "close")


async def test_what_is_not_tls_is_answered_on_a_tls_server() -> None:
    async with open_client(echo, tls=True) as client, client.connect(tls=False) as connection:
        await connection.send_all(HEAD)
        assert (await connection.receive_response()).status == 308
