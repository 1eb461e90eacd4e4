"""Requests and responses as values: what a handler takes and what it gives back.

Everything here is text and frozen; bytes on the wire are the business of ``http1``, which alone
encodes and decodes. Nothing here knows of connections, TLS or files.
"""

import json
from collections.abc import AsyncIterable, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, Self
from urllib.parse import quote

import trio

from .config import MIB
from .flights import Flight
from .headers import Headers
from .path_parameters import NO_PARAMETERS, PathParameters
from .request_body import RequestBody, check_body_size, decode_text, parse_json
from .request_scope import NEVER, RequestScope, StopSignal
from .upgrades import Upgrade, WebSocketUpgrade

if TYPE_CHECKING:  # few servers need these: what reads and makes them is loaded by the first
    from .forms import Form
    from .rules.cookies import SameSite

__all__ = [
    "Address",
    "BodyWriter",
    "ClientCertificate",
    "Handler",
    "Headers",
    "Reply",
    "Request",
    "Response",
    "ResponseBody",
    "TLSInfo",
]


class Address(NamedTuple):
    """An IP address and a port, as in ``("192.0.2.7", 49152)``."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """The certificate of a client, which an authority that the server was given has signed.

    It was verified in the handshake, or in that of the session which was resumed. A connection can
    outlast it: whoever decides by it looks at ``not_after`` too.
    """

    subject: str
    """As RFC 4514 writes it: "CN=Ada Lovelace,O=Example", and "" where it is empty."""
    names: tuple[str, ...]
    """The subjectAltName extension, each with its kind, which is "DNS", "email", "URI" or "IP":
    "email:ada@example.org"."""
    sha256: str
    """The fingerprint: the SHA-256 digest of the certificate in DER, in hexadecimal digits."""
    serial_number: str
    """In hexadecimal digits, as its authority counts."""
    not_after: datetime
    """The last second of its validity, in UTC."""


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
    server_name: str | None = None
    """The name that the client wanted to reach, as it sent it (SNI, RFC 6066 §3); None where it
    sent none, and where the server's context is not one of ours. Resuming a session of TLS 1.2, it
    is that session's."""
    client: ClientCertificate | None = None
    """None where the client has shown no certificate, as most."""
    flights: tuple[Flight, ...] = field(default=(), repr=False)
    """What both sides sent on the wire in the handshake, if the server records that."""


