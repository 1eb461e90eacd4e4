"""The server on real sockets of loopback: start, limits, a system short of files, every way to end.

Where seconds matter the clock is Trio's mock clock, moved by hand: it does not run while the kernel
carries bytes. ``trio.fail_after`` only turns a hang into a failure.
"""

import logging
import socket
import ssl
import struct
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

import trio_https
from trio_https import Address, ConfigError, Limits, Request, Response, Server
from trio_https.certificates.local_certificate import open_local_certificate
from trio_https.heap import HeapTrimmer

from .command import DEADLINE
from .peer import Peer, read_all
from .test_listeners import needs_ipv6

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def hello(request: Request) -> Response:
    return Response.text(f"hello {request.target}")


async def start(nursery: trio.Nursery, handler: Any = hello, **settings: Any) -> Server:
    """Start a server on a port that is free, without TLS unless told otherwise."""
    settings = {"port": 0, "tls": None, "host": "127.0.0.1", **settings}
    server: Server = await nursery.start(partial(trio_https.serve, handler, **settings))
    return server


@asynccontextmanager
async def connected(server: Server, address: Address | None = None) -> AsyncIterator[Peer]:
    async with await trio.open_tcp_stream(*(address or server.addresses[0])) as stream:
        yield Peer(stream)


async def refuses(address: Address) -> bool:
    try:
        stream = await trio.open_tcp_stream(*address)
    except OSError:
        return True
    await stream.aclose()
    return False


async def reset(stream: trio.abc.Stream) -> None:
    """Leave without a word: RST instead of FIN."""
    assert isinstance(stream, trio.SocketStream)
    stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    await stream.aclose()


class Busy:
    """A handler that waits to be told to go on, and remembers how that ended."""

    def __init__(self) -> None:
        self.begun = trio.Event()
        self.go_on = trio.Event()
        self.ended = trio.Event()
        self.was_cancelled = False

    async def __call__(self, _request: Request) -> Response:
        self.begun.set()
        try:
            await self.go_on.wait()
        except trio.Cancelled:
            self.was_cancelled = True
            raise
        finally:
            self.ended.set()
        return Response.text("done")


# Start


@pytest.mark.parametrize(
    ("host", "addresses", "urls"),
    [
        pytest.param(
            "localhost",
            ["127.0.0.1", "::1"],
            ["https://localhost:{}/"],
            marks=needs_ipv6,
            id="localhost",
        ),
        pytest.param("127.0.0.1", ["127.0.0.1"], ["https://127.0.0.1:{}/"], id="IPv4"),
        pytest.param("::1", ["::1"], ["https://[::1]:{}/"], marks=needs_ipv6, id="IPv6"),
        pytest.param("0.0.0.0", ["0.0.0.0"], ["https://127.0.0.1:{}/"], id="all IPv4"),
        pytest.param("::", ["::"], ["https://[::1]:{}/"], marks=needs_ipv6, id="all IPv6"),
    ],
)
async def test_a_server_tells_where_it_listens(
    host: str,
    addresses: list[str],
    urls: list[str],
    server_context: ssl.SSLContext,
    nursery: trio.Nursery,
) -> None:
    server = await start(nursery, host=host, tls=server_context)
    assert server.port > 0
    assert server.addresses == tuple(Address(address, server.port) for address in addresses)
    assert server.urls == tuple(url.format(server.port) for url in urls)


async def test_without_tls_the_urls_say_so(nursery: trio.Nursery) -> None:
    server = await start(nursery)
    assert server.urls == (f"http://127.0.0.1:{server.port}/",)


@needs_ipv6
async def test_requests_over_both_families_are_answered(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, nursery: trio.Nursery
) -> None:
    server = await start(nursery, host="localhost", tls=server_context)
    for address in server.addresses:
        transport = await trio.open_tcp_stream(*address)
        async with trio.SSLStream(transport, client_context, server_hostname="localhost") as stream:
            peer = Peer(stream)
            assert (await peer.ask("/1")).body == b"hello /1"
            assert (await peer.ask("/2")).body == b"hello /2"


