"""The pytest plugin of trio_https: fixtures for tests that run under pytest-trio.

pytest loads this in every run, also in those of projects that only happen to have trio_https
installed. So it lies outside the package, whose import loads Trio, and imports nothing of it: the
fixtures do, when a test asks for one. It registers none where pytest-trio is not at work.
"""

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest


def pytest_configure(config: "pytest.Config") -> None:
    """Register the fixtures, if there is pytest-trio to run them."""
    # By the module: the name depends on whether it was loaded by itself or with -p.
    pytest_trio = sys.modules.get("pytest_trio.plugin")
    if pytest_trio is None or not config.pluginmanager.is_registered(pytest_trio):
        return
    from . import fixtures

    config.pluginmanager.register(fixtures, "trio_https_fixtures")
