"""A request as a client sends it, as a value: with the fields that no request can do without."""

import json
from collections.abc import AsyncIterable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..headers import Headers

__all__ = ["HeaderSource", "OutgoingRequest", "RequestBodySource", "make_request"]

RequestBodySource = bytes | AsyncIterable[bytes]
"""A body that is there, or one that is sent as it comes, in chunks."""
HeaderSource = Mapping[str, str] | Iterable[tuple[str, str]]

# RFC 9110 §8.6: without a body, these say so.
_EXPECT_A_BODY = {"POST", "PUT", "PATCH"}


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingRequest:
    """A request with all of its fields."""

    method: str
    target: str
    headers: Headers
    body: RequestBodySource = b""

    @property
    def expects_continue(self) -> bool:
        """Whether the body waits until the server wants it (RFC 9110 §10.1.1)."""
        return (self.headers.get("expect") or "").lower() == "100-continue"

    def __str__(self) -> str:
        return f"{self.method} {self.target}"


def make_request(
    method: str,
    target: str,
    *,
    authority: str,
    headers: HeaderSource = (),
    body: RequestBodySource = b"",
    json_value: Any = None,
) -> OutgoingRequest:
    """Return a request with Host, and with the framing of its body unless ``headers`` have one.

    Raises ``ValueError`` where it is given a body twice, and ``TypeError`` for what is none.
    """
    fields = Headers(headers)
    if json_value is not None:
        if body != b"":
            raise ValueError("give body or json, not both")
        body = json.dumps(json_value, allow_nan=False).encode()
        if "content-type" not in fields:
            fields = fields.with_header("Content-Type", "application/json")
    if "host" not in fields:
        fields = Headers([("Host", authority), *fields])
    if not fields.names & {"content-length", "transfer-encoding"}:
        fields = _with_framing(fields, method, body)
    return OutgoingRequest(method=method, target=target, headers=fields, body=body)


def _with_framing(headers: Headers, method: str, body: RequestBodySource) -> Headers:
    if isinstance(body, bytes):
        if not body and method not in _EXPECT_A_BODY:
            return headers
        return headers.with_header("Content-Length", str(len(body)))
    if not isinstance(body, AsyncIterable):
        raise TypeError(f"a body is bytes or an async iterable of them, not {body!r:.100}")
    return headers.with_header("Transfer-Encoding", "chunked")
