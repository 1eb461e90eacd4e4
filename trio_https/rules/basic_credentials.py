"""The name and the password that a client sends (RFC 7617), and the challenge that asks for them.

Whether they are right is not judged here.
"""

import base64
import re
from collections.abc import Sequence
from typing import NamedTuple
from unicodedata import normalize

__all__ = [
    "CONTROL_CHARACTER",
    "BasicCredentials",
    "format_challenge",
    "normalize_credential",
    "parse_credentials",
]

# RFC 9110 §11.4: the scheme in any case, spaces, and a token68, of which base64 is one.
_BASIC = re.compile(r"basic +([A-Za-z0-9+/]+={0,2})", re.IGNORECASE)
CONTROL_CHARACTER = re.compile(r"[\x00-\x1f\x7f]")
"""What neither a name nor a password may have (RFC 7617 §2)."""


class BasicCredentials(NamedTuple):
    """Both as RFC 7617 §2.1 wants them: text from UTF-8, in Normalization Form C."""

    name: str
    password: str

    def __repr__(self) -> str:
        return f"BasicCredentials(name={self.name!r})"  # no password in a log


def parse_credentials(lines: Sequence[str]) -> BasicCredentials | None:
    """Return what the lines of the Authorization field say, None if that is no such credentials.

    None too for more than one line, a name or a password with control characters (RFC 7617 §2), and
    for what is not UTF-8, which the challenge asks for.
    """
    match = _BASIC.fullmatch(lines[0]) if len(lines) == 1 else None
    if match is None:
        return None
    try:
        text = normalize_credential(base64.b64decode(match[1], validate=True).decode())
    except ValueError:  # of base64, and of UTF-8
        return None
    name, colon, password = text.partition(":")
    if not colon or CONTROL_CHARACTER.search(text):
        return None
    return BasicCredentials(name, password)


def normalize_credential(text: str) -> str:
    """Return a name or a password in the form that two keyboards have in common."""
    return normalize("NFC", text)


def format_challenge(realm: str) -> str:
    """Return the value of WWW-Authenticate. Raises ``ValueError`` for a realm not in ASCII."""
    if not (realm.isascii() and realm.isprintable()):
        raise ValueError(f"realm: {realm!r} is not printable ASCII, which browsers agree on")
    quoted = realm.replace("\\", r"\\").replace('"', r"\"")  # RFC 9110 §5.6.4
    return f'Basic realm="{quoted}", charset="UTF-8"'
