"""What stands in our certificates: the profiles of the local CA and of its leaves (RFC 5280 §4).

From keys, names and times to a signed certificate; where they come from and where they are kept is
not known here.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .local_names import PERMITTED_NETWORKS, SubjectName

__all__ = ["LEAF_LIFETIME", "sign_ca_certificate", "sign_leaf_certificate"]

# Trusting a CA is work on each device, so it lasts about as long as the devices.
_CA_LIFETIME = timedelta(days=3650)

# Apple's limit is 825 days for a CA of one's own. A short life keeps renewal in use, and so tested.
LEAF_LIFETIME = timedelta(days=90)

# A client whose clock is behind must not find a fresh certificate "not yet valid". The usual
# mistake is local time taken for UTC, at most 14 hours; a small board without a clock is worse off.
_CLOCK_SKEW = timedelta(days=1)

# RFC 5280 §4.1.2.5: the last second belongs to the validity too.
_LAST_SECOND = timedelta(seconds=1)

# RFC 5280 appendix A.1: ub-common-name, in characters.
_MAX_COMMON_NAME = 64


def sign_ca_certificate(
    key: ec.EllipticCurvePrivateKey, common_name: str, domains: Sequence[str], *, now: datetime
) -> x509.Certificate:
    """Return the certificate of a root that signs leaves for ``domains`` and private addresses.

    ``common_name`` may be any text; what does not fit is left out.
    """
    subject = _name(_printable(common_name)[:_MAX_COMMON_NAME])
    not_before = now.replace(microsecond=0) - _CLOCK_SKEW
    permitted: list[x509.GeneralName] = [x509.DNSName(domain) for domain in domains]
    permitted += [x509.IPAddress(network) for network in PERMITTED_NETWORKS]
    builder = _certificate_builder(subject, subject, key.public_key())
    builder = builder.not_valid_before(not_before).not_valid_after(not_before + _CA_LIFETIME)
    # A path length of 0: no CA below this one, only leaves (RFC 5280 §4.2.1.9).
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(_key_usage(signs_certificates=True), critical=True)
    builder = builder.add_extension(x509.NameConstraints(permitted, None), critical=True)
    return builder.sign(key, hashes.SHA256())


def sign_leaf_certificate(
    ca_certificate: x509.Certificate,
    ca_key: ec.EllipticCurvePrivateKey,
    public_key: ec.EllipticCurvePublicKey,
    names: Sequence[SubjectName],
    *,
    now: datetime,
) -> x509.Certificate:
    """Return the certificate of a server: for 90 days in all, less where the CA ends before."""
    subject = _name(_common_name(names))
    not_before = max(now.replace(microsecond=0) - _CLOCK_SKEW, ca_certificate.not_valid_before_utc)
    not_after = not_before + LEAF_LIFETIME - _LAST_SECOND
    builder = _certificate_builder(subject, ca_certificate.subject, public_key)
    builder = builder.not_valid_before(not_before)
    builder = builder.not_valid_after(min(not_after, ca_certificate.not_valid_after_utc))
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), True)
    builder = builder.add_extension(_key_usage(digital_signature=True), critical=True)
    server = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
    builder = builder.add_extension(server, critical=False)
    # RFC 5280 §4.2.1.6: critical where the subject is empty.
    builder = builder.add_extension(_alternative_name(names), critical=not list(subject))
    builder = builder.add_extension(_authority_key_identifier(ca_certificate), critical=False)
    return builder.sign(ca_key, hashes.SHA256())


def _certificate_builder(
    subject: x509.Name, issuer: x509.Name, public_key: ec.EllipticCurvePublicKey
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer)
    builder = builder.public_key(public_key).serial_number(x509.random_serial_number())
    key_identifier = x509.SubjectKeyIdentifier.from_public_key(public_key)
    return builder.add_extension(key_identifier, critical=False)


def _key_usage(
    *, digital_signature: bool = False, signs_certificates: bool = False
) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=digital_signature,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternative_name(names: Sequence[SubjectName]) -> x509.SubjectAlternativeName:
    return x509.SubjectAlternativeName(
        [x509.DNSName(name) if isinstance(name, str) else x509.IPAddress(name) for name in names]
    )


def _authority_key_identifier(ca_certificate: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    extension = ca_certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(extension.value)


def _common_name(names: Sequence[SubjectName]) -> str:
    # The first DNS name. Not an address: where the subjectAltName has no DNS name, OpenSSL takes
    # "127.0.0.1" in the common name for one, and finds it outside of the CA's name constraints.
    first = next((name for name in names if isinstance(name, str)), "")
    return first if len(first) <= _MAX_COMMON_NAME else ""


def _name(common_name: str) -> x509.Name:
    attributes = [x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else []
    return x509.Name(attributes)


def _printable(text: str) -> str:
    # Trust stores show it in a line; and a lone surrogate of an odd user name has no UTF-8 form.
    return "".join(character if character.isprintable() else "?" for character in text)
