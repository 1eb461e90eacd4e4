"""The PEM files that a user gives: whether a server can use them, and if not, why.

Each mistake gets its own words, before OpenSSL says "PEM lib". What passes here is loaded by
``ssl.SSLContext.load_cert_chain`` afterwards, from the same files; the tests see to it that this
works, the module itself knows no ``ssl``. No file is changed, nor the mode of one: they are the
user's.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    CertificatePublicKeyTypes,
    PrivateKeyTypes,
)

from .description import (
    NIST_CURVES,
    CertificateDescription,
    describe_certificate,
    is_self_signed,
)
from .home import config_error
from .pem_loading import load_chain, load_private_key, read_pem_blocks

__all__ = [
    "CertificateDescription",
    "check_key_fits",
    "check_strength",
    "check_use",
    "check_validity",
    "describe_certificate",
    "read_certificate_files",
]

_NEW_KEY = "Make key and certificate anew, with an ECDSA P-256 key or an RSA one of 2048 bits"

# What Python asks of OpenSSL (security level 2, 112 bits) in an RSA and in an elliptic curve key.
_MIN_RSA_BITS = 2048
_MIN_CURVE_BITS = 224


def read_certificate_files(
    certificate: Path, key: Path | None, password: bytes | None, *, now: datetime
) -> CertificateDescription:
    """Check a certificate chain and its private key, both in PEM, and describe the certificate.

    ``certificate`` holds the server's own certificate first, then those that lead to a root. The
    key is in ``key``, or in the same file where that is None. ``password`` is for an encrypted key;
    with one that is not encrypted it is left alone, as OpenSSL does it. ``now`` is aware.

    Raises ConfigError: which file, why a server can't use it, and what to do.
    """
    blocks = read_pem_blocks(certificate, "Give the server's certificate, in PEM, with --cert")
    chain = load_chain(certificate, blocks)
    if key is not None:
        blocks = read_pem_blocks(key, "Give the certificate's private key, in PEM, with --key")
    private_key = load_private_key(key or certificate, blocks, password)
    for number, each in enumerate(chain, 1):
        check_strength(certificate, number, each)
    description = _describe(certificate, chain[0])
    check_key_fits(private_key, key or certificate, certificate, chain)
    check_use(certificate, chain[0])
    check_validity(certificate, description, now)
    return description


def _describe(path: Path, certificate: x509.Certificate) -> CertificateDescription:
    try:
        return describe_certificate(certificate)
    except (ValueError, UnsupportedAlgorithm) as error:
        reason = f"the certificate holds something that is not understood ({error})"
        raise config_error(path, reason, _NEW_KEY) from error


def check_key_fits(
    key: PrivateKeyTypes, path: Path, certificate_path: Path, chain: Sequence[x509.Certificate]
) -> None:
    """Raise ConfigError where the key in ``path`` is not that of the first certificate."""
    public_key = key.public_key()
    fits = [certificate.public_key() == public_key for certificate in chain]
    if fits[0]:
        return
    if any(fits):
        reason = f"the certificate that the key belongs to is number {fits.index(True) + 1} in it"
        remedy = "Put it first, and after it the one that signed it, and so on"
        raise config_error(certificate_path, reason, remedy)
    its = "the certificate in the same file" if path == certificate_path else certificate_path
    remedy = "Give the key that the certificate was made with, or make both anew"
    raise config_error(path, f"the key does not belong to {its}", remedy)


def check_strength(path: Path, number: int, certificate: x509.Certificate) -> None:
    """Refuse what OpenSSL would not load, be it the leaf or another certificate of the chain."""
    try:
        key, algorithm = certificate.public_key(), certificate.signature_hash_algorithm
    except (ValueError, UnsupportedAlgorithm) as error:
        reason = f"certificate number {number} has a key or a signature of an unknown kind"
        raise config_error(path, reason, _NEW_KEY) from error
    if _is_short(key):
        raise config_error(path, f"the key of certificate number {number} is too short", _NEW_KEY)
    # Nobody has to believe the signature of a root, so OpenSSL does not look at that one.
    if algorithm and algorithm.name in {"md5", "sha1"} and not is_self_signed(certificate):
        reason = f"certificate number {number} is signed with MD5 or SHA-1, which can be forged"
        raise config_error(path, reason, "Have it signed anew, with SHA-256")


def _is_short(key: CertificatePublicKeyTypes) -> bool:
    if isinstance(key, rsa.RSAPublicKey):
        return key.key_size < _MIN_RSA_BITS
    return isinstance(key, ec.EllipticCurvePublicKey) and key.key_size < _MIN_CURVE_BITS


def check_use(path: Path, certificate: x509.Certificate) -> None:
    """Refuse a key that OpenSSL loads, but that has no signature scheme (RFC 8446 §4.2.3)."""
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in NIST_CURVES:
        return
    if isinstance(key, rsa.RSAPublicKey | ed25519.Ed25519PublicKey | ed448.Ed448PublicKey):
        return
    raise config_error(path, "browsers know no TLS with a key of this kind", _NEW_KEY)


def check_validity(path: Path, certificate: CertificateDescription, now: datetime) -> None:
    """Raise ConfigError where the certificate has expired or is not valid yet."""
    if now > certificate.not_after:
        reason = f"the certificate has expired, on {certificate.not_after:%Y-%m-%d %H:%M} UTC"
        raise config_error(path, reason, "Renew it, or make a new one")
    if now < certificate.not_before:
        reason = (
            f"the certificate is valid only from {certificate.not_before:%Y-%m-%d %H:%M} UTC on"
        )
        clock = f"{now.astimezone(UTC):%Y-%m-%d %H:%M} UTC"
        remedy = f"Wait for that, or set this machine's clock (it says {clock})"
        raise config_error(path, reason, remedy)
