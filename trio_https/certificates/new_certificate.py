"""From a template to a new key and a certificate: signed with that key, or by the local CA.

Both come in PEM, ready to be written. Where they are kept is not known here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ..errors import ConfigError
from .description import CertificateDescription, describe_certificate
from .local_ca import LocalCA
from .local_names import SubjectName, is_dns_name
from .template import CertificateTemplate, Digest, complete_for_server

__all__ = ["KEY_TYPES", "KeyType", "NewCertificate", "issue_by_local_ca", "issue_self_signed"]

KeyType = Literal["rsa2048", "rsa3072", "rsa4096", "ecdsa-p256", "ecdsa-p384"]

_RSA_BITS = {"rsa2048": 2048, "rsa3072": 3072, "rsa4096": 4096}
_CURVES = {"ecdsa-p256": ec.SECP256R1, "ecdsa-p384": ec.SECP384R1}
KEY_TYPES = (*_RSA_BITS, *_CURVES)

_DIGESTS: dict[Digest, hashes.SHA256 | hashes.SHA384 | hashes.SHA512] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}

_Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCertificate:
    """A certificate that was made just now, and its key."""

    key: bytes
    """In PEM (PKCS #8), not encrypted."""
    certificate: bytes
    """In PEM."""
    description: CertificateDescription


def issue_self_signed(
    template: CertificateTemplate,
    key_type: KeyType | None = None,
    *,
    lifetime: timedelta,
    now: datetime,
) -> NewCertificate:
    """Return a certificate that is signed with its own key, as ``openssl req -x509`` makes it.

    ``key_type`` is RSA of the template's length by default; ``now``, which is aware, is the
    beginning of the ``lifetime``.
    """
    key = _generate_key(key_type, template)
    builder = _certificate_builder(template, key, issuer=template.subject)
    builder = _with_validity(builder, now, now + lifetime)
    return _sign(builder, key, key, template)


def issue_by_local_ca(
    template: CertificateTemplate,
    ca: LocalCA,
    key_type: KeyType | None = None,
    *,
    lifetime: timedelta,
    now: datetime,
) -> NewCertificate:
    """Return a certificate that is signed by the local CA; what clients want is added to it.

    ``key_type`` is RSA of the template's length by default. It begins ``now``, which is aware, and
    ends with the CA if the ``lifetime`` doesn't end before. Raises ConfigError for a template with
    a name that the CA does not permit, or of a CA.
    """
    template = complete_for_server(template)
    _check_permitted(template, ca)
    key = _generate_key(key_type, template)
    builder = _certificate_builder(template, key, issuer=ca.certificate.subject)
    end = min(now + lifetime, ca.certificate.not_valid_after_utc)
    builder = _with_validity(builder, now, end)
    extension = ca.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(extension.value)
    builder = builder.add_extension(identifier, critical=False)
    return _sign(builder, key, ca.key, template)


def _check_permitted(template: CertificateTemplate, ca: LocalCA) -> None:
    if template.is_authority:
        raise ConfigError(
            f"{ca.path}: this authority signs no other, and the template says CA:TRUE. Write"
            " CA:FALSE, or let it sign itself, without --ca."
        )
    refused = [str(name) for name in _names_for_clients(template) if not ca.permits(name)]
    if refused:
        raise ConfigError(
            f"{ca.path}: this authority may not sign for {', '.join(refused)}, and no client would"
            " accept it: it is for this machine and its network only. Leave that out, or let the"
            " certificate sign itself, without --ca."
        )


def _names_for_clients(template: CertificateTemplate) -> Sequence[SubjectName]:
    """Return the names in lower case, and a common name that OpenSSL takes for one of them."""
    names = [name.lower() if isinstance(name, str) else name for name in template.names]
    if any(isinstance(name, str) for name in names):
        return names
    # Without a DNS name in the subjectAltName, OpenSSL holds the common name, if it looks like
    # one, to the CA's name constraints.
    common_names = [name.lower() for name in template.common_names]
    return names + [name for name in common_names if is_dns_name(name)]


def _generate_key(key_type: KeyType | None, template: CertificateTemplate) -> _Key:
    if key_type in _CURVES:
        return ec.generate_private_key(_CURVES[key_type]())
    bits = template.rsa_bits if key_type is None else _RSA_BITS[key_type]
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def _certificate_builder(
    template: CertificateTemplate, key: _Key, *, issuer: x509.Name
) -> x509.CertificateBuilder:
    builder = x509.CertificateBuilder().subject_name(template.subject).issuer_name(issuer)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    for extension in template.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return builder.add_extension(identifier, critical=False)


def _with_validity(
    builder: x509.CertificateBuilder, start: datetime, end: datetime
) -> x509.CertificateBuilder:
    start, end = start.replace(microsecond=0), end.replace(microsecond=0)
    return builder.not_valid_before(start).not_valid_after(end)


def _sign(
    builder: x509.CertificateBuilder, key: _Key, signer: _Key, template: CertificateTemplate
) -> NewCertificate:
    certificate = builder.sign(signer, _DIGESTS[template.digest])
    return NewCertificate(
        key=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        certificate=certificate.public_bytes(Encoding.PEM),
        description=describe_certificate(certificate),
    )
