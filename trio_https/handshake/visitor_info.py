"""The visitor's own handshake, as JSON for the page that draws it."""

import json

from ..handlers.own_pages import with_answer_for_own_pages
from ..messages import Handler, Request
from .visitor import Shown, describe_visit

__all__ = ["HANDSHAKE_INFO_PATH", "with_handshake_info"]

HANDSHAKE_INFO_PATH = "/.trio-https/handshake"


def with_handshake_info(handler: Handler, *, shown: Shown) -> Handler:
    """Return ``handler`` with an answer of our own at ``HANDSHAKE_INFO_PATH``.

    The server has to record handshakes (``serve``); else the answer is null. ``shown`` gives the
    certificate for a client that indicated this server name (SNI), or none.
    """

    def describe(request: Request) -> bytes:
        if request.tls is None or not request.tls.flights:
            return b"null"
        return json.dumps(describe_visit(request.tls, shown)).encode()

    return with_answer_for_own_pages(handler, HANDSHAKE_INFO_PATH, describe)
