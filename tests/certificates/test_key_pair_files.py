import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from trio_https.certificates.key_pair_files import KeyPairFiles
from trio_https.errors import ConfigError

needs_modes = pytest.mark.skipif(sys.platform == "win32", reason="modes are those of Unix")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@needs_modes
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_key_is_private_whatever_the_umask_is(
    tmp_path: Path, umask: int, set_umask: Callable[[int], int]
) -> None:
    set_umask(umask)
    files = KeyPairFiles(tmp_path / "a" / "certs")
    files.write_new(b"key", b"certificate")
    files.replace(b"new key", b"new certificate")
    assert (mode(files.key), mode(files.certificate)) == (0o600, 0o666 & ~umask)
    assert (files.key.read_bytes(), files.certificate.read_bytes()) == (
        b"new key",
        b"new certificate",
    )
    assert names(files.folder) == ["server.crt", "server.key"]


@pytest.mark.parametrize("name", ["server.key", "server.crt"])
def test_a_file_that_is_there_is_kept_and_no_other_is_left(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"old")
    files = KeyPairFiles(tmp_path)
    for attempt in (files.check_free, lambda: files.write_new(b"key", b"certificate")):
        with pytest.raises(ConfigError, match=rf"{name}: this file is there already\. .*--force"):
            attempt()
    assert names(tmp_path) == [name]
    assert (tmp_path / name).read_bytes() == b"old"


@needs_modes
def test_a_link_is_not_written_through(tmp_path: Path) -> None:
    (tmp_path / "certs").mkdir()
    files = KeyPairFiles(tmp_path / "certs")
    files.key.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ConfigError, match="there already"):
        files.write_new(b"key", b"certificate")
    files.replace(b"key", b"certificate")
    assert not files.key.is_symlink()
    assert not (tmp_path / "elsewhere").exists()


def test_what_can_not_be_replaced_leaves_both_as_they_were(tmp_path: Path) -> None:
    files = KeyPairFiles(tmp_path)
    files.key.write_bytes(b"old")
    files.certificate.mkdir()
    with pytest.raises(ConfigError, match=r"server\.crt: this is a folder\. Move it away"):
        files.replace(b"key", b"certificate")
    assert files.key.read_bytes() == b"old"
    assert names(tmp_path) == ["server.crt", "server.key"]


@needs_modes
def test_a_folder_that_can_not_be_written_to_is_told(own_folder: Path) -> None:
    own_folder.chmod(0o500)
    with pytest.raises(ConfigError, match=r"permission denied\. Name another folder with --out"):
        KeyPairFiles(own_folder).write_new(b"key", b"certificate")
    with pytest.raises(ConfigError, match=r"permission denied\. Name another folder with --out"):
        KeyPairFiles(own_folder / "certs").write_new(b"key", b"certificate")
    own_folder.chmod(0o700)
    assert names(own_folder) == []
