"""The certificate that a server on this machine uses where none is given: issued, kept, renewed.

It is one file, ``localhost.pem``, with the private key and the leaf, so that a server that loads it
never gets a key and a certificate that do not fit. One with names of the local network, too, is in
``lan.pem``, one for given names in a file called by a digest of them: else two servers with
different names would replace it in turns. The CA stays out of it: a client that trusts the CA has
it, and one that has not is not convinced by it (RFC 8446 §4.4.2 lets it be left out).
"""

import hashlib
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from .description import CertificateDescription, describe_certificate
from .home import read_private_file, write_private_file
from .local_ca import LocalCA, open_local_ca
from .local_names import SubjectName, default_names
from .profiles import LEAF_LIFETIME

__all__ = ["LocalCertificate", "default_names", "open_local_certificate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCertificate:
    """The certificate of this machine's own server, and the CA that signed it."""

    path: Path
    """The file with the private key and the certificate, in PEM."""
    leaf: CertificateDescription
    issued: bool
    """Whether the leaf was issued just now."""
    ca_path: Path
    """The file of the CA's certificate: what a client has to trust."""
    ca_name: str
    """What devices call the CA."""
    ca: CertificateDescription
    ca_made: bool
    """Whether the CA was made just now, so that no client can trust it yet."""
    ca_expires_soon: bool
    """Whether the CA has less time left than the life of a leaf: time to tell the user that a new
    one is due, and will have to be trusted anew."""
    left_out: tuple[SubjectName, ...]
    """The default names that the CA does not permit: this machine's, if it got it after the CA."""


def open_local_certificate(
    home: Path,
    names: Sequence[SubjectName] | None = None,
    *,
    now: datetime,
    hostname: str | None = None,
    lan_names: Sequence[SubjectName] = (),
) -> LocalCertificate:
    """Load the leaf kept in the folder ``home`` for ``names``, or issue it, and the CA if need be.

    ``names`` are those of ``default_names(hostname)`` by default, as far as the CA permits them;
    ``lan_names`` are added, those by which others on the network reach this machine; ``hostname``
    is this machine's by default; ``now`` is aware. Raises ConfigError, also for given names that
    the CA does not permit. Two runs at once do no harm: the file of either is complete.
    """
    hostname = hostname or socket.gethostname()
    ca = open_local_ca(home, now=now, hostname=hostname)
    own = default_names(hostname) if names is None else names
    wanted = tuple(dict.fromkeys((*own, *lan_names)))
    left_out = tuple(name for name in wanted if not ca.permits(name)) if names is None else ()
    wanted = tuple(name for name in wanted if name not in left_out)
    path = home / _file_name(names, lan_names)
    kept = _load_leaf(path, ca)
    current = kept if kept is not None and _is_current(kept, wanted, now) else None
    authority = describe_certificate(ca.certificate)
    return LocalCertificate(
        path=path,
        leaf=describe_certificate(current or _issue_leaf(path, ca, wanted, now)),
        issued=current is None,
        ca_path=ca.path,
        ca_name=ca.name,
        ca=authority,
        ca_made=ca.made,
        ca_expires_soon=authority.not_after - now < LEAF_LIFETIME,
        left_out=left_out,
    )


def _file_name(names: Sequence[SubjectName] | None, lan_names: Sequence[SubjectName]) -> str:
    if names is not None:
        return f"names-{hashlib.sha256(repr([*map(str, names)]).encode()).hexdigest()[:16]}.pem"
    return "lan.pem" if lan_names else "localhost.pem"


def _load_leaf(path: Path, ca: LocalCA) -> x509.Certificate | None:
    """Return the leaf that is kept, or None where it is missing, damaged or of another CA."""
    try:
        content = read_private_file(path)
        certificate = x509.load_pem_x509_certificate(content)
        certificate.verify_directly_issued_by(ca.certificate)
        key = load_pem_private_key(content, password=None)
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, x509.InvalidVersion, InvalidSignature, UnsupportedAlgorithm):
        return None  # no loss: unlike the CA, nobody has trusted this one by hand
    return certificate if key.public_key() == certificate.public_key() else None


def _is_current(
    certificate: x509.Certificate, wanted: Sequence[SubjectName], now: datetime
) -> bool:
    """Whether a leaf has the wanted names and more than a third of its life before it."""
    if describe_certificate(certificate).names != tuple(str(name) for name in wanted):
        return False
    not_before, not_after = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    # A month is left then, for servers that look only when they start.
    return not_before <= now < not_after - (not_after - not_before) / 3


def _issue_leaf(
    path: Path, ca: LocalCA, names: Sequence[SubjectName], now: datetime
) -> x509.Certificate:
    key, certificate = ca.issue(names, now=now)
    write_private_file(path, key + certificate)
    return x509.load_pem_x509_certificate(certificate)
