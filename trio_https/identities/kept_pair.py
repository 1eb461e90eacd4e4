"""A certificate and its key as they were read, to be loaded once more without their files.

A context of OpenSSL can neither forget an authority of clients nor give away its certificate, and
Python loads that from files only. So the bytes are kept, and become files for a moment: in memory
where the system has such (Linux), else in a folder of the user's own. What for is not known here.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["KeptPair", "keep_pair"]


@dataclass(frozen=True, slots=True)
class KeptPair:
    """What stands in the files of a certificate and of its key."""

    certificate: bytes = field(repr=False)
    key: bytes | None = field(repr=False)
    """None: it is in the file of the certificate too. It may be encrypted."""
    password: bytes | None = field(repr=False)

    @contextmanager
    def as_files(self) -> Iterator[tuple[Path, Path | None]]:
        """Give the file of the certificate and that of the key; both are gone after the block.

        Raises ``OSError`` where the system has no room for them.
        """
        with _as_file(self.certificate) as certificate:
            if self.key is None:
                yield certificate, None
                return
            with _as_file(self.key) as key:
                yield certificate, key


def keep_pair(certificate: Path, key: Path | None, password: bytes | None) -> KeptPair:
    """Return what is in these files now. Raises ``OSError``."""
    return KeptPair(certificate.read_bytes(), key.read_bytes() if key else None, password)


@contextmanager
def _as_file(content: bytes) -> Iterator[Path]:
    if hasattr(os, "memfd_create"):  # it touches no disk, and no other user can open it
        with os.fdopen(os.memfd_create("trio_https"), "wb") as file:
            file.write(content)
            file.flush()
            yield Path(f"/proc/self/fd/{file.fileno()}")
        return
    with tempfile.TemporaryDirectory(prefix="trio_https-") as folder:  # it has mode 0700
        path = Path(folder, "pair.pem")
        path.write_bytes(content)
        yield path
