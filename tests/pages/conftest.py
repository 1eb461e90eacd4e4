"""Whatever a test here does, it leaves no file open."""

from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(autouse=True)
def no_file_stays_open() -> Iterator[None]:
    before = set(Path("/dev/fd").iterdir())
    yield
    # What tests elsewhere have left may be closed meanwhile, by the garbage collector.
    assert set(Path("/dev/fd").iterdir()) - before == set()
