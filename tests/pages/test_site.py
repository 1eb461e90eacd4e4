"""What a path means: each row is a folder, a path, and where that leads."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.files.kept_files import Files
from trio_https.files.open_file import Folder
from trio_https.pages.page import Page
from trio_https.pages.site import ListedFolder, Moved, Site
from trio_https.rules.url_path import encode_segments, file_segments

# Where nothing else is said, as Cloudflare Pages does it ("auto-trailing-slash").
PRETTY = [
    # files, path, where it leads: "=name" is the file, "/…" the URL to go to, "" nothing
    ("index.html", "/", "=index.html"),
    ("index.html", "/index.html", "/"),
    ("index.html", "/index", "/"),
    ("index.html", "/index/", "/"),
    ("index.html", "/index.html/", ""),
    ("about.html", "/about", "=about.html"),
    ("about.html", "/about.html", "/about"),
    ("about.html", "/about/", "/about"),
    ("about.html", "/about.html/", ""),
    ("about.html", "/ABOUT", ""),  # names are what they are; a disk may know better
    ("about/index.html", "/about", "/about/"),
    ("about/index.html", "/about/", "=about/index.html"),
    ("about/index.html", "/about/index.html", "/about/"),
    ("about/index.html", "/about/index", "/about/"),
    ("about/index.html", "/about.html", ""),
    # both: each has a URL of its own
    ("about.html, about/index.html", "/about", "=about.html"),
    ("about.html, about/index.html", "/about/", "=about/index.html"),
    ("about.html, about/index.html", "/about.html", "/about"),
    # a folder of other pages does not hide the page of its name
    ("about.html, about/team.html", "/about", "=about.html"),
    ("about.html, about/team.html", "/about/", "/about"),
    ("about.html, about/team.html", "/about/team", "=about/team.html"),
    # a file without an extension has its name to itself
    ("about, about.html", "/about", "=about"),
    ("about, about.html", "/about.html", "=about.html"),
    ("about, about.html", "/about/", "/about.html"),
    ("a.html.html", "/a.html", "=a.html.html"),
    ("a.html.html", "/a.html.html", "/a.html"),
    ("a.html, a.html.html", "/a.html", "/a"),
    ("a.html, a.html.html", "/a.html.html", "=a.html.html"),
    # what is no page
    ("style.css", "/style.css", "=style.css"),
    ("style.css", "/style", ""),
    ("style.css", "/style.css/", ""),
    ("page.htm", "/page", ""),
    ("page.htm", "/page.htm", "=page.htm"),
    ("page.HTML", "/page.HTML", "=page.HTML"),
    ("x/.html", "/x/", ""),
    ("x/a.txt", "/x", ""),
    ("x/a.txt", "/x/", ""),
    ("a", "/", ""),
    ("a b/ü.html", "/a%20b/%C3%BC.html", "/a%20b/%C3%BC"),
    ("404.html", "/404.html", "/404"),
]

EXACT = [
    ("index.html", "/", "=index.html"),
    ("index.html", "/index.html", "=index.html"),
    ("index.html", "/index", ""),
    ("about.html", "/about", ""),
    ("about.html", "/about.html", "=about.html"),
    ("about.html", "/about/", ""),
    ("about/index.html", "/about", "/about/"),
    ("about/index.html", "/about/", "=about/index.html"),
    ("about/index.html", "/about/index.html", "=about/index.html"),
]

LISTED = [
    ("x/a.txt", "/", "[]"),
    ("x/a.txt", "/x/", "[x]"),
    ("x/a.txt", "/x", "/x/"),
    ("x/a.txt", "/y/", ""),
    ("x/a.txt", "/x/a.txt/", ""),
    ("x/index.html", "/x/", "=x/index.html"),
    ("x.html, x/a.txt", "/x", "=x.html"),
    ("x.html, x/a.txt", "/x/", "[x]"),
]


def make_site(
    root: Path,
    files: str,
    *,
    index_names: Sequence[str] = ("index.html",),
    pretty_urls: bool = True,
    lists_folders: bool = False,
) -> Site:
    root.mkdir(exist_ok=True)
    for name in files.split(", "):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(name)
    return Site(
        Files(Folder(root)),
        index_names=index_names,
        pretty_urls=pretty_urls,
        lists_folders=lists_folders,
    )


def lead(site: Site, raw_path: str) -> str:
    """Tell where a path leads, as the tables write it, and close what was opened."""
    segments = file_segments(raw_path)
    if segments is None:
        return ""
    found = site.find(segments, ends_in_slash=raw_path.endswith("/"))
    match found:
        case Page():
            found.file.close()
            return "=" + "/".join(found.segments)
        case Moved():
            return encode_segments(found.segments) + ("/" if found.ends_in_slash else "")
        case ListedFolder():
            return f"[{'/'.join(found.segments)}]"
    return ""


@pytest.mark.parametrize(("files", "path", "leads_to"), PRETTY)
def test_each_page_has_one_pretty_url(tmp_path: Path, files: str, path: str, leads_to: str) -> None:
    assert lead(make_site(tmp_path / "pages", files), path) == leads_to


@pytest.mark.parametrize(("files", "path", "leads_to"), EXACT)
def test_without_pretty_urls_a_file_has_its_name(
    tmp_path: Path, files: str, path: str, leads_to: str
) -> None:
    assert lead(make_site(tmp_path / "pages", files, pretty_urls=False), path) == leads_to


@pytest.mark.parametrize(("files", "path", "leads_to"), LISTED)
def test_a_folder_without_an_index_may_be_listed(
    tmp_path: Path, files: str, path: str, leads_to: str
) -> None:
    assert lead(make_site(tmp_path / "pages", files, lists_folders=True), path) == leads_to


@pytest.mark.parametrize(
    ("files", "path", "leads_to"),
    [
        ("index.txt", "/", "=index.txt"),
        ("index.txt", "/index.txt", "/"),
        ("index.txt, index.html", "/", "=index.html"),
        ("index.txt, index.html", "/index.txt", "=index.txt"),
        ("index.txt, index.html", "/index.html", "/"),
        ("x/index.txt", "/x", "/x/"),
    ],
)
def test_the_first_index_name_that_is_there_counts(
    tmp_path: Path, files: str, path: str, leads_to: str
) -> None:
    site = make_site(tmp_path / "pages", files, index_names=["index.html", "index.txt"])
    assert lead(site, path) == leads_to


STEMS = st.sampled_from(["a", "b", "index"])
PATHS = st.tuples(
    st.lists(STEMS | st.just("a.html"), max_size=2),
    STEMS,
    st.sampled_from(["", ".html", ".html.html"]),
).map(lambda parts: "/".join([*parts[0], parts[1] + parts[2]]))


def make_tree(root: Path, files: list[str]) -> list[str]:
    """Make those of the files that can be beside the ones before; return them."""
    made = []
    for name in files:
        try:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).touch(exist_ok=False)
        except OSError:  # a file and a folder of the same name
            continue
        made.append(name)
    return made


@given(
    files=st.lists(PATHS, min_size=1, max_size=6, unique=True),
    path=PATHS,
    slash=st.sampled_from(["", "/"]),
    pretty_urls=st.booleans(),
    lists_folders=st.booleans(),
)
def test_one_redirect_at_the_most_leads_to_each_page(
    tmp_path_factory: pytest.TempPathFactory,
    files: list[str],
    path: str,
    slash: str,
    pretty_urls: bool,
    lists_folders: bool,
) -> None:
    root = tmp_path_factory.mktemp("pages")
    files = make_tree(root, files)
    site = Site(
        Files(Folder(root)),
        index_names=["index.html"],
        pretty_urls=pretty_urls,
        lists_folders=lists_folders,
    )
    leads_to = lead(site, f"/{path}{slash}")
    if leads_to.startswith("/"):
        assert lead(site, leads_to)[0] in "=["
    for name in files:
        shown = lead(site, f"/{name}")
        assert f"={name}" in (shown, lead(site, shown))


def test_the_nearest_file_up_the_tree_is_found(tmp_path: Path) -> None:
    site = make_site(tmp_path / "pages", "404.html, a/404.html, a/b/c/page.html")

    def nearest(*folders: str) -> tuple[str, ...] | None:
        page = site.find_nearest(folders, "404.html")
        if page is None:
            return None
        page.file.close()
        return page.segments

    assert nearest() == ("404.html",)
    assert nearest("a") == ("a", "404.html")
    assert nearest("a", "b", "c") == ("a", "404.html")
    assert nearest("x", "y") == ("404.html",)
    assert nearest(*["x"] * 3000) == ("404.html",)
    assert site.find_nearest(("a",), "50x.html") is None