async def test_the_handler_knows_the_address_of_its_client(nursery: trio.Nursery) -> None:
    seen: list[Request] = []

    async def handler(request: Request) -> Response:
        seen.append(request)
        return Response()

    server = await start(nursery, handler)
    async with await trio.open_tcp_stream(*server.addresses[0]) as stream:
        await Peer(stream).ask()
        assert seen[0].client == Address(*stream.socket.getsockname())


async def test_a_port_that_is_taken_is_a_plain_config_error(nursery: trio.Nursery) -> None:
    server = await start(nursery)
    with pytest.raises(ConfigError, match=rf"127\.0\.0\.1:{server.port}: another program"):
        await start(nursery, port=server.port)
    async with connected(server) as peer:
        assert (await peer.ask()).status == 200


async def test_it_serves_without_being_waited_for(unused_port: int) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(
            partial(trio_https.serve, hello, host="127.0.0.1", port=unused_port, tls=None)
        )
        await trio.testing.wait_all_tasks_blocked()
        async with await trio.open_tcp_stream("127.0.0.1", unused_port) as stream:
            assert (await Peer(stream).ask()).status == 200
        nursery.cancel_scope.cancel()


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


# A certificate of the local authority


async def test_tls_local_makes_a_certificate_and_serves_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, nursery: trio.Nursery
) -> None:
    home = tmp_path / "home"
    monkeypatch.setenv("TRIO_HTTPS_HOME", str(home))
    server = await start(nursery, host="localhost", tls="local")
    made = open_local_certificate(home, now=datetime.now(UTC))
    assert not made.issued, "the server should have made it"
    client_context = ssl.create_default_context(cafile=made.ca_path)
    transport = await trio.open_tcp_stream(*server.addresses[0])
    async with trio.SSLStream(transport, client_context, server_hostname="localhost") as stream:
        assert (await Peer(stream).ask()).body == b"hello /"
    assert server.urls == (f"https://localhost:{server.port}/",)


async def test_where_no_certificate_can_be_kept_nothing_listens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unused_port: int, nursery: trio.Nursery
) -> None:
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("TRIO_HTTPS_HOME", str(tmp_path / "file"))
    with pytest.raises(ConfigError, match="file"):
        await start(nursery, port=unused_port, tls="local")
    assert await refuses(Address("127.0.0.1", unused_port))


# Clients and handlers can't end it


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_clients_that_leave_in_any_way_leave_nothing_behind(
    tls: bool, server_context: ssl.SSLContext, nursery: trio.Nursery
) -> None:
    server = await start(nursery, tls=server_context if tls else None)
    before = trio.lowlevel.current_statistics().tasks_living
    for sent in (b"", b"\x16\x03\x01", b"nonsense\r\n\r\n", HEAD[:20], HEAD, HEAD * 3):
        for leave in (reset, trio.aclose_forcefully):
            stream = await trio.open_tcp_stream(*server.addresses[0])
            await stream.send_all(sent)
            await leave(stream)
    with trio.fail_after(DEADLINE):
        while trio.lowlevel.current_statistics().tasks_living > before:
            await trio.lowlevel.checkpoint()
    assert not await refuses(server.addresses[0])


async def test_a_handler_that_fails_ends_one_connection_only(nursery: trio.Nursery) -> None:
    async def handler(request: Request) -> Response:
        if request.path == "/bug":
            raise RuntimeError("a bug")
        return Response.text("fine")

    server = await start(nursery, handler)
    async with connected(server) as other, connected(server) as peer:
        assert (await other.ask()).status == 200
        assert (await peer.ask("/bug")).status == 500
        assert (await other.ask()).status == 200


async def test_a_client_that_was_reset_before_it_was_accepted_has_no_address(
    nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "trio_https")
    server = await start(nursery, limits=Limits(max_connections=1))
    async with connected(server) as first:
        await first.ask()
        in_line = await trio.open_tcp_stream(*server.addresses[0])
        await reset(in_line)
    async with connected(server) as next_one:
        assert (await next_one.ask()).status == 200
    assert "a client: the connection broke" in caplog.messages


# Limits


