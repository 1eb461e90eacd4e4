"""The documents as web pages: they build without a warning, the reference leaves nothing out."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import trio_https

from .command import UNMEASURED
from .programs import require_package

DOCS = Path(__file__).parent.parent / "docs"


@pytest.mark.timeout(300)  # on a busy machine it takes longer than others
def test_the_site_builds_without_a_warning(tmp_path: Path) -> None:
    for package in ("sphinx", "myst_parser", "furo"):
        require_package(package)
    finished = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-q", str(DOCS), str(tmp_path)],
        capture_output=True,
        text=True,
        env=os.environ | UNMEASURED,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    reference = (tmp_path / "reference.html").read_text("utf-8")
    described = set(re.findall(r'id="trio_https\.(\w+)"', reference))
    assert described == set(trio_https.__all__)


def test_every_document_has_its_place_in_the_contents() -> None:
    contents = set((DOCS / "index.md").read_text("utf-8").split())
    assert {path.stem for path in DOCS.glob("*.md")} - {"index"} <= contents
