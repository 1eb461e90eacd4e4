"""The page is read back by a parser that is not ours: names stay names, links lead to them."""

import base64
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.pages.listing import render_json
from trio_https.pages.listing_entries import Contents, Entry, Order
from trio_https.pages.listing_page import CONTENT_SECURITY_POLICY, render_page
from trio_https.rules.url_path import file_segments, is_servable_name

BASE = "https://localhost:8443/docs/a%20b/"

# What the standard calls void elements, and what may be in the page at all.
VOID = {"meta", "link"}
ELEMENTS = VOID | {
    *("html", "head", "title", "style", "body", "header", "nav", "ol", "li", "a", "bdi", "h1", "p"),
    *("main", "table", "thead", "tbody", "tr", "th", "td", "time", "span"),
}


class Reader(HTMLParser):
    """What a browser would see: text by element, links with their text, and no open element."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.texts: dict[str, list[str]] = {}
        self.links: list[tuple[str, str]] = []
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ELEMENTS
        self.found.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append((tag, dict(attrs)))
            self.texts.setdefault(tag, []).append("")
        if tag == "a":
            self.links.append((dict(attrs)["href"] or "", ""))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        for tag, _ in self.open:
            self.texts[tag][-1] += data
            if tag == "a":
                href, text = self.links[-1]
                self.links[-1] = (href, text + data)

    def links_of(self, kind: str) -> list[tuple[str, str]]:
        kinds = [attributes.get("class") for tag, attributes in self.found if tag == "a"]
        return [link for link, found in zip(self.links, kinds, strict=True) if found == kind]


def read(
    *entries: Entry, segments: tuple[str, ...] = (), order: Order | None = None, more: bool = False
) -> Reader:
    return Reader(render_page(segments, Contents(list(entries), more), order or Order()))


def file(name: str = "a", size: int = 0, modified: int = 0) -> Entry:
    return Entry(name, size, modified)


# Names


@pytest.mark.parametrize(
    ("name", "href", "shown"),
    [
        ("page.html", "./page.html", "page.html"),
        ("two words", "./two%20words", "two words"),
        ("javascript:alert(1)", "./javascript%3Aalert%281%29", "javascript:alert(1)"),
        ("<script>alert(1)</script>", "./%3Cscript%3Ealert%281%29%3C%2Fscript%3E", None),
        ("\"onclick='x", "./%22onclick%3D%27x", None),
        ("&lt;&amp;", "./%26lt%3B%26amp%3B", None),
        ("a?b#c%d", "./a%3Fb%23c%25d", None),
        ("-->", "./--%3E", None),
        ("é", "./%C3%A9", None),
        ("\udcff\udcfe", "./%FF%FE", "\ufffd\ufffd"),
        ("new\nline\ttab\x7f", "./new%0Aline%09tab%7F", r"new\u000aline\u0009tab\u007f"),
        # Trojan Source (CVE-2021-42574): "gnp.exe" would be shown as "exe.png".
        ("\u202egnp.exe", "./%E2%80%AEgnp.exe", r"\u202egnp.exe"),
        ("a\u2066b\u200f\u061c", "./a%E2%81%A6b%E2%80%8F%D8%9C", r"a\u2066b\u200f\u061c"),
        ("a\u2028b\ufeff\u200b", "./a%E2%80%A8b%EF%BB%BF%E2%80%8B", r"a\u2028b\ufeff\u200b"),
        # Joiners of emoji and of Persian letters are to be seen by what they do.
        ("\U0001f469\u200d\U0001f4bb", "./%F0%9F%91%A9%E2%80%8D%F0%9F%92%BB", None),
        ("\u0645\u06cc\u200c\u062e", "./%D9%85%DB%8C%E2%80%8C%D8%AE", None),
    ],
)
def test_a_name_stays_a_name(name: str, href: str, shown: str | None) -> None:
    shown = name if shown is None else shown
    page = read(file(name), segments=("above", name))
    assert page.links_of("file") == [(href, shown)]
    assert page.texts["bdi"] == ["above", shown, shown]
    assert page.texts["h1"] == [shown]
    assert page.texts["title"] == [f"above/{shown}/"]


def test_the_name_of_a_folder_ends_in_a_slash() -> None:
    page = read(Entry("a b", None, 0))
    assert page.links_of("folder") == [("./a%20b/", "a b/")]


NAMES = st.text(st.characters(codec="utf-8") | st.sampled_from("<>\"'&/:%?#\u202e\udc80\udcff"))


@given(st.sets(NAMES.filter(is_servable_name)))
def test_each_link_leads_to_its_name(names: set[str]) -> None:
    entries = [Entry(name, None if len(name) % 2 else 1, 0) for name in names]
    page = read(*entries, segments=("docs", "a b"))
    links = page.links_of("file") + page.links_of("folder")
    found = set()
    for href, _ in links:
        url = urlsplit(urljoin(BASE, href))
        assert (url.netloc, url.query, url.fragment) == ("localhost:8443", "", "")
        segments = file_segments(url.path)
        assert segments is not None
        assert segments[:-1] == ("docs", "a b")
        found.add(segments[-1])
        assert url.path.endswith("/") is (len(segments[-1]) % 2 == 1)
    assert found == names
    assert len(links) == len(names)


@given(st.lists(st.builds(Entry, st.text(st.characters(codec="utf-8")), st.none(), st.just(0))))
def test_no_name_makes_an_element(entries: list[Entry]) -> None:
    page = read(*entries)
    assert [href for href, _ in page.links[3:]] == [href for href, _ in page.links_of("folder")]
    assert len(page.links_of("folder")) == len(entries)


# Sizes and dates


@pytest.mark.parametrize(
    ("size", "shown", "exact"),
    [
        (0, "0 B", "0 bytes"),
        (1, "1 B", "1 byte"),
        (999, "999 B", "999 bytes"),
        (1000, "1.0 KiB", "1,000 bytes"),
        (1536, "1.5 KiB", "1,536 bytes"),
        (1_023_948, "999.9 KiB", "1,023,948 bytes"),
        (1_023_949, "1.0 MiB", "1,023,949 bytes"),
        (5 * 2**30, "5.0 GiB", "5,368,709,120 bytes"),
        (2**63 - 1, "8.0 EiB", "9,223,372,036,854,775,807 bytes"),
    ],
)
def test_a_size_is_for_people_and_exact_when_pointed_at(size: int, shown: str, exact: str) -> None:
    page = read(file(size=size))
    assert page.texts["td"][1] == shown
    assert ("td", {"title": exact}) in page.found


@pytest.mark.parametrize(
    ("seconds", "datetime", "shown"),
    [
        (0, "1970-01-01T00:00:00Z", "1970-01-01 00:00 UTC"),
        (1_000_000_000, "2001-09-09T01:46:40Z", "2001-09-09 01:46 UTC"),
        (253_402_300_799, "9999-12-31T23:59:59Z", "9999-12-31 23:59 UTC"),
    ],
)
def test_a_date_is_in_utc(seconds: int, datetime: str, shown: str) -> None:
    page = read(file(modified=seconds))
    assert ("time", {"datetime": datetime}) in page.found
    assert page.texts["time"] == [shown]


def test_a_folder_has_no_size() -> None:
    assert read(Entry("a", None, 0)).texts["td"][1] == ""


# Around the table


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("entries", "summary"),
    [
        ([], "This folder is empty."),
        ([file(size=3)], "1 file, 3 B"),
        ([Entry("a", None, 0)], "1 folder"),
        ([Entry("a", None, 0), file("b", 1000), file("c", 24)], "1 folder, 2 files, 1.0 KiB"),
        ([Entry("a", None, 0), Entry("b", None, 0)], "2 folders"),
        ([file(size=2**63 - 1)] * 10_000, "10,000 files, 78.1 ZiB"),
        ([file(str(number)) for number in range(1234)], "1,234 files, 0 B"),
    ],
)
def test_the_page_tells_how_much_there_is(entries: list[Entry], summary: str) -> None:
    assert read(*entries).texts["p"] == [summary]


def test_an_empty_folder_has_no_table() -> None:
    assert "table" not in read().texts


def test_the_page_tells_if_there_is_more() -> None:
    page = read(file("a"), file("b"), more=True)
    assert page.texts["p"][1] == "There is more in this folder than these 2 entries."


@pytest.mark.parametrize(
    ("segments", "urls"),
    [
        ((), []),
        (("a",), [("Files", "https://localhost:8443/docs/")]),
        (
            ("a", "b c", "d"),
            [
                ("Files", "https://localhost:8443/docs/"),
                ("a", "https://localhost:8443/docs/a/"),
                ("b c", "https://localhost:8443/docs/a/b%20c/"),
            ],
        ),
    ],
)
def test_breadcrumbs_lead_to_each_folder_above(
    segments: tuple[str, ...], urls: list[tuple[str, str]]
) -> None:
    path = "".join(segment.replace(" ", "%20") + "/" for segment in segments)
    base = f"https://localhost:8443/docs/{path}"
    page = read(segments=segments)
    crumbs = page.links[: len(segments)]
    assert [(text, urljoin(base, href)) for href, text in crumbs] == urls
    parent = [urljoin(base, href) for href, _ in page.links_of("parent")]
    assert parent == [url for _, url in urls[-1:]]
    assert page.texts["h1"] == [segments[-1] if segments else "Files"]


@pytest.mark.parametrize(
    ("order", "marked", "links"),
    [
        (
            Order("name"),
            [("Name", "ascending")],
            ["?sort=name&order=desc", "?sort=size&order=asc", "?sort=modified&order=asc"],
        ),
        (
            Order("size", is_descending=True),
            [("Size", "descending")],
            ["?sort=name&order=asc", "?sort=size&order=asc", "?sort=modified&order=asc"],
        ),
        (
            Order("modified"),
            [("Modified", "ascending")],
            ["?sort=name&order=asc", "?sort=size&order=asc", "?sort=modified&order=desc"],
        ),
    ],
)
def test_the_heads_of_the_columns_sort(
    order: Order, marked: list[tuple[str, str]], links: list[str]
) -> None:
    page = read(file(), order=order)
    heads = [attributes.get("aria-sort") for tag, attributes in page.found if tag == "th"]
    named = zip(page.texts["th"], heads, strict=True)
    assert [(text, sort) for text, sort in named if sort] == marked
    assert [href for href, _ in page.links[:3]] == links


def test_the_page_is_for_phones_and_screen_readers() -> None:
    page = read(file(), segments=("a",))
    assert ("html", {"lang": "en"}) in page.found
    assert ("nav", {"aria-label": "Folders above"}) in page.found
    metas = [attributes for tag, attributes in page.found if tag == "meta"]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in metas


def test_the_policy_allows_the_style_sheet_of_the_page_and_no_other() -> None:
    [style] = read(file()).texts["style"]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}';" in CONTENT_SECURITY_POLICY
    assert CONTENT_SECURITY_POLICY.startswith("default-src 'none';")
    assert not re.search(r"url\((?!.data:)|@import|expression", style)


def test_the_colours_are_those_of_the_welcome_pages() -> None:
    [style] = read(file()).texts["style"]
    welcome = (Path(__file__).parents[2] / "pages" / "style.css").read_text(encoding="utf-8")
    colours = re.findall(r"--[a-z-]+: #[0-9a-f]{6};", style)
    assert len(colours) == 14  # seven, in light and in dark
    assert set(colours) <= set(re.findall(r"--[a-z-]+: #[0-9a-f]{6};", welcome))


# JSON


def test_the_list_as_json() -> None:
    entries = [Entry("a b", None, 0), Entry("\udcff<\u202e", 3, 1_000_000_000)]
    text = render_json(("docs", "\udcff"), Contents(entries, is_truncated=True), prefix="/site")
    assert json.loads(text) == {
        "path": "/site/docs/\ufffd/",
        "entries": [
            {
                "name": "a b",
                "type": "folder",
                "size": None,
                "modified": "1970-01-01T00:00:00Z",
                "url": "./a%20b/",
            },
            {
                "name": "\ufffd<\u202e",
                "type": "file",
                "size": 3,
                "modified": "2001-09-09T01:46:40Z",
                "url": "./%FF%3C%E2%80%AE",
            },
        ],
        "truncated": True,
    }


def test_the_root_as_json() -> None:
    text = render_json((), Contents([], is_truncated=False))
    assert json.loads(text) == {"path": "/", "entries": [], "truncated": False}
