"""Certificates with one thing wrong, made by ``cryptography`` as no command of ours would."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from trio_https.certificates.template import make_key_usage

from .times import NOW

__all__ = ["Made", "issue", "rsa_key"]

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)


@cache
def rsa_key(bits: int) -> rsa.RSAPrivateKey:
    """Return the one key of this length: to make one takes its time."""
    return rsa.generate_private_key(65537, bits)


def issue(
    common_name: str = "server",
    issuer: Made | None = None,
    *,
    names: Sequence[x509.GeneralName] = (x509.DNSName("web.test"),),
    key: PrivateKey | None = None,
    is_ca: bool = False,
    usages: Sequence[str] | None = ("digital_signature",),
    purpose: x509.ObjectIdentifier | None = ExtendedKeyUsageOID.SERVER_AUTH,
    start: datetime = NOW - timedelta(days=10),
    end: datetime = NOW + timedelta(days=80),
) -> Made:
    """Return a certificate that no client objects to, but for what is asked for."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])
    builder = x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
    builder = builder.issuer_name(issuer.certificate.subject if issuer else subject)
    builder = builder.serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(start).not_valid_after(end)
    builder = builder.add_extension(x509.BasicConstraints(is_ca, None), critical=True)
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    if usages is not None:
        builder = builder.add_extension(make_key_usage(usages), critical=True)
    if purpose is not None:
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
    signer = issuer.key if issuer else key
    digest = None if isinstance(signer, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return Made(certificate=builder.sign(signer, digest), key=key)
