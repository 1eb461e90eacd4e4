"""What users are told of a certificate: its names, its validity, its key, its fingerprint.

A description is text and times, so that the command line and the pages need no ``cryptography``.
"""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes
from cryptography.x509.oid import NameOID

__all__ = ["CertificateDescription", "describe_certificate"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateDescription:
    """A certificate in words (RFC 5280)."""

    names: tuple[str, ...]
    """The DNS names and IP addresses of the subjectAltName extension, in its order. Clients look at
    nothing else (RFC 9110 §4.3.4), so a certificate without any fits no host."""
    subject: str
    """As RFC 4514 writes it, "CN=localhost", and "" where it is empty."""
    issuer: str
    not_before: datetime
    """The first second of its validity, in UTC; the last one is ``not_after``."""
    not_after: datetime
    sha256: str
    """The fingerprint as browsers show it: "AB:CD:…"."""
    key: str
    """"ECDSA P-256", "RSA 2048", "Ed25519"."""
    self_signed: bool


def describe_certificate(certificate: x509.Certificate) -> CertificateDescription:
    """Return the description of a certificate.

    Raises ValueError or UnsupportedAlgorithm (of ``cryptography``) where a part of it, which is
    only decoded here, is damaged or unknown.
    """
    return CertificateDescription(
        names=_names(certificate),
        subject=format_name(certificate.subject),
        issuer=format_name(certificate.issuer),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(":").upper(),
        key=_key_name(certificate.public_key()),
        self_signed=is_self_signed(certificate),
    )


def format_name(name: x509.Name) -> str:
    """Return a subject or an issuer as RFC 4514 writes it."""
    # That RFC has no name for an e-mail address, where every other tool has this one.
    return name.rfc4514_string({NameOID.EMAIL_ADDRESS: "emailAddress"})


def common_name(certificate: x509.Certificate) -> str:
    """Return the common name of a subject, as trust stores show it; "" where it has none."""
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return " ".join(str(name.value) for name in names)  # one, in what we make


def is_self_signed(certificate: x509.Certificate) -> bool:
    """Whether a certificate is signed with its own key, as roots and most test ones are."""
    return is_signed_by(certificate, certificate)


def is_signed_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Whether a certificate names another as its issuer, and is signed with its key."""
    if certificate.issuer != issuer.subject:
        return False
    try:
        certificate.verify_directly_issued_by(issuer)
    except InvalidSignature:
        return False
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return True  # going by the names: `cryptography` checks no signature with SHA-1, say
    return True


def _names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except x509.ExtensionNotFound:
        return ()
    kinds = (x509.DNSName, x509.IPAddress)
    return tuple(str(name.value) for name in extension.value if isinstance(name, kinds))


# SEC 2 has one name for a curve, the users' tools and NIST's FIPS 186 the other.
NIST_CURVES = {"secp256r1": "P-256", "secp384r1": "P-384", "secp521r1": "P-521"}


def _key_name(key: CertificatePublicKeyTypes) -> str:
    if isinstance(key, ec.EllipticCurvePublicKey):
        return f"ECDSA {NIST_CURVES.get(key.curve.name, key.curve.name)}"
    if isinstance(key, rsa.RSAPublicKey):
        return f"RSA {key.key_size}"
    if isinstance(key, ed25519.Ed25519PublicKey):
        return "Ed25519"
    return type(key).__name__.removesuffix("PublicKey")
