"""Listed is what would be served: judged by opening each name, as a request for it would."""

import os
import socket
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote

import pytest

from trio_https.files.open_file import Folder
from trio_https.pages.listing_entries import Contents, Entry
from trio_https.pages.listing_scan import scan_folder
from trio_https.rules.url_path import file_segments

from ..files.test_open_file import without_privileges
from .asking import MODIFIED, write

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the traps are those of Unix")


def scan(folder: Folder, *segments: str, max_entries: int = 1000) -> Contents:
    return scan_folder(folder, segments, max_entries=max_entries, check_cancelled=lambda: None)


def listed(folder: Folder, *segments: str) -> set[str]:
    """Return the names that are listed, those of folders with a slash."""
    return {entry.name + "/" * entry.is_folder for entry in scan(folder, *segments).entries}


def served(root: Path, *segments: str) -> set[str]:
    """Return what is served by a name in that folder, found by asking for each by its URL."""
    folder = Folder(root)
    names = set()
    for name in [path.name for path in root.joinpath(*segments).iterdir()]:
        path = "/" + "/".join(quote(part, errors="surrogateescape") for part in (*segments, name))
        wanted = file_segments(path)
        try:
            if wanted is None:
                continue
            with folder.open(wanted):
                names.add(name)
        except FileNotFoundError:
            pass
        except IsADirectoryError:
            names.add(name + "/")
    return names


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with everything in and around it that must not be served."""
    root = tmp_path / "pages"
    write(root / "page.html", "a page")
    write(root / "sub" / "inner.html", "an inner page")
    write(root / "sub" / "_headers", "only at the root it is the author's")
    write(tmp_path / "secret.txt", "not for you")
    write(tmp_path / "pages-of-others" / "page.html", "not for you")
    for name in (".git/config", ".htpasswd", ".well-known/security.txt", "_headers", "_Redirects"):
        write(root / name, "hidden")
    for name in ("page.html~", "page.html.bak", ".page.html.swp", "#page#", "con", "a.", "a:b"):
        write(root / name, "no name to serve")
    write(root / "new\nline", "no URL leads there")
    write(root / "server.KEY", "-----BEGIN PRIVATE KEY-----")
    write(root / "server.pem", "-----BEGIN CERTIFICATE-----")
    (root / "folder.pem").mkdir()
    for link, target in {
        "link-to-page": "page.html",
        "link-to-sub": "sub",
        "link-to-root": ".",
        "link-twice": "link-to-page",
        "link-absolute": str(root / "page.html"),
        "link-to-secret": "../secret.txt",
        "link-to-others": "../pages-of-others",
        "link-up": "..",
        "link-to-hidden": ".htpasswd",
        "link-to-git": ".git",
        "link-to-headers": "_headers",
        "link-to-key": "server.KEY",
        "link-to-null": "/dev/null",
        "link-to-fifo": "fifo",
        "loop": "loop",
        "dangling": "nowhere",
    }.items():
        (root / link).symlink_to(target)
    os.mkfifo(root / "fifo")
    return root


SERVED_AT_ROOT = {
    *("page.html", "sub/", "server.pem", "folder.pem/"),
    *("link-to-page", "link-to-sub/", "link-to-root/", "link-twice", "link-absolute"),
}


def test_the_traps_are_not_listed(root: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener, ExitStack() as stack:
        stack.callback(os.chdir, Path.cwd())
        os.chdir(root)  # the name of a socket is short
        listener.bind("socket")
        assert listed(Folder(root)) == SERVED_AT_ROOT


def test_listed_is_exactly_what_is_served(root: Path) -> None:
    folder = Folder(root)
    assert listed(folder) == served(root) - {".well-known/"}  # served, but nobody's page
    assert listed(folder, "sub") == served(root, "sub") == {"inner.html", "_headers"}
    assert listed(folder, ".well-known") == served(root, ".well-known") == {"security.txt"}


def test_the_root_is_known_by_any_name(root: Path) -> None:
    folder = Folder(root)
    assert listed(folder, "link-to-root") == SERVED_AT_ROOT
    assert listed(folder, "link-to-root", "link-to-root") == SERVED_AT_ROOT
    assert listed(folder, "link-to-sub") == {"inner.html", "_headers"}


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no such names")
def test_a_name_that_is_not_utf_8_is_listed(root: Path) -> None:
    write(root / "sub" / "\udcff", "octets")
    assert (
        listed(Folder(root), "sub") == served(root, "sub") == {"inner.html", "_headers", "\udcff"}
    )


def test_with_links_out_of_the_folder_what_they_lead_to_is_listed(root: Path) -> None:
    folder = Folder(root, follow_links=True)
    outside = {"link-to-secret", "link-to-others/", "link-up/"}
    assert listed(folder) == SERVED_AT_ROOT | outside
    assert listed(folder, "link-to-others") == {"page.html"}


def test_an_entry_has_size_and_date_of_what_a_link_leads_to(root: Path) -> None:
    os.utime(root / "sub", (MODIFIED - 1, MODIFIED - 1))
    entries = {entry.name: entry for entry in scan(Folder(root)).entries}
    assert entries["page.html"] == Entry("page.html", 6, MODIFIED)
    assert entries["link-to-page"] == Entry("link-to-page", 6, MODIFIED)
    assert entries["sub"] == Entry("sub", None, MODIFIED - 1)
    assert entries["link-to-sub"] == Entry("link-to-sub", None, MODIFIED - 1)


@pytest.mark.parametrize(("set_to", "shown"), [(-1.5, 0), (0, 0), (1.999, 1)])
def test_a_date_is_a_whole_second_since_the_epoch(root: Path, set_to: float, shown: int) -> None:
    os.utime(root / "sub" / "inner.html", (set_to, set_to))
    [entry] = [entry for entry in scan(Folder(root), "sub").entries if entry.name == "inner.html"]
    assert entry.modified == shown


def test_what_may_not_be_read_is_not_listed() -> None:
    with tempfile.TemporaryDirectory() as name:  # other users may not enter tmp_path
        public = Path(name)
        public.chmod(0o755)
        (public / "open").mkdir()
        (public / "passable").mkdir(mode=0o711)
        (public / "closed").mkdir(mode=0o700)
        (public / "page").touch()
        (public / "private").touch(mode=0o600)
        write(public / "names only" / "page", "its names may be read, and nothing more")
        (public / "names only").chmod(0o744)
        (public / "link").symlink_to("private")
        with without_privileges():
            found, in_names_only = listed(Folder(public)), listed(Folder(public), "names only")
        if os.geteuid() == 0:  # else all of it is ours
            assert found == {"open/", "passable/", "page"}
            assert in_names_only == set()


@pytest.mark.parametrize(
    "segments",
    [
        ("missing",),
        ("page.html",),
        ("fifo",),
        (".git",),
        ("link-to-git",),
        ("link-to-others",),
        ("link-up",),
        ("loop",),
        ("nul\0",),
        ("..",),
    ],
)
def test_what_is_no_folder_to_be_served_is_not_found(root: Path, segments: tuple[str, ...]) -> None:
    with pytest.raises(FileNotFoundError):
        scan(Folder(root), *segments)


def test_there_may_be_more_than_what_is_listed(root: Path) -> None:
    folder = Folder(root)
    whole = scan(folder, max_entries=len(SERVED_AT_ROOT))
    assert (len(whole.entries), whole.is_truncated) == (len(SERVED_AT_ROOT), False)
    part = scan(folder, max_entries=len(SERVED_AT_ROOT) - 1)
    assert (len(part.entries), part.is_truncated) == (len(SERVED_AT_ROOT) - 1, True)


def test_what_vanishes_while_it_is_listed_is_left_out(root: Path) -> None:
    (root / "sub" / "_headers").unlink()
    # The names are read before the first is judged.
    found = scan_folder(
        Folder(root),
        ("sub",),
        max_entries=10,
        check_cancelled=lambda: (root / "sub" / "inner.html").unlink(missing_ok=True),
    )
    assert found == Contents([], is_truncated=False)


def test_a_folder_that_is_swapped_after_it_was_opened_is_not_what_is_listed(root: Path) -> None:
    def swap_and_go_on() -> None:
        if not (root / "sub").is_symlink():
            (root / "sub").rename(root / "moved")
            (root / "sub").symlink_to("../pages-of-others")

    found = scan_folder(Folder(root), ("sub",), max_entries=10, check_cancelled=swap_and_go_on)
    assert {entry.name for entry in found.entries} == {"inner.html", "_headers"}


def test_a_scan_can_be_given_up(root: Path) -> None:
    def give_up() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        scan_folder(Folder(root), (), max_entries=10, check_cancelled=give_up)


# Where a folder has no descriptor


@pytest.fixture
def by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "supports_fd", os.supports_fd - {os.scandir})


@pytest.mark.usefixtures("by_name")
def test_a_folder_without_a_descriptor_is_listed_by_its_name(root: Path) -> None:
    assert listed(Folder(root)) == SERVED_AT_ROOT
    assert listed(Folder(root), "link-to-sub") == {"inner.html", "_headers"}


@pytest.mark.usefixtures("by_name")
@pytest.mark.parametrize("name", ["link-to-others", "page.html", "missing", ".git"])
def test_nor_is_what_is_not_served_found_by_its_name(root: Path, name: str) -> None:
    with pytest.raises(FileNotFoundError):
        scan(Folder(root), name)


@pytest.mark.usefixtures("by_name")
def test_a_name_that_leads_elsewhere_in_the_end_is_not_found(root: Path) -> None:
    def swap() -> None:
        if not (root / "sub").is_symlink():
            (root / "sub").rename(root / "moved")
            (root / "sub").symlink_to("../pages-of-others")

    with pytest.raises(FileNotFoundError):
        scan_folder(Folder(root), ("sub",), max_entries=10, check_cancelled=swap)
