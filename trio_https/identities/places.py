"""Where the certificates of a server come from, and what tells that there may be others now.

A place is a pair of files, a folder of them, or the local certificate authority. A stamp is
whatever changes when what was read there may be out of date. Nothing is read here but folders.
"""

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from ipaddress import IPv4Address, IPv6Address
from pathlib import Path

from ..errors import ConfigError

__all__ = ["CertificateFolder", "KeyFiles", "LocalAuthority", "Place", "Source", "stamp_files"]

_CERTIFICATE_SUFFIXES = (".pem", ".crt", ".cer")
_KEY_NAMES = ("{}.key", "{}-key.pem", "{}.key.pem")  # by OpenSSL's custom, mkcert and others
_LOCAL_CHECK_SECONDS = 600  # as Caddy does; and after a failure it is tried again so soon


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """A certificate chain and its private key, in PEM."""

    certificate: Path
    """The server's own certificate first."""
    key: Path | None = None
    """None: in the file of the certificate too."""
    password_file: Path | None = None
    """A file whose first line is the password of the key."""

    def __str__(self) -> str:
        """Return the name of the certificate's file."""
        return str(self.certificate)

    @property
    def private_files(self) -> tuple[Path, ...]:
        """What nobody else may read."""
        return (self.key or self.certificate, *filter(None, [self.password_file]))

    def sources(self) -> "list[Source]":
        """Return itself."""
        return [self]

    def stamp(self, _now: datetime) -> Hashable:
        """Return what tells that a file is another one, or has been written to."""
        return stamp_files((self.certificate, *self.private_files))


@dataclass(frozen=True, slots=True)
class CertificateFolder:
    """A folder in which every certificate has its key beside it.

    The key of ``site.crt`` or ``site.pem`` is in it, or in ``site.key`` or ``site-key.pem``. In a
    folder with ``fullchain.pem`` and ``privkey.pem``, as ACME clients make them, these are the
    pair; such folders may also lie in ``path``, one for each site.
    """

    path: Path
    password_file: Path | None = None

    @property
    def private_files(self) -> tuple[Path, ...]:
        """What nobody else may read."""
        return (self.path, *filter(None, [self.password_file]))

    def sources(self) -> "list[Source]":
        """Return the pairs in the folder, by name. Raises ConfigError where there is none."""
        try:
            pairs = list(self._pairs())
        except OSError as exc:
            raise ConfigError(
                f"{self.path}: {exc.strerror}. Name a folder that the server may read."
            ) from exc
        if not pairs:
            raise ConfigError(
                f"{self.path}: there is no certificate in this folder. Put PEM files there, each"
                " with its key in it or beside it: site.crt and site.key."
            )
        return pairs

    def _pairs(self) -> "Iterable[Source]":
        if pair := self._acme_pair(self.path):
            yield pair
            return
        entries = sorted(self.path.iterdir())
        keys = {key for entry in entries for key in _key_paths(entry)}
        for entry in entries:
            if entry.name.startswith("."):
                continue
            if pair := self._acme_pair(entry):
                yield pair
            elif entry.suffix.lower() in _CERTIFICATE_SUFFIXES and entry not in keys:
                key = next((path for path in _key_paths(entry) if path.exists()), None)
                yield KeyFiles(entry, key, self.password_file)

    def _acme_pair(self, folder: Path) -> KeyFiles | None:
        certificate, key = folder / "fullchain.pem", folder / "privkey.pem"
        if certificate.exists() and key.exists():
            return KeyFiles(certificate, key, self.password_file)
        return None


@dataclass(frozen=True, slots=True)
class LocalAuthority:
    """The local certificate authority, which issues a certificate for this machine's own names."""

    home: Path
    """The folder where it is kept."""
    lan_names: "Callable[[], Sequence[SubjectName]] | None" = None
    """Gives the names and addresses that are to be in the certificate besides those that any
    machine has; asked again and again, for they change. May raise ``OSError``."""
    names: "tuple[SubjectName, ...] | None" = None
    """Those that the certificate is for; None: those that any machine has."""

    def __str__(self) -> str:
        """Return what messages call it."""
        return "the local certificate"

    @property
    def private_files(self) -> tuple[Path, ...]:
        """What nobody else may read."""
        return (self.home,)

    def sources(self) -> "list[Source]":
        """Return itself."""
        return [self]

    def stamp(self, now: datetime) -> Hashable:
        """Return what changes with the names, and every ten minutes.

        For then it may be due: ``open_local_certificate`` looks, and issues another if it is.
        """
        names = tuple(self.lan_names()) if self.lan_names is not None else ()
        return names, int(now.timestamp()) // _LOCAL_CHECK_SECONDS


SubjectName = str | IPv4Address | IPv6Address
Source = KeyFiles | LocalAuthority
"""What gives one certificate."""
Place = KeyFiles | CertificateFolder | LocalAuthority


def stamp_files(paths: Iterable[Path]) -> Hashable:
    """Return what is another value when one of the files was replaced or written to."""
    return tuple(_stamp_file(path) for path in paths)


def _stamp_file(path: Path) -> Hashable:
    try:
        status = path.stat()  # of what a link leads to: ACME clients replace links
    except OSError as exc:
        return exc.errno
    # With ctime: a copy that keeps the time of its original is news too, and so is a chmod.
    times = status.st_mtime_ns, status.st_ctime_ns
    return status.st_dev, status.st_ino, status.st_size, *times


def _key_paths(certificate: Path) -> list[Path]:
    return [certificate.with_name(name.format(certificate.stem)) for name in _KEY_NAMES]