async def test_when_all_slots_are_taken_a_client_waits_until_one_is_free(
    nursery: trio.Nursery,
) -> None:
    seen: list[str] = []

    async def handler(request: Request) -> Response:
        seen.append(request.target)
        return Response.text("hello")

    server = await start(nursery, handler, limits=Limits(max_connections=1))
    async with connected(server) as first, connected(server) as second:
        await first.ask("/first")
        await second.stream.send_all(b"GET /second HTTP/1.1\r\nHost: a\r\n\r\n")
        await trio.testing.wait_all_tasks_blocked()
        assert seen == ["/first"]
        await first.ask("/first/again")
        await first.stream.aclose()
        with trio.fail_after(DEADLINE):
            assert (await second.read_reply_only()).status == 200
    assert seen == ["/first", "/first/again", "/second"]


async def test_as_many_clients_as_there_are_slots_are_served_at_once(
    nursery: trio.Nursery,
) -> None:
    server = await start(nursery, limits=Limits(max_connections=3))
    async with connected(server) as one, connected(server) as two, connected(server) as three:
        with trio.fail_after(DEADLINE):
            for peer in (three, two, one):
                assert (await peer.ask()).status == 200


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_a_slot_is_free_again_however_its_connection_ended(
    tls: bool, server_context: ssl.SSLContext, nursery: trio.Nursery
) -> None:
    server = await start(
        nursery, tls=server_context if tls else None, limits=Limits(max_connections=1)
    )
    with trio.fail_after(DEADLINE):
        for sent in (b"", b"nonsense\r\n\r\n", HEAD[:20]):
            for leave in (reset, trio.aclose_forcefully):
                stream = await trio.open_tcp_stream(*server.addresses[0])
                await stream.send_all(sent)
                await leave(stream)
        async with await trio.open_tcp_stream(*server.addresses[0]) as stream:
            await stream.send_all(b"nonsense\r\n\r\n")
            await stream.send_eof()
            received = await read_all(stream)
    assert received.startswith(b"" if tls else b"HTTP/1.1 400 ")


async def test_a_server_that_is_full_may_refuse_at_once(nursery: trio.Nursery) -> None:
    server = await start(nursery, limits=Limits(max_connections=1, refuse_when_full=True))
    async with connected(server) as first:
        await first.ask()
        async with connected(server) as second:
            reply = await second.ask()
            assert (reply.status, reply.headers["retry-after"]) == (503, "5")
            assert reply.headers["connection"] == "close"
            assert await read_all(second.stream) == b""
        assert (await first.ask()).status == 200
        await first.stream.aclose()
    with trio.fail_after(DEADLINE):
        while await status_of_a_request(server) == 503:  # until it is seen that the first has left
            pass


async def status_of_a_request(server: Server) -> int:
    async with connected(server) as peer:
        return (await peer.ask()).status


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere, 127.0.0.2 is not loopback")
async def test_one_client_has_only_so_many_connections(nursery: trio.Nursery) -> None:
    server = await start(nursery, limits=Limits(max_connections_per_client=2))
    async with connected(server) as one, connected(server) as two:
        assert (await one.ask()).status == (await two.ask()).status == 200
        assert await status_of_a_request(server) == 503
        another = await trio.open_tcp_stream(*server.addresses[0], local_address="127.0.0.2")
        async with another:
            assert (await Peer(another).ask()).status == 200


async def test_who_is_refused_must_be_quick_to_ask(
    nursery: trio.Nursery, mock_clock: trio.testing.MockClock
) -> None:
    server = await start(nursery, limits=Limits(max_connections_per_client=1))
    async with connected(server) as first, connected(server) as second:
        await first.ask()
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(4)
        assert await read_all(second.stream) == b""
        assert (await first.ask()).status == 200


async def test_where_too_many_are_refused_the_rest_is_hung_up_on(nursery: trio.Nursery) -> None:
    server = await start(nursery, limits=Limits(max_connections_per_client=1))
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(connected(server))
        await first.ask()
        refused = [await stack.enter_async_context(connected(server)) for _ in range(20)]
        with trio.fail_after(DEADLINE):
            async with connected(server) as last:
                assert await read_all(last.stream) == b""
        assert {(await peer.ask()).status for peer in refused} == {503}


