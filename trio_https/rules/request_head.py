"""What the bytes of a request head must be before they are parsed (RFC 9112 §2.2, §3, §5, §6).

h11 accepts a little more than is safe: lines ended by a bare LF, folded lines, control characters
in field values, and Content-Length beside Transfer-Encoding. A server behind or in front of it
might read such a head in another way, and the difference is what request smuggling lives on. The
answer to all of them is 400 and the end of the connection.
"""

import re

from ..errors import HTTPError

__all__ = ["check_field_lines", "check_request_head", "find_head_end", "take_head"]

_HEAD_END = b"\r\n\r\n"

# RFC 9112 §2.2 asks to ignore one; clients that send one after each body exist, no others.
_MAX_EMPTY_LINES = 8

# Lines without a control character but HTAB (RFC 9110 §5.5), each ended by CR LF (RFC 9112 §2.2),
# and none that goes on in the next (§5.2).
_CLEAN_LINES = re.compile(rb"(?:[^\x00-\x08\n-\x1f\x7f]*+\r\n(?![ \t]))++")
_FRAMING_LINE = re.compile(rb"\n(content-length|transfer-encoding)[ \t]*:([^\r]*)", re.IGNORECASE)
_ABOVE_HTTP_1_0 = re.compile(rb"[^\r]* HTTP/(?:1\.[1-9]|[2-9]\.[0-9])\r")


def find_head_end(received: bytes | bytearray) -> tuple[int, int]:
    """Return where the first request head of ``received`` begins and ends; -1 as its end: not yet.

    Empty lines before the request line are passed over (RFC 9112 §2.2).
    """
    start = 0
    while received.startswith(b"\r\n", start):
        start += 2
    end = received.find(_HEAD_END, start)
    return start, end if end < 0 else end + len(_HEAD_END)


def take_head(received: bytearray, *, max_head_bytes: int, max_target_bytes: int) -> bytes | None:
    """Remove the first request head from ``received`` and return it; None: it is not whole yet.

    Raises ``HTTPError`` (400, 414, 431; always closing) as soon as it can't become a valid one. The
    verdict does not depend on how the bytes were cut: it is that of the first octet too many.
    """
    start, end = find_head_end(received)
    if start > len(b"\r\n") * _MAX_EMPTY_LINES:
        raise _bad_request("there are too many empty lines")
    size = (len(received) if end < 0 else end) - start
    if size > max_target_bytes:
        _check_target_size(received, start, max_target_bytes)
    if end >= 0 and size <= max_head_bytes:
        if size == len(received):  # as a rule
            head = bytes(received)
            received.clear()
        else:
            head = bytes(received[start:end])
            del received[:end]
        return head
    # RFC 9112 §2.2: a bare LF may end lines for others; here it would be waited for in vain.
    stop = start + max_head_bytes
    if received.count(b"\n", start, stop) != received.count(b"\r\n", start, stop):
        raise _bad_request("a line does not end in CR LF")
    if size > max_head_bytes:
        raise HTTPError(431, f"the request head is over {max_head_bytes:,} bytes", close=True)
    return None


def _check_target_size(received: bytearray, start: int, max_target_bytes: int) -> None:
    line_end = received.find(b"\n", start)
    line = received[start : len(received) if line_end < 0 else line_end].rstrip(b"\r")
    if len(line.partition(b" ")[2].partition(b" ")[0]) > max_target_bytes:
        raise HTTPError(414, f"the target is over {max_target_bytes:,} bytes", close=True)


def check_request_head(head: bytes, *, max_fields: int) -> None:
    """Raise ``HTTPError`` (400, 431, 501; always closing) unless ``head`` has one reading only.

    ``head`` is complete, its last empty line included. What is left to h11: the grammar of the
    request line and of each field line.
    """
    check_field_lines(head, max_fields=max_fields)
    if lines := _FRAMING_LINE.findall(head):
        _check_framing(head, lines)


def _check_framing(head: bytes, lines: list[tuple[bytes, bytes]]) -> None:
    lengths = [value for name, value in lines if name.lower() == b"content-length"]
    encodings = [value for name, value in lines if name.lower() != b"content-length"]
    if lengths and encodings:
        raise _bad_request("there is more than one framing of the body")  # RFC 9112 §6.1
    if lengths:
        _check_content_length(lengths)
    if encodings:
        _check_transfer_encoding(encodings)
        if not _ABOVE_HTTP_1_0.match(head):
            raise _bad_request("Transfer-Encoding needs HTTP/1.1")  # RFC 9112 §6.1


def check_field_lines(head: bytes, *, max_fields: int) -> None:
    """Raise ``HTTPError`` (400, 431; always closing) unless all lines of ``head`` are clean.

    ``head`` is a first line, field lines and an empty line: of a request, or of its trailers.
    """
    if not _CLEAN_LINES.fullmatch(head):
        raise _bad_request(_what_is_unclean(head))
    if head.count(b"\n") - 2 > max_fields:  # without the first line and the empty line
        raise HTTPError(431, f"more than {max_fields} header fields", close=True)


def _what_is_unclean(head: bytes) -> str:
    lines = head.split(b"\r\n")
    if any(b"\n" in line or b"\r" in line for line in lines):
        return "a line does not end in CR LF"
    if any(line.startswith((b" ", b"\t")) for line in lines[1:]):
        return "a header field is folded over lines"
    return "there is a control character in the head"


def _check_content_length(values: list[bytes]) -> None:
    # RFC 9112 §6.3 leaves it open to read "5, 5", or two fields of 5, as one.
    if len(values) > 1 or b"," in values[0]:
        raise _bad_request("there is more than one Content-Length")
    if not values[0].strip(b" \t").isdigit():
        raise _bad_request("Content-Length is not a number")  # RFC 9110 §8.6


def _check_transfer_encoding(values: list[bytes]) -> None:
    codings = [coding.strip(b" \t").lower() for coding in b",".join(values).split(b",")]
    if codings == [b"chunked"]:
        return
    # RFC 9112 §6.3: without chunked as the last one the length is unknown; §6.1: never twice. An
    # empty element would be ignored by RFC 9110 §5.6.1, and hides the coding from many a reader.
    if codings[-1] != b"chunked" or b"chunked" in codings[:-1] or b"" in codings:
        raise _bad_request("Transfer-Encoding does not end in chunked, once")
    raise HTTPError(501, "chunked is the only transfer coding", close=True)  # RFC 9112 §6.1


def _bad_request(detail: str) -> HTTPError:
    return HTTPError(400, detail, close=True)
