import os
from pathlib import Path

import pytest
import trio
import trio.testing

from trio_https.errors import HTTPError
from trio_https.files.file_status import file_identity
from trio_https.files.kept_files import Files, KeptFile
from trio_https.files.open_file import Folder, OpenFile

MODIFIED = 1_000_000_000
NOW = MODIFIED + 1000.0


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "pages"
    root.mkdir()
    write(root / "page.html", b"a page")
    return root


def write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    os.utime(path, (MODIFIED, MODIFIED))


async def read(files: Files, name: str, *, now: float = NOW) -> tuple[bytes, bool]:
    """Return the content of a file, and whether it was in memory."""
    file = files.open((name,))
    if isinstance(file, KeptFile):
        file.close()
        return file.content, True
    with file:
        content = await files.load((name,), file, now=now)
        assert isinstance(content, bytes)
        return content, False


async def test_a_small_file_is_read_once(root: Path) -> None:
    files = Files(Folder(root))
    assert await read(files, "page.html") == (b"a page", False)
    assert await read(files, "page.html") == (b"a page", True)
    kept = files.open(("page.html",))
    assert file_identity(kept.status) == file_identity((root / "page.html").stat())
    assert kept.path == str(root / "page.html")


async def test_a_file_that_changed_is_read_again(root: Path) -> None:
    files = Files(Folder(root))
    await read(files, "page.html")
    write(root / "page.html", b"other!")  # as long and as old: ctime tells
    assert await read(files, "page.html") == (b"other!", False)
    write(root / "new.html", b"newest")
    (root / "new.html").replace(root / "page.html")
    assert await read(files, "page.html") == (b"newest", False)
    assert await read(files, "page.html") == (b"newest", True)


async def test_a_file_that_was_removed_is_missing(root: Path) -> None:
    files = Files(Folder(root))
    await read(files, "page.html")
    (root / "page.html").unlink()
    with pytest.raises(FileNotFoundError):
        files.open(("page.html",))


async def test_a_name_that_leads_elsewhere_now_is_judged_again(root: Path, tmp_path: Path) -> None:
    files = Files(Folder(root))
    await read(files, "page.html")
    write(tmp_path / "secret", b"a page")
    (root / "page.html").unlink()
    (root / "page.html").symlink_to(tmp_path / "secret")
    with pytest.raises(FileNotFoundError):
        files.open(("page.html",))


async def test_after_a_second_a_file_is_judged_again(
    root: Path, tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    (root / "folder").mkdir()
    write(root / "folder" / "page.html", b"inside")
    files = Files(Folder(root))
    with files.open(("folder", "page.html")) as file:  # type: ignore[union-attr]
        assert isinstance(file, OpenFile)
        await files.load(("folder", "page.html"), file, now=NOW)
    # The file itself does not notice that its folder was moved outside.
    (root / "folder").rename(tmp_path / "outside")
    (root / "folder").symlink_to(tmp_path / "outside")
    await trio.sleep(1)
    with pytest.raises(FileNotFoundError):
        files.open(("folder", "page.html"))


@pytest.mark.parametrize(("age", "kept"), [(0, False), (1.9, False), (2.0, True), (-5, False)])
async def test_a_file_that_may_change_without_a_trace_is_not_kept(
    root: Path, age: float, kept: bool
) -> None:
    files = Files(Folder(root))
    await read(files, "page.html", now=MODIFIED + age)
    assert await read(files, "page.html") == (b"a page", kept)


@pytest.mark.parametrize("size", [0, 128 * 1024])
async def test_small_files_are_kept(root: Path, size: int) -> None:
    write(root / "file", b"x" * size)
    files = Files(Folder(root))
    await read(files, "file")
    assert await read(files, "file") == (b"x" * size, True)


async def test_a_larger_file_is_left_as_it_is(root: Path) -> None:
    write(root / "file", b"x" * (128 * 1024 + 1))
    files = Files(Folder(root))
    with files.open(("file",)) as file:  # type: ignore[union-attr]
        assert isinstance(file, OpenFile)
        assert await files.load(("file",), file, now=NOW) is file
    with files.open(("file",)) as again:  # type: ignore[union-attr]
        assert isinstance(again, OpenFile)


async def test_what_was_asked_for_last_is_kept_in_bounded_memory(root: Path) -> None:
    for number in range(10):
        write(root / f"{number}", b"x" * 10_000)
    files = Files(Folder(root), max_kept_bytes=3 * 13_000)
    for name in ("0", "1", "2", "0", "3"):
        await read(files, name)
    kept = [name for name in map(str, range(10)) if isinstance(files._kept.get((name,)), KeptFile)]
    assert kept == ["0", "2", "3"]
    for name in map(str, range(10)):
        await read(files, name)
    assert len(files._kept) == 3


async def test_nothing_is_kept_of_what_is_larger_than_the_memory(root: Path) -> None:
    files = Files(Folder(root), max_kept_bytes=100)
    await read(files, "page.html")
    assert await read(files, "page.html") == (b"a page", False)
    assert files._bytes_left == 100


async def test_a_file_that_changes_while_it_is_read_is_to_be_asked_for_again(root: Path) -> None:
    files = Files(Folder(root))
    with files.open(("page.html",)) as file:  # type: ignore[union-attr]
        assert isinstance(file, OpenFile)
        (root / "page.html").write_bytes(b"torn")
        with pytest.raises(HTTPError) as caught:
            await files.load(("page.html",), file, now=NOW)
    assert caught.value.status == 503
    assert ("Retry-After", "1") in caught.value.headers
