"""Serving what others have opened: any listeners, one stream, certificates from anywhere."""

import socket
import ssl
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing
import trustme

import trio_https
from trio_https import Address, ConfigError, HTTPError, KeyFiles, Limits, Request, Response, Server

from .peer import Peer

HEAD = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


async def whoami(request: Request) -> Response:
    tls = request.tls.version if request.tls else "no TLS"
    return Response.text(f"{request.client} {tls}")


async def start(nursery: trio.Nursery, serve: Any, *args: Any, **settings: Any) -> Server:
    server: Server = await nursery.start(partial(serve, whoami, *args, **settings))
    return server


class MemoryListener(trio.abc.Listener[trio.abc.Stream]):
    """A listener that is no socket."""

    def __init__(self) -> None:
        self._send, self._receive = trio.open_memory_channel[trio.abc.Stream](0)

    async def accept(self) -> trio.abc.Stream:
        try:
            return await self._receive.receive()
        except trio.EndOfChannel as exc:
            raise trio.ClosedResourceError from exc

    async def connect(self) -> trio.abc.Stream:
        ours, theirs = trio.testing.memory_stream_pair()
        await self._send.send(theirs)
        return ours

    async def aclose(self) -> None:
        await self._send.aclose()
        await self._receive.aclose()


async def open_tcp_listener() -> trio.SocketListener:
    [listener] = await trio.open_tcp_listeners(0, host="127.0.0.1")
    return listener


