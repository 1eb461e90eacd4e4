import gzip
import os
from contextlib import closing
from pathlib import Path

import pytest

from trio_https.files.kept_files import Files
from trio_https.files.open_file import Folder
from trio_https.messages import Headers
from trio_https.pages.page import Page
from trio_https.pages.variants import Variants

from .asking import make_request

MODIFIED = 1_000_000_000
NOW = MODIFIED + 1000.0
TEXT = b"some text, again and again; " * 200


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path / "page.html", TEXT)
    return tmp_path


def write(path: Path, content: bytes, modified: float = MODIFIED) -> None:
    path.write_bytes(content)
    os.utime(path, (modified, modified))


def settle(folder: Path) -> None:
    """Make it so that nothing has come into the folder for long."""
    os.utime(folder, (MODIFIED, MODIFIED))


class Site:
    """A folder, and who selects among the variants of its pages."""

    def __init__(self, root: Path, *, on_the_fly: bool = False) -> None:
        self.files = Files(Folder(root))
        self.variants = Variants(self.files, on_the_fly=on_the_fly)

    async def select(
        self, name: str = "page.html", *, now: float = NOW, **fields: str
    ) -> tuple[str, str | None, bytes | None]:
        """Return the file's name, the coding, and what was coded on the fly."""
        headers = Headers({name.replace("_", "-"): value for name, value in fields.items()})
        request = make_request(f"/{name}", headers=headers, now=now)
        with closing(self.files.open((name,))) as file:
            variant = await self.variants.select(request, Page((name,), file, name))
            with closing(variant.file):
                return variant.segments[-1], variant.coding, variant.content


async def coding(root: Path, accept_encoding: str) -> str | None:
    return (await Site(root).select(Accept_Encoding=accept_encoding))[1]


# Neighbours


async def test_the_neighbour_that_the_client_likes_best_is_sent(root: Path) -> None:
    for suffix in ("br", "zst", "gz"):
        write(root / f"page.html.{suffix}", b"coded")
    assert await coding(root, "gzip, deflate, br, zstd") == "br"
    assert await coding(root, "gzip, zstd") == "zstd"
    assert await coding(root, "gzip") == "gzip"
    assert await coding(root, "br;q=0.5, gzip;q=0.9") == "gzip"
    assert await coding(root, "*") == "br"
    assert await coding(root, "deflate") is None
    assert await coding(root, "identity, gzip;q=0.5") is None
    assert await Site(root).select() == ("page.html", None, None)
    assert await Site(root).select(Accept_Encoding="zstd") == ("page.html.zst", "zstd", None)


async def test_of_the_codings_that_are_liked_the_one_that_is_there_is_sent(root: Path) -> None:
    write(root / "page.html.gz", b"coded")
    assert await coding(root, "gzip, br, zstd") == "gzip"


@pytest.mark.parametrize(("modified", "used"), [(-1, False), (0, True), (1, True)])
async def test_a_neighbour_that_is_older_is_not_sent(root: Path, modified: int, used: bool) -> None:
    write(root / "page.html.gz", b"coded", MODIFIED + modified)
    assert (await coding(root, "gzip") == "gzip") is used


async def test_a_stale_neighbour_is_passed_over_for_a_fresh_one(root: Path) -> None:
    write(root / "page.html.br", b"stale", MODIFIED - 1)
    write(root / "page.html.gz", b"coded")
    assert await coding(root, "br, gzip") == "gzip"


