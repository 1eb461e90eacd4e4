"""What a connection held is free when it has ended, whatever ended it: no circle is left of it.

A circle waits for the garbage collector, which comes late: after an attack with hundreds of
connections, 100 KiB of OpenSSL's for each. The usual one is an exception in a variable of a frame
that it has passed through.
"""

import gc
import logging
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import pytest
import trio

from trio_https import Handler, HTTPError, Limits, Pages, Reply, Request, Response, Upgrade
from trio_https.response_head import _judge_head, prepare_head
from trio_https.testing import open_connection

from .peer import Peer, read_all

HOST = "Host: localhost\r\n"
UPGRADING = f"{HOST}Connection: upgrade\r\nUpgrade: example/1\r\n"
CHUNKED = f"POST / HTTP/1.1\r\n{HOST}Transfer-Encoding: chunked\r\n\r\n"


async def echo(request: Request) -> Response:
    return Response(body=request.body)


async def count(request: Request) -> Response:
    return Response.text(str(len(await request.bytes())))


async def say_no(request: Request) -> Response:
    raise HTTPError(404)


async def say_no_in_a_nursery(request: Request) -> Response:
    async with trio.open_nursery():
        return await say_no(request)


async def have_a_bug(request: Request) -> Response:
    raise RuntimeError("a bug")


async def take_for_ever(request: Request) -> Response:
    await trio.sleep_forever()
    raise AssertionError("for ever")


async def break_midway(request: Request) -> Response:
    async def pieces() -> AsyncIterator[bytes]:
        yield b"half"
        raise RuntimeError("a bug in a body")

    return Response(body=pieces())


async def write_in_a_nursery(request: Request) -> Response:
    async def write(out: trio.abc.SendStream) -> None:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(out.send_all, b"half")

    return Response(body=write)


async def break_while_writing(request: Request) -> Response:
    async def write(out: trio.abc.SendStream) -> None:
        await out.send_all(b"half")
        raise RuntimeError("a bug in a writer")

    return Response(body=write)


async def write_for_ever(request: Request) -> Response:
    async def write(out: trio.abc.SendStream) -> None:
        while True:
            await out.send_all(b"more")
            await trio.sleep(1)

    return Response(body=write)


async def give_up(request: Request) -> Response:
    request.cancel_scope.cancel()
    return await take_for_ever(request)


async def upgrade(request: Request) -> Reply:
    async def talk(stream: trio.abc.Stream) -> None:
        async for piece in stream:
            await stream.send_all(piece)

    return Upgrade(protocol="example/1", talk=talk)


async def upgrade_and_break(request: Request) -> Reply:
    async def talk(stream: trio.abc.Stream) -> None:
        raise RuntimeError("a bug in a protocol")

    return Upgrade(protocol="example/1", talk=talk)


class Scene(NamedTuple):
    """What a client sends to which handler, and whether it then waits for the end or leaves."""

    handler: Handler
    sent: str
    leaves: bool = False
    limits: Limits = Limits()


SCENES = {
    "a page": Scene(count, f"GET / HTTP/1.1\r\n{HOST}\r\n", leaves=True),
    "an upload": Scene(count, f"POST / HTTP/1.1\r\n{HOST}Content-Length: 2\r\n\r\n12"),
    "an echo": Scene(echo, f"{CHUNKED}2\r\nab\r\n0\r\n\r\n"),
    "nothing": Scene(count, ""),
    "half a head": Scene(count, "GET / HTT"),
    "half a head, and left": Scene(count, "GET / HTT", leaves=True),
    "no request": Scene(count, "\0\r\n\r\n"),
    "no Host": Scene(count, "GET / HTTP/1.1\r\n\r\n"),
    "an expectation": Scene(
        count, f"POST / HTTP/1.1\r\n{HOST}Content-Length: 2\r\nExpect: more\r\n\r\n"
    ),
    "a body that is too long": Scene(
        count, f"POST / HTTP/1.1\r\n{HOST}Content-Length: 99999999\r\n\r\n"
    ),
    "half a body": Scene(count, f"POST / HTTP/1.1\r\n{HOST}Content-Length: 2\r\n\r\n1"),
    "half a body, and left": Scene(
        count, f"POST / HTTP/1.1\r\n{HOST}Content-Length: 2\r\n\r\n1", leaves=True
    ),
    "half a body that nobody reads": Scene(
        say_no, f"POST / HTTP/1.1\r\n{HOST}Content-Length: 2\r\n\r\n1"
    ),
    "no chunk": Scene(count, f"{CHUNKED}zz\r\n"),
    "no chunk in an echo": Scene(echo, f"{CHUNKED}2\r\nab\r\nzz\r\n"),
    "no chunk that nobody reads": Scene(say_no, f"{CHUNKED}zz\r\n"),
    "404": Scene(say_no, f"GET / HTTP/1.1\r\n{HOST}\r\n"),
    "404 in a nursery": Scene(say_no_in_a_nursery, f"GET / HTTP/1.1\r\n{HOST}\r\n"),
    "a bug": Scene(have_a_bug, f"GET / HTTP/1.1\r\n{HOST}\r\n"),
    "a bug in a body": Scene(break_midway, f"GET / HTTP/1.1\r\n{HOST}\r\n"),
    "a handler that takes too long": Scene(
        take_for_ever, f"GET / HTTP/1.1\r\n{HOST}\r\n", limits=Limits(handler_timeout=5)
    ),
    "a handler whose client left": Scene(
        take_for_ever, f"GET / HTTP/1.1\r\n{HOST}\r\n", leaves=True
    ),
    "a body that is written": Scene(write_in_a_nursery, f"GET / HTTP/1.1\r\n{HOST}\r\n"),
    "a bug while it is written": Scene(break_while_writing, f"GET / HTTP/1.1\r\n{HOST}\r\n"),
    "a body that is written on": Scene(
        write_for_ever, f"GET / HTTP/1.1\r\n{HOST}\r\n", leaves=True
    ),
    "a handler that gives up": Scene(give_up, f"GET / HTTP/1.1\r\n{HOST}\r\n"),
    "an upgrade": Scene(upgrade, f"GET / HTTP/1.1\r\n{UPGRADING}\r\nearly", leaves=True),
    "an upgrade that nobody wanted": Scene(upgrade, f"GET / HTTP/1.1\r\n{HOST}\r\n"),
    "a bug in an upgrade": Scene(upgrade_and_break, f"GET / HTTP/1.1\r\n{UPGRADING}\r\n"),
}


