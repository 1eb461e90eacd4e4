"""The login keychain of macOS, which Safari, Chrome, Firefox and curl there look into.

macOS asks for the user's password in a window when trust changes. The commands are those that
dotnet dev-certs has in use; they were not run on a Mac by us.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from .authority import Authority
from .programs import run_program, succeeds
from .store import Command

__all__ = ["KeychainStore"]

_LOOK_TIMEOUT = 30.0  # seconds; nobody is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class KeychainStore:
    """The user's keychain, and the trust settings that go with it."""

    keychain: Path

    kind: ClassVar[str] = "system"
    readers: ClassVar[str] = "Safari, Chrome, Firefox, curl and most other programs"
    needs_root: ClassVar[bool] = False
    timeout: ClassVar[float] = 300.0  # seconds; the user types a password

    @property
    def place(self) -> str:
        """The file."""
        return str(self.keychain)

    def adding(self, authority: Authority) -> tuple[Command, ...]:
        """Return the command that adds a CA and trusts it for TLS."""
        policies = ("-p", "basic", "-p", "ssl")
        if succeeds(
            ("security", "verify-cert", "-c", str(authority.path), *policies), _LOOK_TIMEOUT
        ):
            return ()
        add = ("security", "add-trusted-cert", "-r", "trustRoot", *policies)
        return ((*add, "-k", str(self.keychain), str(authority.path)),)

    def removing(self, authority: Authority) -> tuple[Command, ...]:
        """Return the command that removes a CA with its trust settings."""
        listing = run_program(
            ("security", "find-certificate", "-a", "-Z", str(self.keychain)), 30.0
        )
        fingerprint = authority.sha256.replace(":", "")
        if fingerprint not in listing.decode("utf-8", "replace").upper():
            return ()
        return (("security", "delete-certificate", "-Z", fingerprint, "-t", str(self.keychain)),)
