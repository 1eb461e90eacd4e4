import os
from collections.abc import Callable
from pathlib import Path

import pytest
import trio
import trio.testing

from trio_https.errors import HTTPError
from trio_https.files import kept_files
from trio_https.files.file_status import file_identity
from trio_https.files.kept_files import Files, KeptFile
from trio_https.files.open_file import Folder, OpenFile, real_path_by_name

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


async def keep(files: Files, *names: tuple[str, ...]) -> None:
    for name in names:
        with files.open(name) as file:  # type: ignore[union-attr]
            assert isinstance(file, OpenFile)
            await files.load(name, file, now=NOW)


async def test_after_a_second_one_look_at_a_folder_does_for_its_files(
    root: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    write(root / "other.html", b"another page")
    names = [("page.html",), ("other.html",)]
    files = Files(Folder(root))
    await keep(files, *names)
    opened: list[str] = []
    os_open = os.open

    def record(path: str, flags: int) -> int:
        opened.append(path)
        return os_open(path, flags)

    monkeypatch.setattr(os, "open", record)
    for seconds, looks in ((0.9, 0), (0.2, 1), (0.9, 1), (0.2, 2)):
        await trio.sleep(seconds)
        assert all(isinstance(files.open(name), KeptFile) for name in names)
        assert opened == [f"{root}/"] * looks


def move_file_out_and_link_to_it(root: Path, outside: Path) -> None:
    (root / "folder" / "page.html").rename(outside / "page.html")
    (root / "folder" / "page.html").symlink_to(outside / "page.html")


def move_folder_out_and_link_to_its_file(root: Path, outside: Path) -> None:
    (root / "folder").rename(outside / "folder")
    (root / "folder").mkdir()
    (root / "folder" / "page.html").symlink_to(outside / "folder" / "page.html")


def move_folder_out_and_link_to_it(root: Path, outside: Path) -> None:
    (root / "folder").rename(outside / "folder")
    (root / "folder").symlink_to(outside / "folder")


def hide_folder_and_link_to_it(root: Path, outside: Path) -> None:
    (root / "folder").rename(root / ".folder")
    (root / "folder").symlink_to(root / ".folder")


def remove(root: Path, outside: Path) -> None:
    (root / "folder").rename(outside / "folder")


@pytest.mark.parametrize("looked_at_before", [False, True])
@pytest.mark.parametrize(
    "change",
    [
        move_file_out_and_link_to_it,
        move_folder_out_and_link_to_its_file,
        move_folder_out_and_link_to_it,
        hide_folder_and_link_to_it,
        remove,
    ],
)
async def test_what_is_not_below_the_folder_any_more_is_missing_after_a_second(
    root: Path,
    tmp_path: Path,
    autojump_clock: trio.testing.MockClock,
    change: Callable[[Path, Path], None],
    looked_at_before: bool,
) -> None:
    (root / "folder" / "below").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    names = [("folder", "page.html"), ("folder", "below", "page.html")]
    for name in names:
        write(root.joinpath(*name), b"inside")
    files = Files(Folder(root))
    await keep(files, *names)
    if looked_at_before:  # the folder, and not the file
        await trio.sleep(1)
        assert all(isinstance(files.open(name), KeptFile) for name in names)
    change(root, tmp_path / "outside")
    await trio.sleep(1)
    moved = (
        names
        if change in (move_folder_out_and_link_to_it, hide_folder_and_link_to_it)
        else names[:1]
    )
    for name in moved:
        with pytest.raises(FileNotFoundError):
            files.open(name)


async def test_a_link_to_a_file_of_the_folder_is_judged_by_what_it_leads_to(
    root: Path, tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    (root / "folder").mkdir()
    write(root / "folder" / "page.html", b"inside")
    (root / "link.html").symlink_to(root / "folder" / "page.html")
    files = Files(Folder(root))
    await keep(files, ("link.html",))
    await trio.sleep(1)
    assert isinstance(files.open(("link.html",)), KeptFile)
    # The file does not notice, nor does the folder of the link.
    (root / "folder").rename(tmp_path / "outside")
    (root / "folder").symlink_to(tmp_path / "outside")
    await trio.sleep(1)
    with pytest.raises(FileNotFoundError):
        files.open(("link.html",))


async def test_a_file_that_is_hidden_now_by_its_real_name_is_missing_after_a_second(
    root: Path, autojump_clock: trio.testing.MockClock
) -> None:
    # Windows knows files by short names, too: the name that they are asked for by stays.
    names = {"PAGE~1.HTM": "page.html"}

    def real_path(fd: int, path: str) -> str:
        folder, _, name = real_path_by_name(fd, path).rpartition("/")
        return f"{folder}/{names.get(name, name)}"

    write(root / "PAGE~1.HTM", b"a page")
    files = Files(Folder(root, real_path=real_path))
    await keep(files, ("PAGE~1.HTM",))
    await trio.sleep(1)
    assert isinstance(files.open(("PAGE~1.HTM",)), KeptFile)
    names["PAGE~1.HTM"] = "page.html~"
    await trio.sleep(1)
    with pytest.raises(FileNotFoundError):
        files.open(("PAGE~1.HTM",))


async def test_what_is_outside_of_a_root_that_was_switched_is_missing_after_a_second(
    root: Path, tmp_path: Path, autojump_clock: trio.testing.MockClock
) -> None:
    for name in ("old", "new"):
        (root / name).mkdir()
        write(root / name / "page.html", b"a page")
    (root / "old" / "folder").mkdir()
    write(root / "old" / "folder" / "page.html", b"inside")
    (root / "new" / "folder").symlink_to(root / "old" / "folder")
    (tmp_path / "current").symlink_to(root / "old")
    files = Files(Folder(tmp_path / "current"))
    await keep(files, ("folder", "page.html"))
    (tmp_path / "current").unlink()
    (tmp_path / "current").symlink_to(root / "new")
    await keep(files, ("page.html",))
    await trio.sleep(1)
    with pytest.raises(FileNotFoundError):
        files.open(("folder", "page.html"))


async def test_no_more_folders_are_remembered_than_have_their_place(
    root: Path, monkeypatch: pytest.MonkeyPatch, autojump_clock: trio.testing.MockClock
) -> None:
    monkeypatch.setattr(kept_files, "_MAX_FOLDERS", 2)
    names = [(f"{number}", "page.html") for number in range(5)]
    for name in names:
        (root / name[0]).mkdir()
        write(root.joinpath(*name), b"a page")
    files = Files(Folder(root))
    await keep(files, *names)
    await trio.sleep(1)
    for name in names:
        assert isinstance(files.open(name), KeptFile)
        assert len(files._real_folders) <= 2


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
