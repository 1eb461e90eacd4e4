"""Whatever a test here does, it leaves no file open."""

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True, scope="module")
def nothing_is_left_of_other_tests() -> None:
    """Have closed now what tests elsewhere have left to the garbage collector."""
    gc.collect()


@pytest.fixture(autouse=True)
def no_file_stays_open() -> Iterator[None]:
    before = sorted(Path("/dev/fd").iterdir())
    yield
    assert sorted(Path("/dev/fd").iterdir()) == before
