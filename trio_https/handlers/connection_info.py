"""What a connection agreed on, as JSON for the welcome page.

What both sides said in the handshake is not told here: that takes longer to read.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from datetime import datetime

from ..messages import Handler, Request, TLSInfo
from ..operate.access_log import AccessEntry
from .own_pages import with_answer_for_own_pages

__all__ = ["CONNECTION_INFO_PATH", "with_connection_info"]

CONNECTION_INFO_PATH = "/.trio-https/connection"


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

    def describe(request: Request) -> bytes:
        server_name = request.tls.server_name if request.tls else None
        return _describe(request, server, certificate(server_name))

    return with_answer_for_own_pages(handler, CONNECTION_INFO_PATH, describe)


def _describe(request: Request, server: str, certificate: Mapping[str, object] | None) -> bytes:
    facts: dict[str, object] = {
        "server": server,
        "client": str(request.client) if request.client else None,
        "tls": _describe_tls(request.tls) if request.tls else None,
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


def _describe_tls(tls: TLSInfo) -> dict[str, object]:
    facts = asdict(replace(tls, flights=()))
    del facts["flights"]
    return facts


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
