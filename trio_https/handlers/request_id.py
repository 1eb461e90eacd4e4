"""An identifier for each request, in its response, in the access log and for its handler."""

import re
import secrets
from dataclasses import replace

from ..messages import Handler, Headers, Reply, Request, Response
from .reply_fields import answer_with

__all__ = ["with_request_id"]

_FIELD = "X-Request-ID"
_BYTES = 16  # of randomness, as many as a UUID has
# What proxies make: UUIDs, ULIDs, base64, "1-abc@host"; nothing that a log would choke on.
_WELL_FORMED = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}")


def with_request_id(handler: Handler, *, from_proxy: bool = False) -> Handler:
    """Return ``handler`` with a ``request.id``, random, and an X-Request-ID on its responses.

    ``from_proxy``: the X-Request-ID of the request is taken, where it is well-formed. Only for a
    server that nobody reaches but through a proxy, which sets the field: else clients choose.
    """

    async def answer(request: Request) -> Reply:
        sent = request.headers.get(_FIELD) if from_proxy else None
        is_sent = sent is not None and _WELL_FORMED.fullmatch(sent)
        identifier = sent if sent is not None and is_sent else secrets.token_hex(_BYTES)
        request.scope.request_id = identifier

        def change(headers: Headers) -> Headers:
            return headers.with_header(_FIELD, identifier)

        reply = await answer_with(handler, request, change)
        if isinstance(reply, Response):
            return reply
        return replace(reply, headers=change(reply.headers))

    return answer
