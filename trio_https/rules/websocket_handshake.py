"""What a request must be to open a WebSocket, and what it is answered (RFC 6455 §4.2).

That the request asks for an upgrade at all is judged by ``upgrade``; what an extension's parameters
mean, by ``permessage_deflate``. Fields are given by their lines.
"""

import re
from base64 import b64encode
from collections.abc import Sequence
from hashlib import sha1
from typing import NamedTuple

from ..errors import HTTPError

__all__ = [
    "Extension",
    "accept_value",
    "check_method",
    "check_no_content",
    "check_version",
    "choose_subprotocol",
    "is_allowed_origin",
    "is_origin",
    "is_token",
    "parse_extensions",
    "parse_key",
]

_TCHARS = r"[-!#$%&'*+.^_`|~0-9A-Za-z]+"
_TOKEN = re.compile(_TCHARS)

# RFC 6455 §9.1: a quoted value must be a token once it is unquoted; so no comma is in it, nor ";".
_PARAMETER = re.compile(rf"""({_TCHARS})(?:[ \t]*=[ \t]*(?:({_TCHARS})|"({_TCHARS})"))?""")

# Base64 of 16 octets. The 4 bits over are not looked at: some clients are careless, all decode it.
_KEY = re.compile(r"[0-9A-Za-z+/]{22}==")
_ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455 §1.3

# RFC 6454 §6.1, with any scheme: pages of an app may have one of their own.
_ORIGIN = re.compile(r"null|[a-z][a-z0-9+.-]*://[^/?#@\s]+", re.IGNORECASE)
_DEFAULT_PORTS = {"https": ":443", "http": ":80"}


class Extension(NamedTuple):
    """An extension that a client offers: its name, and its parameters, in the order of the wire."""

    name: str
    parameters: tuple[tuple[str, str | None], ...]


def check_method(method: str) -> None:
    """Refuse with 405 what is no GET (RFC 6455 §4.2.1, 1)."""
    if method != "GET":
        raise HTTPError(405, "a WebSocket is opened with GET", headers=[("Allow", "GET")])


def check_version(lines: Sequence[str]) -> None:
    """Refuse with 426 what is not version 13, and say that it is the one (RFC 6455 §4.2.2, 4)."""
    if list(lines) != ["13"]:
        fields = [("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13")]
        raise HTTPError(426, "the version of the WebSocket protocol must be 13", headers=fields)


def check_no_content(*, content_length: str | None, transfer_encoding: str | None) -> None:
    """Refuse with 400 a request with content: nobody would read it, or take it for frames."""
    if transfer_encoding is not None or (content_length or "0").strip("0"):
        raise HTTPError(400, "a request that opens a WebSocket has no content", close=True)


def parse_key(lines: Sequence[str]) -> str:
    """Return Sec-WebSocket-Key; refuse with 400 what is not base64 of 16 octets, once."""
    if len(lines) != 1 or not _KEY.fullmatch(lines[0]):
        raise HTTPError(400, "Sec-WebSocket-Key must be 16 octets in base64, once")
    return lines[0]


def accept_value(key: str) -> str:
    """Return Sec-WebSocket-Accept, which shows that the key was understood (RFC 6455 §4.2.2)."""
    # RFC 6455 §1.3 wants SHA-1; nothing secret depends on it.
    return b64encode(sha1((key + _ACCEPT_SUFFIX).encode(), usedforsecurity=False).digest()).decode()


def is_allowed_origin(
    lines: Sequence[str], *, scheme: str, authority: str, allowed: Sequence[str]
) -> bool:
    """Whether a page of the origin in ``lines`` may connect: one of ours, or of ``allowed``.

    ``scheme`` and ``authority`` are those of the request. Without the field it is no browser that
    asks. "*" allows all origins, and "null" those that have no name, as of a page in a sandbox.
    """
    if not lines or "*" in allowed:
        return True
    ours = {_normalize(origin) for origin in (f"{scheme}://{authority}", *allowed)}
    return len(lines) == 1 and _normalize(lines[0]) in ours


def is_origin(text: str) -> bool:
    """Whether ``text`` is an origin as browsers write it, without a path; "null" is one, too."""
    return _ORIGIN.fullmatch(text) is not None


def _normalize(origin: str) -> str:
    origin = origin.lower()
    return origin.removesuffix(_DEFAULT_PORTS.get(origin.partition(":")[0], "")).removesuffix(":")


def choose_subprotocol(lines: Sequence[str], supported: Sequence[str]) -> str | None:
    """Return the first of ``supported`` that the client offers, None where it offers none.

    Raises ``HTTPError`` 400 for an offer that is no list of tokens.
    """
    offered = _split_list(lines)
    if not all(is_token(name) for name in offered):
        raise HTTPError(400, "Sec-WebSocket-Protocol must be a list of tokens")
    return next((name for name in supported if name in offered), None)


def is_token(text: str) -> bool:
    """Whether ``text`` is a token (RFC 9110 §5.6.2)."""
    return _TOKEN.fullmatch(text) is not None


def parse_extensions(lines: Sequence[str]) -> list[Extension]:
    """Return what the client offers in Sec-WebSocket-Extensions, in its order of preference.

    Raises ``HTTPError`` 400 for what is malformed: RFC 6455 §9.1 wants that to end in failure.
    """
    return [_parse_extension(member) for member in _split_list(lines)]


def _parse_extension(member: str) -> Extension:
    name, *parameters = (part.strip(" \t") for part in member.split(";"))
    matches = [_PARAMETER.fullmatch(parameter) for parameter in parameters]
    if not is_token(name) or None in matches:
        raise HTTPError(400, "Sec-WebSocket-Extensions is malformed")
    return Extension(name, tuple((m[1], m[2] or m[3]) for m in matches if m))


def _split_list(lines: Sequence[str]) -> list[str]:
    """Return the members of a list; empty ones do not count (RFC 9110 §5.6.1.2)."""
    members = (member.strip(" \t") for line in lines for member in line.split(","))
    return [member for member in members if member]
