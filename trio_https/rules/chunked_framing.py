"""The framing of a chunked request body, before it is decoded (RFC 9112 §7.1).

h11 decodes it, but takes more than the grammar: blanks behind a size, a bare CR or NUL in an
extension, trailers whose lines end in a bare LF or are folded. It doesn't say how large a chunk is
going to be, and looks at the length of a line only if that comes in pieces. So it is given what has
passed here: whole lines, each with one reading, and no extensions, which are to be ignored anyway.
"""

import re
from collections.abc import Callable

from ..config import Limits
from ..errors import HTTPError
from .request_head import check_field_lines

__all__ = ["ChunkedFraming"]

_MAX_SIZE_LINE_BYTES = 4096
# Beyond two octets for each octet of data, and 16 for each chunk: as much as Go's net/http allows.
_MAX_OVERHEAD_BYTES = 16 * 1024

_TOKEN = rb"[-!#$%&'*+.^_`|~0-9A-Za-z]++"
_QUOTED_STRING = rb'"(?: [\t\x20!\x23-\x5b\x5d-\x7e\x80-\xff] | \\[\t\x20-\x7e\x80-\xff] )*+"'
_SIZE_LINE = re.compile(
    rb"([0-9A-Fa-f]++)"
    rb"(?: [ \t]*+ ; [ \t]*+ %b (?: [ \t]*= [ \t]*+ (?: %b | %b ) )? )*+ \r\n"
    % (_TOKEN, _TOKEN, _QUOTED_STRING),
    re.VERBOSE,
)
# RFC 9110 §6.5.1: framing that comes too late. Other trailers do no harm apart from the headers.
_FRAMING_LINE = re.compile(rb"\n(?:content-length|transfer-encoding)[ \t]*:", re.IGNORECASE)


class ChunkedFraming:
    """Follows one chunked body through its chunks and trailers."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._body_bytes = 0
        self._overhead = 0
        self._data_left = 0
        self._has_ended = False
        # What comes next; each takes it if it is there, and says what follows. Functions of the
        # class: methods of the object would make it refer to itself, and outlive its request.
        self._take_next: Callable[[ChunkedFraming, bytearray], bytes]
        self._take_next = ChunkedFraming._take_size_line

    def take(self, received: bytearray) -> bytes:
        """Remove from ``received`` what is of this body and whole, and return it for h11.

        b"" where more is needed, or where the body is at its end. Raises ``HTTPError`` (400, 413,
        431; always closing) as soon as the body can't become a valid one, however it was cut.
        """
        taken = bytearray()
        while received and not self._has_ended and (piece := self._take_next(self, received)):
            taken += piece
        return bytes(taken)

    def _take_size_line(self, received: bytearray) -> bytes:
        end = received.find(b"\n", 0, _MAX_SIZE_LINE_BYTES) + 1
        if not end:
            if len(received) >= _MAX_SIZE_LINE_BYTES:
                raise _bad_request("a chunk extension is too long")  # RFC 9112 §7.1.1
            return b""
        line = bytes(received[:end])
        match = _SIZE_LINE.fullmatch(line)
        if match is None:
            raise _bad_request("the size of a chunk is malformed")
        size = int(match[1], 16)
        self._count(size, len(line))
        del received[:end]
        self._data_left = size
        step = ChunkedFraming._take_data if size else ChunkedFraming._take_trailers
        self._take_next = step
        return b"%x\r\n" % size

    def _count(self, size: int, line_size: int) -> None:
        self._body_bytes += size
        if self._body_bytes > self._limits.max_body_bytes:
            limit = f"{self._limits.max_body_bytes:,}"
            raise HTTPError(413, f"the request body is over {limit} bytes", close=True)
        self._overhead = max(0, self._overhead + line_size - 16 - 2 * size)
        if self._overhead > _MAX_OVERHEAD_BYTES:
            raise _bad_request("the chunk extensions are too long")  # RFC 9112 §7.1.1

    def _take_data(self, received: bytearray) -> bytes:
        data = bytes(received[: self._data_left])
        del received[: len(data)]
        self._data_left -= len(data)
        if not self._data_left:
            self._take_next = ChunkedFraming._take_data_end
        return data

    def _take_data_end(self, received: bytearray) -> bytes:
        end = bytes(received[:2])
        if not b"\r\n".startswith(end):
            raise _bad_request("the data of a chunk do not end in CR LF")
        if len(end) < 2:
            return b""
        del received[:2]
        self._take_next = ChunkedFraming._take_size_line
        return end

    def _take_trailers(self, received: bytearray) -> bytes:
        # Behind the line of the last chunk, trailers look like the fields of a head.
        head = bytes(b"\r\n" + received[: self._limits.max_head_bytes])
        end = head.find(b"\r\n\r\n") + 4
        if end < 4:
            if head.count(b"\n") != head.count(b"\r\n"):
                raise _bad_request("a line does not end in CR LF")  # RFC 9112 §2.2
            if len(received) > self._limits.max_head_bytes:
                limit = f"{self._limits.max_head_bytes:,}"
                raise HTTPError(431, f"the trailers are over {limit} bytes", close=True)
            return b""
        head = head[:end]
        check_field_lines(head, max_fields=self._limits.max_header_fields)
        if _FRAMING_LINE.search(head):
            raise _bad_request("a trailer tells of the framing")
        trailers = head[2:]
        del received[: len(trailers)]
        self._has_ended = True
        return trailers


def _bad_request(detail: str) -> HTTPError:
    return HTTPError(400, detail, close=True)