# A system out of descriptors


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    """Let this process open no more files, sockets included."""
    import resource

    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as probe:
        next_descriptor = probe.fileno()
    resource.setrlimit(resource.RLIMIT_NOFILE, (next_descriptor, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


@pytest.mark.skipif(sys.platform == "win32", reason="there, no such limit can be set")
async def test_without_descriptors_it_waits_and_says_so_once_a_second(
    nursery: trio.Nursery,
    mock_clock: trio.testing.MockClock,
    caplog: pytest.LogCaptureFixture,
) -> None:
    server = await start(nursery)
    logged_at: list[float] = []
    with socket.socket() as client:
        client.setblocking(False)
        with no_descriptor_left():
            with suppress(BlockingIOError):
                client.connect(server.addresses[0])
            for _ in range(35):  # tenths of a second
                await trio.testing.wait_all_tasks_blocked()
                logged_at += [trio.current_time()] * (len(caplog.messages) - len(logged_at))
                mock_clock.jump(0.1)
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(0.1)
        async with trio.SocketStream(trio.socket.from_stdlib_socket(client)) as stream:
            assert (await Peer(stream).ask()).status == 200
    assert set(caplog.messages) == {
        f"127.0.0.1:{server.port}: can't accept a connection: Too many open files"
    }
    assert 3 <= len(logged_at) <= 4
    assert all(later - earlier >= 0.999 for earlier, later in pairwise(logged_at))


# Stop


async def test_stop_ends_idle_connections_and_lets_the_running_request_finish(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext, nursery: trio.Nursery
) -> None:
    busy = Busy()

    async def handler(request: Request) -> Response:
        return await busy(request) if request.path == "/busy" else Response.text("hello")

    def encrypt(transport: trio.abc.Stream) -> trio.SSLStream[trio.abc.Stream]:
        return trio.SSLStream(transport, client_context, server_hostname="localhost")

    server = await start(nursery, handler, tls=server_context)
    idle = encrypt(await trio.open_tcp_stream(*server.addresses[0]))
    running = encrypt(await trio.open_tcp_stream(*server.addresses[0]))
    await Peer(idle).ask()
    await running.send_all(HEAD.replace(b"/", b"/busy", 1))
    await busy.begun.wait()
    async with trio.open_nursery() as stopping:
        stopping.start_soon(server.stop)
        with trio.fail_after(DEADLINE):
            assert await idle.receive_some() == b""  # with close_notify, else it would raise
            await idle.aclose()
        assert await refuses(server.addresses[0])
        busy.go_on.set()
        reply = await Peer(running).read_reply_only()
        assert (reply.body, reply.headers["connection"]) == (b"done", "close")
        assert await running.receive_some() == b""
        await running.aclose()
    assert not busy.was_cancelled


async def test_serve_returns_when_it_was_stopped() -> None:
    with trio.fail_after(DEADLINE):
        async with trio.open_nursery() as nursery:
            server = await start(nursery)
            await server.stop()


@pytest.mark.parametrize("grace", [0, 2.5])
async def test_what_is_not_done_after_the_grace_is_cancelled(
    grace: float, nursery: trio.Nursery, mock_clock: trio.testing.MockClock
) -> None:
    busy = Busy()
    server = await start(nursery, busy)
    async with connected(server) as peer:
        await peer.stream.send_all(HEAD)
        await busy.begun.wait()
        async with trio.open_nursery() as stopping:
            stopping.start_soon(server.stop, grace)
            if grace:
                await trio.testing.wait_all_tasks_blocked()
                mock_clock.jump(grace - 0.001)
                await trio.testing.wait_all_tasks_blocked()
                assert not busy.ended.is_set()
                mock_clock.jump(0.001)
        assert busy.was_cancelled
        assert await read_all(peer.stream) == b""


async def seconds_of_stop(
    server: Server, graces: list[float], mock_clock: trio.testing.MockClock
) -> float:
    """Stop once a second, with each of ``graces`` in turn; return when nothing was left."""
    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        for grace in graces:
            nursery.start_soon(server.stop, grace)
            await trio.testing.wait_all_tasks_blocked()
            mock_clock.jump(1)
        for _ in range(100):
            await trio.testing.wait_all_tasks_blocked()
            if not nursery.child_tasks:
                break
            mock_clock.jump(1)
    return trio.current_time() - started


@pytest.mark.parametrize(
    ("graces", "seconds"),
    [
        pytest.param([10], 10, id="once"),
        pytest.param([10, 3], 4, id="sooner"),
        pytest.param([4, 10], 4, id="later, which changes nothing"),
        pytest.param([10, 10, 10], 10, id="again and again"),
        pytest.param([10, 0], 1, id="at once, after all"),
    ],
)
async def test_stopped_again_it_can_only_get_shorter(
    graces: list[float],
    seconds: float,
    nursery: trio.Nursery,
    mock_clock: trio.testing.MockClock,
) -> None:
    busy = Busy()
    server = await start(nursery, busy)
    async with connected(server) as peer:
        await peer.stream.send_all(HEAD)
        await busy.begun.wait()
        # The last jump of the loop is made before it is seen that all ended: at most a second.
        assert await seconds_of_stop(server, graces, mock_clock) - seconds in (0, 1)
    assert busy.was_cancelled


async def test_ten_seconds_are_the_grace_by_default(
    nursery: trio.Nursery, mock_clock: trio.testing.MockClock
) -> None:
    busy = Busy()
    server = await start(nursery, busy)
    async with connected(server) as peer:
        await peer.stream.send_all(HEAD)
        await busy.begun.wait()
        async with trio.open_nursery() as stopping:
            stopping.start_soon(server.stop)
            await trio.testing.wait_all_tasks_blocked()
            mock_clock.jump(9.9)
            await trio.testing.wait_all_tasks_blocked()
            assert not busy.ended.is_set()
            mock_clock.jump(0.1)


@pytest.mark.parametrize("grace", [-1, float("nan")])
async def test_a_grace_that_is_no_time_is_refused_and_stops_nothing(
    grace: float, nursery: trio.Nursery
) -> None:
    server = await start(nursery)
    with pytest.raises(ValueError, match="at least 0 seconds"):
        await server.stop(grace)
    async with connected(server) as peer:
        assert (await peer.ask()).headers.get("connection") is None


async def test_stopping_what_has_stopped_returns_at_once(nursery: trio.Nursery) -> None:
    server = await start(nursery)
    await server.stop()
    with trio.fail_after(DEADLINE):
        await server.stop()
        await server.stop(0)


async def test_a_stop_that_is_cancelled_goes_on(nursery: trio.Nursery) -> None:
    busy = Busy()
    server = await start(nursery, busy)
    async with connected(server) as peer:
        await peer.stream.send_all(HEAD)
        await busy.begun.wait()
        async with trio.open_nursery() as stopping:
            stopping.start_soon(server.stop)
            await trio.testing.wait_all_tasks_blocked()
            stopping.cancel_scope.cancel()
        assert await refuses(server.addresses[0])
        busy.go_on.set()
        assert (await peer.read_reply_only()).headers["connection"] == "close"
        await peer.stream.aclose()
    await server.stop()


async def test_a_handler_may_stop_its_own_server(
    nursery: trio.Nursery, mock_clock: trio.testing.MockClock
) -> None:
    servers: list[Server] = []
    stopping = trio.Event()

    async def handler(request: Request) -> Response:
        stopping.set()
        await servers[0].stop(5)  # waits for its own end, which the grace brings
        raise AssertionError

    servers.append(await start(nursery, handler))
    async with connected(servers[0]) as peer:
        await peer.stream.send_all(HEAD)
        await stopping.wait()
        await trio.testing.wait_all_tasks_blocked()
        mock_clock.jump(5)
        assert await read_all(peer.stream) == b""


# Cancellation


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
async def test_cancelling_frees_everything_at_once(
    tls: bool, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    busy = Busy()
    before = trio.lowlevel.current_statistics().tasks_living
    clients: list[trio.SocketStream] = []
    async with trio.open_nursery() as nursery:
        server = await start(nursery, busy, tls=server_context if tls else None)
        for _ in range(3):  # one in a request, the others before it: in the handshake, with TLS
            clients.append(await trio.open_tcp_stream(*server.addresses[0]))  # noqa: PERF401
        first: trio.abc.Stream = clients[0]
        if tls:
            first = trio.SSLStream(first, client_context, server_hostname="localhost")
        await first.send_all(HEAD)
        await busy.begun.wait()
        nursery.cancel_scope.cancel()
    assert busy.was_cancelled
    assert trio.lowlevel.current_statistics().tasks_living == before
    for client in clients:
        with suppress(trio.BrokenResourceError):  # reset, where something was left unread
            await read_all(client)
        await client.aclose()
    async with trio.open_nursery() as nursery:
        again = await start(nursery, port=server.port)
        assert again.addresses == server.addresses
        nursery.cancel_scope.cancel()


async def test_who_waits_for_a_stop_is_told_of_a_cancellation_too() -> None:
    busy = Busy()
    async with trio.open_nursery() as outer:
        serving = trio.CancelScope()

        async def serve(task_status: Any) -> None:
            with serving:
                await trio_https.serve(
                    busy, host="127.0.0.1", port=0, tls=None, task_status=task_status
                )

        server: Server = await outer.start(serve)
        async with connected(server) as peer:
            await peer.stream.send_all(HEAD)
            await busy.begun.wait()
            outer.start_soon(server.stop)
            await trio.testing.wait_all_tasks_blocked()
            serving.cancel()
    assert busy.was_cancelled


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="needs /proc to count files")
@pytest.mark.parametrize("end", ["stop", "cancel"])
async def test_no_descriptor_stays_open(end: str, server_context: ssl.SSLContext) -> None:
    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    before = count()
    async with trio.open_nursery() as nursery:
        server = await start(nursery, tls=server_context)
        for _ in range(5):
            stream = await trio.open_tcp_stream(*server.addresses[0])
            await stream.send_all(HEAD)
            await stream.aclose()
        if end == "stop":
            await server.stop()
        nursery.cancel_scope.cancel()
    assert count() == before


@needs_ipv6
async def test_a_single_slot_serves_each_address(nursery: trio.Nursery) -> None:
    """No listener keeps a slot for itself while it waits for a client."""
    server = await start(nursery, host="localhost", limits=Limits(max_connections=1))
    for address in reversed(server.addresses):
        async with connected(server, address) as peer:
            assert (await peer.ask()).status == 200


async def test_limits_that_make_no_sense_are_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"Limits.max_connections is 0; it must be at least 1"):
        Limits(max_connections=0)
    with pytest.raises(ValueError, match=r"Limits.idle_timeout is -1"):
        Limits(idle_timeout=-1)


async def test_a_client_over_its_own_limit_is_answered_503(nursery: trio.Nursery) -> None:
    server = await start(nursery, limits=Limits(max_connections_per_client=1))
    async with connected(server) as first:
        assert (await first.ask()).status == 200
        async with connected(server) as second:
            reply = await second.ask()
            assert (reply.status, reply.headers["retry-after"]) == (503, "5")
        assert (await first.ask()).status == 200


async def test_when_full_a_server_may_refuse_in_place_of_waiting(nursery: trio.Nursery) -> None:
    limits = Limits(max_connections=1, refuse_when_full=True)
    server = await start(nursery, limits=limits)
    async with connected(server) as first, connected(server) as second:
        assert (await first.ask()).status == 200
        assert (await second.ask()).status == 503


async def test_when_a_crowd_has_left_the_heap_is_trimmed(
    nursery: trio.Nursery, mock_clock: trio.testing.MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    trimmed = trio.Event()
    monkeypatch.setattr("trio_https.server.HeapTrimmer", partial(HeapTrimmer, trimmed.set))
    server = await start(nursery)
    async with AsyncExitStack() as crowd:
        for _ in range(64):
            peer = await crowd.enter_async_context(connected(server))
            assert (await peer.ask()).status == 200
        mock_clock.jump(10)
        await trio.testing.wait_all_tasks_blocked(0.01)
        assert not trimmed.is_set()
    while not trimmed.is_set():
        await trio.testing.wait_all_tasks_blocked(0.01)
        mock_clock.jump(1)
