"""The body of a request: a stream while its exchange lasts, and read whole as text or JSON.

What a client gets wrong leaves as ``HTTPError``. How a body is framed is not known here, and of the
header fields only the form of a Content-Type.
"""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

import trio

from .errors import HTTPError
from .headers import Headers

__all__ = ["RequestBody", "check_body_size", "decode_text", "parse_content_type", "parse_json"]


class RequestBody(trio.abc.ReceiveStream):
    """A stream over the pieces that ``receive`` brings, b"" being the end.

    Nothing is read before it is asked for, and at most one piece is kept.
    """

    trailers: Headers = Headers()
    """The fields that came after a chunked body; none before its end was read."""

    def __init__(self, receive: Callable[[], Awaitable[bytes]]) -> None:
        self._receive: Callable[[], Awaitable[bytes]] | None = receive
        self._left_over = b""
        self._was_read = False

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what comes next, at most ``max_bytes`` of it; b"" at the end.

        Raises ``HTTPError`` for what breaks the protocol or a limit, ``ClientGone``, and
        ``trio.ClosedResourceError`` when the request is over. Cancelling loses nothing.
        """
        if max_bytes is not None and max_bytes < 1:
            raise ValueError("max_bytes must be at least 1")
        await trio.lowlevel.checkpoint()
        if self._receive is None:
            raise trio.ClosedResourceError("this request is over, or its body was closed")
        piece = self._left_over or await self._receive()
        self._was_read = True
        size = len(piece) if max_bytes is None else max_bytes
        self._left_over = piece[size:]
        return piece[:size]

    async def receive_all(self, max_bytes: int) -> bytes:
        """Return the whole body, or raise ``HTTPError`` 413 as soon as it is over ``max_bytes``.

        Raises what ``receive_some`` raises too, and ``RuntimeError`` where something of the body
        was read before. Cancelled, what came is lost.
        """
        self.check_unread()
        content = bytearray()
        async for piece in self:
            content += piece
            check_body_size(len(content), max_bytes)
        return bytes(content)

    def check_unread(self) -> None:
        """Raise ``RuntimeError`` where something was read: what is left is not the whole."""
        if self._was_read:
            raise RuntimeError(
                "the body of this request was read before, and comes only once: keep what you read"
            )

    async def aclose(self) -> None:
        """Stop reading; what has not come yet is dropped when it comes."""
        self.detach()
        await trio.lowlevel.checkpoint()

    def detach(self) -> None:
        """Take the connection away: what comes on it from now on is of another request."""
        self._receive = None


def check_body_size(size: int, max_bytes: int) -> None:
    """Raise ``HTTPError`` 413 where ``size`` is over ``max_bytes``."""
    if size > max_bytes:
        raise HTTPError(413, f"the request body is over {max_bytes:,} bytes")


def parse_content_type(value: str | None) -> tuple[str, dict[str, str]]:
    """Return media type and parameters of a Content-Type, names in lower case (RFC 9110 §8.3.1).

    Without one, or with one that is malformed, the media type is one that nobody knows.
    """
    media_type, _, _ = (value or "").partition(";")
    parameters = {
        name.lower(): re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
        for name, text in _PARAMETER.findall(value or "")
    }
    return media_type.strip().lower(), parameters


def decode_text(content: bytes, content_type: str | None) -> str:
    """Return ``content`` decoded by the charset of its Content-Type, without one by UTF-8.

    Raises ``HTTPError``: 415 for a charset that is not known, 400 for what it can't decode.
    """
    _, parameters = parse_content_type(content_type)
    charset = parameters.get("charset", "utf-8").lower()
    if charset not in _CHARSETS:
        raise HTTPError(415, "the charset of the text is not known")
    try:
        return content.decode(charset)
    except UnicodeDecodeError as exc:
        raise HTTPError(400, f"the text is not {charset} at octet {exc.start}") from exc


def parse_json(content: bytes) -> Any:
    """Return the value of a JSON text (RFC 8259): of equal names in an object the last one counts.

    Raises ``HTTPError`` 400, which says where the text is none.
    """
    try:
        # §8.1: always UTF-8. A byte order mark is against the rule, and may be ignored.
        text = content.decode("utf-8-sig")
        return json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError as exc:
        raise HTTPError(400, f"the JSON is not UTF-8 at octet {exc.start}") from exc
    except json.JSONDecodeError as exc:
        place = f"line {exc.lineno}, column {exc.colno}"
        raise HTTPError(400, f"this is no JSON at {place}: {exc.msg}") from exc
    except RecursionError as exc:
        raise HTTPError(400, "the JSON is nested too deeply") from exc
    except ValueError as exc:  # of int(), which is quadratic and so has a limit
        raise HTTPError(400, "a number in the JSON has too many digits") from exc


def _refuse_constant(name: str) -> None:
    raise HTTPError(400, f"{name} is no JSON")


# RFC 9110 §5.6.6, and what clients make of it: a boundary with "/" or "=" and without quotes.
_PARAMETER = re.compile(r';[ \t]*([^\s=;"]+)=("(?:[^"\\]|\\.)*"|[^;\s"]*)')

# Those of the WHATWG Encoding Standard that Python knows by the same name. A list of ours, for
# Python also has codecs that are quadratic ("punycode"), and remembers each name it was asked for.
_CHARSETS = frozenset(
    [
        *("utf-8", "utf8", "utf-16", "utf-16le", "utf-16be", "us-ascii", "ascii", "latin1"),
        *(f"iso-8859-{part}" for part in range(1, 17) if part != 12),
        *(f"windows-{page}" for page in range(1250, 1259)),
        *("koi8-r", "koi8-u", "gb2312", "gbk", "gb18030", "big5", "euc-kr", "euc-jp", "shift_jis"),
    ]
)
