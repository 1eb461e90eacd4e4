"""Which certificate the server shows: the user's, the one in ``certs/``, or a local one."""

import ssl
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ..certificates.description import CertificateDescription
from ..certificates.home import certificates_home
from ..certificates.local_certificate import open_local_certificate
from ..certificates.local_names import SubjectName
from ..certificates.pem_files import read_certificate_files
from ..errors import ConfigError
from ..tls import open_server_context
from .console import say, step

__all__ = [
    "Identity",
    "KeyFiles",
    "LocalAuthority",
    "open_identity",
    "private_places",
    "read_password",
]

# Where a certificate is expected without being named, as the README of that folder says.
_CERTS_FOLDER = Path("certs")


@dataclass(frozen=True, slots=True)
class KeyFiles:
    """What the user named; None: nothing."""

    certificate: Path | None
    key: Path | None
    password_file: Path | None


@dataclass(frozen=True, slots=True)
class LocalAuthority:
    """The CA behind a local certificate: what a client has to trust."""

    path: Path
    name: str
    """Its common name, as devices show it."""
    sha256: str


@dataclass(frozen=True, slots=True)
class Identity:
    """The certificate that clients are shown, ready for use."""

    context: ssl.SSLContext
    certificate: CertificateDescription
    private_files: tuple[Path, ...]
    """Files and folders that must never be among the pages."""
    authority: LocalAuthority | None
    """None for a certificate of the user's."""


def open_identity(files: KeyFiles, lan_names: Sequence[SubjectName] = ()) -> Identity:
    """Load the certificate and its key, or issue one, for these names too, and tell the steps.

    Raises ``ConfigError`` for files that don't serve.
    """
    certificate, key = _find_files(files)
    if certificate is None:
        return _open_local(lan_names)
    return _open_given(certificate, key, files.password_file)


def private_places() -> list[Path]:
    """Return the places of private keys that are there, whether they are in use or not."""
    places = [_CERTS_FOLDER / "server.key"]
    with suppress(ConfigError):  # a user without a home folder has none there
        places.append(certificates_home())
    return [place for place in places if place.exists()]


def _find_files(files: KeyFiles) -> tuple[Path | None, Path | None]:
    if files.certificate is not None:
        return files.certificate, files.key
    if files.key is not None or files.password_file is not None:
        raise ConfigError("--key and --key-password-file go with --cert. Give the certificate too.")
    certificate, key = _CERTS_FOLDER / "server.crt", _CERTS_FOLDER / "server.key"
    if certificate.exists() != key.exists():
        there, missing = (certificate, key) if certificate.exists() else (key, certificate)
        raise ConfigError(
            f"{there} is there, but {missing} is not. Put it there too, or move the other away,"
            " or name both with --cert and --key."
        )
    return (certificate, key) if certificate.exists() else (None, None)


def _open_given(certificate: Path, key: Path | None, password_file: Path | None) -> Identity:
    with step("Certificate") as told:
        password = read_password(password_file) if password_file else None
        description = read_certificate_files(certificate, key, password, now=datetime.now(UTC))
        told.detail = f"{_names(description)}; {_validity(description)}"
    with step("Key") as told:
        context = open_server_context(certificate, key, password)
        told.detail = f"{description.key}, {key or certificate}"
    private = (key or certificate, *((password_file,) if password_file else ()))
    return Identity(context, description, private, None)


def _open_local(lan_names: Sequence[SubjectName]) -> Identity:
    with step("Certificate") as told:
        local = open_local_certificate(
            certificates_home(), now=datetime.now(UTC), lan_names=lan_names
        )
        issued = "issued now, " if local.issued else ""
        told.detail = f"{issued}{_names(local.leaf)}; {_validity(local.leaf)}"
    with step("Key") as told:
        context = open_server_context(local.path)
        told.detail = f"{local.leaf.key}, {local.path}"
    if local.left_out:
        names = ", ".join(str(name) for name in local.left_out)
        say(f"          (not for {names}: your certificate authority is from before that name)")
    if local.ca_expires_soon:
        say(
            f"          (your certificate authority ends on {local.ca.not_after:%Y-%m-%d}:"
            f" remove {local.ca_path.parent} to have a new one made, and trust that)"
        )
    authority = LocalAuthority(local.ca_path, local.ca_name, local.ca.sha256)
    return Identity(context, local.leaf, (local.path, local.ca_path.parent), authority)


def read_password(path: Path) -> bytes:
    """Return the first line of a file. Raises ``ConfigError``."""
    try:
        return path.read_bytes().partition(b"\n")[0].rstrip(b"\r")
    except OSError as exc:
        raise ConfigError(
            f"{path}: {exc.strerror}. Name a file whose first line is the password of the key."
        ) from exc


def _names(description: CertificateDescription) -> str:
    return ", ".join(description.names) or "no names"


def _validity(description: CertificateDescription) -> str:
    days = (description.not_after - datetime.now(UTC)).days
    return f"until {description.not_after:%Y-%m-%d} ({days} days)"
