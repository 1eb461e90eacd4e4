"""One file as a response: what is sent of it, and what is no file to be sent."""

import errno
import os
import socket
import ssl
from collections.abc import Callable
from contextlib import aclosing
from functools import partial
from pathlib import Path

import pytest
import trio
import trustme

from trio_https import Headers, HTTPError, Request, Response, serve
from trio_https.files.file_response import file_response
from trio_https.files.open_file import open_file

from ..command import DEADLINE
from ..pages.asking import content_of, make_request, write
from ..programs import require_program

BIG = bytes(range(256)) * 1024  # 256 KiB: it is streamed


@pytest.fixture
def file(tmp_path: Path) -> Path:
    write(tmp_path / "report.txt", "0123456789")
    return tmp_path / "report.txt"


@pytest.fixture
def big_file(tmp_path: Path) -> Path:
    write(tmp_path / "big.bin", BIG)
    return tmp_path / "big.bin"


# The time of the status can't be set: the file is old for a request of tomorrow.
def ask(method: str = "GET", **fields: str) -> Request:
    headers = Headers({name.replace("_", "-"): value for name, value in fields.items()})
    return make_request("/", method, headers, now=2_000_000_000)


async def status_of(request: Request, path: Path) -> int:
    response = await file_response(request, path)
    await close(response)
    return response.status


async def close(response: Response) -> None:
    if not isinstance(response.body, bytes):
        async with aclosing(response.body):  # type: ignore[type-var]
            pass


async def test_a_file_is_sent_with_all_that_is_known_of_it(file: Path) -> None:
    response = await file_response(ask(), file)
    assert (response.status, response.body) == (200, b"0123456789")
    told = dict(response.headers)
    assert told.pop("ETag").startswith('"')
    assert told == {
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
        "Accept-Ranges": "bytes",
        "Last-Modified": "Sun, 09 Sep 2001 01:46:40 GMT",
        "Content-Type": "text/plain; charset=utf-8",
        "Content-Length": "10",
    }


async def test_a_large_file_is_streamed(big_file: Path) -> None:
    response = await file_response(ask(), str(big_file))
    assert not isinstance(response.body, bytes)
    assert response.headers.get("content-length") == str(len(BIG))
    assert await content_of(response) == BIG


async def test_head_tells_the_same_and_reads_nothing(file: Path) -> None:
    response = await file_response(ask("HEAD"), file)
    assert response.headers == (await file_response(ask(), file)).headers
    assert not isinstance(response.body, bytes)
    await close(response)


@pytest.mark.parametrize("name", ["report.txt", "big.bin"])
async def test_who_has_it_is_told_so(name: str, file: Path, big_file: Path) -> None:
    path = file.parent / name
    response = await file_response(ask(), path)
    await close(response)
    etag, modified = response.headers.get("etag"), response.headers.get("last-modified")
    assert etag is not None
    assert modified is not None
    assert await status_of(ask(If_None_Match=etag), path) == 304
    assert await status_of(ask(If_Modified_Since=modified), path) == 304
    assert await status_of(ask(If_None_Match='"another"'), path) == 200
    assert await status_of(ask(If_Match='"another"'), path) == 412
    write(path, "changed")
    assert await status_of(ask(If_None_Match=etag), path) == 200


@pytest.mark.parametrize(
    ("name", "field_value", "status", "content"),
    [
        ("report.txt", "bytes=2-4", 206, b"234"),
        ("report.txt", "bytes=-3", 206, b"789"),
        ("big.bin", "bytes=255-257", 206, b"\xff\x00\x01"),
        ("report.txt", "bytes=10-", 416, None),
        ("report.txt", "lines=1-2", 200, b"0123456789"),
    ],
)
async def test_a_range_of_it_is_sent(
    name: str, field_value: str, status: int, content: bytes | None, file: Path, big_file: Path
) -> None:
    response = await file_response(ask(Range=field_value), file.parent / name)
    assert response.status == status
    received = await content_of(response)
    assert content is None or received == content


