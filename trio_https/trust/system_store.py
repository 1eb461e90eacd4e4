"""The trust stores of Linux distributions: a folder of the administrator's CAs, and a program.

The program puts them together with those that the distribution brings, into a bundle that most
clients read. It is the bundle that tells whom they trust, and the folder that is changed.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from .authority import Authority
from .programs import find_program
from .store import Command, StoreError

__all__ = ["SystemStore", "find_system_store"]

_BEGIN = b"-----BEGIN "


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStore:
    """The trust store of a Linux system."""

    anchors: Path
    """The folder of the administrator's CAs."""
    bundle: Path
    """The file with all CAs that are trusted, in PEM."""
    update: Command
    """Makes the bundle after a CA has come."""
    rebuild: Command
    """Makes the bundle, and all that goes with it, after a CA has gone."""

    kind: ClassVar[str] = "system"
    readers: ClassVar[str] = "curl, Git, Python and most other programs"
    # Seconds. Hooks of packages are run too; that of Java takes ten on a slow machine.
    timeout: ClassVar[float] = 120.0

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.anchors)

    @property
    def needs_root(self) -> bool:
        """Whether this user may not write to the folder."""
        return not os.access(self.anchors, os.W_OK, effective_ids=True)

    def adding(self, authority: Authority) -> tuple[Command, ...]:
        """Return the commands that put a CA's file into the folder and update the bundle."""
        if authority.is_in(_read(self.bundle)):
            return ()
        if self._files_with(authority):
            return (self.update,)
        path = self.anchors / f"trio-https-{authority.short_name}.crt"
        # The mode is given: the local CA's own file is private, and all have to read this one.
        return (("install", "-m", "644", str(authority.path), str(path)), self.update)

    def removing(self, authority: Authority) -> tuple[Command, ...]:
        """Return the commands that remove the files of a CA, by whatever name, and the rest."""
        files = self._files_with(authority)
        for path in files:
            if _read(path).count(_BEGIN) > 1:
                raise StoreError(
                    f"{path} holds other certificates too",
                    f'Take this one out of it by hand, and run "{" ".join(self.rebuild)}"',
                )
        if not files and not authority.is_in(_read(self.bundle)):
            return ()
        return (*(("rm", str(path)) for path in files), self.rebuild)

    def _files_with(self, authority: Authority) -> list[Path]:
        paths = sorted(path for path in self.anchors.rglob("*") if path.is_file())
        return [path for path in paths if authority.is_in(_read(path))]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise StoreError(f"{path} can't be read: {error.strerror}") from error


# As the manual pages of the two programs name them, each with where its distribution has the
# folder and the bundle. No system has two of the folders, but for one that was put there by hand.
_STORES = (
    SystemStore(  # SUSE
        anchors=Path("/etc/pki/trust/anchors"),
        bundle=Path("/var/lib/ca-certificates/ca-bundle.pem"),
        update=("update-ca-certificates",),
        rebuild=("update-ca-certificates",),
    ),
    SystemStore(  # Fedora, RHEL and those made of it
        anchors=Path("/etc/pki/ca-trust/source/anchors"),
        bundle=Path("/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem"),
        update=("update-ca-trust",),
        rebuild=("update-ca-trust",),
    ),
    SystemStore(  # Arch
        anchors=Path("/etc/ca-certificates/trust-source/anchors"),
        bundle=Path("/etc/ca-certificates/extracted/tls-ca-bundle.pem"),
        update=("update-ca-trust",),
        rebuild=("update-ca-trust",),
    ),
    SystemStore(  # Debian and Ubuntu, Alpine, Gentoo
        anchors=Path("/usr/local/share/ca-certificates"),
        bundle=Path("/etc/ssl/certs/ca-certificates.crt"),
        update=("update-ca-certificates",),
        # Debian's leaves links that lead nowhere, unless it starts afresh.
        rebuild=("update-ca-certificates", "--fresh"),
    ),
)


def find_system_store() -> SystemStore | None:
    """Return the trust store of this system, None where it has none of a known kind."""
    for store in _STORES:
        if store.anchors.is_dir() and find_program(store.update[0]):
            return store
    return None
