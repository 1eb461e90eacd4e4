"""What all servers are given: a folder of pages, a certificate, and its key."""

import os
import random
from dataclasses import dataclass
from pathlib import Path

from processes import make_certificate

__all__ = ["BIG", "MIDDLE", "PAGES", "SMALL", "Site", "make_site", "page_name"]

# Names that every server takes as they are: some redirect from small.html to small.
SMALL, MIDDLE, BIG = "/small.txt", "/middle.bin", "/big.bin"
PAGES = 1000
_KIB = 1024
_LONG_AGO = 1_000_000_000  # seconds since 1970


@dataclass(frozen=True, kw_only=True)
class Site:
    """The folder, and the files of the certificate."""

    root: Path
    certificate: str
    key: str
    work: Path
    """Where servers may leave files of their own: configuration, logs."""

    def content(self, target: str) -> bytes:
        """Return what a server must answer."""
        return (self.root / target.removeprefix("/")).read_bytes()


def page_name(number: int) -> str:
    """Return the path of one of the thousand pages."""
    return f"/pages/{number:04}.txt"


def make_site(folder: Path, big_mib: int) -> Site:
    """Make the folder, with files as big as the loads want them."""
    root, work = folder / "site", folder / "work"
    (root / "pages").mkdir(parents=True)
    work.mkdir()
    # The ceiling answers this, whatever it is asked.
    (root / SMALL[1:]).write_bytes(b"x" * _KIB)
    octets = random.Random(1)
    (root / MIDDLE[1:]).write_bytes(octets.randbytes(100 * _KIB))
    with (root / BIG[1:]).open("wb") as file:
        for _ in range(big_mib):
            file.write(octets.randbytes(_KIB * _KIB))
    for number in range(PAGES):
        (root / page_name(number)[1:]).write_bytes(f"{number:04}".encode() * 256)
    for path in root.rglob("*.*"):
        os.utime(path, (_LONG_AGO, _LONG_AGO))  # as most pages are: nobody writes at them now
    certificate, key = make_certificate(folder)
    return Site(root=root, certificate=certificate, key=key, work=work)
