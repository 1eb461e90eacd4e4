"""Foreign programs that tests run: found on this machine, or the test says why it is not run."""

import os
import shutil
from importlib.util import find_spec
from typing import NoReturn

import pytest

__all__ = ["require_package", "require_program"]


def require_program(name: str) -> str:
    """Return the path of ``name``; without it the test is skipped, and in CI it fails."""
    path = shutil.which(name)
    if path is None:
        _do_without(name)
    return path


def require_package(name: str) -> None:
    """Have a Python package beside the tests, as ``require_program`` has a program."""
    if find_spec(name) is None:
        _do_without(name)


def _do_without(name: str) -> NoReturn:
    if os.environ.get("CI"):
        pytest.fail(f"{name} is not installed, and in CI no test is skipped")
    pytest.skip(f"{name} is not installed")
