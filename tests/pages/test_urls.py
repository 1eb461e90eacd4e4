"""Every file that may be served is found by its name, at once or in one step.

One URL for each page must not mean none for some, and no redirect may lead in a circle.
"""

from collections.abc import Callable
from itertools import count
from pathlib import Path
from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.pages.handler import Pages
from trio_https.rules.url_path import encode_segments, file_segments

from .asking import ask, write

STEMS = ["index", "about", "404", "50x", "a.b", "ü", "a?b#c", "%41", "two words", "index.html", "x"]
ENDS = ["", ".html", ".html.html", ".txt", ".HTML", ".htm"]
NAMES = st.tuples(st.sampled_from(STEMS), st.sampled_from(ENDS)).map("".join)
TREES = st.sets(st.lists(NAMES, min_size=1, max_size=3).map(tuple), min_size=1, max_size=10)


@pytest.fixture(scope="module")
def new_root(tmp_path_factory: pytest.TempPathFactory) -> Callable[[], Path]:
    folder, numbers = tmp_path_factory.mktemp("urls"), count()
    return lambda: folder / str(next(numbers))


def make_tree(root: Path, files: set[tuple[str, ...]]) -> dict[tuple[str, ...], bytes]:
    """Write the files, but for those that another of them has taken for a folder."""
    folders = {file[:depth] for file in files for depth in range(len(file))}
    kept = {file: "/".join(file).encode() for file in files - folders}
    root.mkdir()
    for file, content in kept.items():
        write(root.joinpath(*file), content)
    return kept


@pytest.mark.no_cover
@given(
    files=TREES,
    pretty_urls=st.booleans(),
    spa=st.booleans(),
    prefix=st.sampled_from(["", "/docs/about.html"]),
    index_names=st.sampled_from([["index.html"], ["about.html", "index.html"], ["x", "index"]]),
)
async def test_each_file_is_found_by_its_name(
    new_root: Callable[[], Path],
    files: set[tuple[str, ...]],
    pretty_urls: bool,
    spa: bool,
    prefix: str,
    index_names: list[str],
) -> None:
    root = new_root()
    tree = make_tree(root, files)
    pages = Pages(
        root,
        prefix=prefix,
        index_names=index_names,
        pretty_urls=pretty_urls,
        spa=spa,
        compress=False,
    )
    for file, content in tree.items():
        url = prefix + encode_segments(file)
        found = await ask(pages, url)
        if found.status == 301:
            assert pretty_urls
            location = found.headers.get("Location")
            assert location is not None
            found = await ask(pages, urljoin(url, location))
        assert (found.status, found.body) == (200, content)


@pytest.mark.no_cover
@given(files=TREES, path=st.lists(NAMES, max_size=3), ends_in_slash=st.booleans())
async def test_no_redirect_leads_to_nothing_or_to_another_redirect(
    new_root: Callable[[], Path],
    files: set[tuple[str, ...]],
    path: list[str],
    ends_in_slash: bool,
) -> None:
    root = new_root()
    make_tree(root, files)
    pages = Pages(root, compress=False)
    found = await ask(pages, encode_segments(path) + ("/" if ends_in_slash or not path else ""))
    if found.status == 301:
        location = found.headers.get("Location")
        assert location is not None
        assert (await ask(pages, location)).status == 200


@pytest.mark.parametrize(
    "name",
    [
        *("page .html", "etc..html", "draft~.html", "notes.bak.html", "merge.orig.html"),
        *("#1#.html", "_headers.html", "_redirects.html"),
    ],
)
async def test_a_page_whose_name_without_html_would_be_none_keeps_its_url(
    new_root: Callable[[], Path], name: str
) -> None:
    assert file_segments(encode_segments([name])) == (name,)
    root = new_root()
    write(root / name, "a page")
    assert (await ask(Pages(root), encode_segments([name]))).status == 200
