"""What clients would object to in a server's certificate, each in words and with a remedy.

The rules are those of browsers, of Apple's systems and of OpenSSL, which go beyond RFC 5280; where
they come from stands beside each. Only the server's own certificate is looked at here, not its
chain, and not whether anybody trusts it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TypeVar

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ..errors import ConfigError
from .description import CertificateDescription, describe_certificate
from .details import is_authority
from .local_names import SubjectName, is_dns_name, is_public_name
from .pem_files import check_strength, check_use, check_validity

__all__ = ["Objection", "ends_soon", "find_objections", "fits_name", "objection_of"]

# Apple, "Requirements for trusted certificates in iOS 13 and macOS 10.15": for all authorities.
_MAX_LIFETIME = timedelta(days=825)

# Apple, "About upcoming limits on trusted certificates", and Chromium: for authorities that come
# with the system, for which 398 days are the most that browsers ever took since 2020.
_MAX_PUBLIC_LIFETIME = timedelta(days=398)

_SOON = timedelta(days=14)  # time to be reminded twice by a weekly job

_NEW = 'Make it anew ("trio-https cert new")'


@dataclass(frozen=True, slots=True)
class Objection:
    """What is wrong, to whom, and what to do about it."""

    text: str
    is_serious: bool = True
    """Whether clients refuse the certificate, or soon will, and not merely could."""


def find_objections(
    certificate: x509.Certificate, place: str, names: Sequence[SubjectName], *, now: datetime
) -> Iterator[Objection]:
    """Yield what clients would object to; ``names``, in lower case, are those in their URLs.

    ``place`` is what messages call the certificate; ``now`` is aware. Raises ConfigError for a
    damaged certificate.
    """
    try:
        description = describe_certificate(certificate)
        yield from objection_of(place, partial(check_validity, Path(place), description, now))
        yield from objection_of(place, partial(check_strength, Path(place), 1, certificate))
        yield from objection_of(place, partial(check_use, Path(place), certificate))
        yield from _about_names(certificate, description.names)
        yield from _about_wanted_names(description.names, names)
        yield from _about_lifetime(description, now)
        yield from _about_use(certificate)
        yield from _about_curve(certificate)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigError(f"{place}: a part of the certificate is damaged ({error}).") from error


def objection_of(place: str, check: Callable[[], None]) -> Iterator[Objection]:
    """Yield what a check that raises ConfigError says of ``place``."""
    try:
        check()
    except ConfigError as error:
        yield Objection(str(error).removeprefix(f"{place}: "))


def _about_names(certificate: x509.Certificate, names: Sequence[str]) -> Iterator[Objection]:
    if not names:
        common_names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        shown = ", ".join(str(attribute.value) for attribute in common_names) or "nothing"
        # RFC 9525 §2, and Chromium since 58: the common name is not looked at.
        yield Objection(
            "there is no subjectAltName, and clients look at no other name (the common name is"
            f" {shown}). {_NEW}, with its names and addresses."
        )
    for name in names:
        if not name.startswith("*."):
            continue
        # OpenSSL wants two dots after the asterisk's label, and browsers a registrable domain.
        if "." not in name.removeprefix("*."):
            yield Objection(
                f"{name} matches nothing in browsers and OpenSSL: a wildcard right below a"
                " top-level name is refused. Name the hosts instead.",
                is_serious=len(names) == 1,
            )


def _about_wanted_names(
    names: Sequence[str], wanted_names: Sequence[SubjectName]
) -> Iterator[Objection]:
    for wanted in wanted_names:
        if not any(fits_name(name.lower(), str(wanted)) for name in names):
            yield Objection(
                f"the certificate is not for {wanted}, only for {', '.join(names) or 'no name'}."
                f" {_NEW} with that name too, or use one of these in the URL."
            )


def fits_name(name: str, wanted: str) -> bool:
    """Whether a certificate's ``name`` is good for a URL with ``wanted``; both in lower case."""
    # RFC 9525 §6.3: the asterisk stands for one label, the first.
    if not name.startswith("*."):
        return name == wanted
    domain = name.removeprefix("*.")
    return "." in domain and is_dns_name(wanted) and wanted.partition(".")[2] == domain


