import os
from collections.abc import Awaitable, Callable, Iterator
from contextlib import aclosing
from pathlib import Path

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from trio_https.handlers.file_body import BUFFER_BYTES, FileBody, read_file

CONTENT = bytes(range(256)) * 3000  # three buffers, the last one not full
WHOLE = range(len(CONTENT))
assert BUFFER_BYTES * 2 < len(CONTENT) < BUFFER_BYTES * 3


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("file_body") / "content"
    path.write_bytes(CONTENT)
    return path


@pytest.fixture
def fd(path: Path) -> Iterator[int]:
    fd = os.open(path, os.O_RDONLY)
    yield fd
    if is_open(fd):
        os.close(fd)


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


async def pieces_of(body: FileBody) -> list[bytes]:
    return [bytes(piece) async for piece in body]


# Reading


async def test_a_file_is_streamed_in_pieces_of_one_buffer(fd: int, any_platform: None) -> None:
    async with aclosing(FileBody(fd, [WHOLE])) as body:
        pieces = await pieces_of(body)
        assert b"".join(pieces) == CONTENT
        assert max(map(len, pieces)) <= BUFFER_BYTES


async def test_a_part_of_a_file_is_streamed(fd: int, any_platform: None) -> None:
    async with aclosing(FileBody(fd, [range(1234, 301_234)])) as body:
        assert b"".join(await pieces_of(body)) == CONTENT[1234:301_234]


async def test_the_end_is_told_again_and_again(fd: int) -> None:
    async with aclosing(FileBody(fd, [range(10)])) as body:
        assert await anext(body) == CONTENT[:10]
        assert await pieces_of(body) == []
        assert await pieces_of(body) == []


async def test_an_empty_part_has_no_pieces(fd: int) -> None:
    async with aclosing(FileBody(fd, [range(5, 5)])) as body:
        assert await pieces_of(body) == []


async def test_parts_come_in_their_order_with_what_stands_between_them(
    fd: int, any_platform: None
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
    async with aclosing(FileBody(fd, parts)) as body:
        whole = b"".join(await pieces_of(body))
    assert whole == b"--\r\n" + CONTENT[300_000:600_000] + b"--\r\n" + CONTENT[:5] + b"--"


@given(offset=st.integers(0, len(CONTENT)), length=st.integers(0, len(CONTENT)))
async def test_any_part_is_that_part_in_pieces_of_a_buffer(
    path: Path, offset: int, length: int
) -> None:
    part = range(offset, min(offset + length, len(CONTENT)))
    async with aclosing(FileBody(os.open(path, os.O_RDONLY), [part])) as body:
        pieces = await pieces_of(body)
    assert b"".join(pieces) == CONTENT[part.start : part.stop]
    assert all(len(piece) <= BUFFER_BYTES for piece in pieces)


async def test_one_buffer_is_used_again(fd: int) -> None:
    async with aclosing(FileBody(fd, [WHOLE])) as body:
        first, second = await anext(body), await anext(body)
        assert isinstance(first, memoryview)
        assert isinstance(second, memoryview)
        assert first.obj is second.obj


async def test_who_still_looks_at_a_piece_does_not_break_the_next_ones(fd: int) -> None:
    async with aclosing(FileBody(fd, [WHOLE])) as body:
        with memoryview(await anext(body)):
            assert b"".join(await pieces_of(body)) == CONTENT[BUFFER_BYTES:]


async def test_what_is_not_in_the_page_cache_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "cold").write_bytes(CONTENT)
    fd = os.open(tmp_path / "cold", os.O_RDONLY)
    async with aclosing(FileBody(fd, [WHOLE])) as body:
        os.fsync(fd)
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        assert b"".join(await pieces_of(body)) == CONTENT


async def test_a_fault_of_the_disk_is_raised(tmp_path: Path, any_platform: None) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)  # a folder has no content to read
    async with aclosing(FileBody(fd, [range(10)])) as body:
        with pytest.raises(IsADirectoryError):
            await anext(body)
    assert not is_open(fd)


# Files that change


async def test_a_file_that_became_shorter_ends_early(tmp_path: Path, any_platform: None) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    async with aclosing(FileBody(os.open(tmp_path / "file", os.O_RDONLY), [WHOLE])) as body:
        assert await anext(body) == CONTENT[:BUFFER_BYTES]
        os.truncate(tmp_path / "file", BUFFER_BYTES + 10)
        assert await anext(body) == CONTENT[BUFFER_BYTES : BUFFER_BYTES + 10]
        assert await pieces_of(body) == []
        os.truncate(tmp_path / "file", len(CONTENT))
        assert await pieces_of(body) == []


async def test_of_a_file_that_grew_only_the_promised_length_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"before")
    async with aclosing(FileBody(os.open(tmp_path / "file", os.O_RDONLY), [range(6)])) as body:
        (tmp_path / "file").write_bytes(b"before and after")
        assert await pieces_of(body) == [b"before"]


# Closing and cancelling


async def test_closing_closes_the_file_once(fd: int) -> None:
    body = FileBody(fd, [WHOLE])
    await anext(body)
    await body.aclose()
    assert not is_open(fd)
    again = os.dup(1)  # most likely the same number, and not the body's any more
    await body.aclose()
    assert is_open(again)
    os.close(again)


async def test_a_body_that_was_never_read_closes_its_file(fd: int) -> None:
    await FileBody(fd, [WHOLE]).aclose()
    assert not is_open(fd)


async def test_closing_works_in_a_cancelled_scope(fd: int) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await FileBody(fd, [WHOLE]).aclose()
    assert scope.cancelled_caught
    assert not is_open(fd)


async def test_a_closed_body_is_not_read(fd: int) -> None:
    body = FileBody(fd, [WHOLE])
    await body.aclose()
    with pytest.raises(trio.ClosedResourceError):
        await anext(body)


async def test_a_cancelled_read_loses_nothing(fd: int, any_platform: None) -> None:
    async with aclosing(FileBody(fd, [range(10)])) as body:
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
    fd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "preadv", raising=False)
    body = FileBody(fd, [WHOLE])

    async def read() -> None:
        with pytest.raises(trio.ClosedResourceError):
            await anext(body)

    async def close() -> None:
        await body.aclose()
        assert is_open(fd)

    await while_no_thread_is_free(read, close)
    assert not is_open(fd)


async def test_two_tasks_do_not_read_one_body_at_once(
    fd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "preadv", raising=False)
    body = FileBody(fd, [WHOLE])

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
async def test_a_small_part_is_read_at_once(fd: int, part: range, any_platform: None) -> None:
    assert await read_file(fd, part) == CONTENT[part.start : part.stop]


async def test_a_small_file_that_became_shorter_is_read_to_its_end(
    fd: int, any_platform: None
) -> None:
    assert await read_file(fd, range(len(CONTENT) + 10)) == CONTENT
