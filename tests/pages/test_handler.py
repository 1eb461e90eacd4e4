import errno
import gc
import os
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
import trio
import trio.testing
from hypothesis import example, given
from hypothesis import strategies as st

from trio_https.errors import BodyCut, ConfigError, HTTPError
from trio_https.files.file_body import FileBody
from trio_https.messages import Headers, Response
from trio_https.pages.handler import Pages
from trio_https.rules.http_dates import format_http_date

from .asking import MODIFIED, ask, content_of, make_request, write

POLICY = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
    ("Content-Security-Policy", "frame-ancestors 'self'"),
)
SECRET = b"what is outside of the folder"
BIG = bytes(range(256)) * 2000


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "pages"
    write(root / "index.html", "the first page")
    write(root / "style.css", "body { }")
    write(root / "big.bin", BIG)
    write(root / "folder" / "index.html", "a folder's page")
    (root / "bare").mkdir()
    return root


@pytest.fixture
def pages(root: Path) -> Pages:
    return Pages(root)


def open_files() -> int:
    """Return how many files this process has open, without what tests elsewhere have left."""
    gc.collect()
    return len(list(Path("/dev/fd").iterdir()))


# Files


async def test_a_file_is_served_by_its_name(pages: Pages) -> None:
    response = await ask(pages, "/style.css")
    assert response.status == 200
    assert response.body == b"body { }"
    assert list(response.headers) == [
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "strict-origin-when-cross-origin"),
        ("Content-Security-Policy", "frame-ancestors 'self'"),
        ("Cache-Control", "no-cache"),
        ("Accept-Ranges", "bytes"),
        ("Last-Modified", "Sun, 09 Sep 2001 01:46:40 GMT"),
        ("ETag", response.headers.get("ETag")),
        ("Vary", "Accept-Encoding"),
        ("Content-Type", "text/css; charset=utf-8"),
        ("Content-Length", "8"),
    ]


@pytest.mark.parametrize(
    ("target", "content"),
    [
        ("/", b"the first page"),
        ("/?query", b"the first page"),
        ("/folder/", b"a folder's page"),
    ],
)
async def test_a_slash_at_the_end_stands_for_the_index_file(
    pages: Pages, target: str, content: bytes
) -> None:
    response = await ask(pages, target)
    assert (response.status, response.body) == (200, content)
    assert response.headers.get("Content-Type") == "text/html; charset=utf-8"


async def test_the_first_index_name_that_is_there_counts(root: Path) -> None:
    write(root / "folder" / "index.txt", "in text")
    (root / "folder" / "start").mkdir()
    pages = Pages(root, index_names=["start", "missing.html", "index.txt", "index.html"])
    response = await ask(pages, "/folder/")
    assert response.body == b"in text"
    assert response.headers.get("Content-Type") == "text/plain; charset=utf-8"


@pytest.mark.parametrize("size", [0, 1, 128 * 1024, 128 * 1024 + 1, len(BIG)])
async def test_a_file_of_any_size_is_served(root: Path, size: int) -> None:
    write(root / "file.bin", BIG[:size])
    response = await ask(Pages(root), "/file.bin")
    assert response.body == BIG[:size]
    assert response.headers.get("Content-Length") == str(size)


async def test_only_a_big_file_is_streamed(pages: Pages) -> None:
    small, big = await pages(make_request("/")), await pages(make_request("/big.bin"))
    assert isinstance(small.body, bytes)
    assert isinstance(big.body, FileBody)
    await big.body.aclose()


async def test_head_reads_nothing_of_the_file(pages: Pages) -> None:
    response = await pages(make_request("/", "HEAD"))
    assert isinstance(response.body, FileBody)  # which reads when it is asked to
    await response.body.aclose()


@pytest.mark.parametrize("target", ["/", "/style.css", "/big.bin", "/folder", "/missing"])
async def test_head_has_the_headers_of_get(pages: Pages, target: str) -> None:
    response = await pages(make_request(target, "HEAD"))
    if isinstance(response.body, FileBody):
        await response.body.aclose()  # as the server does, unread
    by_get = await ask(pages, target)
    assert (response.status, response.headers) == (by_get.status, by_get.headers)


