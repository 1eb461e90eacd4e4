import os
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from trio_https.handlers.file_body import BUFFER_BYTES, FileBody, read_file

CONTENT = bytes(range(256)) * 3000  # three buffers, the last one not full
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


async def pieces_of(body: FileBody, max_bytes: int | None = None) -> list[bytes]:
    pieces = []
    while piece := await body.receive_some(max_bytes):
        pieces.append(bytes(piece))
    return pieces


# Reading


async def test_a_file_is_streamed_in_pieces_of_one_buffer(fd: int, any_platform: None) -> None:
    async with FileBody(fd, len(CONTENT)) as body:
        pieces = await pieces_of(body)
        assert b"".join(pieces) == CONTENT
        assert max(map(len, pieces)) <= BUFFER_BYTES


async def test_a_part_of_a_file_is_streamed(fd: int, any_platform: None) -> None:
    async with FileBody(fd, 300_000, offset=1234) as body:
        assert b"".join(await pieces_of(body)) == CONTENT[1234:301_234]


async def test_the_end_is_told_again_and_again(fd: int) -> None:
    async with FileBody(fd, 10) as body:
        assert await body.receive_some() == CONTENT[:10]
        assert await body.receive_some() == b""
        assert await body.receive_some() == b""


async def test_an_empty_part_has_no_pieces(fd: int) -> None:
    async with FileBody(fd, 0, offset=5) as body:
        assert await pieces_of(body) == []


async def test_a_body_can_be_iterated(fd: int) -> None:
    async with FileBody(fd, len(CONTENT)) as body:
        assert b"".join([bytes(piece) async for piece in body]) == CONTENT


@given(
    offset=st.integers(0, len(CONTENT)),
    length=st.integers(0, len(CONTENT)),
    max_bytes=st.none() | st.integers(20_000, 2 * BUFFER_BYTES),
)
async def test_any_part_is_that_part_in_pieces_of_any_size(
    path: Path, offset: int, length: int, max_bytes: int | None
) -> None:
    fd = os.open(path, os.O_RDONLY)
    async with FileBody(fd, length, offset=offset) as body:
        pieces = await pieces_of(body, max_bytes)
    assert b"".join(pieces) == CONTENT[offset : offset + length]
    assert all(len(piece) <= (max_bytes or BUFFER_BYTES) for piece in pieces)


async def test_one_buffer_is_used_again(fd: int) -> None:
    async with FileBody(fd, len(CONTENT)) as body:
        assert await body.receive_some() is await body.receive_some()


async def test_who_still_looks_at_a_piece_does_not_break_the_next_ones(fd: int) -> None:
    async with FileBody(fd, len(CONTENT)) as body:
        with memoryview(await body.receive_some()):
            assert b"".join(await pieces_of(body)) == CONTENT[BUFFER_BYTES:]


async def test_pieces_of_less_than_a_byte_are_refused(fd: int) -> None:
    async with FileBody(fd, 10) as body:
        with pytest.raises(ValueError, match="at least 1"):
            await body.receive_some(0)


async def test_what_is_not_in_the_page_cache_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "cold").write_bytes(CONTENT)
    fd = os.open(tmp_path / "cold", os.O_RDONLY)
    async with FileBody(fd, len(CONTENT)) as body:
        os.fsync(fd)
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        assert b"".join(await pieces_of(body)) == CONTENT


async def test_a_fault_of_the_disk_is_raised(tmp_path: Path, any_platform: None) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)  # a folder has no content to read
    async with FileBody(fd, 10) as body:
        with pytest.raises(IsADirectoryError):
            await body.receive_some()
    assert not is_open(fd)


# Files that change


async def test_a_file_that_became_shorter_ends_early(tmp_path: Path, any_platform: None) -> None:
    (tmp_path / "file").write_bytes(CONTENT)
    async with FileBody(os.open(tmp_path / "file", os.O_RDONLY), len(CONTENT)) as body:
        assert await body.receive_some() == CONTENT[:BUFFER_BYTES]
        os.truncate(tmp_path / "file", BUFFER_BYTES + 10)
        assert await body.receive_some() == CONTENT[BUFFER_BYTES : BUFFER_BYTES + 10]
        assert await body.receive_some() == b""
        os.truncate(tmp_path / "file", len(CONTENT))
        assert await body.receive_some() == b""


async def test_of_a_file_that_grew_only_the_promised_length_is_read(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"before")
    async with FileBody(os.open(tmp_path / "file", os.O_RDONLY), 6) as body:
        (tmp_path / "file").write_bytes(b"before and after")
        assert await pieces_of(body) == [b"before"]


# Closing and cancelling


async def test_closing_closes_the_file_once(fd: int) -> None:
    body = FileBody(fd, len(CONTENT))
    await body.receive_some()
    await body.aclose()
    assert not is_open(fd)
    again = os.dup(1)  # most likely the same number, and not the body's any more
    await body.aclose()
    assert is_open(again)
    os.close(again)


async def test_a_body_that_was_never_read_closes_its_file(fd: int) -> None:
    await FileBody(fd, len(CONTENT)).aclose()
    assert not is_open(fd)


async def test_closing_works_in_a_cancelled_scope(fd: int) -> None:
    with trio.CancelScope() as scope:
        scope.cancel()
        await FileBody(fd, len(CONTENT)).aclose()
    assert scope.cancelled_caught
    assert not is_open(fd)


async def test_a_closed_body_is_not_read(fd: int) -> None:
    body = FileBody(fd, len(CONTENT))
    await body.aclose()
    with pytest.raises(trio.ClosedResourceError):
        await body.receive_some()


async def test_a_cancelled_read_loses_nothing(fd: int, any_platform: None) -> None:
    async with FileBody(fd, 10) as body:
        with trio.CancelScope() as scope:
            scope.cancel()
            await body.receive_some()
        assert scope.cancelled_caught
        assert await body.receive_some() == CONTENT[:10]


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
    body = FileBody(fd, len(CONTENT))

    async def read() -> None:
        with pytest.raises(trio.ClosedResourceError):
            await body.receive_some()

    async def close() -> None:
        await body.aclose()
        assert is_open(fd)

    await while_no_thread_is_free(read, close)
    assert not is_open(fd)


async def test_two_tasks_do_not_read_one_body_at_once(
    fd: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(os, "preadv", raising=False)
    body = FileBody(fd, len(CONTENT))

    async def read() -> None:
        assert await body.receive_some() == CONTENT[:BUFFER_BYTES]

    async def read_too() -> None:
        with pytest.raises(trio.BusyResourceError):
            await body.receive_some()

    await while_no_thread_is_free(read, read_too)
    await body.aclose()


# At once


@pytest.mark.parametrize("length", [0, 1, 1024, len(CONTENT)])
async def test_a_small_file_is_read_at_once(fd: int, length: int, any_platform: None) -> None:
    assert await read_file(fd, length) == CONTENT[:length]


async def test_a_small_file_that_became_shorter_is_read_to_its_end(
    fd: int, any_platform: None
) -> None:
    assert await read_file(fd, len(CONTENT) + 10) == CONTENT
