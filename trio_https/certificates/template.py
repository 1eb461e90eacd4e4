"""What is to stand in a new certificate: subject, extensions, and with what it is signed.

A template comes from a file ``ssl.conf`` or from names alone. Who signs, for how long, and where
the result is kept, is not known here.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from .local_names import SubjectName

__all__ = [
    "CertificateTemplate",
    "Digest",
    "Extension",
    "RSABits",
    "complete_for_server",
    "make_key_usage",
    "template_for_names",
    "to_extension",
]

Digest = Literal["sha256", "sha384", "sha512"]
RSABits = Literal[2048, 3072, 4096]
Extension = x509.Extension[x509.ExtensionType]

MAX_COMMON_NAME = 64  # RFC 5280 appendix A.1: ub-common-name, in characters

_KEY_USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateTemplate:
    """What a certificate holds that depends on nobody's key."""

    subject: x509.Name
    extensions: tuple[Extension, ...]
    """In the order in which they are to stand; a subjectAltName is among them."""
    digest: Digest
    rsa_bits: RSABits
    """The length of the key where no other kind is asked for."""

    @property
    def names(self) -> tuple[SubjectName, ...]:
        """The DNS names and addresses that it is for."""
        general_names = self._alternative_name()
        return tuple(
            name.value
            for name in general_names
            # An x509.IPAddress may hold a network, but not here.
            if isinstance(name, x509.DNSName | x509.IPAddress)
            and isinstance(name.value, SubjectName)
        )

    @property
    def common_names(self) -> tuple[str, ...]:
        """The common names in the subject: one, or none where it is empty."""
        attributes = self.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return tuple(str(attribute.value) for attribute in attributes)

    @property
    def is_authority(self) -> bool:
        """Whether it is for a certificate that may sign others."""
        return any(
            isinstance(extension.value, x509.BasicConstraints) and extension.value.ca
            for extension in self.extensions
        )

    def _alternative_name(self) -> x509.SubjectAlternativeName:
        return next(
            extension.value
            for extension in self.extensions
            if isinstance(extension.value, x509.SubjectAlternativeName)
        )


def template_for_names(names: Sequence[SubjectName]) -> CertificateTemplate:
    """Return the template of a server's certificate for ``names``, one at least."""
    subject = _subject(names)
    general_names = [_general_name(name) for name in names]
    # RFC 5280 §4.2.1.6: critical where the subject is empty.
    alternative_name = to_extension(
        x509.SubjectAlternativeName(general_names), critical=not list(subject)
    )
    template = CertificateTemplate(
        subject=subject, extensions=(alternative_name,), digest="sha256", rsa_bits=2048
    )
    return complete_for_server(template)


def complete_for_server(template: CertificateTemplate) -> CertificateTemplate:
    """Return ``template`` with the extensions that clients want in a server's certificate.

    Those that it has stay as they are.
    """
    wanted = (
        to_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True),
        to_extension(make_key_usage(["digital_signature"]), critical=True),
        to_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False),
    )
    present = {extension.oid for extension in template.extensions}
    missing = tuple(extension for extension in wanted if extension.oid not in present)
    return replace(template, extensions=template.extensions + missing)


def to_extension(value: x509.ExtensionType, *, critical: bool) -> Extension:
    """Return an extension that holds ``value``."""
    return x509.Extension(value.oid, critical, value)


def make_key_usage(usages: Iterable[str]) -> x509.KeyUsage:
    """Return the key usage with those of the parameters of ``x509.KeyUsage`` that are named."""
    wanted = frozenset(usages)
    return x509.KeyUsage(**{usage: usage in wanted for usage in _KEY_USAGES})


def _subject(names: Sequence[SubjectName]) -> x509.Name:
    # A DNS name rather than an address: where the subjectAltName has no DNS name, OpenSSL takes
    # "127.0.0.1" in the common name for one, and finds it outside of a CA's name constraints.
    first = next((name for name in names if isinstance(name, str)), "")
    if not first or len(first) > MAX_COMMON_NAME:
        return x509.Name([])
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, first)])


def _general_name(name: SubjectName) -> x509.GeneralName:
    return x509.DNSName(name) if isinstance(name, str) else x509.IPAddress(name)
