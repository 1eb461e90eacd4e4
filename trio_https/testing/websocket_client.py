"""The border to trio-websocket as a client, on a connection in memory."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import cast

import trio
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    WebSocketConnection,
    wrap_client_stream,
)
from wsproto.utilities import LocalProtocolError

from ..headers import Headers
from .client_connection import ClientConnection
from .errors import ResponseTimeoutError
from .groups import without_one_group

__all__ = ["open_websocket_on"]


@asynccontextmanager
async def open_websocket_on(
    connection: ClientConnection,
    target: str,
    *,
    authority: str,
    subprotocols: tuple[str, ...],
    headers: Headers,
    open_timeout: float,
    close_timeout: float,
) -> AsyncIterator[WebSocketConnection]:
    """Shake hands on ``connection``, and yield the WebSocket; the caller closes the connection.

    Raises ``trio_websocket.ConnectionRejected``, ``ResponseTimeoutError``, and what the handler has
    raised by the end of the block.
    """
    try:
        with without_one_group():
            async with trio.open_nursery() as nursery:
                reader = _Reader(nursery)
                websocket = await _shake_hands(
                    reader, connection, target, authority, subprotocols, headers, open_timeout
                )
                try:
                    yield websocket
                finally:
                    # Its own close waits for the other side without limit.
                    with trio.move_on_after(close_timeout) as reader.closing:
                        await websocket.aclose()
                    nursery.cancel_scope.cancel(reason="the WebSocket was closed")
    except (ConnectionRejected, ConnectionClosed) as exc:
        if (error := connection.claim_handler_error()) is not None:
            raise error from exc
        raise
    if (error := connection.claim_handler_error()) is not None:
        raise error


class _Reader:
    """Runs what reads for trio-websocket, in place of the nursery that it asks for.

    It answers a ping also when the close was sent, where nothing may be sent any more, and fails.
    """

    def __init__(self, nursery: trio.Nursery) -> None:
        self.closing: trio.CancelScope | None = None
        self._nursery = nursery

    def start_soon(self, read: Callable[[], Awaitable[None]]) -> None:
        self._nursery.start_soon(self._run, read)

    async def _run(self, read: Callable[[], Awaitable[None]]) -> None:
        try:
            await read()
        except LocalProtocolError:
            if self.closing is None:
                raise
            self.closing.cancel(reason="nobody reads any more")


async def _shake_hands(
    reader: _Reader,
    connection: ClientConnection,
    target: str,
    authority: str,
    subprotocols: tuple[str, ...],
    headers: Headers,
    timeout: float,
) -> WebSocketConnection:
    try:
        with trio.fail_after(timeout):
            return await wrap_client_stream(
                cast("trio.Nursery", reader),
                cast("trio.SSLStream[trio.SocketStream]", connection),  # any stream will do
                authority,
                target,
                subprotocols=subprotocols,
                extra_headers=[
                    (name.encode("ascii"), value.encode("latin-1")) for name, value in headers
                ],
            )
    except trio.TooSlowError:
        message = f"no answer to the WebSocket handshake for {target} within {timeout:g} s"
        raise ResponseTimeoutError(message) from None