@dataclass(slots=True, kw_only=True, eq=False)
class Request:
    """A request, as its handler sees it (RFC 9110 §6): a value that is made once for each.

    ``dataclasses.replace`` makes another one. To hold its fields fast is left to the type checker:
    a frozen dataclass takes three times as long to make, 3 % of what a page costs.
    """

    method: Final[str]
    """As sent: methods are case-sensitive (RFC 9110 §9.1)."""
    target: Final[str]
    """The request target as sent, percent-encoded: "/a%20b?q=1" (RFC 9112 §3.2)."""
    raw_path: Final[str]
    """The path of the target as sent: "/a%20b". What finds files judges this one, by segment, for
    there "%2F" is no separator yet."""
    path: Final[str]
    """The path percent-decoded once: "/a b". Octets that are not UTF-8 come as lone surrogates, as
    in Python's file names."""
    query: Final[str]
    """What follows the "?" of the target, as sent, "" without one."""
    authority: Final[str]
    """Host and port that the client asked for: "localhost:8443" (RFC 9110 §7.2)."""
    http_version: Final[str]
    """"1.1" or "1.0"."""
    headers: Final[Headers]
    body: Final[RequestBody]
    """The content, a ``trio.abc.ReceiveStream``. Reads the wire when it is read; closed by the
    server after the response."""
    client: Final[Address | None]
    """The address of the peer, None where the transport has none."""
    tls: Final[TLSInfo | None]
    """None on a connection without TLS."""
    received_at: Final[float]
    """When its head had come, in seconds since the epoch."""
    send_informational: Final[Callable[[int, Headers], Awaitable[None]]] = field(repr=False)
    """Sends a response before the response: its status, 102 to 199, and its fields (RFC 9110
    §15.2). A client of HTTP/1.0 gets none. Raises ``ValueError`` for what is none, and once the
    final response has begun; and ``ClientGone``."""
    stopping: Final[StopSignal] = field(default=NEVER, repr=False)
    """Set when the server is to stop: what would go on for ever, as a stream of events, waits for
    it and ends."""
    mounted_at: Final[str] = ""
    """What of ``raw_path`` has led to this handler, when a router gave it all that lies below:
    "/static". Redirects and links are made with it."""
    path_parameters: Final[PathParameters] = NO_PARAMETERS
    """What a router found in place of the names in its pattern, percent-decoded."""
    scope: Final[RequestScope] = field(default_factory=RequestScope, repr=False)
    _cookies: Mapping[str, str] | None = field(default=None, init=False, repr=False)

    @property
    def cookies(self) -> Mapping[str, str]:
        """The cookies that came along, by their names; the first, of several with one name.

        What is no cookie is left out. Anybody may have set one: its value is no more than a claim.
        """
        if self._cookies is None:  # read once, when first asked for
            from .rules.cookies import parse_cookies

            self._cookies = MappingProxyType(parse_cookies(self.headers.get_all("cookie")))
        return self._cookies

    @property
    def remaining_raw_path(self) -> str:
        """What of ``raw_path`` lies below ``mounted_at``: "/style.css"."""
        return self.raw_path[len(self.mounted_at) :]

    @property
    def cancel_scope(self) -> trio.CancelScope:
        """The scope around all work for this request: its handler, its response, its upgrade.

        It is cancelled when the client leaves, unless ``outlive_client`` was called. Set its
        ``deadline``, or cancel it with a reason: a client that has got nothing yet is answered 503
        then, one in the middle of a response sees it cut off.
        """
        return self.scope.cancel_scope

    @property
    def user(self) -> str | None:
        """Who has logged in: the name that ``with_basic_auth`` has verified; None without it."""
        return self.scope.user

    @property
    def id(self) -> str | None:
        """What identifies this request in the log: given by ``with_request_id``; None without."""
        return self.scope.request_id

    def outlive_client(self) -> None:
        """Have the work for this request go on when its client leaves, from now on.

        What is sent then goes nowhere, and what is read raises ``ClientGone``.
        """
        self.scope.outlives_client = True

    async def send_early_hints(self, headers: Headers) -> None:
        """Send a 103 (RFC 8297): what the client may load already, as ``Link`` fields.

        Raises what ``send_informational`` raises. Cancelled, the connection can't be used any more.
        """
        await self.send_informational(103, headers)

    @property
    def trailers(self) -> Headers:
        """The fields after a chunked body (RFC 9110 §6.5); none before the end of it was read."""
        return self.body.trailers

    async def bytes(self, max_bytes: int = MIB) -> bytes:
        """Return the whole body. It comes once: keep what you get.

        Raises ``HTTPError`` 413 where it is over ``max_bytes``, before anything is read if the
        client told its length; what reading the body raises (``HTTPError`` 400, 408 and 413,
        ``ClientGone``); and ``RuntimeError`` where something of it was read before. Cancelled, what
        came is lost. The same holds for ``text``, ``json`` and ``form``.
        """
        self._check_announced_size(max_bytes)
        return await self.body.receive_all(max_bytes)

    async def text(self, max_bytes: int = MIB) -> str:
        """Return the whole body as text, by the charset of its Content-Type, else by UTF-8.

        Raises ``HTTPError`` too: 415 for an unknown charset, 400 for what it can't decode.
        """
        content = await self.bytes(max_bytes)
        return decode_text(content, self.headers.get("content-type"))

    async def json(self, max_bytes: int = MIB) -> Any:
        """Return the value of the whole body, a JSON text (RFC 8259), whatever its Content-Type.

        Raises ``HTTPError`` 400 too, which says where it is no JSON.
        """
        return parse_json(await self.bytes(max_bytes))

    def form(
        self,
        *,
        max_bytes: int = 16 * MIB,
        max_fields: int = 1000,
        max_files: int = 100,
        max_text_bytes: int = MIB,
        max_file_memory: int = MIB,
    ) -> "AbstractAsyncContextManager[Form]":
        """Read the form that is the body, for a block: ``async with request.form() as form``.

        URL-encoded, or multipart with files, which are closed at the end of the block; a file of
        over ``max_file_memory`` bytes is on the disk. ``max_text_bytes`` is for all text fields
        together. Raises ``HTTPError`` too: 415 for what is no form, 400 for a malformed one, and
        413 where it is over a limit.
        """
        from .forms import FormLimits, open_form

        self._check_announced_size(max_bytes)
        limits = FormLimits(
            max_bytes=max_bytes,
            max_fields=max_fields,
            max_files=max_files,
            max_text_bytes=max_text_bytes,
            max_file_memory=max_file_memory,
        )
        return open_form(self.body, self.headers.get("content-type"), limits)

    def _check_announced_size(self, max_bytes: int) -> None:
        check_body_size(int(self.headers.get("content-length") or 0), max_bytes)


BodyWriter = Callable[[trio.abc.SendStream], Awaitable[None]]
"""Writes the body of a response to the stream that it is called with. When it returns, the body has
ended; what it raises cuts it off."""
ResponseBody = bytes | AsyncIterable[bytes | bytearray | memoryview] | BodyWriter


