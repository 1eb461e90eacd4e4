"""Foreign programs that tests run: found on PATH, or the test says why it is not run."""

import os
import shutil

import pytest

__all__ = ["require_program"]


def require_program(name: str) -> str:
    """Return the path of ``name``; without it the test is skipped, and in CI it fails."""
    path = shutil.which(name)
    if path is not None:
        return path
    if os.environ.get("CI"):
        pytest.fail(f"{name} is not installed, and in CI no test is skipped")
    pytest.skip(f"{name} is not installed")
