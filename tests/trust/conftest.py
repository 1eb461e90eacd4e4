"""CAs to be trusted, and programs that stand in for those of systems we do not have."""

from collections.abc import Callable
from pathlib import Path

import pytest

from trio_https.certificates.local_ca import open_local_ca
from trio_https.trust.authority import Authority, read_authority

from ..certificates.conftest import own_folder
from ..certificates.times import NOW

__all__ = ["MakeProgram", "authority", "make_authority", "make_program", "other", "own_folder"]

MakeProgram = Callable[[str, str], None]


def make_authority(home: Path) -> Authority:
    return read_authority(open_local_ca(home, now=NOW, hostname="somewhere").path)


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path / "home")


@pytest.fixture
def other(tmp_path: Path) -> Authority:
    """One with the same name, as a user has who made the CA anew."""
    return make_authority(tmp_path / "other home")


@pytest.fixture
def make_program(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeProgram:
    """Return what makes a shell script, by name and text, the first of that name on PATH."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=":")

    def make(name: str, script: str) -> None:
        path = folder / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    return make
