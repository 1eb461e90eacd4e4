"""The head of a response as it is sent: the handler's fields, and those that the server adds.

Length, date and the end of the connection are known here; how a body of unknown length is framed,
h11 knows, which also judges the fields.
"""

from functools import lru_cache
from typing import NamedTuple

import h11

from .errors import reason_phrase
from .headers import Headers
from .rules.http_dates import format_http_date

__all__ = ["WITHOUT_BODY", "PreparedHead", "prepare_head", "response_fields"]

WITHOUT_BODY = {204, 205, 304}  # RFC 9112 §6.3, RFC 9110 §15.3.6

# Framing and the connection are the server's business (RFC 9110 §7.6.1, RFC 9112 §6).
_NOT_THE_HANDLERS = {"connection", "keep-alive", "transfer-encoding"}

_FOR_H11 = {b"connection", b"content-length"}
_LINE_END = b"\r\n"

_MAX_JUDGED = 2048  # each of some 2 KiB: as many as a folder of pages keeps


class PreparedHead(NamedTuple):
    """A head that was judged, and can be sent again and again.

    h11 goes through all fields seven times when it sends a head. To give it those alone that it
    acts on takes a twentieth off what a page costs.
    """

    start: h11.Response
    """The status line, and the fields that h11 acts on."""
    other_lines: bytes
    """The other field lines, and the end of the head."""

    def send_by(self, connection: h11.Connection) -> bytes:
        """Have the response begin there, and return what its head is on the wire."""
        return connection.send(self.start)[: -len(_LINE_END)] + self.other_lines


@lru_cache(maxsize=256)  # a head is good for the second in its Date
def prepare_head(
    status: int, headers: Headers, length: int | None, close: bool, now: int
) -> PreparedHead:
    """Return the head of a response; the arguments are those of ``response_fields``.

    Raises ``ValueError`` as that does, and for a field that breaks the grammar.
    """
    start, other_lines = _judge_head(status, headers, length, close)
    date = b"" if "date" in headers.names else b"Date: %b\r\n" % format_http_date(now).encode()
    return PreparedHead(start, other_lines + date + _LINE_END)


# Judging the fields of a page takes nearly as long as answering the request: where a thousand are
# asked for in turn, that would be due for each of them every second, for its Date alone.
@lru_cache(maxsize=_MAX_JUDGED)
def _judge_head(
    status: int, headers: Headers, length: int | None, close: bool
) -> tuple[h11.Response, bytes]:
    """Return what h11 is to send of a head, and its other lines but for Date, which comes last."""
    fields = response_fields(status, headers, length=length, close=close, now=None)
    reason = reason_phrase(status).encode()
    try:
        whole = h11.Response(status_code=status, headers=fields, reason=reason)
    except h11.LocalProtocolError as exc:
        raise ValueError(str(exc)) from exc
    judged = whole.headers.raw_items()
    start = [field for field in judged if field[0].lower() in _FOR_H11]
    others = [b"%s: %s\r\n" % field for field in judged if field[0].lower() not in _FOR_H11]
    return h11.Response(status_code=status, headers=start, reason=reason), b"".join(others)


def response_fields(
    status: int, headers: Headers, *, length: int | None, close: bool, now: int | None
) -> list[tuple[bytes, bytes]]:
    """Return the fields of a response, in octets; ``now`` is in seconds since the epoch.

    Without it there is no Date but the handler's. ``length`` is that of its body in bytes, None
    where it is not known yet. ``close``: it is the last response on its connection. Raises
    ``ValueError`` for a status, a field or a length that there is no valid form for; the grammar of
    the fields is h11's to judge.
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
    if "date" not in names and now is not None:  # RFC 9110 §6.6.1
        fields.append((b"Date", format_http_date(now).encode()))
    if "upgrade" in names:  # RFC 9110 §7.8: a proxy must not hand it on
        fields.append((b"Connection", b"upgrade, close" if close else b"upgrade"))
    elif close:
        fields.append((b"Connection", b"close"))
    return fields
