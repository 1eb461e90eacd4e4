"""The folder that all rows are about, made once."""

from pathlib import Path

import pytest

from .folder import make_folder


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("semantics") / "site"
    make_folder(site)
    return site
