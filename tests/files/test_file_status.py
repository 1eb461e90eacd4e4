import os
from pathlib import Path

import pytest

from trio_https.files.file_status import file_identity, is_settled, was_rewritten


def test_a_file_is_the_same_until_anything_of_it_changes(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"0123456789")
    os.utime(file, (1, 1))
    seen = [file_identity(file.stat())]
    assert file_identity(file.stat()) == seen[0]
    file.write_bytes(b"9876543210")
    os.utime(file, (1, 1))  # ctime tells
    seen.append(file_identity(file.stat()))
    file.write_bytes(b"longer than that")
    os.utime(file, (1, 1))
    seen.append(file_identity(file.stat()))
    (tmp_path / "other").write_bytes(b"longer than that")
    os.utime(tmp_path / "other", (1, 1))
    (tmp_path / "other").replace(file)
    seen.append(file_identity(file.stat()))
    assert len(set(seen)) == 4


@pytest.mark.parametrize(("age", "settled"), [(-1, False), (0, False), (1.9, False), (2, True)])
def test_a_file_settles_when_the_clock_of_any_disk_has_moved_on(
    tmp_path: Path, age: float, settled: bool
) -> None:
    os.utime(tmp_path, (100, 100))
    assert is_settled(tmp_path.stat(), 100 + age) is settled


def test_a_file_that_was_given_an_old_time_just_now_has_not_settled(tmp_path: Path) -> None:
    os.utime(tmp_path, (100, 100))
    changed_at = tmp_path.stat().st_ctime
    assert not is_settled(tmp_path.stat(), changed_at + 1.9)
    assert is_settled(tmp_path.stat(), changed_at + 2)


@pytest.mark.parametrize(
    ("size", "seconds", "rewritten"),
    [(10, 0, False), (9, 1, True), (10, 1, True), (11, 1, False)],
)
def test_what_is_only_longer_was_not_written_over(
    tmp_path: Path, size: int, seconds: int, rewritten: bool
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"0123456789")
    os.utime(file, (1, 1))
    before = file.stat()
    file.write_bytes(b"x" * size)
    os.utime(file, (1 + seconds, 1 + seconds))
    assert was_rewritten(before, file.stat()) is rewritten
