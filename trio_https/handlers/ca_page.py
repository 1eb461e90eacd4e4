"""The page that gives a phone the certificate authority, over plain HTTP: it trusts nothing yet.

The certificate, the steps to install it, and nothing else. Whoever is on the way could change both,
so the page says what to compare with what. Where the authority is kept is not known here.
"""

import base64
import hashlib
from dataclasses import dataclass, field
from html import escape
from pathlib import Path
from string import Template

from ..errors import HTTPError
from ..messages import Headers, Request, Response
from ..rules.request_target import format_origin, host_of

__all__ = ["CA_PATH", "CAPage"]

CA_PATH = "/ca.crt"

_PAGE = Template(Path(__file__).with_name("ca_page.html").read_text(encoding="utf-8"))
_STYLE = Path(__file__).with_name("ca_page.css").read_text(encoding="utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

# Tomorrow another program may have this port, and another authority this page.
_COMMON_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}

_PAGE_HEADERS = Headers(
    _COMMON_HEADERS
    | {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; img-src data:; "
            "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
        ),
        "Referrer-Policy": "no-referrer",
    }
)

_CA_HEADERS = Headers(
    _COMMON_HEADERS
    | {
        # Not application/pkix-cert (RFC 2585 §4), by which iOS knows no profile to install.
        "Content-Type": "application/x-x509-ca-cert",
        # The name under which Android's settings list it among the downloads.
        "Content-Disposition": 'attachment; filename="trio-https-ca.crt"',
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CAPage:
    """A handler with the certificate of an authority at ``CA_PATH``, and a page about it at "/".

    The page leads on to HTTPS on the host that it was asked from: which hosts are answered is for
    ``with_known_hosts`` to say. Raises ``HTTPError``: 404 for any other path, 405 for any method
    but GET and HEAD, 400 where the page is asked for without a host.
    """

    certificate: bytes = field(repr=False)
    """In PEM, which every device takes, and curl too."""
    name: str
    """What devices call it: its common name."""
    sha256: str
    """Its fingerprint: "AB:CD:…"."""
    https_port: int
    path: str = "/"
    """Where the pages begin, as it stands in a URL."""

    async def __call__(self, request: Request, /) -> Response:
        """Answer ``request``."""
        if request.path not in ("/", CA_PATH):
            raise HTTPError(404)
        if request.method not in ("GET", "HEAD"):
            raise HTTPError(405, headers=[("Allow", "GET, HEAD")])
        if request.path == CA_PATH:
            return Response(200, _CA_HEADERS, self.certificate)
        return Response(200, _PAGE_HEADERS, self._render(request.authority).encode())

    def _render(self, authority: str) -> str:
        if not authority:
            raise HTTPError(400, "name the host in the request")
        url = format_origin("https", host_of(authority), self.https_port) + self.path
        return _PAGE.substitute(
            style=_STYLE, name=escape(self.name), sha256=escape(self.sha256), url=escape(url)
        )
