"""A CA as trust stores see it: a file, what is in it, and the fingerprints that name it.

A store is searched for the certificate itself, not for its name: any CA can have that. Nothing is
known here of its key, nor of whether it is valid.
"""

import hashlib
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path

from ..certificates.home import config_error
from ..certificates.pem_loading import read_pem_blocks

__all__ = ["Authority", "read_authority"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """A CA that clients are to trust, or not any more."""

    path: Path
    """The file of its certificate, in PEM."""
    der: bytes
    """The certificate."""

    @property
    def sha256(self) -> str:
        """The fingerprint as browsers show it: "AB:CD:…"."""
        return hashlib.sha256(self.der).digest().hex(":").upper()

    @property
    def short_name(self) -> str:
        """The beginning of the fingerprint, for a file or an entry of its own: "abcd0123…"."""
        return hashlib.sha256(self.der).hexdigest()[:16]

    @property
    def thumbprint(self) -> str:
        """The fingerprint as Windows and Java name certificates: SHA-1, "ABCD…"."""
        return hashlib.sha1(self.der, usedforsecurity=False).hexdigest().upper()

    def is_in(self, content: bytes) -> bool:
        """Whether the certificate is in a file, which may be in PEM, of any line length, or DER."""
        return self.der in content or b64encode(self.der) in b"".join(content.split())


def read_authority(path: Path) -> Authority:
    """Return the CA whose certificate is in a PEM file. Raises ConfigError where there is none."""
    remedy = "Remove it, if it is no file of an authority"
    for block in read_pem_blocks(path, remedy):
        if block.label == "CERTIFICATE":
            return Authority(path=path, der=block.data)
    raise config_error(path, "there is no certificate in it", remedy)
