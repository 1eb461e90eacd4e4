"""A head that was prepared is told again only where it would be made the same."""

import os
import time
from pathlib import Path

import pytest

from trio_https.messages import Headers, Response
from trio_https.pages.handler import Pages
from trio_https.pages.heads import _MAX_HEADS

from .asking import MODIFIED, ask, make_request, write

TEXT = "<p>worth compressing</p>" * 100
BIG = b"x" * 200_000
NOW = MODIFIED + 1000.0

RULES = """
/a
  X-Path: a
/b
  X-Path: b
http://other/*
  X-Host: other
"""
REDIRECTS = """
/a /page 200
/b /page 200
/c /page 404
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "page.html", TEXT)
    write(tmp_path / "big.bin", BIG)
    write(tmp_path / "404.html", TEXT)
    return tmp_path


async def head_of(pages: Pages, target: str, *, now: float = NOW, **fields: str) -> Response:
    headers = Headers({name.replace("_", "-"): value for name, value in fields.items()})
    return await ask(pages, target, "HEAD", headers, now=now)


@pytest.mark.parametrize("target", ["/page", "/big.bin", "/missing"])
async def test_it_is_made_once(root: Path, target: str) -> None:
    pages = Pages(root)
    first = await ask(pages, target)
    for method in ("GET", "HEAD"):
        assert (await ask(pages, target, method)).headers is first.headers


@pytest.mark.parametrize(("name", "vary"), [("page", "Accept-Encoding"), ("picture.png", None)])
async def test_it_varies_where_another_coding_could_have_been_sent(
    root: Path, name: str, vary: str | None
) -> None:
    write(root / "picture.png", TEXT)
    pages = Pages(root)
    for accepted in ("identity", "gzip", "unknown"):
        head = await head_of(pages, f"/{name}", Accept_Encoding=accepted)
        assert head.headers.get("Vary") == vary
    assert (await head_of(pages, f"/{name}")).headers.get("Vary") == vary


async def test_each_path_and_host_has_what_the_author_wants_for_it(root: Path) -> None:
    write(root / "_headers", RULES)
    write(root / "_redirects", REDIRECTS)
    pages = Pages(root)
    for _ in range(2):
        for name in ("a", "b", "page"):
            told = (await ask(pages, f"/{name}")).headers
            assert told.get("X-Path") == (name if name != "page" else None)
    request = make_request("/a")
    for authority in ("localhost", "other", "localhost"):
        object.__setattr__(request, "authority", authority)
        response = await pages(request)
        assert isinstance(response, Response)
        assert ("X-Host" in response.headers) is (authority == "other")


async def test_a_page_that_stands_for_what_is_missing_is_another(root: Path) -> None:
    write(root / "_redirects", REDIRECTS)
    pages = Pages(root)
    for _ in range(2):
        assert "ETag" in (await ask(pages, "/page")).headers
        response = await ask(pages, "/c")
        assert response.status == 404
        assert "ETag" not in response.headers


async def test_new_rules_count_at_once(root: Path) -> None:
    pages = Pages(root)
    assert "X-New" not in (await ask(pages, "/page")).headers
    for value in ("1", "2"):
        write(root / "_headers", f"/*\n  X-New: {value}")
        assert (await ask(pages, "/page")).headers.get("X-New") == value
    (root / "_headers").unlink()
    assert "X-New" not in (await ask(pages, "/page")).headers


async def test_each_coding_has_its_own(root: Path) -> None:
    pages = Pages(root)
    for _ in range(2):
        plain = (await ask(pages, "/page")).headers
        coded = await ask(pages, "/page", headers=Headers({"Accept-Encoding": "gzip"}))
        assert "Content-Encoding" not in plain
        assert coded.headers.get("Content-Encoding") == "gzip"
        assert coded.headers.get("Content-Length") == str(len(coded.body))  # type: ignore[arg-type]
        assert coded.headers.get("ETag") != plain.get("ETag")
    write(root / "page.html.gz", b"a neighbour")
    assert (await head_of(pages, "/page", Accept_Encoding="gzip")).headers.get(
        "Content-Length"
    ) == "11"


@pytest.mark.parametrize("name", ["page.html", "big.bin"])
async def test_a_file_that_changes_has_another(root: Path, name: str) -> None:
    pages = Pages(root, pretty_urls=False)
    tags = set()
    for content in (b"one", b"two!", b"2" * 150_000, b"3" * 150_000):
        write(root / name, content)
        response = await ask(pages, f"/{name}")
        assert response.body == content
        assert response.headers.get("Content-Length") == str(len(content))
        tags.add(response.headers.get("ETag"))
    assert len(tags) == 4


@pytest.mark.parametrize("name", ["page.html", "big.bin"])
async def test_what_is_young_by_the_clock_of_now_has_no_date(root: Path, name: str) -> None:
    # Also where that clock was set back: no date may be later than the response.
    pages = Pages(root, pretty_urls=False)
    for now, is_told in ((NOW, True), (MODIFIED + 1.0, False), (MODIFIED - 60.0, False)):
        told = (await head_of(pages, f"/{name}", now=now)).headers
        assert ("Last-Modified" in told) is is_told
        assert (told.get("ETag") or "").startswith("W/") is not is_told


async def test_a_young_file_has_none_that_lasts(root: Path) -> None:
    pages = Pages(root)
    os.utime(root / "page.html")
    now = time.time()
    young = (await head_of(pages, "/page", now=now)).headers
    assert "Last-Modified" not in young
    later = (await head_of(pages, "/page", now=now + 10)).headers
    assert "Last-Modified" in later
    assert later.get("ETag") != young.get("ETag")


async def test_no_more_are_kept_than_have_their_place(root: Path) -> None:
    for number in range(_MAX_HEADS + 2):
        os.link(root / "big.bin", root / f"{number}.bin")
    pages = Pages(root)
    for number in range(_MAX_HEADS + 2):
        await head_of(pages, f"/{number}.bin")
    assert len(pages._heads._kept) == _MAX_HEADS
