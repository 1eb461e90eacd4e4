"""From where a certificate lies to a context that shows it: read, checked, described.

Files are read by us for a reason in words where they don't serve, and then by OpenSSL, which takes
a pair that fits or none: if they are replaced in between, it is the next look's news. Everything
here may wait for a disk, but for what is opened for other clients: that needs no file of the user.
"""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from ..certificates.description import CertificateDescription
from ..certificates.home import config_error
from ..certificates.pem_files import read_certificate_files
from ..certificates.pem_loading import load_chain, read_password, read_pem_blocks
from ..config import TLSSettings
from ..tls_contexts import NamedContext, open_named_context
from .kept_pair import KeptPair, keep_pair
from .places import KeyFiles, LocalAuthority, Source

__all__ = ["Identity", "load_identity", "open_for_clients", "read_client_authorities"]

_NEW_FILE = "Get the file anew from where it comes from"


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate that the server shows."""

    description: CertificateDescription
    named: NamedContext
    kept: KeptPair | None
    """For other authorities of clients; None where clients are asked for no certificate."""


def load_identity(
    source: Source, client_authorities: str | None, settings: TLSSettings, now: datetime
) -> Identity:
    """Load a certificate with its key; a local one is issued where it is due.

    Raises ConfigError, which says which file, why it doesn't serve, and what to do.
    """
    if isinstance(source, LocalAuthority):
        return _load_local(source, client_authorities, settings, now)
    return _load_files(source, client_authorities, settings, now)


def _load_files(
    files: KeyFiles, client_authorities: str | None, settings: TLSSettings, now: datetime
) -> Identity:
    password = read_password(files.password_file) if files.password_file else None
    description = read_certificate_files(files.certificate, files.key, password, now=now)
    return _open(description, files, password, client_authorities, settings)


def _load_local(
    authority: LocalAuthority,
    client_authorities: str | None,
    settings: TLSSettings,
    now: datetime,
) -> Identity:
    # Here, because what issues certificates is not needed where they are given.
    from ..certificates.local_certificate import open_local_certificate

    lan_names = authority.lan_names() if authority.lan_names is not None else ()
    local = open_local_certificate(authority.home, authority.names, now=now, lan_names=lan_names)
    return _open(local.leaf, KeyFiles(local.path), None, client_authorities, settings)


def _open(
    description: CertificateDescription,
    files: KeyFiles,
    password: bytes | None,
    client_authorities: str | None,
    settings: TLSSettings,
) -> Identity:
    kept = None
    if client_authorities is not None:
        kept = _keep(files, password)
    named = open_named_context(
        description.names,
        files.certificate,
        files.key,
        password,
        client_authorities=client_authorities,
        settings=settings,
    )
    return Identity(description, named, kept)


def _keep(files: KeyFiles, password: bytes | None) -> KeptPair:
    try:
        return keep_pair(files.certificate, files.key, password)
    except OSError as error:  # they were there a moment ago
        raise config_error(files.certificate, error, _NEW_FILE) from error


def open_for_clients(
    identity: Identity, client_authorities: str, settings: TLSSettings
) -> Identity:
    """Return the same certificate for clients of other authorities, whatever became of its files.

    Raises ``ConfigError`` or ``OSError`` where the system can't do it now.
    """
    if identity.kept is None:
        raise ValueError("no client is asked for a certificate here")
    with identity.kept.as_files() as (certificate, key):
        named = open_named_context(
            identity.description.names,
            certificate,
            key,
            identity.kept.password,
            client_authorities=client_authorities,
            settings=settings,
        )
    return replace(identity, named=named)


def read_client_authorities(path: Path) -> str:
    """Return the certificates in a PEM file, checked to be some, as PEM.

    Raises ConfigError.
    """
    remedy = "Give the certificates of the authorities that sign those of your clients, in PEM"
    blocks = read_pem_blocks(path, remedy)
    if any(block.label.endswith("PRIVATE KEY") for block in blocks):
        reason = "there is a private key in it, which the server has no use for"
        raise config_error(path, reason, remedy)
    blocks = [block for block in blocks if block.label in ("CERTIFICATE", "X509 CERTIFICATE")]
    if not blocks:
        raise config_error(path, "there is no certificate in it", remedy)
    load_chain(path, blocks)
    return "".join(block.text.decode("ascii") for block in blocks)