@pytest.mark.parametrize(
    "name",
    ["two words.html", "ünïcode.html", "100%.html", "a?b#c.html", "<b>&'\".html", "+.html"]
    + (["\udcff\udcfe.html"] if sys.platform == "linux" else []),
)
async def test_a_file_with_an_unusual_name_is_served(root: Path, name: str) -> None:
    write(root / name, "unusual")
    stem = name.removesuffix(".html")
    response = await ask(Pages(root), "/" + quote(stem, errors="surrogateescape"))
    assert (response.status, response.body) == (200, b"unusual")


async def test_a_file_in_well_known_is_served(root: Path) -> None:
    write(root / ".well-known" / "acme-challenge" / "token", "answer")
    response = await ask(Pages(root), "/.well-known/acme-challenge/token")
    assert (response.status, response.body) == (200, b"answer")


async def test_a_file_that_shrinks_before_it_is_read_is_to_be_asked_for_again(
    pages: Pages, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "preadv", raising=False)  # so that it waits for a thread

    async def ask_and_be_refused() -> None:
        with pytest.raises(HTTPError) as caught:
            await ask(pages, "/style.css")
        assert caught.value.status == 503
        assert ("Retry-After", "1") in caught.value.headers

    limiter = trio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = 1
    async with trio.open_nursery() as nursery, limiter:
        nursery.start_soon(ask_and_be_refused)
        await trio.testing.wait_all_tasks_blocked()
        os.truncate(root / "style.css", 3)


async def test_a_big_file_that_shrinks_is_shorter_than_promised(pages: Pages, root: Path) -> None:
    response = await pages(make_request("/big.bin"))
    os.truncate(root / "big.bin", 3)
    assert response.headers.get("Content-Length") == str(len(BIG))
    with pytest.raises(BodyCut, match=r"big\.bin'?: it was changed"):
        await content_of(response)


# Methods


@pytest.mark.parametrize(
    ("method", "status"),
    [
        ("POST", 405),
        ("PUT", 405),
        ("DELETE", 405),
        ("PATCH", 405),
        ("get", 501),  # RFC 9110 §9.1: methods are case-sensitive
        ("TRACE", 501),  # RFC 9110 §9.3.8: as the server itself says before it asks a handler
        ("BREW", 501),
    ],
)
@pytest.mark.parametrize("target", ["/", "/missing", "/%zz"])
async def test_a_method_that_does_not_read_is_not_allowed_or_not_known(
    pages: Pages, method: str, status: int, target: str
) -> None:
    with pytest.raises(HTTPError) as caught:
        await ask(pages, target, method)
    assert caught.value.status == status
    assert caught.value.headers == (*POLICY, ("Allow", "GET, HEAD, OPTIONS"))


@pytest.mark.parametrize("target", ["*", "/", "/missing"])
async def test_options_tells_the_methods(pages: Pages, target: str) -> None:
    response = await ask(pages, target, "OPTIONS")
    assert response == Response(204, Headers((*POLICY, ("Allow", "GET, HEAD, OPTIONS"))))


# Redirects


@pytest.mark.parametrize(
    ("target", "location"),
    [
        ("/folder", "/folder/"),
        ("/folder?a=b&c=%2F", "/folder/?a=b&c=%2F"),
        ("/f%6Flder", "/folder/"),
        ('/folder?"><script>', "/folder/?%22%3E%3Cscript%3E"),
    ],
)
async def test_a_folder_without_a_slash_is_redirected(
    pages: Pages, target: str, location: str
) -> None:
    response = await ask(pages, target)
    assert response.status == 301
    assert response.headers.get("Location") == location
    assert response.headers.get("Cache-Control") == "no-cache"


@pytest.mark.parametrize("name", ["two words", "ü", "100%", "a?b#c", "<b>", "@host", "\udcff"])
async def test_the_location_leads_to_the_folder(root: Path, name: str) -> None:
    if name == "\udcff" and sys.platform != "linux":
        pytest.skip("no such names here")
    write(root / name / "index.html", "unusual")
    pages = Pages(root)
    redirect = await ask(pages, "/" + quote(name, errors="surrogateescape"))
    location = redirect.headers.get("Location")
    assert location is not None
    assert location.isascii()
    assert (await ask(pages, location)).body == b"unusual"