@dataclass(frozen=True, slots=True)
class Response:
    """A response, as its handler gives it (RFC 9110 §6).

    Content-Length of a ``bytes`` body, Date and the framing are added when it is sent; a body is
    left out by itself where there must be none (HEAD, 204, 304). A streamed body is any async
    iterable, a ``trio.abc.ReceiveStream`` among them; it is sent as it comes, each piece done with
    before the next is asked for. If it has an ``aclose``, the server calls it in every case, also
    when nothing of the body is sent. Or it is an async function that writes the body to the stream
    that it is called with, once; it may open a nursery, and the body ends when it returns.
    """

    status: int = 200
    """From 200 to 599 (RFC 9110 §15)."""
    headers: Headers = field(default_factory=Headers)
    body: ResponseBody = b""

    @classmethod
    def text(cls, content: str, status: int = 200) -> Self:
        """Return ``content`` as plain text in UTF-8."""
        return cls(status, _content_type("text/plain; charset=utf-8"), _encode(content))

    @classmethod
    def html(cls, content: str, status: int = 200) -> Self:
        """Return ``content``, an HTML document, in UTF-8. The caller has escaped what needs it."""
        return cls(status, _content_type("text/html; charset=utf-8"), _encode(content))

    @classmethod
    def json(cls, value: Any, status: int = 200) -> Self:
        """Return ``value`` as JSON (RFC 8259).

        Raises ``TypeError`` or ``ValueError`` for what JSON has no form for, NaN among it.
        """
        text = json.dumps(value, allow_nan=False)
        return cls(status, _content_type("application/json"), text.encode())

    @classmethod
    def redirect(cls, location: str, status: int = 307) -> Self:
        """Return a redirect to a URI reference; what no URI may hold is percent-encoded.

        307 keeps the method and is not remembered, 308 is; 303 makes it a GET (RFC 9110 §15.4).
        """
        encoded = quote(location, safe=_URI_CHARACTERS, errors="surrogateescape")
        return cls(status, Headers({"Location": encoded}))

    def with_header(self, name: str, value: str) -> Self:
        """Return a copy in which header ``name`` has this one value."""
        return replace(self, headers=self.headers.with_header(name, value))

    def with_cookie(
        self,
        name: str,
        value: str,
        *,
        max_age: int | None = None,
        path: str = "/",
        domain: str | None = None,
        secure: bool = True,
        http_only: bool = True,
        same_site: "SameSite" = "Lax",
        partitioned: bool = False,
    ) -> Self:
        """Return a copy that sets a cookie too (RFC 6265bis).

        ``max_age`` is in seconds; None: until the browser is closed. A cookie is for this host
        alone, unless a ``domain`` shares it with all hosts below that. Raises ``ValueError`` for
        what browsers drop: a value that has to be encoded first, a ``__Host-`` with a path.
        """
        from .rules.cookies import format_set_cookie

        set_cookie = format_set_cookie(
            name,
            value,
            max_age=max_age,
            path=path,
            domain=domain,
            secure=secure,
            http_only=http_only,
            same_site=same_site,
            partitioned=partitioned,
        )
        return replace(self, headers=self.headers.with_added("Set-Cookie", set_cookie))

    def without_cookie(
        self,
        name: str,
        *,
        path: str = "/",
        domain: str | None = None,
        same_site: "SameSite" = "Lax",
        partitioned: bool = False,
    ) -> Self:
        """Return a copy that has the browser forget a cookie.

        It is found by its name, ``path`` and ``domain``, and if it is partitioned by that: they
        must be as they were when it was set.
        """
        return self.with_cookie(
            name,
            "",
            max_age=0,
            path=path,
            domain=domain,
            same_site=same_site,
            partitioned=partitioned,
        )


Reply = Response | Upgrade | WebSocketUpgrade
"""What a handler gives back."""


class Handler(Protocol):
    """What answers requests: any async function from a request to a response, or to an upgrade.

    It runs in the connection's own task. It may raise ``HTTPError``; any other exception is its
    bug and becomes a 500. It is cancelled when the server stops before it is done.
    """

    async def __call__(self, request: Request, /) -> Reply:
        """Answer ``request``."""
        ...


# RFC 3986 §2.2 and §2.3, with "%": a location may come encoded already.
_URI_CHARACTERS = ":/?#[]@!$&'()*+,;=-._~%"


def _encode(text: str) -> bytes:
    """Return ``text`` in UTF-8; lone surrogates, as a path may have them, become "?"."""
    return text.encode("utf-8", "replace")


def _content_type(media_type: str) -> Headers:
    return Headers({"Content-Type": media_type})