def _about_lifetime(description: CertificateDescription, now: datetime) -> Iterator[Objection]:
    # RFC 5280 §4.1.2.5: the last second belongs to it. One second makes a day more for Apple.
    lifetime = description.not_after - description.not_before
    left = description.not_after - now
    if lifetime > _MAX_LIFETIME:
        yield Objection(
            f"it is valid for {lifetime.days} days in all, and iPhones, iPads and Macs refuse more"
            f" than {_MAX_LIFETIME.days}. {_NEW} with fewer --days."
        )
    elif (
        lifetime > _MAX_PUBLIC_LIFETIME
        and not description.self_signed
        and any(map(is_public_name, description.names))
    ):
        yield Objection(
            f"it is valid for {lifetime.days} days in all: if its authority is one that comes with"
            f" the system, browsers refuse more than {_MAX_PUBLIC_LIFETIME.days}. Have it issued"
            " for less.",
            is_serious=False,
        )
    if left >= timedelta(0) and ends_soon(description, now):
        yield Objection(
            f"it ends on {description.not_after:%Y-%m-%d %H:%M} UTC, in {left.days} days. Renew it."
        )


def ends_soon(description: CertificateDescription, now: datetime) -> bool:
    """Whether a certificate has ended, or will in so few days that it is time to renew it."""
    lifetime = description.not_after - description.not_before
    return description.not_after - now < min(_SOON, lifetime / 3)


def _about_use(certificate: x509.Certificate) -> Iterator[Objection]:
    if is_authority(certificate):
        # Firefox: MOZILLA_PKIX_ERROR_CA_CERT_USED_AS_END_ENTITY.
        yield Objection(
            "it is the certificate of an authority (CA:TRUE): Firefox refuses it for a server, and"
            " whoever has its key could sign for any site where it is trusted."
            f" {_NEW}, with CA:FALSE."
        )
    purposes = _extension(certificate, x509.ExtendedKeyUsage)
    if purposes is None:
        # Apple, as for the 825 days.
        yield Objection(
            "it has no extended key usage, and iPhones, iPads and Macs want serverAuth in it."
            f" {_NEW}, with extendedKeyUsage = serverAuth."
        )
    elif ExtendedKeyUsageOID.SERVER_AUTH not in purposes:
        yield Objection(
            "its extended key usage is for something else than servers, so that clients refuse it."
            f" {_NEW}, with extendedKeyUsage = serverAuth."
        )
    usage = _extension(certificate, x509.KeyUsage)
    if usage is not None and not usage.digital_signature:
        # RFC 8446 §4.4.2.2: in TLS 1.3 the key does nothing but sign.
        yield Objection(
            "its key usage lacks digitalSignature, which TLS 1.3 needs, so that clients refuse it."
            f" {_NEW}, with keyUsage = digitalSignature."
        )


def _about_curve(certificate: x509.Certificate) -> Iterator[Objection]:
    key = certificate.public_key()
    is_edwards = isinstance(key, ed25519.Ed25519PublicKey | ed448.Ed448PublicKey)
    if is_edwards or (isinstance(key, ec.EllipticCurvePublicKey) and key.key_size > 384):
        # The CA/Browser Forum's baseline requirements §6.1.5 and §7.1.3 leave them out, and
        # so do the signature algorithms that Chromium offers.
        yield Objection(
            "Chromium and other browsers don't take a key of this kind, though OpenSSL and curl do."
            f" {_NEW} with --key-type ecdsa-p256."
        )


_Extension = TypeVar("_Extension", bound=x509.ExtensionType)


def _extension(certificate: x509.Certificate, kind: type[_Extension]) -> _Extension | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