async def test_what_is_no_file_is_no_neighbour(
    root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "secret"
    write(outside, b"secret")
    (root / "page.html.br").mkdir()
    (root / "page.html.zst").symlink_to(outside)
    os.mkfifo(root / "page.html.gz")
    assert await coding(root, "br, zstd, gzip") is None


async def test_what_does_not_get_smaller_has_one_variant(root: Path) -> None:
    write(root / "picture.png", TEXT)
    write(root / "picture.png.gz", b"coded")
    site = Site(root, on_the_fly=True)
    selected = await site.select("picture.png", Accept_Encoding="gzip")
    assert selected == ("picture.png", None, None)


async def test_a_page_without_neighbours_is_looked_at_once(root: Path) -> None:
    settle(root)
    site = Site(root)
    await site.select(Accept_Encoding="gzip, br")
    assert list(site.variants._without) == [(("page.html",), ("br", "gzip"))]


async def test_a_neighbour_that_comes_later_is_seen(root: Path) -> None:
    settle(root)
    site = Site(root)
    assert (await site.select(Accept_Encoding="gzip"))[1] is None
    write(root / "page.html.gz", b"coded")
    assert (await site.select(Accept_Encoding="gzip"))[1] == "gzip"
    (root / "page.html.gz").unlink()
    settle(root)  # an hour back, and so ctime alone tells
    assert (await site.select(Accept_Encoding="gzip"))[1] is None


async def test_a_stale_neighbour_that_is_made_anew_is_seen(root: Path) -> None:
    write(root / "page.html.gz", b"coded", MODIFIED - 1)
    settle(root)
    site = Site(root)
    assert (await site.select(Accept_Encoding="gzip"))[1] is None
    os.utime(root / "page.html.gz", (MODIFIED, MODIFIED))  # without a trace in the folder
    assert (await site.select(Accept_Encoding="gzip"))[1] == "gzip"


async def test_while_a_folder_may_change_without_a_trace_it_is_looked_at_each_time(
    root: Path,
) -> None:
    settle(root)
    site = Site(root)
    await site.select(Accept_Encoding="gzip", now=MODIFIED + 1)
    assert not site.variants._without


async def test_so_many_searches_are_remembered_and_no_more(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trio_https.pages.variants._MAX_SEARCHES", 2)
    for name in "abc":
        write(root / f"{name}.txt", TEXT)
    settle(root)
    site = Site(root)
    for name in "abc":
        await site.select(f"{name}.txt", Accept_Encoding="gzip")
    assert [segments for (segments, _) in site.variants._without] == [("b.txt",), ("c.txt",)]


# On the fly


async def test_without_neighbours_text_is_coded_on_the_fly(root: Path) -> None:
    name, coding, content = await Site(root, on_the_fly=True).select(Accept_Encoding="gzip")
    assert (name, coding) == ("page.html", "gzip")
    assert content is not None
    assert gzip.decompress(content) == TEXT


async def test_a_file_in_memory_is_coded_on_the_fly_too(root: Path) -> None:
    site = Site(root, on_the_fly=True)
    with closing(site.files.open(("page.html",))) as file:
        await site.files.load(("page.html",), file, now=NOW)
    content = (await site.select(Accept_Encoding="gzip"))[2]
    assert content is not None
    assert gzip.decompress(content) == TEXT


async def test_a_neighbour_is_sent_rather_than_coding_on_the_fly(root: Path) -> None:
    write(root / "page.html.gz", b"coded")
    site = Site(root, on_the_fly=True)
    assert await site.select(Accept_Encoding="zstd, gzip") == ("page.html.gz", "gzip", None)


async def test_parts_are_those_of_a_file(root: Path) -> None:
    site = Site(root, on_the_fly=True)
    selected = await site.select(Accept_Encoding="gzip", Range="bytes=0-9")
    assert selected == ("page.html", None, None)


@pytest.mark.parametrize("accept_encoding", ["", "identity", "gzip;q=0", "deflate"])
async def test_nothing_is_coded_that_the_client_does_not_take(
    root: Path, accept_encoding: str
) -> None:
    site = Site(root, on_the_fly=True)
    assert (await site.select(Accept_Encoding=accept_encoding))[1] is None


async def test_what_is_too_small_is_sent_as_it_is(root: Path) -> None:
    write(root / "page.html", b"little")
    site = Site(root, on_the_fly=True)
    assert (await site.select(Accept_Encoding="gzip"))[1] is None
