import errno
import os
import random
import stat
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from trio_https.files.codecs import CODING_SUFFIXES
from trio_https.prepare.neighbours import (
    Outcome,
    find_outcome,
    make_neighbour,
    neighbour_path,
    remove_neighbour,
)
from trio_https.prepare.page_files import find_page_files

from .codings import decode, every_coding

TEXT = b"<p>Good neighbours have the same time.</p>\n" * 5000
NOISE = random.Random(7).randbytes(5000)
TIME_NS = 1_700_000_000_123_456_700


@pytest.fixture
def page(tmp_path: Path) -> Path:
    page = tmp_path / "page.html"
    write(page, TEXT)
    return page


def write(path: Path, content: bytes, *, time_ns: int = TIME_NS) -> None:
    path.write_bytes(content)
    os.utime(path, ns=(time_ns, time_ns))


def make(page: Path, coding: str) -> Outcome:
    return make_neighbour(page, coding, lambda _: None)


def find(page: Path, coding: str) -> Outcome | None:
    """Return what there is of a page that is the only file in its folder."""
    [file] = find_page_files(page.parent).files
    return find_outcome(file, coding)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


# Making


@pytest.mark.parametrize(("coding", "suffix"), [("br", ".br"), ("zstd", ".zst"), ("gzip", ".gz")])
def test_the_neighbour_stands_beside_its_file(page: Path, coding: str, suffix: str) -> None:
    outcome = make(page, coding)
    neighbour = page.with_name("page.html" + suffix)
    assert neighbour == neighbour_path(page, coding)
    assert decode(neighbour.read_bytes(), coding) == TEXT
    assert outcome == Outcome(coding, len(TEXT), neighbour.stat().st_size)
    assert names_in(page.parent) == {page.name, neighbour.name}


