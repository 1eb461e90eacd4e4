"""No request gets a byte from outside of a folder, or learns what is there, whatever lies in it.

What is inside is ASCII, what must not get out is octets above it and of a size that nothing else
has: so one octet of it would be seen, and so would its length.
"""

import json
import os
import re
import stat
import sys
from functools import partial
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, quote_from_bytes, urljoin, urlsplit

import pytest
import trio
from hypothesis import example, given
from hypothesis import strategies as st

from trio_https.errors import HTTPError
from trio_https.messages import Headers, Response
from trio_https.pages.handler import Pages
from trio_https.testing import open_connection

from ..peer import read_all
from .asking import ask, write
from .test_handler import open_files

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the traps are those of Unix")

OUTSIDE = b"\xff" * 977
AUTHORS_WORD = b"# for the server, not for visitors\n"
KEY = b"-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n"

INSIDE = {
    "index.html": "inside: the first page",
    "page.html": "inside: a page",
    "style.css": "inside { }",
    "folder/index.html": "inside: a folder's page",
    "folder/page.html": "inside: a page of the folder",
    ".well-known/security.txt": "inside: whom to tell",
}
HIDDEN = [
    *(".git/config", ".htpasswd", ".page.html.swp", "folder/.env", "folder/.well-known/file"),
    *(".well-known/.secret", ".well-known/file~", "page.html~", "page.html.bak", "#page.html#"),
    *("page.html.orig", "page.html.rej", "page.swp", "~$page.html", "folder/page.html~"),
    # What Windows takes for a device, a stream, a drive or another name.
    *("con", "aux.html", "nul.txt", "page.html::$DATA", "C:", "dot.", "blank ", "back\\slash"),
    *("new\nline", "tab\t.html", "bell\x07"),
]
LINKS = {
    "to-file": "../secret.txt",
    "to-file.html": "../secret.txt",
    "pretty.html": "../secret.txt",  # is at "/pretty"
    "to-folder": "../pages-of-others",
    "to-folder-by-another-way": "folder/../../pages-of-others",
    "up": "..",
    "top": "/",
    "chain": "chain-2",
    "chain-2": "folder/chain-3",
    "folder/chain-3": "../to-file",
    "loop": "loop-2",
    "loop-2": "loop",
    "itself": "itself/itself",
    "dangling": "nowhere",
    "dangling.html": "/nowhere/at/all",
    "to-hidden": ".htpasswd",
    "to-git": ".git",
    "to-well-known": ".well-known",
    "to-backup.html": "page.html~",
    "to-author": "_headers",
    "to-key.txt": "server.key",
    "shop/index.html": "../../pages-of-others/index.html",
    "hall/index.html": "../.htpasswd",
    "pit/404.html": "../../secret.txt",
    "404.html": "../secret.txt",
    "50x.html": "../secret.txt",
    **{f"page.html{suffix}": "../secret.txt" for suffix in (".br", ".zst", ".gz")},
    **{f"style.css{suffix}": ".htpasswd" for suffix in (".br", ".zst", ".gz")},
    "proc": "/proc/self/root",
    "descriptors": "/proc/self/fd",
    "environ": "/proc/self/environ",
    "working": "/proc/self/cwd",
    "devices": "/dev",
    "null": "/dev/null",
    "zero.html": "/dev/zero",
    "random": "/dev/urandom",
    "stdin": "/dev/stdin",
    "passwd": "/etc/passwd",
}

OWN_404 = "a 404 of its own"  # where "/404" is no trap

