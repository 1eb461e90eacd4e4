import gzip
import json
import os
import threading
from functools import partial
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
import trio
import trio.testing

import trio_https
from trio_https.files.open_file import Folder
from trio_https.messages import Headers, Request, Response
from trio_https.pages.listing import Listings
from trio_https.pages.listing_page import CONTENT_SECURITY_POLICY
from trio_https.rules.url_path import file_segments

from ..chromium import open_chromium
from .asking import MODIFIED, make_request, write
from .test_listing_page import Reader

JSON = {"Accept": "application/json"}
MANY = 10_000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "pages"
    for name, size in (("file10", 3), ("file2", 20), ("two words?", 1), ("#1", 2)):
        write(root / "docs" / name, b"x" * size)
    write(root / "docs" / "sub" / "inner", "inside")
    os.utime(root / "docs" / "sub", (MODIFIED, MODIFIED))
    return root


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("crowded")
    for number in range(MANY):
        (root / f"file{number}").touch()
    return root


async def ask(
    root: Path,
    target: str,
    method: str = "GET",
    headers: dict[str, str] | None = None,
    *,
    prefix: str = "",
    max_entries: int = MANY,
) -> Response:
    listings = Listings(Folder(root), max_entries=max_entries)
    request = make_request(prefix + target, method, Headers(headers or {}))
    segments = file_segments(target.partition("?")[0])
    assert segments is not None
    return await listings.respond(request, segments, prefix=prefix)


def body_of(response: Response) -> str:
    assert isinstance(response.body, bytes)
    return response.body.decode()


def names_in(response: Response) -> list[str]:
    return [entry["name"] for entry in json.loads(body_of(response))["entries"]]


async def test_a_folder_is_listed_as_a_page(root: Path) -> None:
    response = await ask(root, "/docs/")
    assert response.status == 200
    assert list(response.headers) == [
        ("Cache-Control", "no-cache"),
        ("Vary", "Accept, Accept-Encoding"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("ETag", response.headers.get("ETag")),
        ("Content-Type", "text/html; charset=utf-8"),
        ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ]
    page = Reader(body_of(response))
    names = [name for _, name in page.links_of("folder") + page.links_of("file")]
    assert names == ["sub/", "#1", "file2", "file10", "two words?"]


async def test_a_folder_is_listed_as_json_where_that_is_preferred(root: Path) -> None:
    response = await ask(root, "/docs/", headers=JSON)
    assert response.status == 200
    assert response.headers.get("Content-Type") == "application/json"
    assert response.headers.get("Vary") == "Accept, Accept-Encoding"
    assert response.headers.get("X-Content-Type-Options") == "nosniff"
    listed = json.loads(body_of(response))
    assert (listed["path"], listed["truncated"]) == ("/docs/", False)
    assert listed["entries"][:2] == [
        {
            "name": "sub",
            "type": "folder",
            "size": None,
            "modified": "2001-09-09T01:46:40Z",
            "url": "./sub/",
        },
        {
            "name": "#1",
            "type": "file",
            "size": 2,
            "modified": "2001-09-09T01:46:40Z",
            "url": "./%231",
        },
    ]


@pytest.mark.parametrize("prefix", ["", "/site", "/a/b"])
@pytest.mark.parametrize("target", ["/", "/docs/"])
async def test_links_lead_to_the_files_below_any_prefix(
    root: Path, prefix: str, target: str
) -> None:
    folder = Folder(root)
    page = Reader(body_of(await ask(root, target, prefix=prefix)))
    listed = json.loads(body_of(await ask(root, target, headers=JSON, prefix=prefix)))
    hrefs = [href for href, _ in page.links_of("file") + page.links_of("folder")]
    urls = {urljoin(prefix + target, href) for href in hrefs}
    assert urls == {urljoin(listed["path"], entry["url"]) for entry in listed["entries"]}
    assert len(urls) == len(list(root.joinpath(target[1:]).iterdir()))
    for url in urls:
        assert url.startswith(prefix + "/")
        segments = file_segments(urlsplit(url.removeprefix(prefix)).path)
        assert segments is not None
        with folder.open_folder(segments) if url.endswith("/") else folder.open(segments):
            pass


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["sub", "#1", "file2", "file10", "two words?"]),
        ("?order=desc", ["sub", "two words?", "file10", "file2", "#1"]),
        ("?sort=size", ["sub", "two words?", "#1", "file10", "file2"]),
        ("?sort=size&order=desc", ["sub", "file2", "file10", "#1", "two words?"]),
    ],
)
async def test_the_query_tells_the_order(root: Path, query: str, names: list[str]) -> None:
    assert names_in(await ask(root, f"/docs/{query}", headers=JSON)) == names
    page = Reader(body_of(await ask(root, f"/docs/{query}")))
    assert [name for _, name in page.links_of("file")] == names[1:]


