"""What speed depends on, told without a clock: threads, turns of other tasks, files, records."""

import os
import ssl
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trio
import trio.testing

from trio_https.files.file_body import FileBody
from trio_https.messages import Headers
from trio_https.pages.handler import Pages
from trio_https.testing import open_connection

from .asking import ask, make_request, write

PAGE = "<p>a page of a kibibyte</p>" * 38
assert 1024 <= len(PAGE) < 1100

HOT = {
    "a page": ("/", {}),
    "a page at its pretty URL": ("/about", {}),
    "a page that is known": ("/", {"If-None-Match": "*"}),
    "a part": ("/about", {"Range": "bytes=0-9"}),
    "a neighbour": ("/about", {"Accept-Encoding": "gzip"}),
    "a redirect": ("/about.html", {}),
    "nothing": ("/missing", {}),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "index.html", PAGE)
    write(tmp_path / "about.html", PAGE)
    write(tmp_path / "about.html.gz", "coded")
    time.sleep(0.03)  # until the kernel's clock has moved on: changes leave a trace then
    return tmp_path


@pytest.fixture
def without_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a thread was asked for")

    monkeypatch.setattr(trio.to_thread, "run_sync", refuse)


@pytest.mark.skipif(not hasattr(os, "RWF_NOWAIT"), reason="only Linux tells what is in its cache")
@pytest.mark.parametrize("kind", HOT)
async def test_what_is_in_the_page_cache_needs_no_thread_and_no_turn(
    root: Path, without_threads: None, kind: str
) -> None:
    target, fields = HOT[kind]
    pages = Pages(root)
    for _ in range(2):  # from the disk's cache, and then from ours
        with trio.testing.assert_no_checkpoints():
            response = await pages(make_request(target, headers=Headers(fields)))
        if isinstance(response.body, FileBody):
            await response.body.aclose()


CODED_ON_THE_FLY = {"a page coded on the fly": ("/", {"Accept-Encoding": "gzip"})}


@pytest.mark.parametrize(
    "kind", ["a page", "a page at its pretty URL", "a neighbour", *CODED_ON_THE_FLY]
)
async def test_a_page_that_is_asked_for_again_is_not_opened_again(
    root: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    target, fields = {**HOT, **CODED_ON_THE_FLY}[kind]
    pages = Pages(root)
    await ask(pages, target, headers=Headers(fields))
    opened: list[str] = []
    os_open = os.open

    def record(path: str, *args: int) -> int:
        fd = os_open(path, *args)
        opened.append(path)
        return fd

    monkeypatch.setattr(os, "open", record)
    await ask(pages, target, headers=Headers(fields))
    assert opened == []


async def test_what_was_compressed_on_the_fly_is_compressed_once(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages, gzip = Pages(root), Headers({"Accept-Encoding": "gzip"})
    first = await ask(pages, "/", headers=gzip)
    assert first.headers.get("Content-Encoding") == "gzip"
    with trio.testing.assert_no_checkpoints():
        assert (await pages(make_request("/", headers=gzip))).body == first.body


# On the wire


class CountedStream(trio.abc.Stream):
    """A stream that keeps what was received."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self._stream = stream
        self.received = bytearray()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data = await self._stream.receive_some(max_bytes)
        self.received += data
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        await self._stream.aclose()


def record_types(data: bytes) -> list[int]:
    """Return the content types of TLS records (RFC 5246 §6.2.1)."""
    types = []
    while data:
        types.append(data[0])
        data = data[5 + int.from_bytes(data[3:5]) :]
    return types


@asynccontextmanager
async def tls_client(
    pages: Pages, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> AsyncIterator[tuple[trio.SSLStream[CountedStream], CountedStream]]:
    async with open_connection(pages, server_context=server_context) as transport:
        counted = CountedStream(transport)
        client = trio.SSLStream(counted, client_context, server_hostname="localhost")
        await client.do_handshake()
        yield client, counted


@pytest.mark.parametrize("target", ["/", "/about", "/missing"])
async def test_a_small_page_leaves_with_its_head_in_one_record(
    root: Path, server_context: ssl.SSLContext, client_context: ssl.SSLContext, target: str
) -> None:
    # 1.2, for in 1.3 the tickets look like data too.
    client_context.maximum_version = ssl.TLSVersion.TLSv1_2
    async with tls_client(Pages(root), server_context, client_context) as (client, counted):
        for _ in range(2):
            counted.received.clear()
            await client.send_all(f"GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            answer = await client.receive_some()
            assert answer.startswith(b"HTTP/1.1 ")
            assert answer.endswith((b"</p>", b".\n"))
            assert record_types(bytes(counted.received)) == [23]  # application data
