"""Sockets below TLS: what comes, what leaves, and what there is to say of those that are closed."""

import math
import os
import socket
import ssl
import sys

import pytest
import trio
import trio.testing

from trio_https.transports import LingeringTransport, SocketTransport, lingering_transport

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="on Windows a socket is no file")


def socket_pair() -> tuple[SocketTransport, trio.SocketStream]:
    ours, theirs = map(trio.SocketStream, trio.socket.socketpair())
    return SocketTransport(ours), theirs


async def test_what_is_sent_arrives_both_ways() -> None:
    ours, theirs = socket_pair()
    async with ours, theirs:
        await ours.send_all(b"hello")
        assert await theirs.receive_some() == b"hello"
        await theirs.send_all(memoryview(b"and back"))
        assert await ours.receive_some(3) == b"and"
        assert await ours.receive_some() == b" back"
        await theirs.send_eof()
        assert await ours.receive_some() == b""


async def test_more_than_the_socket_takes_is_sent_as_it_is_read() -> None:
    ours, theirs = socket_pair()
    data = os.urandom(8 * 1024 * 1024)
    received = bytearray()

    async def read() -> None:
        async with theirs:
            async for piece in theirs:
                received.extend(piece)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(read)
        await ours.send_all(data)
        await ours.aclose()
    assert received == data


@pytest.mark.skipif(
    not hasattr(socket, "TCP_NOTSENT_LOWAT"), reason="this system has no limit on what is unsent"
)
async def test_more_is_left_to_the_kernel_where_pieces_are_large() -> None:
    # Else it takes a piece in parts, with a wait for each; a small response needs no more.
    (listener,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    theirs = await trio.open_tcp_stream("127.0.0.1", listener.socket.getsockname()[1])
    accepted = await listener.accept()
    ours = SocketTransport(accepted)

    def unsent() -> int:
        return accepted.socket.getsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT)

    async def send(piece: bytes, times: int) -> None:
        for _ in range(times):
            await ours.send_all(piece)

    at_first = unsent()
    async with listener, ours, theirs:
        for size in (64 * 1024, 384 * 1024):
            with trio.move_on_after(0.5):  # nobody reads: the kernel takes no more before long
                await send(bytes(size), 1000)
            if size == 64 * 1024:
                assert unsent() == at_first
        assert unsent() == 256 * 1024


async def test_others_get_their_turn_also_where_nothing_has_to_wait(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    ours, theirs = socket_pair()
    server = trio.SSLStream(ours, server_context, server_side=True)
    client = trio.SSLStream(theirs, client_context, server_hostname="localhost")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.do_handshake)
        nursery.start_soon(client.do_handshake)
    await client.send_all(b"hello")
    # SSLStream's checkpoints: the transport has it at once, and takes it at once.
    with trio.testing.assert_checkpoints():
        assert await server.receive_some() == b"hello"
    with trio.testing.assert_checkpoints():
        await server.send_all(b"hello")
    assert await client.receive_some() == b"hello"
    await ours.transport.aclose()
    await theirs.aclose()


async def test_a_read_that_was_cancelled_before_takes_nothing() -> None:
    ours, theirs = socket_pair()
    async with ours, theirs:
        await theirs.send_all(b"hello")
        with trio.move_on_at(-math.inf) as scope:
            await ours.receive_some()
        assert scope.cancelled_caught
        assert await ours.receive_some() == b"hello"


async def test_others_get_their_turn_while_a_client_is_left_that_sends_on() -> None:
    ours, theirs = socket_pair()
    with trio.move_on_after(0.1):
        while True:
            await theirs.send_all(bytes(16 * 1024))
    theirs.socket.close()
    with trio.testing.assert_checkpoints():
        await ours.aclose()


async def test_what_is_cancelled_before_is_not_sent() -> None:
    ours, theirs = socket_pair()
    async with ours, theirs:
        with trio.CancelScope() as scope:
            scope.cancel()
            await ours.send_all(b"hello")
        assert scope.cancelled_caught
        await ours.send_all(b"bye")
        assert await theirs.receive_some() == b"bye"


async def test_cancelling_a_read_loses_nothing() -> None:
    ours, theirs = socket_pair()
    async with ours, theirs:
        with trio.move_on_after(0.01):
            await ours.receive_some()
        await theirs.send_all(b"hello")
        assert await ours.receive_some() == b"hello"


async def test_a_reset_is_a_broken_resource() -> None:
    listener = (await trio.open_tcp_listeners(0, host="127.0.0.1"))[0]
    host, port = listener.socket.getsockname()
    theirs = await trio.open_tcp_stream(host, port)
    ours = SocketTransport(await listener.accept())
    theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    await theirs.aclose()
    with pytest.raises(trio.BrokenResourceError):
        await ours.receive_some()
    with pytest.raises(trio.BrokenResourceError):
        while True:
            await ours.send_all(b"hello")
    await ours.aclose()
    await listener.aclose()


async def test_a_socket_that_another_task_closes_is_told_as_closed() -> None:
    """And never read by the number that it had, which is another file's by then."""
    ours, theirs = socket_pair()
    async with trio.open_nursery() as nursery:

        async def read() -> None:
            with pytest.raises(trio.ClosedResourceError):
                await ours.receive_some()

        nursery.start_soon(read)
        await trio.testing.wait_all_tasks_blocked()
        await trio.aclose_forcefully(ours.transport)
    with pytest.raises(trio.ClosedResourceError):
        await ours.send_all(b"hello")
    with pytest.raises(trio.ClosedResourceError):
        await ours.receive_some()
    await theirs.aclose()


async def test_two_tasks_can_not_read_at_once() -> None:
    ours, theirs = socket_pair()
    async with ours, theirs, trio.open_nursery() as nursery:
        nursery.start_soon(ours.receive_some)
        await trio.testing.wait_all_tasks_blocked()
        with pytest.raises(trio.BusyResourceError):
            await ours.receive_some()
        nursery.cancel_scope.cancel()


async def test_only_a_socket_is_read_as_one() -> None:
    ours, theirs = trio.testing.memory_stream_pair()
    assert type(lingering_transport(ours)) is LingeringTransport
    left, right = map(trio.SocketStream, trio.socket.socketpair())
    async with left, right:
        assert type(lingering_transport(left)) is SocketTransport
    await theirs.aclose()
