"""Where requests lead: what the author says, what is there, the first page of an application."""

from pathlib import Path

import pytest

from trio_https.errors import ConfigError
from trio_https.messages import Headers
from trio_https.pages.handler import Pages

from .asking import ask, write


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "pages"
    write(root / "index.html", "the first page")
    write(root / "about.html", "about us")
    write(root / "team" / "index.html", "the team")
    write(root / "lost.html", "it was here once")
    return root


def with_redirects(root: Path, *lines: str) -> Pages:
    write(root / "_redirects", "\n".join(lines))
    return Pages(root)


# The author's redirects


@pytest.mark.parametrize(
    ("rule", "target", "status", "location"),
    [
        ("/old /about", "/old", 301, "/about"),
        ("/old /about 302", "/old?a=b", 302, "/about?a=b"),
        ("/blog/* /news/:splat 308", "/blog/2026/a%20b", 308, "/news/2026/a%20b"),
        ("/u/:name https://example.org/:name 307", "/u/ada", 307, "https://example.org/ada"),
        ("/wiki/* /", "/wiki/Talk:Page", 301, "/"),  # what can be no file can be redirected
        ("/about /elsewhere 302!", "/about", 302, "/elsewhere"),
    ],
)
async def test_the_author_redirects(
    root: Path, rule: str, target: str, status: int, location: str
) -> None:
    response = await ask(with_redirects(root, rule), target)
    assert (response.status, response.headers.get("Location")) == (status, location)
    assert response.headers.get("Cache-Control") == "no-cache"
    assert response.headers.get("X-Content-Type-Options") == "nosniff"


async def test_what_is_there_counts_more_than_a_redirect(root: Path) -> None:
    response = await ask(with_redirects(root, "/* /elsewhere"), "/about")
    assert (response.status, response.body) == (200, b"about us")


async def test_the_one_url_of_a_page_counts_more_too(root: Path) -> None:
    response = await ask(with_redirects(root, "/* /elsewhere"), "/about.html")
    assert response.headers.get("Location") == "/about"


@pytest.mark.parametrize("page", ["/about", "/about.html"])
async def test_another_page_is_shown_in_place(root: Path, page: str) -> None:
    response = await ask(with_redirects(root, f"/us {page} 200"), "/us?a=b")
    assert (response.status, response.body) == (200, b"about us")
    assert response.headers.get("ETag") == (await ask(Pages(root), "/about")).headers.get("ETag")


async def test_another_page_is_shown_in_place_of_one_that_is_there(root: Path) -> None:
    response = await ask(with_redirects(root, "/about /team/ 200!"), "/about")
    assert (response.status, response.body) == (200, b"the team")


async def test_a_page_of_the_authors_says_that_there_is_nothing(root: Path) -> None:
    response = await ask(with_redirects(root, "/gone/* /lost 404"), "/gone/for/good")
    assert (response.status, response.body) == (404, b"it was here once")
    assert response.headers.get("ETag") is None


@pytest.mark.parametrize(
    "target", ["/nowhere", "/_redirects", "/.git/config", "/../secret", "/a%3Ab"]
)
async def test_a_page_in_place_that_is_not_there_or_hidden_is_missing(
    root: Path, target: str
) -> None:
    write(root / ".git" / "config", "secret")
    response = await ask(with_redirects(root, f"/x {target} 200"), "/x")
    assert (response.status, response.body) == (404, b"There is no such page.\n")


async def test_redirects_that_change_are_read_again(root: Path) -> None:
    pages = with_redirects(root, "/old /about")
    assert (await ask(pages, "/old")).headers.get("Location") == "/about"
    write(root / "_redirects", "/old /team/ 302")
    assert (await ask(pages, "/old")).headers.get("Location") == "/team/"
    (root / "_redirects").unlink()
    assert (await ask(pages, "/old")).status == 404


async def test_redirects_with_a_mistake_are_told_with_its_line(root: Path) -> None:
    with pytest.raises(ConfigError, match=r"_redirects: .*\n  line 2: "):
        with_redirects(root, "/old /about", "/old /about 299")


# The author's header fields


async def test_the_author_sets_header_fields(root: Path) -> None:
    write(
        root / "_headers", "/*\n  X-Made-By: me\n  Cache-Control: max-age=60\n  ! Referrer-Policy\n"
    )
    pages = Pages(root)
    for target, status in (("/about", 200), ("/missing", 404)):
        response = await ask(pages, target)
        assert response.status == status
        assert response.headers.get("X-Made-By") == ("me" if status == 200 else None)
    response = await ask(pages, "/about")
    assert response.headers.get_all("Cache-Control") == ["max-age=60"]
    assert "Referrer-Policy" not in response.headers


