"""What is sent leaves in pieces, each in good time."""

import math
import socket
import ssl
import sys
from contextlib import suppress
from typing import Any

import pytest
import trio
import trio.testing

from trio_https import ClientGone, Limits
from trio_https.outgoing import PIECE_BYTES, Outgoing
from trio_https.timeouts import Timeouts
from trio_https.transports import SocketTransport


class Sent(trio.abc.SendStream):
    """A stream that takes each piece in so many seconds, and keeps it; then it is broken."""

    def __init__(self, seconds: float = 0, most: float = math.inf) -> None:
        self.pieces: list[bytes] = []
        self._seconds = seconds
        self._most = most

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await trio.sleep(self._seconds)
        if len(self.pieces) == self._most:
            raise trio.BrokenResourceError
        self.pieces.append(bytes(data))

    async def wait_send_all_might_not_block(self) -> None:
        await trio.lowlevel.checkpoint()

    async def aclose(self) -> None:
        await trio.lowlevel.checkpoint()


def outgoing_to(stream: trio.abc.SendStream, limits: Limits | None = None) -> Outgoing:
    limits = limits or Limits()
    return Outgoing(stream, limits, Timeouts(limits).send)


@pytest.mark.parametrize(
    ("size", "sizes"),
    [
        (0, []),
        (1, [1]),
        (PIECE_BYTES, [PIECE_BYTES]),
        (PIECE_BYTES + 1, [PIECE_BYTES, 1]),
        (3 * PIECE_BYTES, [PIECE_BYTES, 2 * PIECE_BYTES]),
        (20 * PIECE_BYTES, [PIECE_BYTES * size for size in (1, 2, 4, 6, 6, 1)]),
    ],
)
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
async def test_all_is_sent_in_pieces_that_are_not_too_long(
    size: int, sizes: list[int], kind: Any
) -> None:
    stream = Sent()
    data = bytes(number % 251 for number in range(size))
    await outgoing_to(stream).send(kind(data))
    assert list(map(len, stream.pieces)) == sizes
    assert b"".join(stream.pieces) == data


async def test_each_piece_has_its_own_time(autojump_clock: Any) -> None:
    stream = Sent(seconds=9)
    await outgoing_to(stream, Limits(send_timeout=10)).send(bytes(5 * PIECE_BYTES))
    assert len(stream.pieces) == 5


async def test_a_piece_that_is_not_taken_in_time_is_the_last(autojump_clock: Any) -> None:
    started = trio.current_time()
    with pytest.raises(ClientGone, match="too slowly"):
        await outgoing_to(Sent(seconds=11), Limits(send_timeout=10)).send(b"hello")
    assert trio.current_time() - started == 10


def stuck_transport() -> tuple[SocketTransport, trio.SocketStream]:
    """Return a transport that takes no more, and the end from which nobody reads."""
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with suppress(BlockingIOError):
        while True:
            ours.send(bytes(65536))
    transport = SocketTransport(trio.SocketStream(trio.socket.from_stdlib_socket(ours)))
    return transport, trio.SocketStream(trio.socket.from_stdlib_socket(theirs))


@pytest.mark.skipif(sys.platform == "win32", reason="on Windows a socket is no file")
async def test_a_socket_that_takes_nothing_has_as_long(autojump_clock: Any) -> None:
    """It is the transport that gives up there: no scope is around what need not wait."""
    transport, theirs = stuck_transport()
    async with transport, theirs:
        outgoing = outgoing_to(transport, Limits(send_timeout=10))
        started = trio.current_time()
        with pytest.raises(ClientGone, match="too slowly"):
            await outgoing.send(b"hello")
        assert trio.current_time() - started == 10
        # What is not sent by it has the time that its own scope gives.
        with trio.move_on_after(100) as wait:
            await transport.send_all(b"hello")
        assert wait.cancelled_caught