class TestListeners:
    async def test_of_tcp_are_served_and_told(self, nursery: trio.Nursery) -> None:
        listeners = [await open_tcp_listener(), await open_tcp_listener()]
        server = await start(nursery, trio_https.serve_listeners, listeners)
        assert [listener.socket.getsockname() for listener in listeners] == [*server.addresses]
        assert server.urls == tuple(f"http://127.0.0.1:{port}/" for _, port in server.addresses)
        assert server.port == server.addresses[0].port
        for address in server.addresses:
            async with await trio.open_tcp_stream(*address) as stream:
                client = Address(*stream.socket.getsockname())
                assert (await Peer(stream).ask()).body == f"{client} no TLS".encode()

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no Unix sockets")
    async def test_of_unix_sockets_have_clients_without_an_address(
        self, nursery: trio.Nursery, tmp_path: Path
    ) -> None:
        bound = trio.socket.socket(socket.AF_UNIX)
        await bound.bind(str(tmp_path / "socket"))
        bound.listen()
        limits = Limits(max_connections_per_client=1)
        listeners = [trio.SocketListener(bound)]
        server = await start(nursery, trio_https.serve_listeners, listeners, limits=limits)
        assert (server.addresses, server.urls) == ((), ())
        with pytest.raises(RuntimeError, match="no port"):
            _ = server.port
        async with (
            await trio.open_unix_socket(tmp_path / "socket") as first,
            await trio.open_unix_socket(tmp_path / "socket") as second,
        ):
            for stream in (first, second):  # a proxy in front of us is not one client
                assert (await Peer(stream).ask()).body == b"None no TLS"

    @pytest.mark.parametrize("wrapped", [False, True], ids=["TLS by us", "TLS by the listener"])
    async def test_speak_tls_by_whom_it_is_wished(
        self,
        wrapped: bool,
        nursery: trio.Nursery,
        server_context: ssl.SSLContext,
        client_context: ssl.SSLContext,
    ) -> None:
        listener: Any = await open_tcp_listener()
        tls: Any = {"tls": server_context}
        if wrapped:
            listener, tls = trio.SSLListener(listener, server_context), {}
        server = await start(nursery, trio_https.serve_listeners, [listener], **tls)
        assert server.urls == (f"https://127.0.0.1:{server.port}/",)
        transport = await trio.open_tcp_stream(*server.addresses[0])
        client = Address(*transport.socket.getsockname())
        async with trio.SSLStream(transport, client_context, server_hostname="localhost") as stream:
            assert (await Peer(stream).ask()).body == f"{client} TLSv1.3".encode()

    async def test_that_are_no_sockets_are_served_too(self, autojump_clock: Any) -> None:
        listener = MemoryListener()
        async with trio.open_nursery() as nursery:
            server = await start(nursery, trio_https.serve_listeners, [listener])
            async with await listener.connect() as stream:
                assert (await Peer(stream).ask()).body == b"None no TLS"
            await server.stop()
            assert nursery.child_tasks == frozenset()
        with pytest.raises(trio.ClosedResourceError):
            await listener.accept()

    async def test_that_others_close_end_no_connection(
        self, nursery: trio.Nursery, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO")
        listener = await open_tcp_listener()
        server = await start(nursery, trio_https.serve_listeners, [listener])
        async with await trio.open_tcp_stream(*server.addresses[0]) as stream:
            peer = Peer(stream)
            assert (await peer.ask()).status == 200
            await listener.aclose()
            await trio.testing.wait_all_tasks_blocked()
            assert (await peer.ask()).status == 200
        assert "closed by others" in caplog.text
        await server.stop()

    async def test_are_closed_where_nothing_can_be_served(self, tmp_path: Path) -> None:
        listener = await open_tcp_listener()
        missing = KeyFiles(tmp_path / "missing.pem")
        with pytest.raises(ConfigError, match=r"missing\.pem"):
            await trio_https.serve_listeners(whoami, [listener], tls=missing)
        with pytest.raises(trio.ClosedResourceError):
            await listener.accept()

    async def test_have_to_be_given(self) -> None:
        with pytest.raises(ValueError, match="one listener at least"):
            await trio_https.serve_listeners(whoami, [])

    async def test_whose_handshake_stalls_are_no_trouble(
        self, nursery: trio.Nursery, server_context: ssl.SSLContext, autojump_clock: Any
    ) -> None:
        listener = MemoryListener()
        wrapped = trio.SSLListener(listener, server_context)
        await start(nursery, trio_https.serve_listeners, [wrapped])
        async with await listener.connect() as stream:
            started = trio.current_time()
            assert await stream.receive_some() == b""
            assert trio.current_time() - started == Limits().handshake_timeout


class TestOneStream:
    async def test_is_served_until_its_client_has_left(self, autojump_clock: Any) -> None:
        ours, theirs = trio.testing.memory_stream_pair()
        async with trio.open_nursery() as nursery:
            address = Address("192.0.2.7", 49152)
            nursery.start_soon(partial(trio_https.serve_stream, whoami, theirs, client=address))
            peer = Peer(ours)
            assert (await peer.ask()).body == b"192.0.2.7:49152 no TLS"
            assert (await peer.ask()).status == 200
            await ours.aclose()

    async def test_can_be_stopped(self, autojump_clock: Any) -> None:
        ours, theirs = trio.testing.memory_stream_pair()
        async with trio.open_nursery() as nursery:
            server = await start(nursery, trio_https.serve_stream, theirs)
            assert (await Peer(ours).ask()).status == 200
            await server.stop()
            assert await ours.receive_some() == b""

    @pytest.mark.parametrize("wrapped", [False, True], ids=["TLS by us", "TLS by the caller"])
    async def test_may_be_encrypted(
        self,
        wrapped: bool,
        server_context: ssl.SSLContext,
        client_context: ssl.SSLContext,
        autojump_clock: Any,
    ) -> None:
        ours, theirs = trio.testing.memory_stream_pair()
        served: Any = theirs
        tls: Any = {"tls": server_context}
        if wrapped:
            served, tls = trio.SSLStream(theirs, server_context, server_side=True), {}
        async with trio.open_nursery() as nursery:
            nursery.start_soon(partial(trio_https.serve_stream, whoami, served, **tls))
            stream = trio.SSLStream(ours, client_context, server_hostname="localhost")
            assert (await Peer(stream).ask()).body == b"None TLSv1.3"
            await stream.aclose()
        if wrapped:
            assert served.context is server_context, "the caller's stream is the caller's"

    async def test_is_closed_where_its_certificate_does_not_serve(self, tmp_path: Path) -> None:
        ours, theirs = trio.testing.memory_stream_pair()
        with pytest.raises(ConfigError):
            await trio_https.serve_stream(whoami, theirs, tls=KeyFiles(tmp_path / "missing.pem"))
        assert await ours.receive_some() == b""


class TestCertificates:
    async def test_may_be_given_as_files(
        self,
        nursery: trio.Nursery,
        authority: trustme.CA,
        client_context: ssl.SSLContext,
        tmp_path: Path,
    ) -> None:
        issued = authority.issue_cert("localhost")
        issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "server.pem")
        files = KeyFiles(tmp_path / "server.pem")
        server = await start(nursery, trio_https.serve, tls=files, port=0)
        transport = await trio.open_tcp_stream(*server.addresses[0])
        async with trio.SSLStream(transport, client_context, server_hostname="localhost") as stream:
            assert (await Peer(stream).ask()).status == 200

    async def test_are_issued_for_a_block_and_shared_by_servers(
        self, nursery: trio.Nursery, tmp_path: Path
    ) -> None:
        home = tmp_path / "home"
        async with trio_https.local_certificate(["app.test", "127.0.0.1"], home=home) as tls:
            assert tls.names == ("app.test", "127.0.0.1")
            servers = [await start(nursery, trio_https.serve, tls=tls, port=0) for _ in range(2)]
            trusting = ssl.create_default_context(cafile=home / "ca" / "ca.crt")
            for server in servers:
                transport = await trio.open_tcp_stream(*server.addresses[0])
                wrapped = trio.SSLStream(transport, trusting, server_hostname="app.test")
                async with wrapped as stream:
                    assert (await Peer(stream).ask()).status == 200
                await server.stop()

    async def test_are_for_any_machines_names_by_default(self, tmp_path: Path) -> None:
        async with trio_https.local_certificate(home=tmp_path) as tls:
            assert "localhost" in tls.names
            assert isinstance(tls.contexts.current, ssl.SSLContext)

    @pytest.mark.parametrize("name", ["example.com", "8.8.8.8", "a b.test", ""])
    async def test_are_refused_for_what_the_authority_may_not_sign(
        self, name: str, tmp_path: Path
    ) -> None:
        with pytest.raises(ConfigError, match=name.replace(".", r"\.") or "no name"):
            async with trio_https.local_certificate([name], home=tmp_path):
                pytest.fail("it was issued")

    async def test_that_two_watch_are_looked_at_by_one(
        self, tmp_path: Path, autojump_clock: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        looks: list[float] = []
        async with trio_https.local_certificate(home=tmp_path) as tls:

            async def look(*, at_once: bool = False) -> None:
                looks.append(trio.current_time())

            monkeypatch.setattr(tls, "look", look)
            async with trio.open_nursery() as servers:
                servers.start_soon(tls.watch)
                await trio.sleep(60)
                servers.cancel_scope.cancel()
            await trio.sleep(60)
        assert len(looks) == len(set(looks)) >= 55


class TestErrors:
    @pytest.mark.parametrize("error", [KeyboardInterrupt("now"), SystemExit(3)], ids=repr)
    async def test_that_leave_the_server_are_plain(self, error: BaseException) -> None:
        async def handler(request: Request) -> Response:
            raise error

        ours, theirs = trio.testing.memory_stream_pair()
        await ours.send_all(HEAD)
        with pytest.raises(type(error)) as raised:
            await trio_https.serve_stream(handler, theirs)
        assert raised.value is error

    async def test_of_a_taken_port_are_plain(self, nursery: trio.Nursery) -> None:
        listener = await open_tcp_listener()
        port = listener.socket.getsockname()[1]
        with pytest.raises(ConfigError, match="another program listens there"):
            await trio_https.serve(whoami, host="127.0.0.1", port=port, tls=None)
        await listener.aclose()


async def test_many_servers_live_in_one_nursery_and_stop_one_by_one(nursery: trio.Nursery) -> None:
    async def teapot(request: Request) -> Response:
        raise HTTPError(418)

    first = await start(nursery, trio_https.serve, port=0, tls=None)
    second: Server = await nursery.start(partial(trio_https.serve, teapot, port=0, tls=None))
    for server, status in ((first, 200), (second, 418)):
        async with await trio.open_tcp_stream(*server.addresses[0]) as stream:
            assert (await Peer(stream).ask()).status == status
    await first.stop()
    async with await trio.open_tcp_stream(*second.addresses[0]) as stream:
        assert (await Peer(stream).ask()).status == 418
    assert (first.stopping.is_set(), second.stopping.is_set()) == (True, False)
