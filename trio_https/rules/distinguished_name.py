"""The subject of a certificate and its alternative names as text (RFC 4514, RFC 5280 §4.2.1.6).

They come as Python's ``ssl`` gives them, already decoded: pairs of OpenSSL's name of a type and a
value.
"""

import re
from collections.abc import Iterable, Sequence

__all__ = ["RelativeNames", "format_alternative_names", "format_distinguished_name"]

RelativeNames = Sequence[Sequence[tuple[str, str]]]
"""The relative distinguished names of a subject in the order of the certificate: country first."""

# RFC 4514 §3, by the long names of OpenSSL. Any other type keeps the name that OpenSSL gives it.
_SHORT_TYPES = {
    "commonName": "CN",
    "localityName": "L",
    "stateOrProvinceName": "ST",
    "organizationName": "O",
    "organizationalUnitName": "OU",
    "countryName": "C",
    "streetAddress": "STREET",
    "domainComponent": "DC",
    "userId": "UID",
}

# RFC 4514 §2.4: these anywhere; "#" and a space also at the beginning, a space at the end.
_SPECIAL = re.compile(r'["+,;<>\\]|^[ #]| \Z')


def format_distinguished_name(subject: RelativeNames) -> str:
    r"""Return a subject as RFC 4514 writes it, the last part first: "CN=Ada,O=Example\, Ltd."."""
    parts = (
        "+".join(f"{_type(name)}={_escape(value)}" for name, value in part) for part in subject
    )
    return ",".join(reversed(list(parts)))


def format_alternative_names(names: Iterable[tuple[str, object]]) -> tuple[str, ...]:
    """Return alternative names with their kinds: "DNS:example.org", "email:ada@example.org".

    The kinds are "DNS", "email", "URI" and "IP". A name of another kind is left out: its text, as
    Python has it, says too little of it to be compared.
    """
    known = {"DNS": "DNS", "email": "email", "URI": "URI", "IP Address": "IP"}
    return tuple(f"{known[kind]}:{name}" for kind, name in names if kind in known)


def _type(name: str) -> str:
    return _SHORT_TYPES.get(name, name)


def _escape(value: str) -> str:
    # NUL in the form with two hexadecimal digits, as the RFC wants it.
    return _SPECIAL.sub(lambda match: "\\" + match[0], value).replace("\0", "\\00")