TRAPS = [
    *(f"/{name}" for name in [*HIDDEN, *LINKS, "_headers", "_redirects", "server.key", "fifo"]),
    *("/fifo.html", "/pipe/", "/socket", "/pretty", "/dangling", "/to-backup", "/zero", "/.git"),
    *("/shop/", "/shop", "/hall/", "/hall", "/to-git/", "/to-git/config", "/to-folder/"),
    *("/to-folder/index.html", "/to-folder/page", "/up/secret.txt", "/up/pages-of-others/"),
    *("/top/etc/passwd", "/proc/etc/passwd", "/devices/zero", "/descriptors/0", "/descriptors/"),
    *("/working/", "/to-well-known/.secret", "/to-well-known/file~", "/server", "/loop/x"),
    *("/itself/itself", "/../secret.txt", "/folder/../../secret.txt", "//secret.txt", "/./page"),
    *("/folder//index.html", "/page.html/", "/page.html/page.html", "/page.html\0", "/page.html."),
    *("/~/secret.txt", "/~root/", "/\\..\\secret.txt", "/C:/secret.txt", "/\xff\xfe"),
    *("/pit/404.html", "/pit/404", "/404", "/50x", "/pit/", "/pages-of-others/"),
]


class Setting(NamedTuple):
    """Pages over traps, and what they answer where there is nothing, with and without extension."""

    pages: Pages
    prefix: str
    missing: Response
    missing_with_extension: Response

    def nothing_like(self, raw_path: str) -> Response:
        has_extension = "." in raw_path.replace("%2E", ".").replace("%2e", ".").rpartition("/")[2]
        return self.missing_with_extension if has_extension else self.missing


def set_traps(root: Path) -> None:
    for name, content in INSIDE.items():
        write(root / name, content)
    for name in HIDDEN:
        write(root / name, OUTSIDE)
    for name in ("secret.txt", *(f"pages-of-others/{page}" for page in INSIDE)):
        write(root.parent / name, OUTSIDE)
    write(root.parent / "pages-of-others" / "404.html", OUTSIDE)
    for name in ("_headers", "_redirects"):
        write(root / name, AUTHORS_WORD)
    write(root / "server.key", KEY + OUTSIDE)
    for name, target in LINKS.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).symlink_to(target)
    for name in ("fifo", "fifo.html", "pipe/index.html"):
        (root / name).parent.mkdir(exist_ok=True)
        os.mkfifo(root / name)
    os.mknod(root / "socket", stat.S_IFSOCK | 0o600)


SETTINGS = {
    "as it is": partial(Pages),
    "exact URLs": partial(Pages, pretty_urls=False),
    "an application": partial(Pages, spa=True),
    "below a prefix": partial(Pages, prefix="/up/to-file"),
    "more index files": partial(Pages, index_names=["pretty.html", "fifo", "index.html"]),
    "tags of the content": partial(Pages, etag="content"),
    OWN_404: partial(Pages),
}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Setting]:
    found = {}
    for name, make in SETTINGS.items():
        root = tmp_path_factory.mktemp("traps") / "pages"
        set_traps(root)
        if name == OWN_404:
            (root / "404.html").unlink()
            write(root / "404.html", "inside: there is no such page")
        pages = make(root, compress=False)
        prefix = "/up/to-file" if name == "below a prefix" else ""
        missing = trio.run(ask, pages, f"{prefix}/really-missing")
        with_extension = trio.run(ask, pages, f"{prefix}/really-missing.txt")
        found[name] = Setting(pages, prefix, missing, with_extension)
    return found


@pytest.fixture(params=SETTINGS)
def setting(request: pytest.FixtureRequest, settings: dict[str, Setting]) -> Setting:
    return settings[request.param]


def encode(path: str) -> str:
    return quote_from_bytes(path.encode("latin-1"))


def is_of_the_inside(content: bytes) -> bool:
    return content.isascii() and AUTHORS_WORD not in content and KEY not in content


CODINGS = Headers({"Accept-Encoding": "gzip, br, zstd"})
# Answers that tell one file from another by a word: its first octet, whether it is there.
QUESTIONS = [
    Headers(),
    CODINGS,
    Headers({"Range": "bytes=0-0"}),
    Headers({"Range": "bytes=0-0,-1"}),
    Headers({"If-None-Match": "*"}),
    Headers({"If-Match": '"other"'}),
    Headers({"If-Modified-Since": "Fri, 01 Jan 2100 00:00:00 GMT"}),
]


