"""A response as a client has received it, as a value."""

import json
from dataclasses import dataclass
from typing import Any, NamedTuple

from ..headers import Headers
from ..request_body import parse_content_type

__all__ = ["Informational", "ReceivedResponse"]


class Informational(NamedTuple):
    """A response before the response: 103, say (RFC 9110 §15.2)."""

    status: int
    headers: Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceivedResponse:
    """A whole response."""

    status: int
    reason: str
    """The reason phrase: "Not Found"."""
    http_version: str
    """"1.1", as a rule."""
    headers: Headers
    body: bytes
    trailers: Headers
    """The fields after a chunked body (RFC 9110 §6.5)."""
    informational: tuple[Informational, ...]
    """What came before it, in the order of the wire."""

    @property
    def text(self) -> str:
        """The body as text, by the charset of its Content-Type, else by UTF-8.

        Raises ``UnicodeDecodeError`` where it is none, ``LookupError`` for an unknown charset.
        """
        _, parameters = parse_content_type(self.headers.get("content-type"))
        return self.body.decode(parameters.get("charset", "utf-8"))

    def json(self) -> Any:
        """Return the value of the body, a JSON text (RFC 8259). Raises ``ValueError``."""
        return json.loads(self.body)
