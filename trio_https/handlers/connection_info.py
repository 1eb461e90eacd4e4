"""What a connection agreed on, as JSON for the welcome page.

It stands below ``/.trio-https/``, where no page can be: names with a leading dot are never served.
Only pages of the same origin may read it; what it tells is no secret, but it is nobody else's
business which certificate a local server uses.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime

from ..errors import HTTPError
from ..messages import Handler, Headers, Request, Response
from ..operate.access_log import AccessEntry

__all__ = ["CONNECTION_INFO_PATH", "with_connection_info"]

CONNECTION_INFO_PATH = "/.trio-https/connection"

_HEADERS = Headers(
    {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
)


def with_connection_info(
    handler: Handler,
    *,
    server: str,
    certificate: Callable[[str | None], Mapping[str, object] | None],
) -> Handler:
    """Return ``handler`` with an answer of our own at ``CONNECTION_INFO_PATH``.

    ``server`` names the software; ``certificate`` gives what a client is shown that
    indicated this server name (SNI) or none, ready for JSON.
    """

    async def answer(request: Request) -> Response:
        if request.path != CONNECTION_INFO_PATH:
            return await handler(request)
        if request.method not in ("GET", "HEAD"):
            raise HTTPError(405, headers=[("Allow", "GET, HEAD")])
        # Browsers say where a request comes from (Fetch Metadata); "none" is the address bar.
        if request.headers.get("sec-fetch-site") not in (None, "same-origin", "none"):
            raise HTTPError(403, "for pages of the same origin")
        server_name = request.tls.server_name if request.tls else None
        return Response(200, _HEADERS, _describe(request, server, certificate(server_name)))

    return answer


def _describe(request: Request, server: str, certificate: Mapping[str, object] | None) -> bytes:
    facts: dict[str, object] = {
        "server": server,
        "client": str(request.client) if request.client else None,
        "tls": asdict(request.tls) if request.tls else None,
        "certificate": certificate,
    }
    # The log line tells the length of the body that it stands in: said again until it is true.
    body, length = b"", -1
    while len(body) != length:
        length = len(body)
        body = json.dumps(
            facts | {"log_line": _log_line(request, length)}, default=datetime.isoformat
        ).encode()
    return body


def _log_line(request: Request, length: int) -> str:
    entry = AccessEntry(
        received_at=request.received_at,
        client=request.client,
        # A HEAD request has the fields of the GET that it stands for (RFC 9110 §9.3.2).
        request_line=f"GET {request.target} HTTP/{request.http_version}",
        status=200,
        bytes_sent=length,
        duration=max(0.0, time.time() - request.received_at),  # so far
        headers=request.headers,
        tls=request.tls,
    )
    return str(entry)
