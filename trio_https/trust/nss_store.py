"""NSS databases, where Chromium on Linux and Firefox keep whom a user trusts.

They are read and changed by NSS's own ``certutil``. It names certificates by nicknames, which need
not be unique, and shows all of one subject where it is asked for a single one: the CA that a user
made anew has the subject of the old one.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

from .authority import Authority
from .programs import find_program, run_program
from .store import Command, StoreError

__all__ = ["NssStore", "has_database"]

# A nickname, blanks, and the trust for TLS, e-mail and code, each of some letters.
_ENTRY = re.compile(r"(.+?) +([A-Za-z]*),[A-Za-z]*,[A-Za-z]* *")

# The letter of a CA whose certificates are believed of servers.
_TRUSTED_CA = "C"

_REMEDY = (
    "Install it (package libnss3-tools on Debian and Ubuntu, nss-tools on Fedora, nss on Arch,"
    " mozilla-nss-tools on openSUSE) and run this again"
)


class _Entry(NamedTuple):
    nickname: str
    tls_trust: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NssStore:
    """An NSS database."""

    kind: str
    readers: str
    folder: Path
    """Where ``cert9.db`` is, or will be once it is made."""

    needs_root: ClassVar[bool] = False
    timeout: ClassVar[float] = 30.0  # seconds; a busy disk is all that it has to wait for

    @property
    def place(self) -> str:
        """The folder."""
        return str(self.folder)

    def adding(self, authority: Authority) -> tuple[Command, ...]:
        """Return the command that adds a CA, after those that make the database if need be."""
        self._require_certutil()
        add = self._certutil(
            "-A", "-t", "C,,", "-n", _nickname(authority), "-i", str(authority.path)
        )
        if not has_database(self.folder):
            make = self._certutil("-N", "--empty-password")
            return (("mkdir", "-p", str(self.folder)), make, add)
        entry = self._find(authority)
        return () if entry is not None and _TRUSTED_CA in entry.tls_trust else (add,)

    def removing(self, authority: Authority) -> tuple[Command, ...]:
        """Return the command that removes a CA, whatever its nickname is."""
        if not has_database(self.folder):
            return ()
        self._require_certutil()
        entry = self._find(authority)
        return () if entry is None else (self._certutil("-D", "-n", entry.nickname),)

    def _require_certutil(self) -> None:
        if find_program("certutil") is None:
            raise StoreError("certutil, which changes it, is not installed", _REMEDY)

    def _certutil(self, *arguments: str) -> Command:
        return ("certutil", "-d", f"sql:{self.folder}", *arguments)

    def _find(self, authority: Authority) -> _Entry | None:
        found = [entry for entry in self._entries() if self._shows(entry, authority)]
        # One that we gave the nickname to is the one, whatever else has the same subject.
        ours = [entry for entry in found if entry.nickname == _nickname(authority)]
        candidates = ours or found
        if len(candidates) > 1:
            names = ", ".join(f'"{entry.nickname}"' for entry in candidates)
            raise StoreError(
                f"certutil does not tell it from others of the same subject ({names})",
                f"Compare the fingerprints in the settings of {self.readers}, and remove it there",
            )
        return candidates[0] if candidates else None

    def _entries(self) -> Iterator[_Entry]:
        # os.fsdecode: a nickname of any bytes becomes the same bytes again as an argument.
        listing = os.fsdecode(run_program(self._certutil("-L"), self.timeout))
        for line in listing.splitlines():
            if match := _ENTRY.fullmatch(line):
                yield _Entry(*match.groups())

    def _shows(self, entry: _Entry, authority: Authority) -> bool:
        command = self._certutil("-L", "-a", "-n", entry.nickname)
        # certutil lists nicknames that it does not find itself, such as those that end in blanks.
        with suppress(StoreError):
            return authority.is_in(run_program(command, self.timeout))
        return False


def has_database(folder: Path) -> bool:
    """Whether a folder holds an NSS database, in the form that is in use since 2009."""
    return (folder / "cert9.db").is_file()


def _nickname(authority: Authority) -> str:
    return f"trio_https local CA {authority.short_name}"