@pytest.fixture
def without_collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Switch it off, and the log too: pytest keeps its records, with their tracebacks.

    What there is already is put aside: only the objects of the test are looked at.
    """
    monkeypatch.setattr(logging.getLogger("trio_https"), "disabled", True)
    gc.collect()
    gc.disable()
    gc.freeze()
    yield
    gc.enable()


def objects_of_ours() -> Counter[str]:
    """Count the objects of this package and of h11, and the server's ends of TLS."""
    _judge_head.cache_clear()
    prepare_head.cache_clear()  # heads are kept on purpose, and belong to no connection
    return Counter(
        type(found).__qualname__
        for found in gc.get_objects()
        if type(found).__module__.partition(".")[0] in ("trio_https", "h11")
        or (isinstance(found, ssl.SSLObject) and found.server_side)
    )


@pytest.mark.parametrize("scene", SCENES.values(), ids=SCENES.keys())
async def test_nothing_waits_for_the_collector(
    scene: Scene,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    without_collector: None,
    autojump_clock: trio.testing.MockClock,
) -> None:
    before = objects_of_ours()
    async with open_connection(
        scene.handler, server_context=server_context, limits=scene.limits
    ) as transport:
        client = trio.SSLStream(transport, client_context, server_hostname="localhost")
        await client.send_all(scene.sent.encode())
        if not scene.leaves:
            await read_to_the_end(client)
        await trio.aclose_forcefully(transport)
    assert objects_of_ours() - before == Counter()


async def read_to_the_end(client: trio.abc.ReceiveStream) -> None:
    with suppress(trio.BrokenResourceError):  # cut off
        await read_all(client)


def hello_for(name: bytes) -> bytes:
    """Return a ClientHello for a server name, in so many records that it is no opening."""
    host = b"\0" + len(name).to_bytes(2, "big") + name
    names = len(host).to_bytes(2, "big") + host
    extensions = b"\0\0" + len(names).to_bytes(2, "big") + names
    content = b"\x03\x03" + bytes(32) + b"\0" + b"\0\x02\x13\x01" + b"\x01\0"
    content += len(extensions).to_bytes(2, "big") + extensions
    message = b"\x01" + len(content).to_bytes(3, "big") + content
    return b"".join(b"\x16\x03\x01\0\x01" + bytes([octet]) for octet in message)


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"GET / HTTP/1.1\r\n\r\n",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"\x16\x03\x01",
        b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",  # with an alert
        hello_for(b"\xff.test"),  # with one of ours, after the opening
    ],
)
@pytest.mark.parametrize("leaves", [False, True], ids=["waits", "leaves"])
async def test_nothing_of_a_failed_handshake_waits_for_the_collector(
    sent: bytes,
    leaves: bool,
    server_context: ssl.SSLContext,
    without_collector: None,
    autojump_clock: trio.testing.MockClock,
) -> None:
    before = objects_of_ours()
    async with open_connection(count, server_context=server_context) as transport:
        await transport.send_all(sent)
        if not leaves:
            await read_to_the_end(transport)
    assert objects_of_ours() - before == Counter()


async def test_nothing_of_a_connection_that_ends_with_an_alert_waits_for_the_collector(
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    without_collector: None,
) -> None:
    before = objects_of_ours()
    async with open_connection(count, server_context=server_context) as transport:
        client = trio.SSLStream(transport, client_context, server_hostname="localhost")
        await client.do_handshake()
        await transport.send_all(b"\x17\x03\x03\x00\x20" + bytes(32))
        await read_to_the_end(client)
        await trio.aclose_forcefully(transport)
    assert objects_of_ours() - before == Counter()


async def test_nothing_of_a_download_that_is_not_read_waits_for_the_collector(
    tmp_path: Path,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
    without_collector: None,
) -> None:
    (tmp_path / "big").write_bytes(bytes(2**20))
    pages = Pages(tmp_path)
    async with open_connection(pages) as stream:
        await Peer(stream).ask("/big")  # so that it has what it keeps of a page
    before = objects_of_ours()
    with trio.CancelScope() as all_of_it:
        async with open_connection(pages, server_context=server_context) as transport:
            # It takes a piece, and no more.
            client = trio.SSLStream(transport, client_context, server_hostname="localhost")
            await client.send_all(f"GET /big HTTP/1.1\r\n{HOST}\r\n".encode())
            assert (await client.receive_some(12)) == b"HTTP/1.1 200"
            all_of_it.cancel()
    assert objects_of_ours() - before == Counter()
