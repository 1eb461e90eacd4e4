"""Requests and responses as values: what a handler takes and what it gives back.

Everything here is text and frozen; bytes on the wire are the business of ``http1``, which alone
encodes and decodes. Nothing here knows of connections, TLS or files.
"""

import json
from collections.abc import AsyncIterable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol, Self, overload
from urllib.parse import quote

import trio

__all__ = ["Address", "Handler", "Headers", "Request", "Response", "ResponseBody", "TLSInfo"]


class Headers(Sequence[tuple[str, str]]):
    """Header fields in the order of the wire: an immutable sequence of (name, value).

    Names compare without regard to case (RFC 9110 §5.1). Values are text, a character for each
    octet of the wire (latin-1, RFC 9110 §5.5).
    """

    __slots__ = ("_fields",)

    def __init__(self, fields: Mapping[str, str] | Iterable[tuple[str, str]] = ()) -> None:
        self._fields = tuple(fields.items() if isinstance(fields, Mapping) else fields)

    def get(self, name: str) -> str | None:
        """Return the value of ``name``, several field lines joined by ", " (RFC 9110 §5.3)."""
        values = self.get_all(name)
        return ", ".join(values) if values else None

    def get_all(self, name: str) -> list[str]:
        """Return the value of each field line of that name, for Set-Cookie and its like."""
        wanted = name.lower()
        return [value for known, value in self._fields if known.lower() == wanted]

    def with_header(self, name: str, value: str) -> Self:
        """Return a copy in which ``name`` has this one value, in place of those it had."""
        replaced = name.lower()
        kept = (item for item in self._fields if item[0].lower() != replaced)
        return type(self)((*kept, (name, value)))

    @overload
    def __getitem__(self, index: int) -> tuple[str, str]: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[tuple[str, str]]: ...
    def __getitem__(self, index: int | slice) -> tuple[str, str] | Sequence[tuple[str, str]]:
        return self._fields[index]

    def __len__(self) -> int:
        return len(self._fields)

    def __iter__(self) -> Iterator[tuple[str, str]]:
        return iter(self._fields)

    def __contains__(self, name: object) -> bool:
        """Whether a field of this name is there: ``"Range" in headers``."""
        return isinstance(name, str) and bool(self.get_all(name))

    def __eq__(self, other: object) -> bool:
        return self._fields == other._fields if isinstance(other, Headers) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._fields)

    def __repr__(self) -> str:
        return f"Headers({list(self._fields)!r})"


class Address(NamedTuple):
    """An IP address and a port, as in ``("192.0.2.7", 49152)``."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TLSInfo:
    """What the TLS handshake of a connection agreed on."""

    version: str
    """As OpenSSL names it: "TLSv1.3"."""
    cipher_suite: str
    """"TLS_AES_256_GCM_SHA384" or, for TLS 1.2, OpenSSL's name: "ECDHE-ECDSA-AES128-GCM-SHA256"."""
    alpn: str | None
    """The protocol chosen by ALPN (RFC 7301), None where the client offered none of ours."""
    resumed: bool
    """Whether an earlier session was resumed (RFC 8446 §2.2), so that no certificate was sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request, as its handler sees it (RFC 9110 §6)."""

    method: str
    """As sent: methods are case-sensitive (RFC 9110 §9.1)."""
    target: str
    """The request target as sent, percent-encoded: "/a%20b?q=1" (RFC 9112 §3.2)."""
    raw_path: str
    """The path of the target as sent: "/a%20b". What finds files judges this one, by segment, for
    there "%2F" is no separator yet."""
    path: str
    """The path percent-decoded once: "/a b". Octets that are not UTF-8 come as lone surrogates, as
    in Python's file names."""
    query: str
    """What follows the "?" of the target, as sent, "" without one."""
    authority: str
    """Host and port that the client asked for: "localhost:8443" (RFC 9110 §7.2)."""
    http_version: str
    """"1.1" or "1.0"."""
    headers: Headers
    body: trio.abc.ReceiveStream
    """The content. Reads the wire when it is read; closed by the server after the response."""
    client: Address | None
    """The address of the peer, None where the transport has none."""
    tls: TLSInfo | None
    """None on a connection without TLS."""
    received_at: float
    """When its head had come, in seconds since the epoch."""


ResponseBody = bytes | AsyncIterable[bytes | bytearray | memoryview]


@dataclass(frozen=True, slots=True)
class Response:
    """A response, as its handler gives it (RFC 9110 §6).

    Content-Length of a ``bytes`` body, Date and the framing are added when it is sent; a body is
    left out by itself where there must be none (HEAD, 204, 304). A streamed body is any async
    iterable, a ``trio.abc.ReceiveStream`` among them; it is sent as it comes, each piece done with
    before the next is asked for. If it has an ``aclose``, the server calls it in every case, also
    when nothing of the body is sent.
    """

    status: int = 200
    """From 200 to 599 (RFC 9110 §15)."""
    headers: Headers = field(default_factory=Headers)
    body: ResponseBody = b""

    @classmethod
    def text(cls, content: str, status: int = 200) -> Self:
        """Return ``content`` as plain text in UTF-8."""
        return cls(status, _content_type("text/plain; charset=utf-8"), content.encode())

    @classmethod
    def html(cls, content: str, status: int = 200) -> Self:
        """Return ``content``, an HTML document, in UTF-8. The caller has escaped what needs it."""
        return cls(status, _content_type("text/html; charset=utf-8"), content.encode())

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Self:
        """Return ``value`` as JSON (RFC 8259), or raise ``TypeError`` where JSON has no form."""
        return cls(status, _content_type("application/json"), json.dumps(value).encode())

    @classmethod
    def redirect(cls, location: str, status: int = 307) -> Self:
        """Return a redirect to a URI reference; what no URI may hold is percent-encoded.

        307 keeps the method and is not remembered, 308 is; 303 makes it a GET (RFC 9110 §15.4).
        """
        return cls(status, Headers({"Location": quote(location, safe=_URI_CHARACTERS)}))

    def with_header(self, name: str, value: str) -> Self:
        """Return a copy in which header ``name`` has this one value."""
        return replace(self, headers=self.headers.with_header(name, value))


class Handler(Protocol):
    """What answers requests: any async function from a request to a response.

    It runs in the connection's own task. It may raise ``HTTPError``; any other exception is its
    bug and becomes a 500. It is cancelled when the server stops before it is done.
    """

    async def __call__(self, request: Request, /) -> Response:
        """Answer ``request``."""
        ...


# RFC 3986 §2.2 and §2.3, with "%": a location may come encoded already.
_URI_CHARACTERS = ":/?#[]@!$&'()*+,;=-._~%"


def _content_type(media_type: str) -> Headers:
    return Headers({"Content-Type": media_type})
