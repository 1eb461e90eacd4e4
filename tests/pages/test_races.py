"""Links, files and folders that are swapped while they are asked for: never a byte from outside.

A thread swaps names as fast as it can, and the handler must answer with what is inside, or as if
nothing was there. No time is asserted: who swaps has done it often enough once both were seen.
"""

import itertools
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trio

from trio_https.errors import HTTPError
from trio_https.files.open_file import Folder, choose_real_path
from trio_https.messages import Headers, Response
from trio_https.pages.handler import Pages

from .asking import ask, write
from .test_handler import BIG

pytestmark = [
    pytest.mark.no_cover,  # the same lines, as fast as they can be done
    pytest.mark.skipif(sys.platform == "win32", reason="the traps are those of Unix"),
]

MIN_ROUNDS = 300
MAX_SECONDS = 30.0  # on a machine that is busy with other things
OUTSIDE = b"\xff" * 977
INSIDE = b"inside"
BIG_INSIDE = BIG.translate(bytes(range(128)) * 2)
CODINGS = Headers({"Accept-Encoding": "gzip"})


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "pages"
    write(root / "index.html", INSIDE)
    write(root / "plain.html", INSIDE)
    for name in ("index.html", "page.html", "page.html.gz", "big.bin", "404.html", "secret"):
        write(tmp_path / "outside" / name, OUTSIDE)
        write(root / ".hidden" / name, OUTSIDE)
    return root


# Each way to swap is a function that does it once, there and back.

Swap = Callable[[], None]


def swap_file(path: Path, target: str, content: bytes = INSIDE) -> Swap:
    """Swap a file and a link in one move, as ``ln -sfn`` and editors do."""
    spare = path.with_name("spare.tmp")

    def swap() -> None:
        spare.symlink_to(target)
        spare.replace(path)
        write(spare, content)
        spare.replace(path)

    write(path, content)
    return swap


def swap_folder(path: Path, target: str) -> Swap:
    """Swap a folder and a link to one outside; for a moment there is neither."""
    aside, link = path.with_name("aside"), path.with_name("link")
    link.symlink_to(target)

    def swap() -> None:
        path.rename(aside)
        link.rename(path)
        path.rename(link)
        aside.rename(path)

    return swap


def swap_link(path: Path, targets: list[str]) -> Swap:
    spare = path.with_name("spare.tmp")

    def swap() -> None:
        for target in targets:
            spare.symlink_to(target)
            spare.replace(path)

    swap()
    return swap


def come_and_go(path: Path) -> Swap:
    spare = path.with_name("spare.tmp")

    def swap() -> None:
        path.unlink()
        write(spare, INSIDE)
        spare.rename(path)  # never seen empty

    write(path, INSIDE)
    return swap


@contextmanager
def swapping(*swaps: Swap) -> Iterator[Callable[[], bool]]:
    """Swap all of the time in another thread; yield whether it is still to go on."""
    stop = threading.Event()
    failures: list[BaseException] = []

    def run() -> None:
        try:
            while not stop.is_set():
                for swap in swaps:
                    swap()
        except BaseException as exc:
            failures.append(exc)

    thread = threading.Thread(target=run)
    deadline = time.monotonic() + MAX_SECONDS
    thread.start()
    try:
        yield lambda: thread.is_alive() and time.monotonic() < deadline
    finally:
        stop.set()
        thread.join()
        assert not failures


async def race(pages: Pages, targets: list[str], *swaps: Swap, seen: set[int]) -> None:
    """Ask for targets while they are swapped, until each status to be ``seen`` was."""
    statuses: set[int] = set()
    with swapping(*swaps) as goes_on:
        for count in itertools.count():
            if count >= MIN_ROUNDS and (seen <= statuses or not goes_on()):
                break
            for target in targets:
                for headers in (CODINGS, Headers({"Range": "bytes=0-0"})):
                    statuses.add(await check_answer(pages, target, headers))
    assert seen <= statuses


async def check_answer(pages: Pages, target: str, headers: Headers) -> int:
    try:
        response: Response = await ask(pages, target, headers=headers)
    except HTTPError as exc:
        assert exc.status == 503  # noqa: PT017 -- either this or a response
        return exc.status
    assert isinstance(response.body, bytes)
    assert response.body.isascii(), target
    assert response.status in (200, 206, 301, 404)
    if response.status == 200:
        assert response.body in (INSIDE, BIG_INSIDE)
        assert response.headers.get("Content-Length") == str(len(response.body))
    return response.status