@pytest.mark.parametrize(
    "target", ["//folder", "//elsewhere/..", "/%2Felsewhere", "/\\elsewhere", "/%5Celsewhere/"]
)
async def test_no_redirect_leads_to_another_host(pages: Pages, target: str) -> None:
    assert (await ask(pages, target)).status == 404


# Missing, hidden, outside


def set_traps(root: Path) -> Pages:
    """Return pages with everything in and around the folder that must not be served."""
    write(root / "index.html", "the first page")
    write(root / "style.css", "body { }")
    write(root / "folder" / "index.html", "a folder's page")
    (root / "bare").mkdir()
    write(root.parent / "secret.txt", SECRET)
    write(root.parent / "pages-of-others" / "index.html", SECRET)
    for hidden in (".git/config", ".htpasswd", "folder/.env", ".well-known/.secret"):
        write(root / hidden, SECRET)
    (root / "link-to-file").symlink_to("../secret.txt")
    (root / "link-to-folder").symlink_to(root.parent / "pages-of-others")
    (root / "link-to-hidden").symlink_to(".htpasswd")
    (root / "link-to-git").symlink_to(".git")
    (root / "link-to-passwd").symlink_to("/etc/passwd")
    (root / "link-up").symlink_to("..")
    (root / "loop").symlink_to("loop")
    (root / "dangling").symlink_to("nowhere")
    os.mkfifo(root / "fifo")
    return Pages(root)