@pytest.mark.parametrize(
    ("name", "path"),
    [(name, path) for name in SETTINGS for path in TRAPS if name != OWN_404 or "404" not in path],
)
async def test_a_trap_looks_as_if_nothing_was_there(
    settings: dict[str, Setting], name: str, path: str
) -> None:
    setting = settings[name]
    raw_path = encode(path)
    nothing = setting.nothing_like(raw_path)
    for headers in QUESTIONS if nothing.status == 404 else QUESTIONS[:2]:
        for method in ("GET", "HEAD"):
            found = await ask(setting.pages, setting.prefix + raw_path, method, headers)
            assert (found.status, found.headers) == (nothing.status, nothing.headers)
            assert method == "HEAD" or found.body == nothing.body


@pytest.mark.parametrize("name", INSIDE)
async def test_what_lies_among_traps_is_served(setting: Setting, name: str) -> None:
    found = await ask(setting.pages, f"{setting.prefix}/{name}", headers=CODINGS)
    if location := found.headers.get("Location"):
        found = await ask(setting.pages, location, headers=CODINGS)
    assert (found.status, found.body) == (200, INSIDE[name].encode())
    assert found.headers.get("Content-Encoding") is None  # its neighbours are traps


async def test_links_within_the_folder_may_lead_through_what_is_served(
    settings: dict[str, Setting],
) -> None:
    found = await ask(settings["as it is"].pages, "/to-well-known/security.txt")
    assert found.status == 200


# Any octets

NAMES = [*INSIDE, *HIDDEN, *LINKS, "secret.txt", "pages-of-others", "etc", "passwd", "fifo"]
GLUE = ["/", "/", "/", "//", "..", ".", "\\", "\0", ":", "~", ".html", ".gz", "\xff"]
RAW_GLUE = ["?", "#", "%", "%2e%2e", "%2F", "%252F", "%5c", "%00", "%c0%af", "%u002f", ";", "@"]


@st.composite
def targets(draw: st.DrawFn) -> str:
    """Draw the names of traps, glued together, encoded in one way or another or not at all."""
    encodings = (encode, lambda text: "".join(f"%{ord(character):02x}" for character in text), str)
    pieces = draw(st.lists(st.sampled_from(NAMES + GLUE), max_size=8))
    encoded = [draw(st.sampled_from(encodings))(piece) for piece in pieces]
    for extra in draw(st.lists(st.sampled_from(RAW_GLUE), max_size=2)):
        encoded.insert(draw(st.integers(0, len(encoded))), extra)
    return "/" + "".join(encoded)


@given(
    target=targets() | st.text(),
    name=st.sampled_from(sorted(SETTINGS)),
    method=st.sampled_from(["GET", "HEAD"]),
    headers=st.sampled_from(QUESTIONS),
)
@example(target="/up/secret.txt", name="as it is", method="GET", headers=CODINGS)
async def test_no_target_gets_an_octet_from_outside(
    settings: dict[str, Setting], target: str, name: str, method: str, headers: Headers
) -> None:
    before, setting = open_files(), settings[name]
    try:
        found = await ask(setting.pages, setting.prefix + target, method, headers)
    except HTTPError as exc:
        assert exc.status == 400  # noqa: PT017 -- either this or a response
    else:
        assert isinstance(found.body, bytes)
        assert is_of_the_inside(found.body)
        assert found.status in (200, 206, 301, 304, 404, 412)
        assert not re.search(rf"\b{len(OUTSIDE)}\b", str(list(found.headers)))
        await check_location(setting, found)
    assert open_files() == before


async def check_location(setting: Setting, found: Response) -> None:
    """A redirect leads to a page of the same host, and so tells of nothing else."""
    location = found.headers.get("Location")
    assert (location is not None) == (found.status == 301)
    if location is not None:
        assert location.startswith(f"{setting.prefix}/")
        assert location[1:2] not in ("/", "\\")
        assert (await ask(setting.pages, location)).status == 200


TARGET_OCTETS = st.binary(max_size=60) | targets().map(lambda text: text.encode("latin-1"))


