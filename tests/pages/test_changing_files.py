"""Files that change, vanish or can't be read while they are sent to a client that takes its time.

The client is not ours, and all that it knows is the message: it must be able to tell a whole body
from a broken one. Sockets and TLS are real, so that what is on its way is not read again.
"""

import errno
import logging
import os
import re
import socket
import ssl
import sys
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import h11
import pytest
import trio
import trio.testing

from trio_https import HTTPError, Pages, Server
from trio_https.files.file_body import read_file
from trio_https.files.open_file import Folder, OpenFile
from trio_https.files.validators import ValidatorsOf

from ..peer import Peer, Reply
from ..test_server import start
from .asking import write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="an open file is locked there")

# More than the buffers of two sockets hold, so that the server has to wait for the client.
SIZE = 8 * 2**20
CONTENT = bytes(range(256)) * (SIZE // 256)
OTHER = CONTENT[::-1]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "pages" / "big.bin"
    write(path, CONTENT)
    return path


@asynccontextmanager
async def serving(root: Path, tls: ssl.SSLContext | None) -> AsyncIterator[Server]:
    async with trio.open_nursery() as nursery:
        with trio.fail_after(20):
            yield await start(nursery, Pages(root), tls=tls)
        nursery.cancel_scope.cancel()


async def connect(server: Server, context: ssl.SSLContext | None) -> trio.abc.Stream:
    """Connect as a client that has little room for what it has not read."""
    client = trio.socket.socket()
    client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
    await client.connect(server.addresses[0])
    stream = trio.SocketStream(client)
    if context is None:
        return stream
    return trio.SSLStream(stream, context, server_hostname="localhost")


class Interrupted(trio.abc.Stream):
    """The stream of a client that, after the first bytes, does something else for a while."""

    def __init__(self, stream: trio.abc.Stream, meanwhile: Callable[[], None]) -> None:
        self._stream = stream
        self._meanwhile: Callable[[], None] | None = meanwhile

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data = await self._stream.receive_some(max_bytes)
        if (meanwhile := self._meanwhile) is not None:
            self._meanwhile = None
            await trio.testing.wait_all_tasks_blocked(0.01)  # the server has sent what it can
            meanwhile()
        return data

    async def aclose(self) -> None:
        await trio.aclose_forcefully(self._stream)


async def download(
    path: Path,
    meanwhile: Callable[[], None],
    tls: tuple[ssl.SSLContext, ssl.SSLContext] | None,
    headers: Sequence[tuple[str, str]] = (),
) -> Reply | None:
    """Return an answer that is whole, None where the client can tell that it is broken."""
    server_context, client_context = tls or (None, None)
    async with serving(path.parent, server_context) as server:
        stream = await connect(server, client_context)
        async with Interrupted(stream, meanwhile) as interrupted:
            return await ask_for_whole(interrupted, "/big.bin", headers)


async def ask_for_whole(
    stream: trio.abc.Stream, target: str, headers: Sequence[tuple[str, str]] = ()
) -> Reply | None:
    try:
        return await Peer(stream).ask(target, headers=headers)
    except h11.RemoteProtocolError as exc:
        assert "without sending complete message body" in str(exc)  # noqa: PT017 -- or a reply
        return None


@pytest.fixture(params=["plain", "TLS"])
def tls(
    request: pytest.FixtureRequest,
    server_context: ssl.SSLContext,
    client_context: ssl.SSLContext,
) -> tuple[ssl.SSLContext, ssl.SSLContext] | None:
    return (server_context, client_context) if request.param == "TLS" else None


# What may happen to a file


def cut(path: Path) -> None:
    os.truncate(path, SIZE // 2)


def cut_to_nothing(path: Path) -> None:
    os.truncate(path, 0)


def cut_by_a_byte(path: Path) -> None:
    os.truncate(path, SIZE - 1)


def write_over(path: Path) -> None:
    path.write_bytes(OTHER)


def write_over_in_place(path: Path) -> None:
    with path.open("r+b") as file:
        file.seek(SIZE - 1)
        file.write(b"!")


def write_over_by_less(path: Path) -> None:
    path.write_bytes(OTHER[: SIZE - 100])


def append(path: Path) -> None:
    with path.open("ab") as file:
        file.write(OTHER)


def write_over_by_more(path: Path) -> None:
    with path.open("r+b") as file:
        file.write(OTHER + b"!")


def write_over_and_set_the_time_back(path: Path) -> None:
    status = path.stat()
    path.write_bytes(OTHER)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace(path: Path) -> None:
    path.with_name("new").write_bytes(OTHER)
    path.with_name("new").replace(path)


def replace_by_a_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("/dev/zero")


def delete(path: Path) -> None:
    path.unlink()


def move(path: Path) -> None:
    path.rename(path.with_name(".hidden"))


def lock(path: Path) -> None:
    path.chmod(0)


def delete_the_folder(path: Path) -> None:
    path.unlink()
    path.parent.rmdir()


BREAKING = [
    *(cut, cut_to_nothing, cut_by_a_byte, write_over, write_over_in_place, write_over_by_less),
    *(write_over_by_more, write_over_and_set_the_time_back, append),
]
HARMLESS = [replace, replace_by_a_link, delete, move, lock, delete_the_folder]


@pytest.mark.parametrize("change", BREAKING)
async def test_a_body_that_is_not_whole_any_more_is_seen_to_be_broken(
    path: Path,
    change: Callable[[Path], None],
    tls: tuple[ssl.SSLContext, ssl.SSLContext] | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert await download(path, lambda: change(path), tls) is None
    check_log(caplog, path, "it was changed while it was sent")


@pytest.mark.parametrize("change", HARMLESS)
async def test_a_file_that_is_still_there_is_sent_whole(
    path: Path,
    change: Callable[[Path], None],
    tls: tuple[ssl.SSLContext, ssl.SSLContext] | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    reply = await download(path, lambda: change(path), tls)
    assert reply is not None
    assert (reply.status, reply.body) == (200, CONTENT)
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


@pytest.mark.parametrize("change", BREAKING)
async def test_several_parts_that_are_not_whole_any_more_are_seen_to_be_broken(
    path: Path, change: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    parts = [("Range", f"bytes=0-{SIZE // 2 - 10},{SIZE // 2}-")]
    assert await download(path, lambda: change(path), None, parts) is None
    check_log(caplog, path, "it was changed while it was sent")


def fail(*_: object) -> int:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


async def test_a_disk_that_fails_is_seen_to_break_the_body(
    path: Path,
    tls: tuple[ssl.SSLContext, ssl.SSLContext] | None,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    broken = partial(monkeypatch.setattr, os, "preadv", fail, raising=False)
    assert await download(path, broken, tls) is None
    check_log(caplog, path, "Input/output error")


def check_log(caplog: pytest.LogCaptureFixture, path: Path, reason: str) -> None:
    """One line names the file and the reason, for an operator who knows no Python."""
    [record] = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert re.search(rf"{re.escape(str(path))}.*: {reason}", record.getMessage())
    assert "\n" not in record.getMessage()
    assert record.exc_info is None


async def test_the_next_client_gets_the_new_file_whole(path: Path) -> None:
    async with serving(path.parent, None) as server:
        stream = await connect(server, None)
        async with Interrupted(stream, lambda: write_over(path)) as interrupted:
            assert await ask_for_whole(interrupted, "/big.bin") is None
        async with await connect(server, None) as stream:
            reply = await ask_for_whole(stream, "/big.bin")
    assert reply is not None
    assert reply.body == OTHER


# Before the first byte


@pytest.mark.parametrize(
    ("target", "status"),
    [("/small.txt", 500), ("/big.bin", None), ("/missing", 404)],  # None: its head had gone
)
async def test_a_disk_that_fails_at_once_is_a_fault_of_the_server(
    path: Path, target: str, status: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(path.with_name("small.txt"), "small")
    monkeypatch.setattr(os, "preadv", fail, raising=False)
    async with serving(path.parent, None) as server, await connect(server, None) as stream:
        reply = await ask_for_whole(stream, target)
    assert (reply and reply.status) == status


# What is told of a file that changes before it is sent


async def test_of_a_small_file_that_a_longer_one_was_written_over_no_part_is_sent(
    tmp_path: Path,
) -> None:
    # Else the first bytes of the new page are a whole one, with the tag of the old.
    write(tmp_path / "page.html", "<p>old</p>")
    with open_file(tmp_path / "page.html") as file:
        (tmp_path / "page.html").write_bytes(b"<p>a new and longer page</p>")
        assert await read_file(file, range(file.status.st_size)) is None


async def test_a_growing_file_has_no_tag_of_its_content(tmp_path: Path) -> None:
    # Else who got the part, while it was copied here, has it confirmed by 304 for ever.
    write(tmp_path / "film", b"the first half")
    with open_file(tmp_path / "film") as sent:
        (tmp_path / "film").write_bytes(b"the first half and the second")
        with pytest.raises(HTTPError, match="503"):
            await ValidatorsOf("content")(sent, now=time.time())


async def test_the_tag_of_a_file_that_is_written_over_is_not_that_of_the_new_content(
    tmp_path: Path,
) -> None:
    # Else it is sent along with the old content, which was compressed a moment before.
    write(tmp_path / "page.html", "version 1")
    validators_of = ValidatorsOf("content")
    with open_file(tmp_path / "page.html") as sent:
        (tmp_path / "page.html").write_bytes(b"version 2")
        try:
            told = await validators_of(sent, now=time.time())
        except HTTPError:  # to be asked for again
            return
    with open_file(tmp_path / "page.html") as new:
        assert told.etag != (await validators_of(new, now=time.time())).etag


def open_file(path: Path) -> OpenFile:
    return Folder(path.parent).open((path.name,))
