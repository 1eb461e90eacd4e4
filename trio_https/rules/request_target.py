"""The request target and the authority that a request is for (RFC 9112 §3.2, RFC 9110 §7.2).

Of the four forms of a target, a server that is no proxy understands three: origin-form
("/where?q=now"), absolute-form ("https://host/where"), whose authority wins over the Host field,
and asterisk-form ("*") with OPTIONS. Which authorities the server is known by is not judged here.
"""

import ipaddress
import re
from functools import lru_cache
from typing import NamedTuple

from ..errors import HTTPError

__all__ = ["RequestTarget", "format_origin", "host_of", "is_authority", "resolve_target"]

# RFC 3986 §3.2.2 and §3.2.3 without userinfo, which has no place in Host. An empty name is left
# out: no http URI may have one (RFC 9110 §4.2.1).
_AUTHORITY = re.compile(
    r"""
    (?: \[ ([0-9A-Fa-f:.]+) \]                                   # IP-literal
      | (?: [A-Za-z0-9\-._~!$&'()*+,;=] | %[0-9A-Fa-f]{2} )+ )   # reg-name or IPv4address
    (?: : ([0-9]{0,5}) )?
    """,
    re.VERBOSE,
)
_LAST_PORT = 65535  # RFC 9293 §3.1: 16 bits
_DEFAULT_PORTS = {"http": 80, "https": 443}  # RFC 9110 §4.2.1 and §4.2.2
_ABSOLUTE_FORM = re.compile(r"https?://([^/?#]*)([^#]*)", re.IGNORECASE)


class RequestTarget(NamedTuple):
    """Where a request goes: path and query as sent, and the authority that it is for."""

    path_and_query: str
    authority: str


def resolve_target(method: str, target: str, host: str | None) -> RequestTarget:
    """Return what ``target`` means beside the value of the Host field (None: there is no field).

    Raises ``HTTPError`` 400, always closing, for a target or a host that is malformed.
    """
    if host is not None and not is_authority(host):
        raise HTTPError(400, "the Host header field is malformed", close=True)  # RFC 9112 §3.2
    if target.startswith("/"):
        return RequestTarget(_check_path(target), host or "")
    if target == "*" and method == "OPTIONS":
        return RequestTarget("*", host or "")
    absolute = _ABSOLUTE_FORM.fullmatch(target)
    if absolute and is_authority(absolute[1]):
        path_and_query = absolute[2]
        if not path_and_query and method == "OPTIONS":  # RFC 9112 §3.2.4
            return RequestTarget("*", absolute[1])
        if not path_and_query.startswith("/"):  # RFC 9110 §4.2.3: an empty path is "/"
            path_and_query = "/" + path_and_query
        return RequestTarget(_check_path(path_and_query), absolute[1])
    raise HTTPError(400, "the request target is malformed", close=True)


def _check_path(path_and_query: str) -> str:
    """Refuse what is read in two ways; the rest of what RFC 3986 forbids, browsers do send."""
    if "#" in path_and_query:  # RFC 9112 §3.2.1: absolute-path [ "?" query ], no fragment
        raise HTTPError(400, "the request target has a fragment", close=True)
    if "\\" in path_and_query.partition("?")[0]:  # a slash for browsers and on Windows
        raise HTTPError(400, "the request target has a backslash", close=True)
    return path_and_query


@lru_cache(maxsize=64)  # a client asks for the same one all the time
def is_authority(text: str) -> bool:
    """Whether ``text`` is a host with an optional port: "localhost:8443", "[::1]"."""
    match = _AUTHORITY.fullmatch(text)
    if match is None:
        return False
    address, port = match.groups()
    if port and int(port) > _LAST_PORT:
        return False
    return address is None or _is_ipv6(address)


def host_of(authority: str) -> str:
    """Return the name or address without the port, in lower case and without brackets."""
    if authority.startswith("["):
        return authority[1:].partition("]")[0].lower()
    return authority.partition(":")[0].lower().rstrip(".")


def format_origin(scheme: str, host: str, port: int) -> str:
    """Return "https://localhost:8443", "https://[::1]"; a default port is left out.

    ``host`` is a name or an address without brackets (RFC 9110 §4.3.1).
    """
    name = f"[{host}]" if ":" in host else host
    return f"{scheme}://{name}" if port == _DEFAULT_PORTS[scheme] else f"{scheme}://{name}:{port}"


def _is_ipv6(text: str) -> bool:
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return True
