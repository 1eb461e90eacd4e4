"""From where a certificate lies to a context that shows it: read, checked, described.

Files are read twice, by us for a reason in words where they don't serve, and then by OpenSSL, which
takes a pair that fits or none: if they are replaced in between, it is the next look's news.
Everything here may wait for a disk.
"""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ..certificates.description import CertificateDescription
from ..certificates.home import config_error
from ..certificates.local_certificate import open_local_certificate
from ..certificates.pem_files import read_certificate_files
from ..certificates.pem_loading import load_chain, read_password, read_pem_blocks
from ..config import TLSSettings
from ..tls_contexts import NamedContext, open_named_context
from .places import KeyFiles, LocalAuthority, Source

__all__ = ["Identity", "load_identity", "read_client_authorities"]


@dataclass(frozen=True, slots=True)
class Identity:
    """A certificate that the server shows."""

    description: CertificateDescription
    named: NamedContext


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
    named = open_named_context(
        description.names,
        files.certificate,
        files.key,
        password,
        client_authorities=client_authorities,
        settings=settings,
    )
    return Identity(description, named)


def _load_local(
    authority: LocalAuthority,
    client_authorities: str | None,
    settings: TLSSettings,
    now: datetime,
) -> Identity:
    lan_names = authority.lan_names() if authority.lan_names is not None else ()
    local = open_local_certificate(authority.home, authority.names, now=now, lan_names=lan_names)
    named = open_named_context(
        local.leaf.names, local.path, client_authorities=client_authorities, settings=settings
    )
    return Identity(local.leaf, named)


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