async def test_a_file_swapped_for_a_link(root: Path) -> None:
    await race(
        Pages(root, compress=False),
        ["/page", "/big.bin", "/hidden"],
        swap_file(root / "page.html", "../outside/secret"),
        swap_file(root / "big.bin", "../outside/big.bin", BIG_INSIDE),
        swap_file(root / "hidden.html", ".hidden/page.html"),
        seen={200, 206, 404},
    )


async def test_a_folder_swapped_for_a_link(root: Path) -> None:
    for name in ("outer/shop/index.html", "outer/shop/page.html"):
        write(root / name, INSIDE)
    await race(
        Pages(root, compress=False),
        ["/outer/shop/", "/outer/shop/page", "/outer/shop"],
        swap_folder(root / "outer" / "shop", "../../outside"),
        seen={200, 206, 301, 404},
    )


async def test_a_link_swapped_for_another(root: Path) -> None:
    for name in ("v1/page.html", "v2/page.html"):
        write(root / name, INSIDE)
    await race(
        Pages(root, compress=False),
        ["/now/page", "/one"],
        swap_link(root / "now", ["v1", "../outside", "v2", ".hidden", "nowhere", "/"]),
        swap_link(root / "one.html", ["plain.html", "../outside/secret", "one.html", "/dev/zero"]),
        seen={200, 206, 404},
    )


async def test_an_index_file_and_a_404_swapped_for_links(root: Path) -> None:
    await race(
        Pages(root, compress=False, spa=False),
        ["/", "/missing"],
        swap_file(root / "index.html", "../outside/index.html"),
        swap_file(root / "404.html", "../outside/404.html"),
        seen={200, 206, 404},
    )


async def test_a_neighbour_swapped_for_a_link(root: Path) -> None:
    write(root / "page.html", INSIDE)
    await race(
        Pages(root, compress=False),
        ["/page"],
        swap_file(root / "page.html.gz", "../outside/page.html.gz"),
        seen={200, 206},
    )


async def test_the_root_swapped_for_another_is_one_or_the_other(root: Path, tmp_path: Path) -> None:
    # A deployment: the root is a link. What links of the old one lead to is outside of the new one.
    write(tmp_path / "v1" / "page.html", INSIDE)
    write(tmp_path / "v2" / "page.html", INSIDE)
    (tmp_path / "v1" / "out.html").symlink_to("../outside/secret")
    (tmp_path / "v2" / "out.html").symlink_to("../outside/secret")
    swap = swap_link(tmp_path / "current", ["v1", "v2"])
    pages = Pages(tmp_path / "current", compress=False)
    await race(pages, ["/page", "/out"], swap, seen={200, 206, 404})


async def test_pages_that_come_and_go(root: Path) -> None:
    await race(
        Pages(root, compress=False),
        ["/page", "/page.html", "/folder", "/folder/"],
        come_and_go(root / "page.html"),
        come_and_go(root / "page"),
        swap_folder(make_folder(root / "folder"), "../outside"),
        seen={200, 404},
    )


def make_folder(path: Path) -> Path:
    write(path / "index.html", INSIDE)
    return path


async def test_many_tasks_at_a_time_share_no_descriptor(root: Path) -> None:
    # Bodies that are read by threads, closed, and opened by the same numbers.
    swap = swap_file(root / "big.bin", "../outside/big.bin", BIG_INSIDE)
    pages = Pages(root, compress=False, etag="content")

    async def ask_often() -> None:
        for _ in range(20):
            await check_answer(pages, "/big.bin", CODINGS)
            await check_answer(pages, "/plain", CODINGS)

    with swapping(swap):
        async with trio.open_nursery() as nursery:
            for _ in range(10):
                nursery.start_soon(ask_often)


# The same by the hand of a test, in the one moment that counts


def swap_in_the_moment_it_is_judged(swap: Callable[[str], None]) -> Callable[[int, str], str]:
    find = choose_real_path()

    def swap_first(fd: int, path: str) -> str:
        swap(path)
        return find(fd, path)

    return swap_first


@pytest.mark.skipif(sys.platform != "linux", reason="a name with an end of its own is Linux's")
@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("server.key", b"-----BEGIN PRIVATE KEY-----\n"),
        ("page.html~", b"a backup"),
        ("page.html.bak", b"a backup"),
        ("_headers", b"# for the server"),
    ],
)
def test_what_is_never_served_is_not_served_while_it_is_replaced(
    root: Path, name: str, content: bytes
) -> None:
    write(root / name, content)
    asked = "link.txt"
    (root / asked).symlink_to(name)

    def replace(path: str) -> None:
        if path.endswith(asked):
            write(root / "new", content)
            (root / "new").replace(root / name)

    folder = Folder(root, real_path=swap_in_the_moment_it_is_judged(replace))
    with pytest.raises(FileNotFoundError):
        folder.open((asked,)).close()
