"""The extensions of a certificate as OpenSSL's configuration files write them (x509v3_config(5)).

A value -> an extension, or what is wrong with it. Understood are those that a server's certificate
has use for. The alternative names, which may stand in a section of their own, come as pairs of a
kind and a value, from wherever they stand.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from ..rules.author_lines import LineMistake
from .subject_names import parse_address, parse_dns_name
from .template import Extension, make_key_usage, to_extension

__all__ = [
    "EXTENSIONS",
    "parse_extension",
    "parse_general_name",
    "split_criticality",
    "split_general_names",
    "to_alternative_name",
]

# OpenSSL's names for the bits of RFC 5280 §4.2.1.3, and cryptography's.
_KEY_USAGES = {
    "digitalSignature": "digital_signature",
    "nonRepudiation": "content_commitment",
    "keyEncipherment": "key_encipherment",
    "dataEncipherment": "data_encipherment",
    "keyAgreement": "key_agreement",
    "keyCertSign": "key_cert_sign",
    "cRLSign": "crl_sign",
}

_PURPOSES = {
    "serverAuth": ExtendedKeyUsageOID.SERVER_AUTH,
    "clientAuth": ExtendedKeyUsageOID.CLIENT_AUTH,
}

_Known = TypeVar("_Known")

_TRUTHS = {"TRUE": True, "FALSE": False}

EXTENSIONS = (
    *("subjectAltName", "basicConstraints", "keyUsage"),
    *("extendedKeyUsage", "subjectKeyIdentifier"),
)


def parse_extension(name: str, text: str) -> Extension | None:
    """Return the extension ``name`` other than subjectAltName; None: it is there anyway.

    Raises LineMistake.
    """
    critical, value = split_criticality(text)
    if name == "basicConstraints":
        return to_extension(_parse_basic_constraints(value), critical=critical)
    if name == "keyUsage":
        usages = _look_up(_split(value), _KEY_USAGES)
        return to_extension(make_key_usage(usages), critical=critical)
    if name == "extendedKeyUsage":
        purposes = _look_up(_split(value), _PURPOSES)
        return to_extension(x509.ExtendedKeyUsage(purposes), critical=critical)
    if name == "subjectKeyIdentifier":
        if text != "hash":
            raise LineMistake("trio-https knows subjectKeyIdentifier = hash only: write that")
        return None
    if name == "authorityKeyIdentifier":
        raise LineMistake(
            "OpenSSL's versions make different things of authorityKeyIdentifier, and a certificate"
            " that signs itself needs none: take the line out"
        )
    raise LineMistake(
        f"trio-https does not know the extension {name}: take it out (known are"
        f" {', '.join(EXTENSIONS)})"
    )


def split_criticality(text: str) -> tuple[bool, str]:
    """Return whether ``text`` begins in "critical,", and the rest of it."""
    rest = text.removeprefix("critical,")
    return rest != text, rest.lstrip(" \t")


def split_general_names(text: str) -> list[tuple[str, str]]:
    """Return the kinds and values of "DNS:localhost, IP:::1". Raises LineMistake."""
    pairs = []
    for part in _split(text):
        kind, colon, value = part.partition(":")
        if not colon:
            raise LineMistake(f"{part!r} has no kind: write DNS:NAME or IP:ADDRESS")
        pairs.append((kind.rstrip(" \t"), value.lstrip(" \t")))
    return pairs


def parse_general_name(kind: str, text: str) -> x509.GeneralName:
    """Return the name of a kind such as "DNS" or "IP.1". Raises LineMistake."""
    try:
        if re.fullmatch(r"DNS(\..*)?", kind):
            return x509.DNSName(parse_dns_name(text))
        if re.fullmatch(r"IP(\..*)?", kind):
            return x509.IPAddress(parse_address(text))
    except ValueError as error:
        raise LineMistake(str(error)) from error
    raise LineMistake(
        f"{kind} is no kind of name that a server has: write DNS.1 = NAME or IP.1 = ADDRESS"
    )


def to_alternative_name(names: Iterable[x509.GeneralName], *, critical: bool) -> Extension:
    """Return the extension subjectAltName with these names. Raises LineMistake for none."""
    general_names = list(names)
    if not general_names:
        raise LineMistake("there is no name in it: write DNS.1 = NAME or IP.1 = ADDRESS")
    return to_extension(x509.SubjectAlternativeName(general_names), critical=critical)


def _parse_basic_constraints(text: str) -> x509.BasicConstraints:
    found = re.fullmatch(
        r"CA[ \t]*:[ \t]*(\w+)(?:[ \t]*,[ \t]*pathlen[ \t]*:[ \t]*(\d{1,3}))?", text
    )
    if found is None or found[1].upper() not in _TRUTHS:
        raise LineMistake(f"{text!r} is not understood: write CA:FALSE for a server")
    is_ca = _TRUTHS[found[1].upper()]
    if found[2] and not is_ca:
        raise LineMistake("pathlen is for authorities: take it out (RFC 5280 §4.2.1.9)")
    return x509.BasicConstraints(ca=is_ca, path_length=int(found[2]) if found[2] else None)


def _look_up(names: Sequence[str], known: Mapping[str, _Known]) -> list[_Known]:
    for name in names:
        if name not in known:
            raise LineMistake(f"{name!r} is not known: write some of {', '.join(known)}")
    return [known[name] for name in names]


def _split(text: str) -> list[str]:
    parts = [part.strip(" \t") for part in text.split(",")]
    if not all(parts):
        raise LineMistake("there is nothing before or after a comma: take the comma out")
    return parts
