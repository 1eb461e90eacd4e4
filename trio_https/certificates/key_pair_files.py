"""The files of a new certificate and its key: written whole, and never over others unasked.

The key has mode 0600 from its first byte on, whatever the umask is. What the files hold is not
known here.
"""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from ..errors import ConfigError
from .home import config_error, sync_folder

__all__ = ["KeyPairFiles"]

_PUBLIC, _PRIVATE = 0o666, 0o600  # the first is what the umask leaves of it


@dataclass(frozen=True, slots=True)
class KeyPairFiles:
    """``server.crt`` and ``server.key`` in a folder."""

    folder: Path

    @property
    def certificate(self) -> Path:
        """The file of the certificate."""
        return self.folder / "server.crt"

    @property
    def key(self) -> Path:
        """The file of its private key."""
        return self.folder / "server.key"

    def check_free(self) -> None:
        """Raise ConfigError where one of the files is there already."""
        for path in (self.key, self.certificate):
            if path.exists() or path.is_symlink():
                raise _already_there(path)

    def write_new(self, key: bytes, certificate: bytes) -> None:
        """Write both files, which must not be there, and the folder if it is missing.

        Raises ConfigError; neither file is left then.
        """
        self._make_folder()
        with _new_file(self.key, key, _PRIVATE), _new_file(self.certificate, certificate, _PUBLIC):
            sync_folder(self.folder)

    def replace(self, key: bytes, certificate: bytes) -> None:
        """Put both files in the place of those that are there, each as a whole.

        Raises ConfigError; the old files are left then.
        """
        self._make_folder()
        for path in (self.key, self.certificate):
            if path.is_dir():
                raise config_error(path, "this is a folder", "Move it away")
        new_key, new_certificate = _temporary(self.key), _temporary(self.certificate)
        with (
            _new_file(new_key, key, _PRIVATE),
            _new_file(new_certificate, certificate, _PUBLIC),
        ):
            # Two renames: a server that reloads between them finds files that don't fit, and so
            # keeps what it has.
            try:
                new_key.replace(self.key)
                new_certificate.replace(self.certificate)
            except OSError as error:
                raise config_error(self.folder, error, "Make it writable") from error
        sync_folder(self.folder)

    def _make_folder(self) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise config_error(self.folder, error, "Name another folder with --out") from error


@contextmanager
def _new_file(path: Path, content: bytes, mode: int) -> Iterator[None]:
    """Write a file that must not be there; it is taken away again if the block fails."""
    try:
        # Mode "x" is O_EXCL: what somebody else put there meanwhile, a link say, is not written to.
        file = open(path, "xb", opener=lambda name, flags: os.open(name, flags, mode))  # noqa: SIM115
    except FileExistsError as error:
        raise _already_there(path) from error
    except OSError as error:
        raise config_error(path, error, "Name another folder with --out") from error
    try:
        _write(file, path, content)
        yield
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _write(file: IO[bytes], path: Path, content: bytes) -> None:
    try:
        with file:
            file.write(content)
            file.flush()
            # Before a rename: after a power cut the name must not lead to an empty file.
            os.fsync(file.fileno())
    except OSError as error:
        raise config_error(path, error, "Name another folder with --out") from error


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}")


def _already_there(path: Path) -> ConfigError:
    remedy = "Keep it with --out, which names another folder, or replace it with --force"
    return config_error(path, "this file is there already", remedy)
