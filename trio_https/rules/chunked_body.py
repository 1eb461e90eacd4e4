"""What the bytes of a chunked body must be before they are parsed (RFC 9112 §7.1).

h11 accepts more than is safe: blanks behind a chunk size, any bytes as a chunk extension, and
trailer lines that end in a bare LF or are folded. Each is another reading for whoever stands in
front of the server. Chunk data is passed over here; that it ends in CR LF is checked by h11.
"""

import re

from ..errors import HTTPError

__all__ = ["ChunkedBodyCheck"]

_TOKEN = rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+"
_QUOTED = rb'"(?:[\t \x21\x23-\x5b\x5d-\x7e\x80-\xff]|\\[\t \x21-\x7e\x80-\xff])*"'
_CHUNK_LINE = re.compile(  # RFC 9112 §7.1.1: blanks, if any, stand around ";" and "="
    rb"([0-9A-Fa-f]{1,16})(?:[ \t]*;[ \t]*%b(?:[ \t]*=[ \t]*(?:%b|%b))?)*"
    % (_TOKEN, _TOKEN, _QUOTED)
)
_FIELD_LINE = re.compile(rb"%b:[\t \x21-\x7e\x80-\xff]*" % _TOKEN)
_MAX_CHUNK_LINE_BYTES = 256  # nobody uses extensions; RFC 9112 §7.1.1 asks for a limit


class ChunkedBodyCheck:
    """Follows one chunked body; ``check`` is called with its bytes in order, however cut."""

    def __init__(self, *, max_trailer_bytes: int) -> None:
        self._max_trailer_bytes = max_trailer_bytes
        self._line = b""  # begun, and not ended yet
        self._data_left = 0  # of a chunk, its CR LF included
        self._in_trailers = False
        self._trailer_bytes = 0
        self._has_ended = False

    def check(self, data: bytes | bytearray) -> None:
        """Raise ``HTTPError`` (400, 431; closing) where ``data`` does not go on as it must.

        What follows the end of the body is of no interest.
        """
        position = 0
        while position < len(data) and not self._has_ended:
            if self._data_left:
                passed = min(self._data_left, len(data) - position)
                self._data_left -= passed
                position += passed
                continue
            end = data.find(b"\n", position) + 1
            self._line += data[position : end or len(data)]
            self._check_line_length()
            if not end:
                return
            position = end
            line, self._line = self._line, b""
            self._take_line(line)

    def _check_line_length(self) -> None:
        if not self._in_trailers and len(self._line) > _MAX_CHUNK_LINE_BYTES:
            raise HTTPError(400, "a chunk extension is too long", close=True)
        if self._in_trailers and self._trailer_bytes + len(self._line) > self._max_trailer_bytes:
            raise HTTPError(431, "the trailer section is too long", close=True)

    def _take_line(self, line: bytes) -> None:
        if not line.endswith(b"\r\n"):
            raise HTTPError(400, "a line of the chunked body does not end in CR LF", close=True)
        if not self._in_trailers:
            match = _CHUNK_LINE.fullmatch(line, 0, len(line) - 2)
            if match is None:
                raise HTTPError(400, "a chunk size is malformed", close=True)
            size = int(match[1], 16)
            self._data_left = size + 2 if size else 0
            self._in_trailers = size == 0
            return
        self._trailer_bytes += len(line)
        if line == b"\r\n":
            self._has_ended = True
        elif not _FIELD_LINE.fullmatch(line, 0, len(line) - 2):
            raise HTTPError(400, "a trailer field is malformed", close=True)
