"""No file stays open, whatever ends a request: no descriptor left, a fault, a cancellation."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio
import trio.testing

from trio_https.errors import HTTPError
from trio_https.files.file_body import FileBody
from trio_https.messages import Headers, Response
from trio_https.pages.handler import Pages

from .asking import ask, make_request, write
from .test_handler import BIG, open_files

CODINGS = Headers({"Accept-Encoding": "gzip, br"})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "pages"
    write(root / "index.html", "the first page")
    write(root / "page.html", "a page")
    write(root / "page.html.gz", "a page, smaller")
    write(root / "big.bin", BIG)
    write(root / "folder" / "start.html", "a folder's page")
    return root


@contextmanager
def descriptors_left(count: int) -> Iterator[None]:
    """Let this process open so many files more, as in a crowd."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    free: list[int] = []
    while len(free) <= count:  # numbers that are free need not follow each other
        free.append(os.dup(0))
    for fd in free:
        os.close(fd)
    resource.setrlimit(resource.RLIMIT_NOFILE, (free[count], hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


async def ask_and_leave(pages: Pages, target: str, headers: Headers = CODINGS) -> int:
    """Return the status; read nothing of the body."""
    try:
        response = await pages(make_request(target, headers=headers))
    except HTTPError as exc:
        return exc.status
    await close(response)
    return response.status


async def close(response: Response) -> None:
    """Close a body unread, as the server does for a client that has left."""
    if isinstance(response.body, FileBody):
        await response.body.aclose()


TARGETS = ["/", "/page", "/page.html", "/index.html", "/folder/", "/folder/start.html", "/big.bin"]


@pytest.mark.skipif(sys.platform == "win32", reason="there is no such limit")
@pytest.mark.parametrize("left", range(4))
@pytest.mark.parametrize("target", TARGETS)
async def test_a_crowd_leaves_no_file_open(root: Path, target: str, left: int) -> None:
    pages = Pages(root, index_names=["index.html", "start.html"])
    before = open_files()
    with descriptors_left(left):
        statuses = {await ask_and_leave(pages, target) for _ in range(3)}
    assert open_files() == before
    assert statuses <= {200, 301, 503}
    assert await ask_and_leave(pages, target) in (200, 301)


@pytest.mark.parametrize("etag", ["file", "content"])
@pytest.mark.parametrize("headers", [Headers(), CODINGS, Headers({"Range": "bytes=0-1,4-5"})])
@pytest.mark.parametrize("target", TARGETS)
async def test_who_leaves_while_a_thread_reads_leaves_no_file_open(
    root: Path, target: str, headers: Headers, etag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "preadv", raising=False)  # so that each read waits for a thread
    pages = Pages(root, etag="content" if etag == "content" else "file")
    before = open_files()
    for _ in range(2):  # the first and, if there is one, that from memory
        with trio.CancelScope() as scope:
            scope.cancel()
            response = await pages(make_request(target, headers=headers))
            await close(response)
    assert open_files() == before


@pytest.mark.parametrize("etag", ["file", "content"])
@pytest.mark.parametrize("target", TARGETS)
async def test_a_disk_that_fails_leaves_no_file_open(
    root: Path, target: str, etag: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> int:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    pages = Pages(root, etag="content" if etag == "content" else "file")
    before = open_files()
    with monkeypatch.context() as patch:
        patch.setattr(os, "preadv", fail, raising=False)
        status = await ask_and_leave(pages, target)
    assert open_files() == before
    assert status in (200, 301, 404, 500)
    assert (await ask(pages, "/")).body == b"the first page"
