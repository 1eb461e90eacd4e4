import os
import sys
from pathlib import Path

import pytest

from trio_https.errors import ConfigError
from trio_https.prepare.page_files import PageFile, find_page_files


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "pages"
    root.mkdir()
    return root


def fill(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


def found_in(root: Path) -> set[str]:
    return {file.path.relative_to(root).as_posix() for file in find_page_files(root).files}


def orphans_in(root: Path) -> list[str]:
    return [path.relative_to(root).as_posix() for path in find_page_files(root).orphans]


def test_files_of_types_that_gain_are_found_in_all_folders(root: Path) -> None:
    gain = {"index.html", "a/style.css", "a/b/app.js", "a/b/c/logo.svg", "data.json"}
    fill(root, *gain, "photo.jpg", "a/font.woff2", "archive.zip", "unknown", "page.html.unknown")
    assert found_in(root) == gain


@pytest.mark.parametrize(
    "name",
    [
        ".hidden.html",
        ".git/config.txt",
        "a/.cache/page.html",
        "a/.well-known/page.html",
        "_headers",
        "page.html~",
        "page.html.bak",
        "back\\slash.html",
        "colon:.html",
        "line\nfeed.html",
    ],
)
@pytest.mark.skipif(sys.platform == "win32", reason="no names for files there")
def test_what_is_never_served_is_not_found(root: Path, name: str) -> None:
    fill(root, name)
    assert found_in(root) == set()


def test_what_is_well_known_is_found(root: Path) -> None:
    fill(root, ".well-known/security.txt")  # RFC 9116
    assert found_in(root) == {".well-known/security.txt"}


def test_a_file_is_told_with_its_size_and_its_time(root: Path) -> None:
    fill(root, "page.html")
    os.utime(root / "page.html", ns=(1, 1_700_000_000_123_456_700))
    [file] = find_page_files(root).files
    assert file == PageFile(root / "page.html", len("page.html"), 1_700_000_000_123_456_700)


def test_the_largest_file_comes_first(root: Path) -> None:
    fill(root, "b.html", "long-name.html", "c.html", "longest-of-all.html", "a.html")
    names = [file.path.name for file in find_page_files(root).files]
    assert names == ["longest-of-all.html", "long-name.html", "a.html", "b.html", "c.html"]


# Links


def test_links_are_not_followed(root: Path, tmp_path: Path) -> None:
    fill(tmp_path, "outside/secret.html", "outside/folder/page.html")
    fill(root, "folder/page.html")
    (root / "file.html").symlink_to(tmp_path / "outside" / "secret.html")
    (root / "out").symlink_to(tmp_path / "outside")
    (root / "in").symlink_to(root / "folder")
    (root / "round").symlink_to(root)
    (root / "nowhere.html").symlink_to(root / "nowhere")
    assert found_in(root) == {"folder/page.html"}


def test_the_folder_itself_may_be_a_link(root: Path, tmp_path: Path) -> None:
    fill(root, "page.html")
    (tmp_path / "current").symlink_to(root)
    assert found_in(tmp_path / "current") == {"page.html"}


@pytest.mark.skipif(sys.platform == "win32", reason="no FIFOs there")
def test_what_is_no_file_is_not_found(root: Path) -> None:
    (root / "folder.html").mkdir()
    os.mkfifo(root / "fifo.html")
    assert found_in(root) == set()


# Neighbours


def test_neighbours_are_no_files_to_compress(root: Path) -> None:
    fill(root, "a.js", "a.js.br", "a.js.zst", "a.js.gz", "icon.svgz")
    assert found_in(root) == {"a.js"}
    assert orphans_in(root) == []


def test_a_neighbour_without_its_file_is_an_orphan(root: Path) -> None:
    fill(root, "b/old.css.gz", "old.js.br", "old.js.zst", "new.js", "new.js.br")
    assert orphans_in(root) == ["b/old.css.gz", "old.js.br", "old.js.zst"]


def test_a_compressed_archive_is_no_orphan(root: Path) -> None:
    (root / "data.tar.gz").write_bytes(b"an archive")
    (root / "data.tar.zst").write_bytes(b"an archive")
    assert orphans_in(root) == []


def test_what_never_had_a_file_is_no_orphan(root: Path) -> None:
    fill(root, "logo.png.gz", "notes.gz", "source.br", ".hidden.js.gz")
    assert orphans_in(root) == []


# Faults


@pytest.mark.parametrize(
    ("name", "reason"), [("missing", "No such file"), ("file", "Not a directory")]
)
def test_a_folder_that_is_none_is_a_mistake(root: Path, name: str, reason: str) -> None:
    fill(root, "file")
    with pytest.raises(ConfigError, match=rf"{name}: {reason}.* Name a folder"):
        find_page_files(root / name)
