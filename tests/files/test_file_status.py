import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from trio_https.files.file_status import (
    file_identity,
    has_other_content,
    is_settled,
    seconds_until_traced,
)


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


def write(file: Path, content: bytes, seconds: int) -> None:
    file.write_bytes(content)
    os.utime(file, (seconds, seconds))


CONTENT_CHANGES: dict[str, Callable[[Path], None]] = {
    "shorter": lambda file: write(file, b"012345678", 2),
    "as long": lambda file: write(file, b"9876543210", 2),
    "longer": lambda file: write(file, b"01234567890", 2),
    "older": lambda file: write(file, b"9876543210", 0),
    "longer, with the time set back": lambda file: write(file, b"01234567890", 1),
    "as long, with the time set back": lambda file: write(file, b"9876543210", 1),
}
OTHER_CHANGES: dict[str, Callable[[Path], object]] = {
    "none": lambda file: None,
    "deleted": lambda file: file.unlink(),
    "renamed": lambda file: file.rename(file.with_name("old")),
    "linked": lambda file: file.with_name("other").hardlink_to(file),
    "another mode": lambda file: file.chmod(0o400),
    "replaced": lambda file: file.with_name("new").rename(file),
    "moved away, and another put there": lambda file: (
        file.rename(file.with_name("old")),
        file.with_name("new").rename(file),
    ),
}


@pytest.mark.parametrize(
    ("change", "other_content"),
    [(change, True) for change in CONTENT_CHANGES.values()]
    + [(change, False) for change in OTHER_CHANGES.values()],
    ids=[*CONTENT_CHANGES, *OTHER_CHANGES],
)
def test_what_may_be_another_content_is_told_from_another_name(
    tmp_path: Path, change: Callable[[Path], None], other_content: bool
) -> None:
    file = tmp_path / "file"
    write(file, b"0123456789", 1)
    write(tmp_path / "new", b"9876543210", 1)
    with file.open("rb") as opened:
        before = os.fstat(opened.fileno())
        time.sleep(0.02)
        change(file)
        now = os.fstat(opened.fileno())
    assert has_other_content(before, now, str(file)) is other_content


@pytest.mark.parametrize(
    ("age", "seconds"), [(-1, 0), (0, 0.02), (0.015, 0.005), (0.02, 0), (100, 0)]
)
def test_a_change_in_the_tick_of_the_last_one_is_waited_out(
    tmp_path: Path, age: float, seconds: float
) -> None:
    status = tmp_path.stat()
    waiting = seconds_until_traced(status, max(status.st_mtime, status.st_ctime) + age)
    assert waiting == pytest.approx(seconds, abs=1e-5)
