"""Whether a certificate that the user gives is by the local authority: then that is to be trusted.

``trio-https cert new --ca local`` makes such. The authority's key is not asked for, nor is anything
made. A certificate that nobody can read is somebody else's to tell of.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes

from ..errors import ConfigError
from .description import common_name
from .details import read_chain

__all__ = ["LocalIssuer", "find_local_issuer"]


@dataclass(frozen=True, slots=True)
class LocalIssuer:
    """The local authority, as the issuer of a certificate."""

    path: Path
    """The file of its certificate: what a client has to trust."""
    name: str
    """Its common name, as devices show it."""
    sha256: str
    """The fingerprint as browsers show it: "AB:CD:…"."""


def find_local_issuer(certificate: Path, home: Path) -> LocalIssuer | None:
    """Return the authority kept in the folder ``home``, if it signed the first one in a PEM file.

    None also where there is no such authority, or one of both can't be read.
    """
    path = home / "ca" / "ca.crt"
    with suppress(ConfigError):
        authority = read_chain(path).certificates[0]
        if _is_signed_by(read_chain(certificate).certificates[0], authority):
            sha256 = authority.fingerprint(hashes.SHA256()).hex(":").upper()
            return LocalIssuer(path, common_name(authority), sha256)
    return None


def _is_signed_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    # The name alone says nothing: two authorities of one user on one machine have the same.
    try:
        certificate.verify_directly_issued_by(authority)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
