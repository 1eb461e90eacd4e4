"""Pages of other origins that may read what a handler answers (CORS, Fetch standard §3.3).

It is the browser that keeps a page from reading a response, and CORS that lets it. Nobody is kept
from sending a request: that is what authentication is for.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ..errors import HTTPError
from ..messages import Handler, Headers, Reply, Request, Response
from ..rules.request_target import is_authority
from .reply_fields import answer_with, with_vary

__all__ = ["with_cors"]

_ANY = "*"
_NULL = "null"
_DEFAULT_PORTS = {"http": ":80", "https": ":443"}
_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110 §5.6.2
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*")  # "https", "capacitor", "moz-extension"
_ALLOW_ORIGIN = "Access-Control-Allow-Origin"
_CREDENTIALS = (("Access-Control-Allow-Credentials", "true"),)
Fields = tuple[tuple[str, str], ...]


def with_cors(
    handler: Handler,
    *,
    origins: Iterable[str],
    methods: Iterable[str] = ("GET", "HEAD", "POST"),
    headers: Iterable[str] = (),
    exposed_headers: Iterable[str] = (),
    credentials: bool = False,
    max_age: int = 600,
) -> Handler:
    """Return ``handler`` for pages of ``origins`` too, such as "https://app.example".

    - ``origins``: ``["*"]`` is all of them, which ``credentials`` rule out.
    - ``methods`` and ``headers``: what such a page may send, beside what any page may.
    - ``exposed_headers``: what it may read of a response, beside what any page may.
    - ``credentials``: its requests have the visitor's cookies, and their answers can be read.
    - ``max_age``: for so many seconds a browser keeps the answer to its preflight.

    Preflights are answered here, and have no credentials: put it around what authenticates. Raises
    ``ValueError`` for what is no origin, no method or no name, and for "*" or "null" with
    ``credentials``.
    """
    allowed = _checked_origins(origins, credentials=credentials)
    on_preflight = (
        *_list_field("Access-Control-Allow-Methods", methods, credentials=credentials),
        *_list_field("Access-Control-Allow-Headers", headers, credentials=credentials),
        ("Access-Control-Max-Age", str(max_age)),
    )
    on_response = _list_field(
        "Access-Control-Expose-Headers", exposed_headers, credentials=credentials
    )

    policy = _Policy(allowed, _CREDENTIALS if credentials else ())

    async def answer(request: Request) -> Reply:
        origin = request.headers.get("origin")
        permitted = policy.permission(origin)
        if origin is not None and _is_preflight(request):
            return policy.answer_preflight(permitted, on_preflight)

        def change(fields: Headers) -> Headers:
            for name, value in (*permitted, *(on_response if permitted else ())):
                fields = fields.with_header(name, value)
            return policy.varied(fields)

        return await answer_with(handler, request, change)

    return answer


@dataclass(frozen=True, slots=True)
class _Policy:
    """Who may read what is answered."""

    origins: frozenset[str]
    credentials: Fields

    def permission(self, origin: str | None) -> Fields:
        """Return the fields that let a page of ``origin`` read a response; none: it may not."""
        if _ANY in self.origins:
            return ((_ALLOW_ORIGIN, _ANY),)
        if origin is None or origin not in self.origins:
            return ()
        return ((_ALLOW_ORIGIN, origin), *self.credentials)

    def varied(self, fields: Headers) -> Headers:
        """Return ``fields`` with what keeps a cache from giving one origin's response to others."""
        # Also without an origin, or for one that may not read it.
        return fields if _ANY in self.origins else with_vary(fields, "Origin")

    def answer_preflight(self, permitted: Fields, fields: Fields) -> Response:
        """Return the answer to a browser that asks before it sends. Raises ``HTTPError`` 403."""
        if not permitted:
            vary = tuple(self.varied(Headers()))
            raise HTTPError(403, "pages of that origin may not ask this server", headers=vary)
        return Response(204, self.varied(Headers((*permitted, *fields))))


def _is_preflight(request: Request) -> bool:
    return request.method == "OPTIONS" and "access-control-request-method" in request.headers


def _checked_origins(origins: Iterable[str], *, credentials: bool) -> frozenset[str]:
    allowed = _checked_list(origins)
    for origin in allowed:
        if origin not in (_ANY, _NULL):
            _check_origin(origin)
        elif credentials:
            # Any page can make itself a frame whose origin is "null".
            raise ValueError(f"{origin!r} with credentials lets every page act as its visitor")
    return frozenset(allowed)


def _check_origin(origin: str) -> None:
    scheme, separator, authority = origin.partition("://")
    if not (separator and _SCHEME.fullmatch(scheme) and is_authority(authority)):
        raise ValueError(f"{origin!r} is no origin: write https://app.example, without a path")
    # As browsers write it (Fetch §3.2), or it would never be equal.
    if origin != origin.lower() or authority.endswith(_DEFAULT_PORTS.get(scheme, " ")):
        raise ValueError(f"{origin!r}: write it in lower case and without a default port")


def _list_field(name: str, members: Iterable[str], *, credentials: bool) -> Fields:
    """Return the field with these members; none without any."""
    checked = _checked_list(members)
    for member in checked:
        if not _TOKEN.fullmatch(member):
            raise ValueError(f"{name}: {member!r} is no name")
        if member == _ANY and credentials:
            raise ValueError(f"{name}: '*' means nothing with credentials: list them")
    return ((name, ", ".join(checked)),) if checked else ()


def _checked_list(texts: Iterable[str]) -> tuple[str, ...]:
    if isinstance(texts, str):
        raise TypeError(f"a list is wanted: [{texts!r}]")
    return tuple(texts)