@pytest.fixture(scope="module")
def trapped(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    return set_traps(tmp_path_factory.mktemp("traps") / "pages")


NOT_SERVED = [
    "/missing",
    "/missing/",
    "/style.css/",
    "/style.css/index.html",
    "/folder/missing",
    "/bare/",
    "/../secret.txt",
    "/%2e%2e/secret.txt",
    "/..%2fsecret.txt",
    "/folder/../../secret.txt",
    "/folder/..%5c..%5csecret.txt",
    "//secret.txt",
    "/link-to-file",
    "/link-to-folder",
    "/link-to-folder/",
    "/link-to-folder/index.html",
    "/link-to-hidden",
    "/link-to-git",
    "/link-to-git/config",
    "/link-to-passwd",
    "/link-up",
    "/link-up/secret.txt",
    "/loop",
    "/dangling",
    "/fifo",
    "/.git/config",
    "/.git",
    "/%2egit/config",
    "/.htpasswd",
    "/folder/.env",
    "/.well-known/.secret",
    "/.well-known/",
    "/index.html%00",
    "/index.html%00.css",
    "/index.html.",
    "/index.html%20",
    "/index.html::$DATA",
    "/C:/index.html",
    "/con",
    "/" + "x" * 300,
    "/" + "x/" * 3000,
    "*",
    "index.html",
]


@pytest.mark.parametrize("target", NOT_SERVED)
async def test_what_must_not_be_served_looks_as_if_it_was_missing(
    trapped: Pages, target: str
) -> None:
    response = await ask(trapped, target)
    assert response.status == 404
    assert response == await ask(trapped, "/this-is-really-missing")


async def test_there_is_a_404_of_our_own(pages: Pages) -> None:
    response = await ask(pages, "/missing")
    assert (response.status, response.body) == (404, b"There is no such page.\n")
    assert response.headers.get("Content-Type") == "text/plain; charset=utf-8"
    assert response.headers.get("X-Content-Type-Options") == "nosniff"


@pytest.mark.parametrize("content", [b"<h1>Lost?</h1>", BIG])
async def test_the_404_of_the_folder_is_served_without_validators(
    root: Path, content: bytes
) -> None:
    write(root / "404.html", content)
    pages = Pages(root)
    response = await ask(pages, "/missing", headers=Headers({"If-None-Match": "*"}))
    assert (response.status, response.body) == (404, content)
    assert response.headers.get("Content-Type") == "text/html; charset=utf-8"
    assert response.headers.get("Content-Length") == str(len(content))
    assert response.headers.get("ETag") is None
    assert response.headers.get("Last-Modified") is None
    assert (await ask(pages, "/404")).status == 200


async def test_a_404_of_the_folder_that_is_outside_is_not_served(
    root: Path, tmp_path: Path
) -> None:
    write(tmp_path / "secret.txt", SECRET)
    (root / "404.html").symlink_to("../secret.txt")
    assert (await ask(Pages(root), "/missing")).body == b"There is no such page.\n"


@pytest.mark.parametrize("target", ["/%", "/%zz", "/a%4", "/é"])
async def test_a_malformed_target_is_an_error(pages: Pages, target: str) -> None:
    with pytest.raises(HTTPError) as caught:
        await ask(pages, target)
    assert caught.value.status == 400


LINKS = ["link-to-file", "link-to-folder", "link-up", "link-to-git", "link-to-passwd", "loop"]
NAMES = ["secret.txt", "folder", "index.html", ".git", "config", ".well-known", ".secret", "fifo"]
GLUE = ["/", "/", "/", "//", "..", ".", "%2e", "%2F", "%5c", "\\", "%00", "?", "#", ":", "%"]
TARGETS = st.lists(st.sampled_from(LINKS + NAMES + GLUE)).map("".join) | st.text()


@given(target=TARGETS, with_slash=st.booleans(), method=st.sampled_from(["GET", "HEAD"]))
@example(target="link-up/secret.txt", with_slash=True, method="GET")
async def test_no_target_gets_anything_from_outside(
    trapped: Pages, target: str, with_slash: bool, method: str
) -> None:
    before = open_files()
    target = f"/{target}" if with_slash else target
    try:
        response = await ask(trapped, target, method)
    except HTTPError as exc:
        assert exc.status == 400  # noqa: PT017 -- either this or a response
    else:
        assert isinstance(response.body, bytes)
        assert SECRET not in response.body
        assert response.status in (200, 301, 404)
        location = response.headers.get("Location")
        if location is not None:
            assert location.startswith("/")
            assert location[1:2] not in ("/", "\\")
            assert (await ask(trapped, location)).status == 200
    assert open_files() == before


# Validators and preconditions


async def test_a_page_that_is_known_is_not_sent_again(pages: Pages) -> None:
    first = await ask(pages, "/")
    etag, date = first.headers.get("ETag"), first.headers.get("Last-Modified")
    assert etag is not None
    assert date is not None
    for condition in ({"If-None-Match": etag}, {"if-modified-since": date}):
        for method in ("GET", "HEAD"):
            response = await ask(pages, "/", method, Headers(condition))
            assert (response.status, response.body) == (304, b"")
            assert response.headers == Headers(list(first.headers)[:-2])


async def test_a_page_that_was_changed_is_sent_again(pages: Pages, root: Path) -> None:
    first = await ask(pages, "/")
    os.utime(root / "index.html", ns=(0, MODIFIED * 1_000_000_000 + 1))
    known = Headers({"If-None-Match": first.headers.get("ETag") or ""})
    assert (await ask(pages, "/", headers=known)).status == 200


async def test_a_page_that_was_replaced_is_sent_again(pages: Pages, root: Path) -> None:
    first = await ask(pages, "/")
    write(root / "other.html", "THE FIRST PAGE")  # as long and as old
    (root / "other.html").replace(root / "index.html")
    known = Headers({"If-None-Match": first.headers.get("ETag") or ""})
    response = await ask(pages, "/", headers=known)
    assert (response.status, response.body) == (200, b"THE FIRST PAGE")


@pytest.mark.parametrize(
    ("name", "value"),
    [("If-Match", '"other"'), ("If-Unmodified-Since", format_http_date(MODIFIED - 1))],
)
async def test_a_precondition_that_fails_ends_the_request(
    pages: Pages, name: str, value: str
) -> None:
    response = await ask(pages, "/", headers=Headers({name: value}))
    assert (response.status, response.body) == (412, b"")


async def test_a_missing_page_has_no_preconditions(pages: Pages) -> None:
    response = await ask(pages, "/missing", headers=Headers({"If-Match": '"other"'}))
    assert response.status == 404


@pytest.mark.parametrize(
    ("age", "is_weak"), [(-10, True), (0, True), (1.9, True), (2, False), (1000, False)]
)
async def test_the_tag_is_weak_while_the_file_may_change_unnoticed(
    root: Path, age: float, is_weak: bool
) -> None:
    response = await ask(Pages(root), "/", now=MODIFIED + age)
    etag = response.headers.get("ETag") or ""
    assert etag.startswith("W/") is is_weak
    assert ("Last-Modified" in response.headers) is not is_weak
    # And it is not confirmed when the file is older: it may have become another meanwhile.
    known = Headers({"If-None-Match": etag})
    assert (await ask(Pages(root), "/", headers=known)).status == (200 if is_weak else 304)


@pytest.mark.parametrize(
    ("modified", "now", "told"),
    [
        (MODIFIED, MODIFIED + 0.5, None),
        (MODIFIED + 100, MODIFIED, None),
        (MODIFIED + 0.9, MODIFIED + 5, MODIFIED),
        (-100, MODIFIED, 0),
    ],
)
async def test_the_date_is_of_the_past(
    root: Path, modified: float, now: float, told: int | None
) -> None:
    os.utime(root / "index.html", (modified, modified))
    response = await ask(Pages(root), "/", now=now)
    date = None if told is None else format_http_date(told)
    assert response.headers.get("Last-Modified") == date


# Construction, cancelling


@pytest.mark.parametrize("name", ["nowhere", "pages/index.html"])
def test_a_root_that_is_no_folder_is_a_mistake(root: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match=name):
        Pages(tmp_path / name)


def test_the_root_may_be_a_string(root: Path) -> None:
    Pages(str(root))


async def test_a_cancelled_request_leaves_no_file_open(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "preadv", raising=False)  # so that it waits for a thread
    with trio.CancelScope() as scope:
        scope.cancel()
        await pages(make_request("/"))
    assert scope.cancelled_caught


# Faults of the server


def fail(*_: object) -> int:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


async def test_a_fault_of_the_disk_is_told_by_the_nearest_page_for_it(
    root: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    write(root / "50x.html", "<h1>Sorry</h1>")
    write(root / "folder" / "50x.html", "<h1>Sorry, here</h1>")
    write(root / "_headers", "/*\n  Cache-Control: max-age=60\n")
    pages = Pages(root)
    for target, told in (("/50x", b"<h1>Sorry</h1>"), ("/folder/50x", b"<h1>Sorry, here</h1>")):
        assert (await ask(pages, target)).body == told  # so that they are in memory
    with monkeypatch.context() as patch:
        patch.setattr(os, "preadv", fail, raising=False)
        for target, told in (("/", b"<h1>Sorry</h1>"), ("/folder/", b"<h1>Sorry, here</h1>")):
            response = await ask(pages, target)
            assert (response.status, response.body) == (500, told)
            assert response.headers.get_all("Cache-Control") == ["no-cache"]
            assert response.headers.get("ETag") is None
    assert "Input/output error" in caplog.text
    assert "Traceback" not in caplog.text


async def test_a_file_that_is_being_written_is_to_be_asked_for_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root / "50x.html", "<h1>Sorry</h1>")
    pages = Pages(root)
    await ask(pages, "/50x")
    monkeypatch.delattr(os, "preadv", raising=False)  # so that it waits for a thread
    limiter = trio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = 1
    answers: list[Response] = []

    async def ask_for_style() -> None:
        answers.append(await ask(pages, "/style.css"))

    async with trio.open_nursery() as nursery, limiter:
        nursery.start_soon(ask_for_style)
        await trio.testing.wait_all_tasks_blocked()
        os.truncate(root / "style.css", 3)
    [response] = answers
    assert (response.status, response.body) == (503, b"<h1>Sorry</h1>")
    assert response.headers.get("Retry-After") == "1"


async def test_a_fault_without_a_page_for_it_is_an_error_in_words(
    pages: Pages, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "preadv", fail, raising=False)
    with pytest.raises(HTTPError) as caught:
        await ask(pages, "/")
    assert str(caught.value) == "500 Internal Server Error: this page can't be read"


async def test_a_method_that_is_not_known_has_no_page_for_it(root: Path) -> None:
    write(root / "50x.html", "<h1>Sorry</h1>")
    with pytest.raises(HTTPError) as caught:
        await ask(Pages(root), "/", "BREW")
    assert caught.value.status == 501
