"""Folders, umasks and users for the tests of what is kept on the disk."""

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

_NOBODY = 65534


@pytest.fixture
def own_folder(tmp_path: Path) -> Iterator[Path]:
    """An empty folder of a user who is not root, and who we are until the test ends.

    Root may read and write what has mode 0, so that the tests of modes would show nothing.
    """
    if sys.platform == "win32" or os.geteuid() != 0:
        yield tmp_path
        return
    folder = Path(tempfile.mkdtemp())
    os.chown(folder, _NOBODY, _NOBODY)
    os.seteuid(_NOBODY)
    try:
        yield folder
    finally:
        os.seteuid(0)
        shutil.rmtree(folder)


@pytest.fixture
def set_umask() -> Iterator[Callable[[int], int]]:
    """``os.umask``, undone when the test ends."""
    before = os.umask(0o022)
    yield os.umask
    os.umask(before)
