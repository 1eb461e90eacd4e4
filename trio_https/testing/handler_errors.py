"""The bugs of a handler, kept for the test: as the server logs them, so they are told here.

What the server does with them goes on unchanged; nothing is kept from it.
"""

from collections.abc import AsyncIterable, Awaitable, Callable
from dataclasses import replace
from typing import Any, Self

import trio

from ..body_sink import Piece
from ..errors import BodyCut, ClientGone, HTTPError, without_groups
from ..messages import BodyWriter, Handler, Reply, Request, Response, ResponseBody
from ..upgraded_stream import UpgradedStream
from ..upgrades import Upgrade, WebSocketUpgrade

__all__ = ["HandlerErrors"]


class HandlerErrors:
    """What the handler of some connections has raised that is a bug, until somebody claims it."""

    def __init__(self) -> None:
        self._raised: list[tuple[object, Exception]] = []

    def watch(self, handler: Handler, connection: object) -> Handler:
        """Return ``handler`` as it is, but that what it raises on ``connection`` is noted."""

        async def watched(request: Request, /) -> Reply:
            try:
                return self._watch_reply(await handler(request), connection)
            except Exception as exc:
                self._note(connection, exc)
                raise

        return watched

    def claim(self, connection: object) -> Exception | None:
        """Return the first bug met on ``connection``, once."""
        for index, (place, exc) in enumerate(self._raised):
            if place is connection:
                del self._raised[index]
                return exc
        return None

    @property
    def unclaimed(self) -> list[Exception]:
        """What nobody has claimed yet."""
        return [exc for _, exc in self._raised]

    def _note(self, connection: object, exc: Exception) -> None:
        if not isinstance(without_groups(exc), HTTPError | ClientGone | BodyCut):
            self._raised.append((connection, exc))

    def _watch_reply(self, reply: Reply, connection: object) -> Reply:
        if isinstance(reply, Response):
            if isinstance(reply.body, bytes):
                return reply
            return replace(reply, body=self._watch_body(reply.body, connection))
        if isinstance(reply, Upgrade | WebSocketUpgrade):
            return replace(reply, talk=self._watch_talk(reply.talk, connection))
        raise TypeError(f"a handler returns a Response or an upgrade, not {reply!r:.100}")

    def _watch_body(self, body: ResponseBody, connection: object) -> ResponseBody:
        if isinstance(body, AsyncIterable):
            return _WatchedBody(body, lambda exc: self._note(connection, exc))
        if not callable(body):
            return body
        return self._watch_writer(body, connection)

    def _watch_writer(self, write: BodyWriter, connection: object) -> BodyWriter:
        async def watched(out: trio.abc.SendStream) -> None:
            try:
                await write(out)
            except Exception as exc:
                self._note(connection, exc)
                raise

        return watched

    def _watch_talk(
        self, talk: Callable[[Any], Awaitable[None]], connection: object
    ) -> Callable[[Any], Awaitable[None]]:
        async def watched(stream: Any) -> None:
            try:
                await talk(stream)
            except Exception as exc:
                if not _is_departure(exc, stream):
                    self._note(connection, exc)
                raise

        return watched


class _WatchedBody:
    """An async iterable that tells what it raises, and is closed as the one below it."""

    def __init__(self, body: AsyncIterable[Piece], note: Callable[[Exception], None]) -> None:
        self._body = body
        self._note = note

    def __aiter__(self) -> Self:
        self._pieces = aiter(self._body)
        return self

    async def __anext__(self) -> Piece:
        try:
            return await anext(self._pieces)
        except StopAsyncIteration:
            raise
        except Exception as exc:
            self._note(exc)
            raise

    async def aclose(self) -> None:
        if hasattr(self._body, "aclose"):
            await self._body.aclose()


def _is_departure(exc: Exception, stream: Any) -> bool:
    """Whether it says no more than that the client has left, as the server sees it too."""
    if isinstance(stream, UpgradedStream):
        return stream.is_broken and isinstance(without_groups(exc), trio.BrokenResourceError)
    # Here, because it is loaded by the first WebSocket, and this is one.
    from trio_websocket import ConnectionClosed

    if isinstance(exc, ExceptionGroup):
        return exc.split(ConnectionClosed)[1] is None
    return isinstance(exc, ConnectionClosed)
