"""The header fields of a response as they are sent: the handler's, and those that the server adds.

Length, date and the end of the connection are known here; how a body of unknown length is framed,
h11 knows.
"""

from .headers import Headers
from .rules.http_dates import format_http_date

__all__ = ["WITHOUT_BODY", "response_fields"]

WITHOUT_BODY = {204, 205, 304}  # RFC 9112 §6.3, RFC 9110 §15.3.6

# Framing and the connection are the server's business (RFC 9110 §7.6.1, RFC 9112 §6).
_NOT_THE_HANDLERS = {"connection", "keep-alive", "transfer-encoding"}


def response_fields(
    status: int, headers: Headers, *, length: int | None, close: bool, now: int
) -> list[tuple[bytes, bytes]]:
    """Return the fields of a response, in octets; ``now`` is in seconds since the epoch.

    ``length`` is that of its body in bytes, None where it is not known yet. ``close``: it is the
    last response on its connection. Raises ``ValueError`` for a status, a field or a length that
    there is no valid form for; the grammar of the fields is h11's to judge.
    """
    if not 200 <= status <= 599:
        raise ValueError(f"{status} is not the status code of a response")
    fields = [(name.encode("ascii"), value.encode("latin-1")) for name, value in headers]
    names = headers.names
    if wrong := names & _NOT_THE_HANDLERS:
        raise ValueError(f"{', '.join(wrong)}: set by the server, not by a handler")
    if length is not None and status not in WITHOUT_BODY:
        if headers.get("content-length") not in (None, str(length)):
            raise ValueError(f"Content-Length is not that of the body, {length}")
        if "content-length" not in names:
            fields.append((b"Content-Length", b"%d" % length))
    if "date" not in names:  # RFC 9110 §6.6.1
        fields.append((b"Date", format_http_date(now).encode()))
    if "upgrade" in names:  # RFC 9110 §7.8: a proxy must not hand it on
        fields.append((b"Connection", b"upgrade, close" if close else b"upgrade"))
    elif close:
        fields.append((b"Connection", b"close"))
    return fields
