"""The local CA: made once for each user, loaded ever after, and asked to issue leaves.

It is kept as ``ca.crt`` and ``ca.key`` in the folder ``ca`` of the home folder. That folder appears
as a whole, by a rename, so that of several first runs at once one makes the CA and all use it.
Which leaf is in use, and when the next is due, is not known here.
"""

import getpass
import shutil
import socket
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Never

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from .description import common_name
from .home import (
    config_error,
    make_private_folder,
    open_home,
    read_private_file,
    sync_folder,
    write_private_file,
)
from .local_names import SubjectName, is_permitted, permitted_domains
from .profiles import sign_ca_certificate, sign_leaf_certificate

__all__ = ["LocalCA", "open_local_ca"]


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalCA:
    """A CA of this user's own, which can sign for this machine and its network only."""

    path: Path
    """The file of its certificate: what a client has to trust."""
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey = field(repr=False)
    made: bool
    """Whether it was made just now, so that no client can trust it yet."""

    @property
    def name(self) -> str:
        """Its common name, as trust stores show it."""
        return common_name(self.certificate)

    def permits(self, name: SubjectName) -> bool:
        """Whether the CA's name constraints leave ``name``; clients refuse any other."""
        constraints = self.certificate.extensions.get_extension_for_class(x509.NameConstraints)
        permitted = constraints.value.permitted_subtrees or []
        domains = [subtree.value for subtree in permitted if isinstance(subtree, x509.DNSName)]
        networks = [
            subtree.value
            for subtree in permitted
            # x509.IPAddress holds a single address elsewhere, but a network in a constraint.
            if isinstance(subtree, x509.IPAddress)
            and isinstance(subtree.value, IPv4Network | IPv6Network)
        ]
        return is_permitted(name, domains, networks)

    def issue(self, names: Sequence[SubjectName], *, now: datetime) -> tuple[bytes, bytes]:
        """Return a new key and a server certificate for ``names``, both in PEM.

        ``now`` is aware. The certificate is valid for 90 days in all, less where the CA ends
        before. Raises ConfigError for a name that the CA does not permit.
        """
        for name in names:
            if not self.permits(name):
                reason = f"this authority may not sign for {name}, and no client would accept it"
                raise config_error(self.path, reason, "Leave that name out")
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = sign_leaf_certificate(
            self.certificate, self.key, key.public_key(), names, now=now
        )
        return _key_to_pem(key), certificate.public_bytes(Encoding.PEM)


def open_local_ca(home: Path, *, now: datetime, hostname: str | None = None) -> LocalCA:
    """Load the local CA kept in the folder ``home``, or make it there, and the folder too.

    ``now`` is aware. ``hostname``, this machine's by default, is the name that a CA made now may
    sign for beside the reserved ones. Raises ConfigError where the CA can't be made, or is there
    but can't be used: it is never replaced, since that would take the trust in it away unasked.
    """
    open_home(home)
    folder = home / "ca"
    made = not _is_filled(folder) and _make(folder, now, hostname or socket.gethostname())
    make_private_folder(folder)
    ca = _load(folder, made=made)
    _check_validity(ca, now)
    return ca


def _is_filled(folder: Path) -> bool:
    try:
        return any(folder.iterdir())
    except FileNotFoundError:
        return False
    except OSError:
        return True  # with something that is in the way: make_private_folder says what


def _make(folder: Path, now: datetime, hostname: str) -> bool:
    """Make the folder of a new CA. Return False where another run was quicker: that CA is used."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = f"trio_https local CA ({_user_name()}@{hostname})"
    certificate = sign_ca_certificate(key, name, permitted_domains(hostname), now=now)
    temporary = _make_temporary_folder(folder)
    try:
        write_private_file(temporary / "ca.key", _key_to_pem(key))
        write_private_file(temporary / "ca.crt", certificate.public_bytes(Encoding.PEM))
        return _move_into_place(temporary, folder)
    finally:
        # Nothing is left of it after the rename. After a crash it stays, and is in nobody's way.
        shutil.rmtree(temporary, ignore_errors=True)


def _make_temporary_folder(folder: Path) -> Path:
    try:
        temporary = Path(tempfile.mkdtemp(prefix="ca.new-", dir=folder.parent))
    except OSError as error:
        raise config_error(folder, error, f"Make {folder.parent} writable") from error
    make_private_folder(temporary)
    return temporary


def _move_into_place(temporary: Path, folder: Path) -> bool:
    try:
        temporary.rename(folder)
    except OSError as error:
        if folder.is_dir():
            return False
        raise config_error(folder, error, "Move it away") from error
    sync_folder(folder.parent)
    return True


def _load(folder: Path, *, made: bool) -> LocalCA:
    certificate_path, key_path = folder / "ca.crt", folder / "ca.key"
    certificate = _load_certificate(certificate_path)
    key = _load_key(key_path)
    if key.public_key() != certificate.public_key():
        _refuse(key_path, f"the key does not belong to {certificate_path}")
    return LocalCA(path=certificate_path, certificate=certificate, key=key, made=made)


def _load_certificate(path: Path) -> x509.Certificate:
    content = _read(path)
    try:
        certificate = x509.load_pem_x509_certificate(content)
        certificate.verify_directly_issued_by(certificate)
        certificate.extensions.get_extension_for_class(x509.NameConstraints)
    except (ValueError, TypeError, x509.InvalidVersion, InvalidSignature) as error:
        _refuse(path, "there is no certificate of an authority in it, or a damaged one", error)
    except x509.ExtensionNotFound as error:
        _refuse(
            path, "this authority has no name constraints, so trio_https did not make it", error
        )
    return certificate


def _load_key(path: Path) -> ec.EllipticCurvePrivateKey:
    content = _read(path)
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        _refuse(path, "there is no private key in it, or a damaged one", error)
    if not isinstance(key, ec.EllipticCurvePrivateKey):
        _refuse(path, "the key is not an ECDSA one, so trio_https did not make it")
    return key


def _read(path: Path) -> bytes:
    try:
        return read_private_file(path)
    except FileNotFoundError as error:
        _refuse(path, "no such file", error)


def _check_validity(ca: LocalCA, now: datetime) -> None:
    first, last = ca.certificate.not_valid_before_utc, ca.certificate.not_valid_after_utc
    if now > last:
        _refuse(ca.path, f"the local authority has expired, on {last:%Y-%m-%d}")
    if now < first:
        reason = (
            f"the local authority is valid from {first:%Y-%m-%d %H:%M} UTC on, and the clock says"
            f" {now.astimezone(UTC):%Y-%m-%d %H:%M}"
        )
        raise config_error(ca.path, reason, "Set this machine's clock")


def _refuse(path: Path, reason: str, cause: Exception | None = None) -> Never:
    remedy = (
        f"Move the folder {path.parent} away, and the next start makes a new authority, which has"
        " to be trusted anew wherever this one was"
    )
    raise config_error(path, reason, remedy) from cause


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a container's user without a name, or Windows
        return "unknown"


def _key_to_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