@pytest.mark.skipif(sys.platform == "win32", reason="on Windows a socket is no file")
async def test_a_socket_below_tls_that_takes_nothing_has_as_long(
    autojump_clock: Any, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    ours, theirs = map(trio.SocketStream, trio.socket.socketpair())
    server = trio.SSLStream(SocketTransport(ours), server_context, server_side=True)
    client = trio.SSLStream(theirs, client_context, server_hostname="localhost")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.do_handshake)
        nursery.start_soon(client.do_handshake)
    outgoing = outgoing_to(server, Limits(send_timeout=10, min_send_rate=0))
    started = trio.current_time()
    with pytest.raises(ClientGone, match="too slowly"):
        await outgoing.send(bytes(64 * 1024 * 1024))
    assert trio.current_time() - started == 10
    for stream in (ours, theirs):
        await trio.aclose_forcefully(stream)


@pytest.mark.skipif(sys.platform == "win32", reason="on Windows a socket is no file")
async def test_a_socket_that_is_slow_has_no_longer_than_the_rate_allows(
    autojump_clock: Any,
) -> None:
    """Each second somebody takes a little: never 10 s of silence, and never enough."""
    transport, theirs = stuck_transport()
    limits = Limits(send_timeout=10, min_send_rate=1024 * 1024)
    started = trio.current_time()

    async def sip() -> None:
        while True:
            await trio.sleep(1)
            await theirs.receive_some(64 * 1024)

    async with transport, theirs, trio.open_nursery() as nursery:
        nursery.start_soon(sip)
        with pytest.raises(ClientGone, match="too slowly"):
            await outgoing_to(transport, limits).send(bytes(64 * 1024 * 1024))
        nursery.cancel_scope.cancel()
    assert 10 <= trio.current_time() - started <= 12


async def test_all_that_one_exchange_sends_has_one_rate(autojump_clock: Any) -> None:
    """The first piece uses up 8 of the 10 s that are free, and its bytes earn half a second."""
    outgoing = outgoing_to(Sent(seconds=8), Limits(send_timeout=10, min_send_rate=10))
    started = trio.current_time()
    await outgoing.send(b"hello")
    with pytest.raises(ClientGone, match="too slowly"):
        await outgoing.send(b"hello")
    assert trio.current_time() - started == pytest.approx(10.5)


async def test_a_client_that_left_is_gone() -> None:
    ours, theirs = trio.testing.memory_stream_one_way_pair()
    await theirs.aclose()
    with pytest.raises(ClientGone, match="in the middle of a response"):
        await outgoing_to(ours).send(b"hello")


@pytest.mark.parametrize(
    ("content_at", "taken", "counted"),
    [
        (None, 3, 0),  # it has none
        (0, 0, 0),
        (0, 1, PIECE_BYTES),
        (100, 0, 0),
        (100, 1, PIECE_BYTES - 100),
        (PIECE_BYTES, 1, 0),
        (PIECE_BYTES + 1, 2, PIECE_BYTES + 9),
        (100, 3, 2 * PIECE_BYTES - 90),  # all of it
        (2 * PIECE_BYTES + 10, 3, 0),
    ],
)
async def test_of_content_that_is_cut_off_what_was_taken_counts(
    content_at: int | None, taken: int, counted: int
) -> None:
    outgoing = outgoing_to(Sent(most=taken))
    with suppress(ClientGone):
        await outgoing.send(bytes(2 * PIECE_BYTES + 10), content_at=content_at)
    assert outgoing.content_bytes == counted


async def test_pieces_grow_only_while_they_are_taken_at_once(autojump_clock: Any) -> None:
    stream = Sent()
    outgoing = outgoing_to(stream)
    await outgoing.send(bytes(3 * PIECE_BYTES))
    stream._seconds = 2
    await outgoing.send(bytes(6 * PIECE_BYTES))
    sizes = [len(piece) // PIECE_BYTES for piece in stream.pieces]
    assert sizes == [1, 2, 4, 1, 1]


async def test_small_pieces_do_not_make_the_next_one_large() -> None:
    stream = Sent()
    outgoing = outgoing_to(stream)
    for _ in range(5):
        await outgoing.send(b"an event")
    await outgoing.send(bytes(2 * PIECE_BYTES))
    assert [len(piece) for piece in stream.pieces[5:]] == [PIECE_BYTES, PIECE_BYTES]
