"""What the bytes of a request head must be before they are parsed (RFC 9112 §2.2, §3, §5, §6).

h11 accepts a little more than is safe: lines ended by a bare LF, folded lines, control characters
in field values, and Content-Length beside Transfer-Encoding. A server behind or in front of it
might read such a head in another way, and the difference is what request smuggling lives on. The
answer to all of them is 400 and the end of the connection. Each check is a scan in C.
"""

import re

from ..errors import HTTPError

__all__ = ["check_request_head", "find_head_end", "take_head"]

_HEAD_END = b"\r\n\r\n"

# All but HTAB, LF and CR, which have checks of their own (RFC 9110 §5.5).
_CONTROL_CHARACTERS = bytes(set(range(0x20)) - set(b"\t\n\r")) + b"\x7f"
_CONTENT_LENGTH_LINE = re.compile(rb"\ncontent-length[ \t]*:", re.IGNORECASE)
_TRANSFER_ENCODING_LINE = re.compile(rb"\ntransfer-encoding[ \t]*:", re.IGNORECASE)


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
    verdict does not depend on how the bytes were cut.
    """
    start, end = find_head_end(received)
    _check_size(
        received, start, len(received) if end < 0 else end, max_head_bytes, max_target_bytes
    )
    if end < 0:
        # RFC 9112 §2.2: a bare LF may end lines for others; here it would be waited for in vain.
        if received.count(b"\n") != received.count(b"\r\n"):
            raise _bad_request("a line does not end in CR LF")
        return None
    head = bytes(received[start:end])
    del received[:end]
    return head


def _check_size(
    received: bytearray, start: int, end: int, max_head_bytes: int, max_target_bytes: int
) -> None:
    if end - start > max_target_bytes:
        line_end = received.find(b"\r\n", start, end)
        line = received[start : end if line_end < 0 else line_end]
        if len(line.partition(b" ")[2].partition(b" ")[0]) > max_target_bytes:
            raise HTTPError(414, f"the target is over {max_target_bytes:,} bytes", close=True)
    if end > max_head_bytes:
        raise HTTPError(431, f"the request head is over {max_head_bytes:,} bytes", close=True)


def check_request_head(head: bytes, *, max_fields: int) -> None:
    """Raise ``HTTPError`` (400, 431; always closing) unless ``head`` has one reading only.

    ``head`` is complete, its last empty line included. What is left to h11: the grammar of the
    request line and of each field line.
    """
    lines = head.count(b"\n")
    if head.count(b"\r\n") != lines or head.count(b"\r") != lines:
        raise _bad_request("a line does not end in CR LF")  # RFC 9112 §2.2
    if b"\n " in head or b"\n\t" in head:
        raise _bad_request("a header field is folded over lines")  # RFC 9112 §5.2
    if len(head.translate(None, _CONTROL_CHARACTERS)) != len(head):
        raise _bad_request("there is a control character in the head")  # RFC 9110 §5.5
    if lines - 2 > max_fields:  # without the request line and the empty line
        raise HTTPError(431, f"more than {max_fields} header fields", close=True)
    lengths = len(_CONTENT_LENGTH_LINE.findall(head))
    if lengths > 1:
        raise _bad_request("there is more than one Content-Length")  # RFC 9112 §6.3
    encodings = len(_TRANSFER_ENCODING_LINE.findall(head))
    if encodings and (lengths or encodings > 1):
        raise _bad_request("there is more than one framing of the body")  # RFC 9112 §6.1
    if encodings and not head.partition(b"\r\n")[0].endswith(b"HTTP/1.1"):
        raise _bad_request("Transfer-Encoding needs HTTP/1.1")  # RFC 9112 §6.1


def _bad_request(detail: str) -> HTTPError:
    return HTTPError(400, detail, close=True)
