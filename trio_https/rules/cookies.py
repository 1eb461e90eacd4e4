"""Cookies: read from the field of a request, and made into one of a response (RFC 6265bis).

What a client sends is read cookie by cookie, and what is none is left out: it may be of others on
the same host, or of a script. What a server sets is judged as browsers do, which drop a bad one and
tell nobody. Grammar and form are those of the standard library's ``http.cookies``.
"""

import re
from collections.abc import Iterable
from http.cookies import CookieError, Morsel
from typing import Literal

__all__ = ["SameSite", "format_set_cookie", "parse_cookies"]

SameSite = Literal["Strict", "Lax", "None"]

# RFC 6265bis §5.6: of more, browsers drop the cookie; or the attribute, which widens its scope.
_MAX_COOKIE_BYTES = 4096
_MAX_ATTRIBUTE_BYTES = 1024

# RFC 6265bis §4.1.1, cookie-octet: no blank, quote, comma, semicolon or backslash.
_VALUE = re.compile(r"[\x21\x23-\x2b\x2d-\x3a\x3c-\x5b\x5d-\x7e]*")
_PATH = re.compile(r"/[\x20-\x3a\x3c-\x7e]*")
_DOMAIN = re.compile(r"\.?[A-Za-z0-9](?:[-.A-Za-z0-9]*[A-Za-z0-9])?")

# As http.cookies writes what has to be quoted. Its own reader took quadratic time (CVE-2024-7592).
_ESCAPED = re.compile(r"\\(?:([0-3][0-7][0-7])|(.))")


def parse_cookies(field_values: Iterable[str]) -> dict[str, str]:
    """Return the cookies of a request by their names; what has no name is left out.

    Of several with one name the first counts: browsers begin with the longest path (RFC 6265bis
    §5.8.3). Quoted values lose their quotes, and are text in UTF-8 where they can be.
    """
    cookies: dict[str, str] = {}
    for field_value in field_values:
        for pair in field_value.split(";"):
            name, equals, value = pair.partition("=")
            name = name.strip(" \t")
            if equals and name:
                cookies.setdefault(name, _unquote(_decode(value.strip(" \t"))))
    return cookies


def _unquote(value: str) -> str:
    if len(value) < 2 or not value[0] == value[-1] == '"':
        return value
    return _ESCAPED.sub(_unescape, value[1:-1])


def _unescape(match: re.Match[str]) -> str:
    return chr(int(match[1], 8)) if match[1] else match[2]


def _decode(value: str) -> str:
    """Return octets that came as latin-1 as what browsers make of a script's text: UTF-8."""
    if value.isascii():
        return value
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value


def format_set_cookie(
    name: str,
    value: str,
    *,
    max_age: int | None,
    path: str,
    domain: str | None,
    secure: bool,
    http_only: bool,
    same_site: SameSite,
    partitioned: bool,
) -> str:
    """Return the value of a Set-Cookie field.

    ``max_age`` is in seconds, None: until the browser is closed. Raises ``ValueError`` for what a
    browser would drop, or read otherwise.
    """
    _check_characters(name, value, path, domain)
    _check_sizes(name, value, path)
    _check_attributes(name, secure=secure, same_site=same_site, partitioned=partitioned)
    _check_prefix(name, path=path, domain=domain, secure=secure, http_only=http_only)
    morsel: Morsel[str] = Morsel()
    try:
        morsel.set(name, value, value)
    except CookieError as exc:
        raise ValueError(f"{name!r} can't be the name of a cookie: {exc}") from exc
    morsel.update({"path": path, "samesite": same_site, "domain": domain or ""})
    morsel["max-age"] = "" if max_age is None else str(int(max_age))
    morsel["secure"], morsel["httponly"] = secure, http_only
    # In http.cookies from Python 3.14 on.
    return f"{morsel.OutputString()}; Partitioned" if partitioned else morsel.OutputString()


def _check_characters(name: str, value: str, path: str, domain: str | None) -> None:
    if not _VALUE.fullmatch(value):
        raise ValueError(
            f"the value of cookie {name!r} has a character that none may have (a blank, a quote, a"
            " comma, a semicolon, a backslash, or one that is not ASCII): encode it, by"
            " urllib.parse.quote say"
        )
    if not _PATH.fullmatch(path):
        raise ValueError(f"the path of cookie {name!r} is {path!r}: it begins with a slash")
    if domain is not None and not _DOMAIN.fullmatch(domain):
        raise ValueError(f"the domain of cookie {name!r} is {domain!r}, which is no domain")


def _check_sizes(name: str, value: str, path: str) -> None:
    if len(name) + len(value) > _MAX_COOKIE_BYTES:
        raise ValueError(f"cookie {name!r:.100} is over {_MAX_COOKIE_BYTES} bytes: keep less in it")
    if len(path) > _MAX_ATTRIBUTE_BYTES:
        raise ValueError(f"the path of cookie {name!r} is over {_MAX_ATTRIBUTE_BYTES} bytes")


def _check_attributes(name: str, *, secure: bool, same_site: str, partitioned: bool) -> None:
    if same_site not in ("Strict", "Lax", "None"):
        raise ValueError(f'SameSite is "Strict", "Lax" or "None", not {same_site!r}')
    if same_site == "None" and not secure:
        raise ValueError(f'cookie {name!r}: SameSite "None" takes secure=True')
    if partitioned and not secure:
        raise ValueError(f"cookie {name!r}: partitioned takes secure=True")


def _check_prefix(
    name: str, *, path: str, domain: str | None, secure: bool, http_only: bool
) -> None:
    """Check what the beginning of a name promises (RFC 6265bis §4.1.3, in any case of letters)."""
    lower = name.lower()
    if lower.startswith(("__secure-", "__host-", "__http-")) and not secure:
        raise ValueError(f"cookie {name!r} takes secure=True, by its name")
    if lower.startswith("__host-") and (path != "/" or domain is not None):
        raise ValueError(f'cookie {name!r} takes path="/" and no domain, by its name')
    if lower.startswith(("__http-", "__host-http-")) and not http_only:
        raise ValueError(f"cookie {name!r} takes http_only=True, by its name")