@given(target=TARGET_OCTETS, method=st.sampled_from([b"GET", b"HEAD"]))
@example(target=b"https://localhost/up/secret.txt", method=b"GET")
@example(target=b"/../secret.txt", method=b"GET")
async def test_no_octets_as_a_target_get_an_octet_from_outside(
    settings: dict[str, Setting], target: bytes, method: bytes
) -> None:
    async with open_connection(settings["as it is"].pages) as client:
        await client.send_all(
            b"%b %b HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n" % (method, target)
        )
        await client.send_eof()
        answer = await read_all(client)
    assert answer.startswith((b"HTTP/1.1 2", b"HTTP/1.1 3", b"HTTP/1.1 4", b"HTTP/1.1 5")) or (
        not answer
    )
    assert not answer.startswith(b"HTTP/1.1 500")
    assert is_of_the_inside(answer)
    assert b"content-length: %d" % len(OUTSIDE) not in answer.lower()


# What the author asks for, and lists


@pytest.fixture(scope="module")
def ruled(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    """Pages whose author sends paths on as they are, to be shown or redirected to."""
    root = tmp_path_factory.mktemp("ruled") / "pages"
    set_traps(root)
    rules = b"/show/* /:splat 200\n/lead/* /:splat 302\n/name/:name /:name.html 200\n"
    write(root / "_redirects", AUTHORS_WORD + rules)
    write(root / "_headers", AUTHORS_WORD + b"/show/*\n  X-Shown: yes\n")
    return Pages(root, compress=False)


@given(
    target=targets() | st.text(), rule=st.sampled_from(["/show", "/lead", "/name", "/show/lead"])
)
@example(target="/../secret.txt", rule="/show")
@example(target="//elsewhere.example/", rule="/lead")
@example(target="/%5Celsewhere.example/", rule="/lead")
async def test_no_rule_of_the_author_shows_what_is_outside_or_leads_to_another_host(
    ruled: Pages, target: str, rule: str
) -> None:
    try:
        found = await ask(ruled, rule + target)
    except HTTPError as exc:
        assert exc.status == 400  # noqa: PT017 -- either this or a response
        return
    assert isinstance(found.body, bytes)
    assert is_of_the_inside(found.body)
    assert found.status in (200, 301, 302, 404)
    location = found.headers.get("Location") or "/"
    assert location.isascii()
    assert urlsplit(urljoin("https://localhost/lead/", location)).netloc == "localhost"
    assert not re.match(r"/[/\\]", location)


async def test_what_is_listed_is_what_is_served(tmp_path: Path) -> None:
    root = tmp_path / "pages"
    set_traps(root)
    pages = Pages(root, listing=True, index_names=["none.html"], compress=False)
    as_json = Headers({"Accept": "application/json"})
    for folder in ("/", "/folder/", "/.well-known/", "/shop/", "/pit/", "/pipe/"):
        answer = await ask(pages, folder, headers=as_json)
        assert isinstance(answer.body, bytes)
        listed = {entry["name"] for entry in json.loads(answer.body)["entries"]}
        names = os.listdir(root / folder[1:])  # noqa: PTH208 -- names are what is compared
        served = {name for name in names if await is_served(pages, folder + quote(name))}
        assert listed == served - {".well-known"}


async def is_served(pages: Pages, raw_path: str) -> bool:
    return (await ask(pages, raw_path)).status != 404


@pytest.mark.parametrize("path", TRAPS, ids=repr)
async def test_no_list_is_made_of_what_is_outside_or_hidden(listed: Pages, path: str) -> None:
    answer = await ask(listed, encode(path.removesuffix("/")) + "/")
    # Folders of its own, with traps in them, and a link to one that is for the public.
    may_be_listed = {"/shop", "/hall", "/pit", "/pipe", "/to-well-known"}
    assert (answer.status == 200) == (path.removesuffix("/") in may_be_listed)
    assert answer.status in (200, 404)
    assert isinstance(answer.body, bytes)
    assert b"secret" not in answer.body


@pytest.fixture(scope="module")
def listed(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    root = tmp_path_factory.mktemp("listed") / "pages"
    set_traps(root)
    return Pages(root, listing=True, compress=False)