@pytest.mark.parametrize("accept", [JSON, {}])
async def test_head_has_the_headers_of_get(root: Path, accept: dict[str, str]) -> None:
    by_get, by_head = [await ask(root, "/docs/", m, accept) for m in ("GET", "HEAD")]
    assert by_head == by_get  # the server leaves the body out


# Conditional requests


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_a_list_that_has_not_changed_is_not_sent_again(root: Path, method: str) -> None:
    etag = (await ask(root, "/docs/")).headers.get("ETag")
    assert etag is not None
    assert etag.startswith('"')  # strong
    response = await ask(root, "/docs/", method, {"If-None-Match": f'"other", {etag}'})
    assert (response.status, response.body) == (304, b"")
    # RFC 9110 §15.4.5: what a 200 would have had of these.
    assert {name for name, _ in response.headers} >= {"Cache-Control", "ETag", "Vary"}
    assert response.headers.get("ETag") == etag


async def test_each_list_has_a_tag_of_its_own(root: Path) -> None:
    asked = [("/docs/", {}), ("/docs/?sort=size", {}), ("/docs/", JSON), ("/", {})]
    etags = {(await ask(root, target, headers=h)).headers.get("ETag") for target, h in asked}
    write(root / "docs" / "sub" / "inner", "no part of these lists")
    os.utime(root / "docs" / "sub", (MODIFIED, MODIFIED))
    assert etags == {(await ask(root, t, headers=h)).headers.get("ETag") for t, h in asked}
    write(root / "docs" / "file2", "changed")
    etags.add((await ask(root, "/docs/")).headers.get("ETag"))
    assert len(etags) == len(asked) + 1


async def test_a_list_that_is_not_the_expected_one_is_not_sent(root: Path) -> None:
    response = await ask(root, "/docs/", headers={"If-Match": '"other"'})
    assert (response.status, response.body) == (412, b"")


