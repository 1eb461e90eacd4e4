import os
from collections.abc import Awaitable, Callable
from contextlib import aclosing
from pathlib import Path

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from trio_https.errors import BodyCut
from trio_https.files.file_body import BUFFER_BYTES, Buffers, FileBody, read_file
from trio_https.files.open_file import OpenFile

CONTENT = bytes(range(256)) * 4000  # three buffers, the last one not full
WHOLE = range(len(CONTENT))
assert BUFFER_BYTES * 2 < len(CONTENT) < BUFFER_BYTES * 3


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("file_body") / "content"
    path.write_bytes(CONTENT)
    return path


def open_file(path: Path) -> OpenFile:
    fd = os.open(path, os.O_RDONLY)
    return OpenFile(fd, os.fstat(fd), str(path))


@pytest.fixture
def file(path: Path) -> OpenFile:
    """An open file, which the test closes, mostly through its body."""
    return open_file(path)


@pytest.fixture(params=["as here", "without RWF_NOWAIT", "without preadv"])
def any_platform(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each test runs as on Linux, macOS and Windows."""
    if request.param == "without RWF_NOWAIT":
        monkeypatch.delattr(os, "RWF_NOWAIT", raising=False)
    elif request.param == "without preadv":
        monkeypatch.delattr(os, "preadv", raising=False)


def is_open(fd: int) -> bool:
    try:
        os.fstat(fd)
    except OSError:
        return False
    return True


def drop_from_page_cache(path: Path) -> None:
    fd = os.open(path, os.O_RDONLY)
    os.fsync(fd)
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(fd)


async def pieces_of(body: FileBody) -> list[bytes]:
    return [bytes(piece) async for piece in body]


# Reading


async def test_a_file_is_streamed_in_pieces_of_one_buffer(
    file: OpenFile, any_platform: None
) -> None:
    async with aclosing(FileBody(file, [WHOLE], Buffers())) as body:
        pieces = await pieces_of(body)
        assert b"".join(pieces) == CONTENT
        assert max(map(len, pieces)) <= BUFFER_BYTES


async def test_a_part_of_a_file_is_streamed(file: OpenFile, any_platform: None) -> None:
    async with aclosing(FileBody(file, [range(1234, 301_234)], Buffers())) as body:
        assert b"".join(await pieces_of(body)) == CONTENT[1234:301_234]


async def test_the_end_is_told_again_and_again(file: OpenFile) -> None:
    async with aclosing(FileBody(file, [range(10)], Buffers())) as body:
        assert await anext(body) == CONTENT[:10]
        assert await pieces_of(body) == []
        assert await pieces_of(body) == []


async def test_an_empty_part_has_no_pieces(file: OpenFile) -> None:
    async with aclosing(FileBody(file, [range(5, 5)], Buffers())) as body:
        assert await pieces_of(body) == []


async def test_parts_come_in_their_order_with_what_stands_between_them(
    file: OpenFile, any_platform: None
) -> None:
    parts: list[range | bytes] = [
        b"--\r\n",
        range(300_000, 600_000),
        b"",
        range(7, 7),
        b"--\r\n",
        range(5),
        b"--",
    ]
    async with aclosing(FileBody(file, parts, Buffers())) as body:
        whole = b"".join(await pieces_of(body))
    assert whole == b"--\r\n" + CONTENT[300_000:600_000] + b"--\r\n" + CONTENT[:5] + b"--"


@given(offset=st.integers(0, len(CONTENT)), length=st.integers(0, len(CONTENT)))
async def test_any_part_is_that_part_in_pieces_of_a_buffer(
    path: Path, offset: int, length: int
) -> None:
    part = range(offset, min(offset + length, len(CONTENT)))
    async with aclosing(FileBody(open_file(path), [part], Buffers())) as body:
        pieces = await pieces_of(body)
    assert b"".join(pieces) == CONTENT[part.start : part.stop]
    assert all(len(piece) <= BUFFER_BYTES for piece in pieces)


async def test_one_buffer_is_used_again(file: OpenFile) -> None:
    async with aclosing(FileBody(file, [WHOLE], Buffers())) as body:
        first, second = await anext(body), await anext(body)
        assert isinstance(first, memoryview)
        assert isinstance(second, memoryview)
        assert first.obj is second.obj


async def test_a_buffer_is_used_again_by_another_body(path: Path) -> None:
    buffers, used = Buffers(), []
    for _ in range(3):
        async with aclosing(FileBody(open_file(path), [WHOLE], buffers)) as body:
            piece = await anext(body)
            assert isinstance(piece, memoryview)
            used.append(piece.obj)
    assert used[0] is used[1] is used[2]


async def test_so_many_buffers_are_kept_and_no_more(path: Path) -> None:
    buffers = Buffers()
    bodies = [FileBody(open_file(path), [WHOLE], buffers) for _ in range(20)]
    for body in bodies:
        await anext(body)
    for body in bodies:
        await body.aclose()
    assert len(buffers._spare) == 8


async def test_who_still_looks_at_a_piece_does_not_break_the_next_ones(file: OpenFile) -> None:
    async with aclosing(FileBody(file, [WHOLE], Buffers())) as body:
        with memoryview(await anext(body)):
            assert b"".join(await pieces_of(body)) == CONTENT[BUFFER_BYTES:]


async def test_what_is_not_in_the_page_cache_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "cold").write_bytes(CONTENT)
    file = open_file(tmp_path / "cold")
    async with aclosing(FileBody(file, [WHOLE], Buffers())) as body:
        drop_from_page_cache(tmp_path / "cold")
        assert b"".join(await pieces_of(body)) == CONTENT


async def test_a_fault_of_the_disk_cuts_the_body(tmp_path: Path, any_platform: None) -> None:
    (tmp_path / "folder").mkdir()  # which has no content to read
    async with aclosing(FileBody(open_file(tmp_path / "folder"), [range(10)], Buffers())) as body:
        with pytest.raises(BodyCut, match="folder: Is a directory"):
            await anext(body)


# Files that change


async def test_a_file_that_became_shorter_is_cut(tmp_path: Path, any_platform: None) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    async with aclosing(FileBody(open_file(tmp_path / "file"), [WHOLE], Buffers())) as body:
        assert await anext(body) == CONTENT[:BUFFER_BYTES]
        os.truncate(tmp_path / "file", BUFFER_BYTES + 10)
        with pytest.raises(BodyCut, match="file: it was changed while it was sent"):
            await pieces_of(body)


async def test_a_file_that_is_shorter_than_its_status_says_is_cut(path: Path) -> None:
    # as on a disk that tells no time of the change
    file = open_file(path)
    body = FileBody(file, [range(len(CONTENT), len(CONTENT) + 10)], Buffers())
    with pytest.raises(BodyCut, match="it was changed"):
        await anext(body)
    await body.aclose()


async def test_a_file_that_was_written_over_is_cut(tmp_path: Path, any_platform: None) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    os.utime(tmp_path / "file", (1, 1))
    async with aclosing(FileBody(open_file(tmp_path / "file"), [WHOLE], Buffers())) as body:
        await anext(body)
        (tmp_path / "file").write_bytes(CONTENT[::-1])
        with pytest.raises(BodyCut, match="it was changed"):
            await anext(body)


async def test_a_file_that_was_replaced_is_sent_as_it_was(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    async with aclosing(FileBody(open_file(tmp_path / "file"), [WHOLE], Buffers())) as body:
        (tmp_path / "new").write_bytes(b"other")
        (tmp_path / "new").replace(tmp_path / "file")
        assert b"".join(await pieces_of(body)) == CONTENT


async def test_a_file_that_grew_is_cut(tmp_path: Path, any_platform: None) -> None:
    # It may have been added to, or written over by a longer one.
    (tmp_path / "file").write_bytes(b"before")
    os.utime(tmp_path / "file", (1, 1))
    async with aclosing(FileBody(open_file(tmp_path / "file"), [range(6)], Buffers())) as body:
        (tmp_path / "file").write_bytes(b"before and after")
        with pytest.raises(BodyCut, match="it was changed"):
            await anext(body)


async def test_a_change_right_after_another_is_seen(tmp_path: Path) -> None:
    for _ in range(20):  # two changes in a tick of the kernel have the same time
        (tmp_path / "file").write_bytes(CONTENT)
        async with aclosing(FileBody(open_file(tmp_path / "file"), [WHOLE], Buffers())) as body:
            await anext(body)
            (tmp_path / "file").write_bytes(CONTENT[::-1])
            with pytest.raises(BodyCut, match="it was changed"):
                await anext(body)


# Closing and cancelling


async def test_closing_closes_the_file_once(file: OpenFile) -> None:
    fd = file.fileno()
    body = FileBody(file, [WHOLE], Buffers())
    await anext(body)
    await body.aclose()
    assert not is_open(fd)
    again = os.dup(1)  # most likely the same number, and not the body's any more
    await body.aclose()
    assert is_open(again)
    os.close(again)


async def test_a_body_that_was_never_read_closes_its_file(file: OpenFile) -> None:
    await FileBody(file, [WHOLE], Buffers()).aclose()


async def test_closing_works_in_a_cancelled_scope(file: OpenFile) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await FileBody(file, [WHOLE], Buffers()).aclose()
    assert scope.cancelled_caught


async def test_a_closed_body_is_not_read(file: OpenFile) -> None:
    body = FileBody(file, [WHOLE], Buffers())
    await body.aclose()
    with pytest.raises(trio.ClosedResourceError):
        await anext(body)


async def test_a_cancelled_read_loses_nothing(file: OpenFile, any_platform: None) -> None:
    async with aclosing(FileBody(file, [range(10)], Buffers())) as body:
        with trio.CancelScope() as scope:
            scope.cancel()
            await anext(body)
        assert scope.cancelled_caught
        assert await anext(body) == CONTENT[:10]


async def while_no_thread_is_free(
    reading: Callable[[], Awaitable[object]], meanwhile: Callable[[], Awaitable[None]]
) -> None:
    """Start ``reading``, let it wait for a thread while ``meanwhile`` runs, and then finish."""
    limiter = trio.to_thread.current_default_thread_limiter()
    limiter.total_tokens = 1
    async with trio.open_nursery() as nursery, limiter:
        nursery.start_soon(reading)
        await trio.testing.wait_all_tasks_blocked()
        await meanwhile()
        limiter.total_tokens = 40


async def test_a_body_that_is_closed_while_a_thread_reads_it_is_closed_afterwards(
    file: OpenFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "preadv", raising=False)
    fd = file.fileno()
    body = FileBody(file, [WHOLE], Buffers())

    async def read() -> None:
        with pytest.raises(trio.ClosedResourceError):
            await anext(body)

    async def close() -> None:
        await body.aclose()
        assert is_open(fd)

    await while_no_thread_is_free(read, close)
    assert not is_open(fd)


async def test_two_tasks_do_not_read_one_body_at_once(
    file: OpenFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "preadv", raising=False)
    body = FileBody(file, [WHOLE], Buffers())

    async def read() -> None:
        assert await anext(body) == CONTENT[:BUFFER_BYTES]

    async def read_too() -> None:
        with pytest.raises(trio.BusyResourceError):
            await anext(body)

    await while_no_thread_is_free(read, read_too)
    await body.aclose()


# At once


@pytest.mark.parametrize(
    "part", [range(0), range(1), range(7, 7), range(1024), range(9, 99), WHOLE], ids=str
)
async def test_a_small_part_is_read_at_once(
    file: OpenFile, part: range, any_platform: None
) -> None:
    with file:
        assert await read_file(file, part) == CONTENT[part.start : part.stop]


async def test_of_a_small_file_that_became_shorter_nothing_is_read(
    file: OpenFile, any_platform: None
) -> None:
    with file:
        assert await read_file(file, range(len(CONTENT) + 10)) is None


async def test_of_a_small_file_that_was_written_over_nothing_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"before")
    os.utime(tmp_path / "file", (1, 1))
    with open_file(tmp_path / "file") as file:
        (tmp_path / "file").write_bytes(b"after!")
        assert await read_file(file, range(6)) is None
