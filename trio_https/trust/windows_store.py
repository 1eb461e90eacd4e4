"""The trusted roots of a Windows user, which Edge, Chrome, Firefox and curl there look into.

Windows shows the fingerprint in a window and asks before it changes them. ``certutil`` is that of
Windows, which has nothing but the name in common with NSS's; it was not run on Windows by us.
"""

from dataclasses import dataclass
from typing import ClassVar

from .authority import Authority
from .programs import succeeds
from .store import Command

__all__ = ["WindowsStore"]

_CERTUTIL = ("certutil", "-user")
_LOOK_TIMEOUT = 30.0  # seconds; nobody is asked


@dataclass(frozen=True, slots=True)
class WindowsStore:
    """The user's "Trusted Root Certification Authorities"."""

    kind: ClassVar[str] = "system"
    readers: ClassVar[str] = "Edge, Chrome, Firefox, curl and most other programs"
    place: ClassVar[str] = "Trusted Root Certification Authorities of this user"
    needs_root: ClassVar[bool] = False
    timeout: ClassVar[float] = 300.0  # seconds; the user reads a warning

    def adding(self, authority: Authority) -> tuple[Command, ...]:
        """Return the command that adds a CA."""
        if self._holds(authority):
            return ()
        return ((*_CERTUTIL, "-addstore", "Root", str(authority.path)),)

    def removing(self, authority: Authority) -> tuple[Command, ...]:
        """Return the command that removes a CA."""
        if not self._holds(authority):
            return ()
        return ((*_CERTUTIL, "-delstore", "Root", authority.thumbprint),)

    def _holds(self, authority: Authority) -> bool:
        return succeeds((*_CERTUTIL, "-store", "Root", authority.thumbprint), _LOOK_TIMEOUT)