async def test_a_date_does_not_make_a_list_unchanged(root: Path) -> None:
    later = {"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}
    assert (await ask(root, "/docs/", headers=later)).status == 200


# Missing


async def test_a_folder_that_has_gone_is_not_found(root: Path) -> None:
    with pytest.raises(FileNotFoundError):
        await ask(root, "/docs/sub/missing/")


# Many


@pytest.mark.no_cover
async def test_other_tasks_get_their_turns_while_a_long_list_is_made(crowded: Path) -> None:
    turns = 0

    async def take_turns() -> None:
        nonlocal turns
        while True:
            await trio.lowlevel.checkpoint()
            turns += 1

    async with trio.open_nursery() as nursery:
        nursery.start_soon(take_turns)
        response = await ask(crowded, "/")
        nursery.cancel_scope.cancel()
    assert turns > 10
    assert len(Reader(body_of(response)).links_of("file")) == MANY


async def test_what_is_left_out_is_told(crowded: Path) -> None:
    response = await ask(crowded, "/", max_entries=MANY - 1)
    assert "more in this folder than these 9,999" in body_of(response)
    listed = json.loads(body_of(await ask(crowded, "/", headers=JSON, max_entries=100)))
    assert (len(listed["entries"]), listed["truncated"]) == (100, True)
    assert "more in this folder" not in body_of(await ask(crowded, "/"))


class Gate:
    """A way to real paths at which threads wait; it keeps what was asked of it."""

    def __init__(self) -> None:
        self.is_open = threading.Event()
        self.is_reached = threading.Event()
        self.asked: list[str] = []

    def real_path(self, fd: int, path: str) -> str:
        self.asked.append(Path(path).name)
        if path.endswith("docs"):
            self.is_reached.set()
            self.is_open.wait()
        return os.path.realpath(path)


async def test_lists_are_made_two_at_a_time(root: Path) -> None:
    gate = Gate()
    listings = Listings(Folder(root, real_path=gate.real_path))
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(listings.respond, make_request("/docs/"), ("docs",))
        await trio.testing.wait_all_tasks_blocked()
        waiting = listings._threads.statistics()
        gate.is_open.set()
    assert (waiting.borrowed_tokens, waiting.tasks_waiting) == (2, 3)
    assert gate.asked.count("docs") == 5


async def test_a_list_that_nobody_waits_for_is_given_up(root: Path) -> None:
    (root / "docs" / "link").symlink_to("file2")
    gate = Gate()
    listings = Listings(Folder(root, real_path=gate.real_path))
    listings._threads.total_tokens = 1
    async with trio.open_nursery() as nursery:
        nursery.start_soon(listings.respond, make_request("/docs/"), ("docs",))
        await trio.to_thread.run_sync(gate.is_reached.wait)
        nursery.cancel_scope.cancel()
    # The request has ended. Its thread has not, and counts as long as it runs.
    assert listings._threads.borrowed_tokens == 1
    gate.is_open.set()
    async with listings._threads:
        assert "link" not in gate.asked


# In a browser


async def test_a_browser_shows_a_list_without_a_complaint(root: Path, tmp_path: Path) -> None:
    (root / "docs" / ("a-name-without-an-end" * 11)).touch()
    listings = Listings(Folder(root))

    async def handler(request: Request) -> Response:
        return await listings.respond(request, file_segments(request.raw_path) or ())

    async with trio.open_nursery() as nursery:
        server = await nursery.start(partial(trio_https.serve, handler, tls=None, port=0))
        async with open_chromium(tmp_path / "browser") as browser:
            url = f"{server.urls[0]}docs/"
            page = await browser.open_page(url, width=390, height=844, mobile=True)
            assert page.console_errors == []  # a violation of the policy is one
            assert page.failed_requests == []
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            font = "getComputedStyle(document.querySelector('tbody .folder')).fontWeight"
            assert await page.evaluate(font) == "600"
        await server.stop(grace=0)


async def test_a_list_is_compressed_where_the_client_takes_that(root: Path) -> None:
    for number in range(100):
        write(root / "docs" / f"file {number}.txt", "x")
    plain = await ask(root, "/docs/")
    coded = await ask(root, "/docs/", headers={"Accept-Encoding": "gzip"})
    assert coded.headers.get("Content-Encoding") == "gzip"
    assert isinstance(coded.body, bytes)
    assert gzip.decompress(coded.body) == plain.body
    assert coded.headers.get("ETag") != plain.headers.get("ETag")
    known = {"Accept-Encoding": "gzip", "If-None-Match": coded.headers.get("ETag") or ""}
    assert (await ask(root, "/docs/", headers=known)).status == 304


async def test_a_short_list_stays_as_it_is(root: Path) -> None:
    wanted = {"Accept": "application/json", "Accept-Encoding": "gzip"}
    response = await ask(root, "/docs/", headers=wanted)
    assert "Content-Encoding" not in response.headers
    assert json.loads(body_of(response))["path"] == "/docs/"
