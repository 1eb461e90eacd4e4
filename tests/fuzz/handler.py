"""What answers the fuzzer's requests: a handler that behaves, well or badly, by their path.

It notes of each request what must hold for its response. It knows nothing of how the bytes came.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import trio

from trio_https import Headers, HTTPError, Request, Response
from trio_https.messages import Handler

__all__ = ["ACTIONS", "SLOW_SECONDS", "Exchange", "handler_for"]

SLOW_SECONDS = 5.0
_HURRY_SECONDS = 0.2


@dataclass
class Exchange:
    """What the handler knows of one request."""

    request: Request
    body: bytearray = field(default_factory=bytearray)
    """As far as it was read."""
    body_is_whole: bool = False
    expected: bytes | bytearray | None = None
    """The body that the response must have."""
    has_come: bool = False
    """All of the request was sent, found out afterwards."""
    is_answered: bool = False
    """The handler was neither cancelled nor left by its client, so there must be a response."""
    is_bug: bool = False
    """There may be a 500, and there must be a traceback."""
    may_be_cut: bool = False


_Action = Callable[[Exchange], Awaitable[Response]]


async def _echo(exchange: Exchange) -> Response:
    exchange.expected = exchange.body
    async for _ in _body_of(exchange):
        pass
    return Response(body=bytes(exchange.body))


async def _stream(exchange: Exchange) -> Response:
    exchange.expected = exchange.body
    return Response(body=_body_of(exchange))


async def _ignore(exchange: Exchange) -> Response:
    exchange.expected = b"ignored"
    return Response.text("ignored")


async def _peek(exchange: Exchange) -> Response:
    """Read a little of the body, in small pieces."""
    for _ in range(3):
        exchange.body += await exchange.request.body.receive_some(2)
    exchange.expected = bytes(exchange.body)
    return Response(body=exchange.expected)


async def _hurry(exchange: Exchange) -> Response:
    """Wait for the body in bits of time that are too short: cancelling loses nothing."""
    for _ in range(8):
        with trio.move_on_after(_HURRY_SECONDS):
            exchange.body += await exchange.request.body.receive_some()
    return await _echo(exchange)


async def _swallow(exchange: Exchange) -> Response:
    """Don't care whether the body breaks, and try once more."""
    for _ in range(2):
        try:
            async for _ in _body_of(exchange):
                pass
        except HTTPError:
            continue
    return Response.text("swallowed")


async def _close(exchange: Exchange) -> Response:
    await exchange.request.body.aclose()
    return Response.text("closed")


async def _slow(exchange: Exchange) -> Response:
    await trio.sleep(SLOW_SECONDS)
    return await _echo(exchange)


async def _missing(exchange: Exchange) -> Response:
    raise HTTPError(404, "no such page")


async def _farewell(exchange: Exchange) -> Response:
    raise HTTPError(403, close=True)


async def _no_content(exchange: Exchange) -> Response:
    exchange.expected = b""
    return Response(204, body=b"left out")


async def _not_modified(exchange: Exchange) -> Response:
    exchange.expected = b""
    return Response(304, body=_pieces(b"left", b"out"))


async def _length(exchange: Exchange) -> Response:
    exchange.expected = b"abc"
    return Response(headers=Headers({"Content-Length": "3"}), body=_pieces(b"a", b"", b"bc"))


async def _bug(exchange: Exchange) -> Response:
    exchange.is_bug = True
    raise ValueError("a bug on purpose")


async def _bad(exchange: Exchange) -> Response:
    """A response that has no valid form."""
    exchange.is_bug = True
    return Response(headers=Headers({"X": "a\r\nSet-Cookie: b"}), body=_pieces(b"abc"))


async def _short(exchange: Exchange) -> Response:
    exchange.is_bug = exchange.may_be_cut = True
    return Response(headers=Headers({"Content-Length": "9"}), body=_pieces(b"abc"))


async def _long(exchange: Exchange) -> Response:
    exchange.is_bug = exchange.may_be_cut = True
    return Response(headers=Headers({"Content-Length": "4"}), body=_pieces(b"abc", b"def"))


async def _broken(exchange: Exchange) -> Response:
    exchange.is_bug = exchange.may_be_cut = True
    return Response(body=_failing())


ACTIONS: dict[str, _Action] = {
    "/echo": _echo,
    "/stream": _stream,
    "/ignore": _ignore,
    "/peek": _peek,
    "/hurry": _hurry,
    "/swallow": _swallow,
    "/close": _close,
    "/slow": _slow,
    "/missing": _missing,
    "/farewell": _farewell,
    "/204": _no_content,
    "/304": _not_modified,
    "/length": _length,
    "/bug": _bug,
    "/bad": _bad,
    "/short": _short,
    "/long": _long,
    "/broken": _broken,
}


async def _body_of(exchange: Exchange) -> AsyncIterator[bytes]:
    """Yield the body as it comes, and remember it."""
    try:
        async for piece in exchange.request.body:
            exchange.body += piece
            yield bytes(piece)
    except BaseException:
        exchange.may_be_cut = True
        raise
    exchange.body_is_whole = True


async def _pieces(*pieces: bytes) -> AsyncIterator[bytes]:
    for piece in pieces:
        yield piece


async def _failing() -> AsyncIterator[bytes]:
    yield b"abc"
    raise ValueError("a bug on purpose, in the middle of a body")


def handler_for(exchanges: list[Exchange]) -> Handler:
    """Return the handler, which adds each request that reaches it to ``exchanges``."""

    async def handler(request: Request) -> Response:
        exchange = Exchange(request)
        exchanges.append(exchange)
        action = ACTIONS.get(request.raw_path, _echo)
        try:
            response = await action(exchange)
        except (HTTPError, ValueError):
            exchange.is_answered = True
            raise
        exchange.is_answered = True
        return response

    return handler