@every_coding
@given(seed=st.integers(), size=st.integers(1024, 200_000))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_content_that_gains_decodes_to_itself(
    tmp_path: Path, coding: str, seed: int, size: int
) -> None:
    content = (random.Random(seed).randbytes(size // 3) + bytes(size))[:size]
    write(tmp_path / "page.html", content)
    make(tmp_path / "page.html", coding)
    assert decode(neighbour_path(tmp_path / "page.html", coding).read_bytes(), coding) == content


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of Unix")
@pytest.mark.parametrize(("mode", "copied"), [(0o640, 0o640), (0o444, 0o444), (0o755, 0o644)])
def test_the_neighbour_has_the_mode_of_its_file_but_runs_nothing(
    page: Path, mode: int, copied: int
) -> None:
    page.chmod(mode)
    for _ in range(2):
        make(page, "gzip")
        assert stat.S_IMODE(neighbour_path(page, "gzip").stat().st_mode) == copied


@pytest.mark.skipif(sys.platform == "win32", reason="owners are those of Unix")
def test_the_neighbour_has_the_owner_of_its_file(page: Path) -> None:
    if os.geteuid() == 0:
        os.chown(page, 4711, 4712)
    make(page, "gzip")
    before, after = page.stat(), neighbour_path(page, "gzip").stat()
    assert (after.st_uid, after.st_gid) == (before.st_uid, before.st_gid)


def test_the_neighbour_has_the_time_of_its_file_to_the_nanosecond(page: Path) -> None:
    make(page, "gzip")
    assert neighbour_path(page, "gzip").stat().st_mtime_ns == page.stat().st_mtime_ns == TIME_NS


def test_the_same_content_gives_the_same_neighbour(page: Path) -> None:
    contents = set()
    for _ in range(2):
        make(page, "gzip")
        contents.add(neighbour_path(page, "gzip").read_bytes())
    assert len(contents) == 1


def test_each_piece_that_was_read_is_told(page: Path) -> None:
    told: list[int] = []
    make_neighbour(page, "gzip", told.append)
    assert sum(told) == len(TEXT)
    assert len(told) > 2


# What is not worthwhile


@pytest.mark.parametrize("content", [b"", b"short", TEXT[:1023], NOISE])
@pytest.mark.parametrize("has_old_one", [False, True], ids=["new", "had one"])
def test_a_file_that_does_not_gain_has_no_neighbour(
    page: Path, content: bytes, has_old_one: bool
) -> None:
    if has_old_one:
        make(page, "gzip")
    write(page, content, time_ns=TIME_NS + 1)
    assert make(page, "gzip") == Outcome("gzip", len(content), None)
    assert names_in(page.parent) == {page.name}


# What is there already


def test_a_neighbour_of_the_same_time_is_current(page: Path) -> None:
    assert find(page, "gzip") is None
    assert find(page, "gzip") != make(page, "gzip") == find(page, "gzip")


@pytest.mark.parametrize("time_ns", [TIME_NS - 1, TIME_NS + 1])
def test_a_neighbour_of_another_time_is_to_be_made_anew(page: Path, time_ns: int) -> None:
    make(page, "gzip")
    write(page, TEXT.upper(), time_ns=time_ns)
    assert find(page, "gzip") is None
    make(page, "gzip")
    assert decode(neighbour_path(page, "gzip").read_bytes(), "gzip") == TEXT.upper()
    assert find(page, "gzip") is not None


def test_a_small_file_has_all_that_it_needs(page: Path) -> None:
    write(page, b"short")
    assert find(page, "gzip") == Outcome("gzip", 5, None)


def test_an_old_neighbour_of_a_file_that_became_small_is_to_be_removed(page: Path) -> None:
    make(page, "gzip")
    write(page, b"short", time_ns=TIME_NS + 1)
    assert find(page, "gzip") is None


@pytest.mark.parametrize("kind", ["link", "folder"])
def test_what_is_no_file_is_not_current(page: Path, kind: str) -> None:
    neighbour = neighbour_path(page, "gzip")
    if kind == "link":
        neighbour.symlink_to(page.name)
    else:
        neighbour.mkdir()
    os.utime(neighbour, ns=(TIME_NS, TIME_NS))
    assert find(page, "gzip") is None


# Links


def test_a_link_in_place_of_the_neighbour_is_replaced_and_not_followed(
    page: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    outside = tmp_path_factory.mktemp("outside") / "file"
    outside.write_text("not ours")
    neighbour_path(page, "gzip").symlink_to(outside)
    make(page, "gzip")
    assert outside.read_text() == "not ours"
    assert not neighbour_path(page, "gzip").is_symlink()


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="not on this system")
def test_a_file_that_became_a_link_is_not_read(page: Path, tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(TEXT)
    page.unlink()
    page.symlink_to("other")
    with pytest.raises(OSError, match=os.strerror(errno.ELOOP)):
        make(page, "gzip")
    assert names_in(tmp_path) == {"page.html", "other"}


# What goes wrong


@pytest.mark.parametrize("change", ["truncate", "append", "touch"])
def test_a_file_that_changes_while_it_is_read_gets_no_neighbour(page: Path, change: str) -> None:
    def change_page(_: int) -> None:
        if change == "truncate":
            os.truncate(page, 70_000)
        elif change == "append":
            with page.open("ab") as file:
                file.write(b"more")
        else:
            page.touch()

    with pytest.raises(OSError, match="changed while it was read") as caught:
        make_neighbour(page, "gzip", change_page)
    assert caught.value.filename == str(page)
    assert names_in(page.parent) == {page.name}


class WorkInterruptedError(Exception):
    pass


@every_coding
@pytest.mark.parametrize("piece", [1, 2, 4])
def test_work_that_is_interrupted_changes_nothing(page: Path, coding: str, piece: int) -> None:
    make(page, coding)
    old = neighbour_path(page, coding).read_bytes()
    write(page, TEXT.upper(), time_ns=TIME_NS + 1)
    pieces = 0

    def interrupt(_: int) -> None:
        nonlocal pieces
        pieces += 1
        if pieces == piece:
            raise WorkInterruptedError

    with pytest.raises(WorkInterruptedError):
        make_neighbour(page, coding, interrupt)
    assert neighbour_path(page, coding).read_bytes() == old
    assert names_in(page.parent) == {page.name, neighbour_path(page, coding).name}


def test_what_is_not_finished_is_never_served(page: Path) -> None:
    names: set[str] = set()
    make_neighbour(page, "gzip", lambda _: names.update(names_in(page.parent)))
    [temporary] = names - {page.name}
    assert temporary.startswith(".")


def test_a_folder_in_place_of_the_neighbour_is_an_error_and_stays(page: Path) -> None:
    neighbour_path(page, "gzip").mkdir()
    with pytest.raises(OSError):  # noqa: PT011 -- which one, the system decides
        make(page, "gzip")
    assert neighbour_path(page, "gzip").is_dir()
    assert len(names_in(page.parent)) == 2


# Removing


def test_removing_gives_the_bytes_back(page: Path) -> None:
    size = make(page, "gzip").coded_size
    make(page, "br")
    assert remove_neighbour(page, "gzip") == size
    assert names_in(page.parent) == {page.name, "page.html.br"}
    assert remove_neighbour(page, "gzip") is None


def test_every_coding_has_a_suffix_of_its_own() -> None:
    assert len(set(CODING_SUFFIXES.values())) == len(CODING_SUFFIXES)
