"""What users are told of a certificate when they ask for all of it, and of the chain it stands in.

The chain comes from a file or from a server. Details are text and times, so that the command line
needs no ``cryptography``. What is wrong with a certificate is not known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID

from ..errors import ConfigError
from .description import CertificateDescription, describe_certificate
from .pem_loading import load_chain, load_private_key, parse_certificate, read_pem_blocks

__all__ = [
    "CertificateChain",
    "CertificateDetails",
    "CertificateKey",
    "describe_chain",
    "find_key_file",
    "fits",
    "parse_chain",
    "read_chain",
    "read_key",
]

_PURPOSES = {
    ExtendedKeyUsageOID.SERVER_AUTH: "TLS servers",
    ExtendedKeyUsageOID.CLIENT_AUTH: "TLS clients",
}

# RFC 8017 appendix A.2, RFC 5758 §3.2, RFC 8410 §3.
_SIGNERS = {
    "1.2.840.113549.1.1.": "RSA",
    "1.2.840.10045.4.": "ECDSA",
    "1.3.101.112": "Ed25519",
    "1.3.101.113": "Ed448",
}

_REMEDY = "Name a certificate, in PEM"


@dataclass(frozen=True, slots=True)
class CertificateChain:
    """A server's certificate, and those that lead from it to a root."""

    place: str
    """The file, or the server that sent it."""
    certificates: tuple[x509.Certificate, ...]
    """At least one; the server's own first, if they are in order."""


@dataclass(frozen=True, slots=True)
class CertificateKey:
    """A private key, and the file that it is in."""

    path: Path
    key: PrivateKeyTypes


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateDetails:
    """A certificate in words (RFC 5280), beyond its description."""

    description: CertificateDescription
    serial_number: str
    """In hexadecimal, as browsers and OpenSSL show it: "3F:01:…"."""
    signature: str
    """The algorithm: "RSA with SHA-256"."""
    sha1: str
    """The fingerprint of old tools; of no use against a forger."""
    purposes: tuple[str, ...]
    """What its key may be used for, from the extended key usage; () where that is left open."""
    is_authority: bool
    """Whether it may sign other certificates."""
    permitted_names: tuple[str, ...]
    """The domains and networks that an authority is constrained to; () where it is not."""


def read_chain(path: Path) -> CertificateChain:
    """Return the certificates in a PEM file, in its order. Raises ConfigError."""
    return CertificateChain(str(path), tuple(load_chain(path, read_pem_blocks(path, _REMEDY))))


def parse_chain(place: str, certificates: Sequence[bytes]) -> CertificateChain:
    """Return the chain of certificates in DER, one at least. Raises ConfigError."""
    try:
        parsed = tuple(parse_certificate(data) for data in certificates)
    except (ValueError, x509.InvalidVersion) as error:
        raise ConfigError(f"{place}: what it shows is no certificate ({error}).") from error
    return CertificateChain(place, parsed)


def find_key_file(path: Path) -> Path | None:
    """Return the file that the key of a certificate's file is likely to be in, if it is there.

    That is the file itself, or one of the same name that ends in ``.key``. Raises ConfigError for
    a certificate's file that can't be read.
    """
    if any(block.label.endswith("PRIVATE KEY") for block in read_pem_blocks(path, _REMEDY)):
        return path
    key = path.with_suffix(".key")
    return key if key.is_file() else None


def read_key(path: Path, password: bytes | None) -> CertificateKey:
    """Return the private key in a PEM file. Raises ConfigError."""
    blocks = read_pem_blocks(path, "Give the certificate's private key, in PEM, with --key")
    return CertificateKey(path, load_private_key(path, blocks, password))


def fits(key: CertificateKey, chain: CertificateChain) -> bool:
    """Whether the key is that of the chain's first certificate."""
    return bool(key.key.public_key() == chain.certificates[0].public_key())


def describe_chain(chain: CertificateChain) -> tuple[CertificateDetails, ...]:
    """Return the details of each certificate. Raises ConfigError for a damaged one."""
    return tuple(
        _describe(chain.place, number, certificate)
        for number, certificate in enumerate(chain.certificates, 1)
    )


def _describe(place: str, number: int, certificate: x509.Certificate) -> CertificateDetails:
    try:
        return CertificateDetails(
            description=describe_certificate(certificate),
            serial_number=_format_serial_number(certificate.serial_number),
            signature=_format_signature(certificate),
            sha1=certificate.fingerprint(hashes.SHA1()).hex(":").upper(),  # noqa: S303
            purposes=_purposes(certificate),
            is_authority=is_authority(certificate),
            permitted_names=_permitted_names(certificate),
        )
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(
            f"{place}: certificate number {number} holds something that is not understood"
            f" ({error}). Get it anew from where it comes from."
        ) from error


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether a certificate may sign others (RFC 5280 §4.2.1.9)."""
    try:
        extension = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    except x509.ExtensionNotFound:
        return False
    return extension.value.ca


def _purposes(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return ()
    return tuple(_PURPOSES.get(purpose, purpose.dotted_string) for purpose in extension.value)


def _permitted_names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.NameConstraints)
    except x509.ExtensionNotFound:
        return ()
    return tuple(str(subtree.value) for subtree in extension.value.permitted_subtrees or ())


def _format_serial_number(number: int) -> str:
    if number < 0:  # RFC 5280 §4.1.2.2 forbids it, and old CAs did it
        return f"-{_format_serial_number(-number)}"
    return number.to_bytes(max(1, (number.bit_length() + 7) // 8)).hex(":").upper()


def _format_signature(certificate: x509.Certificate) -> str:
    algorithm, digest = (
        certificate.signature_algorithm_oid.dotted_string,
        certificate.signature_hash_algorithm,
    )
    signer = next((name for arc, name in _SIGNERS.items() if algorithm.startswith(arc)), algorithm)
    if digest is None:
        return signer
    return f"{signer} with {digest.name.upper().replace('SHA', 'SHA-', 1)}"