async def test_the_author_sets_the_type_of_each_part_too(root: Path) -> None:
    write(root / "data", "0123456789")
    write(root / "_headers", "/data\n  Content-Type: text/plain\n")
    response = await ask(Pages(root), "/data", headers=Headers({"Range": "bytes=0-1, 5-6"}))
    assert response.status == 206
    assert (response.headers.get("Content-Type") or "").startswith("multipart/byteranges; ")
    assert isinstance(response.body, bytes)
    assert response.body.count(b"Content-Type: text/plain\r\n") == 2


# A single-page application


@pytest.mark.parametrize(
    ("target", "status", "body"),
    [
        ("/", 200, b"the first page"),
        ("/about", 200, b"about us"),
        ("/users/ada", 200, b"the first page"),
        ("/users/ada/", 200, b"the first page"),
        ("/app.js", 404, b"There is no such page.\n"),
        ("/v1.2/users", 200, b"the first page"),
        ("/.git/config", 200, b"the first page"),
    ],
)
async def test_an_application_finds_its_way_from_its_first_page(
    root: Path, target: str, status: int, body: bytes
) -> None:
    response = await ask(Pages(root, spa=True), target)
    assert (response.status, response.body) == (status, body)


@pytest.mark.parametrize(("accept", "status"), [("text/html,*/*;q=0.8", 200), ("*/*", 404)])
async def test_an_application_has_pages_with_dots_for_browsers_that_navigate(
    root: Path, accept: str, status: int
) -> None:
    accepts = Headers({"Accept": accept})
    response = await ask(Pages(root, spa=True), "/users/ada@example.com", headers=accepts)
    assert response.status == status


async def test_an_application_without_a_first_page_has_none(root: Path) -> None:
    (root / "index.html").unlink()
    assert (await ask(Pages(root, spa=True), "/users")).status == 404


# A prefix


@pytest.mark.parametrize(
    ("target", "status", "told"),
    [
        ("/docs/", 200, "the first page"),
        ("/docs/about", 200, "about us"),
        ("/d%6Fcs/about", 200, "about us"),
        ("/docs", 301, "/docs/"),
        ("/docs?a=b", 301, "/docs/?a=b"),
        ("/docs/about.html", 301, "/docs/about"),
        ("/docs/team", 301, "/docs/team/"),
        ("/docs/old", 302, "/docs/about"),
        ("/docs/away", 302, "https://example.org/"),
        ("/", 404, "There is no such page.\n"),
        ("/about", 404, "There is no such page.\n"),
        ("/docs-of-others/about", 404, "There is no such page.\n"),
        ("/docs/docs/about", 404, "There is no such page.\n"),
        ("/docs%2Fabout", 404, "There is no such page.\n"),
        ("//docs/about", 404, "There is no such page.\n"),
        ("/docs/../about", 404, "There is no such page.\n"),
    ],
)
async def test_pages_are_served_below_a_prefix(
    root: Path, target: str, status: int, told: str
) -> None:
    write(root / "_redirects", "/old /about 302\n/away https://example.org/ 302")
    response = await ask(Pages(root, prefix="/docs"), target)
    assert response.status == status
    if status in (301, 302):
        assert response.headers.get("Location") == told
    else:
        assert response.body == told.encode()


@pytest.mark.parametrize(("prefix", "target"), [("/docs/", "/docs/about"), ("/", "/about")])
async def test_a_prefix_may_end_in_a_slash(root: Path, prefix: str, target: str) -> None:
    assert (await ask(Pages(root, prefix=prefix), target)).body == b"about us"


@pytest.mark.parametrize("name", ["", "a/b.html", ".index.html", "index.html~"])
def test_an_index_name_that_can_be_no_file_is_a_mistake(root: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="no name of a file that can be served"):
        Pages(root, index_names=["index.html", name])


async def test_a_prefix_may_have_several_names(root: Path) -> None:
    pages = Pages(root, prefix="/a b/ü")
    assert (await ask(pages, "/a%20b/%C3%BC/about")).body == b"about us"
    assert (await ask(pages, "/a%20b/%C3%BC")).headers.get("Location") == "/a%20b/%C3%BC/"


@pytest.mark.parametrize("prefix", ["docs", "//docs", "/docs//", "/.docs", "/a/../b", "/a\n"])
def test_a_prefix_that_is_none_is_a_mistake(root: Path, prefix: str) -> None:
    with pytest.raises(ConfigError, match="no path of names that can be served"):
        Pages(root, prefix=prefix)
