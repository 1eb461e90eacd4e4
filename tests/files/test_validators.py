import os
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from trio_https.errors import HTTPError
from trio_https.files.kept_files import Files, KeptFile
from trio_https.files.open_file import Folder, OpenFile
from trio_https.files.validators import Source, Validators, ValidatorsOf

MODIFIED = 1_000_000_000
NOW = MODIFIED + 1000.0
BIG = bytes(range(256)) * 4096  # several buffers


def write(path: Path, content: bytes, modified: float = MODIFIED) -> None:
    path.write_bytes(content)
    os.utime(path, (modified, modified))


async def validators(path: Path, source: Source, *, now: float = NOW) -> Validators:
    return await validators_of(path, ValidatorsOf(source), now=now)


async def validators_of(path: Path, find: ValidatorsOf, *, now: float = NOW) -> Validators:
    file = Folder(path.parent).open((path.name,))
    with file:
        return await find(file, now=now)


# By status


async def test_by_status_a_change_of_time_or_place_makes_another_tag(tmp_path: Path) -> None:
    write(tmp_path / "a", b"one")
    write(tmp_path / "b", b"one")
    first = await validators(tmp_path / "a", "file")
    assert first.last_modified == MODIFIED
    assert await validators(tmp_path / "a", "file") == first
    assert (await validators(tmp_path / "b", "file")).etag != first.etag
    os.utime(tmp_path / "a", ns=(0, MODIFIED * 10**9 + 1))
    assert (await validators(tmp_path / "a", "file")).etag != first.etag


# By content


@pytest.mark.parametrize("content", [b"", b"one", BIG])
async def test_by_content_the_same_content_has_the_same_tag(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "a", content)
    write(tmp_path / "b", content, modified=1)
    first = await validators(tmp_path / "a", "content")
    assert first == await validators(tmp_path / "b", "content")
    assert first.last_modified is None
    assert not first.etag.startswith("W/")
    write(tmp_path / "b", content + b"!", modified=1)
    assert (await validators(tmp_path / "b", "content")).etag != first.etag


async def test_by_content_a_file_in_memory_has_the_tag_of_one_on_the_disk(tmp_path: Path) -> None:
    write(tmp_path / "a", b"one")
    files = Files(Folder(tmp_path))
    file = files.open(("a",))
    assert isinstance(file, OpenFile)
    with file:
        by_disk = await ValidatorsOf("content")(file, now=NOW)
        await files.load(("a",), file, now=NOW)
    kept = files.open(("a",))
    assert isinstance(kept, KeptFile)
    assert await ValidatorsOf("content")(kept, now=NOW) == by_disk


async def test_by_content_a_file_is_read_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "a", BIG)
    find = ValidatorsOf("content")
    first = await validators_of(tmp_path / "a", find)
    threads: list[object] = []
    run_sync = trio.to_thread.run_sync

    async def counted(*args: object, **options: object) -> object:
        threads.append(args)
        return await run_sync(*args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(trio.to_thread, "run_sync", counted)
    assert await validators_of(tmp_path / "a", find) == first
    assert not threads
    write(tmp_path / "a", BIG[::-1])
    assert await validators_of(tmp_path / "a", find) != first
    assert len(threads) == 1


async def test_by_content_a_file_that_may_change_without_a_trace_is_read_each_time(
    tmp_path: Path,
) -> None:
    write(tmp_path / "a", b"one")
    find = ValidatorsOf("content")
    await validators_of(tmp_path / "a", find, now=MODIFIED + 1)
    assert not find._tags
    await validators_of(tmp_path / "a", find, now=MODIFIED + 2)
    assert len(find._tags) == 1


async def test_by_content_so_many_tags_are_kept_and_no_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trio_https.files.validators._MAX_TAGS", 3)
    find = ValidatorsOf("content")
    for name in "abcabd":
        if not (tmp_path / name).exists():
            write(tmp_path / name, name.encode())
        await validators_of(tmp_path / name, find)
    assert len(find._tags) == 3
    kept = set(find._tags.values())
    assert (await validators_of(tmp_path / "c", find)).etag not in kept


async def test_by_content_a_change_while_it_is_read_is_not_remembered(tmp_path: Path) -> None:
    write(tmp_path / "a", b"one")
    find = ValidatorsOf("content")
    with Folder(tmp_path).open(("a",)) as file:
        write(tmp_path / "a", b"two")
        with pytest.raises(HTTPError, match="503"):
            await find(file, now=NOW)
    assert not find._tags


@pytest.mark.skipif(not hasattr(os, "preadv"), reason="what is read can't be counted here")
async def test_by_content_who_asks_at_the_same_time_waits_for_one_reading(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Else a crowd that asks for a film of 10 GB has it read as often as it has members.
    write(tmp_path / "film", BIG)
    find = ValidatorsOf("content")
    counts: list[int] = []
    preadv = os.preadv

    def counted(*args: Any) -> int:
        counts.append(preadv(*args))
        return counts[-1]

    monkeypatch.setattr(os, "preadv", counted)
    async with trio.open_nursery() as nursery:
        for _ in range(5):
            nursery.start_soon(validators_of, tmp_path / "film", find)
    assert sum(counts) == len(BIG)