async def test_to_another_method_all_of_it_is_the_answer(file: Path) -> None:
    fields = {"If_None_Match": "*", "Range": "bytes=0-1"}
    response = await file_response(ask("POST", **fields), file, cache_control="max-age=60")
    assert (response.status, response.body) == (200, b"0123456789")
    assert response.headers.get("etag") is None
    assert response.headers.get("cache-control") == "no-cache"


async def test_the_handler_says_how_it_is_named_typed_and_kept(file: Path) -> None:
    response = await file_response(
        ask(),
        file,
        download_as="Z\u00fcrich.csv",
        cache_control="private, max-age=60",
    )
    headers = response.headers
    assert headers.get("content-disposition") == (
        "attachment; filename=\"Z_rich.csv\"; filename*=UTF-8''Z%C3%BCrich.csv"
    )
    assert headers.get("content-type") == "text/csv; charset=utf-8"
    assert headers.get("cache-control") == "private, max-age=60"
    response = await file_response(ask(), file, media_type="application/x-own")
    assert response.headers.get("content-type") == "application/x-own"
    assert response.headers.get("content-disposition") is None


async def test_a_link_is_followed(file: Path) -> None:
    link = file.with_name("link.json")
    link.symlink_to(file)
    response = await file_response(ask(), link)
    assert response.body == b"0123456789"
    assert response.headers.get("content-type") == "application/json"


def make_socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))


def make_loop(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize(
    "make",
    [Path.mkdir, os.mkfifo, make_socket, make_loop, lambda path: None],
    ids=["a folder", "a pipe", "a socket", "a loop", "nothing"],
)
async def test_what_is_no_file_is_not_found(make: Callable[[Path], None], tmp_path: Path) -> None:
    make(tmp_path / "it")
    with trio.fail_after(DEADLINE), pytest.raises(HTTPError) as caught:
        await file_response(ask(), tmp_path / "it")
    assert caught.value.status == 404
    assert str(tmp_path) not in str(caught.value)


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/null", "/", "", "a\0b", "x" * 5000])
async def test_what_can_be_none_is_not_found(path: str) -> None:
    with pytest.raises(HTTPError) as caught:
        await file_response(ask(), path)
    assert caught.value.status == 404


def refuse(path: str, flags: int) -> int:
    raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)


async def test_what_may_not_be_read_is_not_found_and_the_log_says_why(
    file: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(os, "open", refuse)  # root, who may run this, may read everything
    with pytest.raises(HTTPError) as caught:
        await file_response(ask(), file)
    assert caught.value.status == 404
    assert "no permission to read" in caplog.text


def test_what_becomes_a_device_when_it_is_opened_is_closed_again(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    really_open = os.open
    monkeypatch.setattr(os, "open", lambda path, flags: really_open("/dev/null", flags))
    with pytest.raises(FileNotFoundError):
        open_file(str(file))


async def test_a_file_that_is_just_being_written_has_a_weak_tag(file: Path) -> None:
    young = make_request("/", now=os.stat(file).st_ctime + 1)  # noqa: PTH116
    response = await file_response(young, file)
    assert (response.headers.get("etag") or "").startswith('W/"')
    assert response.headers.get("last-modified") is None


async def test_curl_goes_on_with_a_download_under_its_name(
    server_context: ssl.SSLContext, authority: trustme.CA, big_file: Path
) -> None:
    curl = require_program("curl")
    authority.cert_pem.write_to_path(big_file.with_name("ca.pem"))
    (downloads := big_file.with_name("downloads")).mkdir()
    (downloads / "part").write_bytes(BIG[:1000])

    async def handler(request: Request) -> Response:
        return await file_response(request, big_file, download_as="copy of big.bin")

    async with trio.open_nursery() as nursery:
        server = await nursery.start(partial(serve, handler, port=0, tls=server_context))
        arguments = ["--disable", "--noproxy", "*", "-sS", "--cacert", "../ca.pem"]
        url = f"https://localhost:{server.port}/"
        for wanted in (["-OJ"], ["-C", "-", "-o", "part"]):
            command = [curl, *arguments, *wanted, url]
            await trio.run_process(command, cwd=downloads, capture_stdout=True)
        await server.stop(grace=10)
    assert (downloads / "copy of big.bin").read_bytes() == BIG
    assert (downloads / "part").read_bytes() == BIG
