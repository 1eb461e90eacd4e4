"""The border to trio-websocket: the life of a WebSocket from the 101 to the end of its connection.

A nursery for each: beside ``talk``, one task reads, one sends pings, one waits for the server's
stop. Each of the ways in which it can end leads to the same few lines, ``_close``, and all that
they wait for has a deadline. How the handshake went is not known here.
"""

from contextlib import suppress
from typing import TYPE_CHECKING, cast

import trio
from trio_websocket import CloseReason, ConnectionClosed, Endpoint, WebSocketConnection

from ..errors import ClientGone
from ..messages import Request
from ..upgraded_stream import UpgradedStream
from ..upgrades import WebSocketUpgrade
from .frames import Frames
from .wire import Wire

if TYPE_CHECKING:
    from wsproto import WSConnection

__all__ = ["converse"]


async def converse(
    stream: UpgradedStream, request: Request, upgrade: WebSocketUpgrade, frames: Frames
) -> None:
    """Have ``upgrade.talk`` speak over ``stream``; close the WebSocket when it is done.

    Raises what ``talk`` raises, unless that is the client's closing; and ``ClientGone`` where the
    WebSocket could not be closed in order. Cancelled, it ends without a close frame.
    """
    wire = Wire(stream, frames)
    connection = _Connection(wire, request, upgrade, frames)
    failure: Exception | None = None
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_read, connection, request, upgrade)
        nursery.start_soon(_keep_alive, connection, wire, frames, upgrade)
        nursery.start_soon(_close_when_stopping, connection, request)
        await frames.opened.wait()
        try:
            await upgrade.talk(connection)
        except Exception as exc:
            if connection.closed is None or not _is_closing(exc):
                failure = exc
        await _close(connection, 1011 if failure else 1000, upgrade.close_timeout)
        nursery.cancel_scope.cancel(reason="the WebSocket is closed")
    if failure is not None:
        try:
            raise failure
        finally:
            del failure  # a frame that knows the exception which knows the frame is a circle
    if not frames.is_closed:
        raise ClientGone("the WebSocket was not closed by both sides")


def _is_closing(exc: Exception) -> bool:
    """Whether ``exc`` tells of nothing but the end of a WebSocket."""
    if isinstance(exc, ExceptionGroup):
        return exc.split(ConnectionClosed)[1] is None
    return isinstance(exc, ConnectionClosed)


async def _read(connection: "_Connection", request: Request, upgrade: WebSocketUpgrade) -> None:
    """Read until the WebSocket is closed; whoever talks on after that is cancelled in the end."""
    await connection.read()
    await trio.sleep(upgrade.close_timeout)
    request.scope.note_departure()


async def _keep_alive(
    connection: "_Connection", wire: Wire, frames: Frames, upgrade: WebSocketUpgrade
) -> None:
    """Send pings, until the client gives no sign of life any more; then, end all that waits."""
    asked_at = trio.current_time()
    is_answered = True
    while is_answered:
        asked_at = max(asked_at + upgrade.ping_interval, trio.current_time())
        await trio.sleep_until(asked_at)
        if not frames.is_open:
            return
        try:
            is_answered = await wire.is_answered(frames.ping(), within=upgrade.ping_timeout)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            is_answered = False
    await wire.cut()
    await connection.notice_end()


async def _close_when_stopping(connection: "_Connection", request: Request) -> None:
    await request.stopping.wait()
    await connection.aclose(1001, "the server is stopping")


async def _close(connection: "_Connection", code: int, timeout: float) -> None:
    """Close, if nobody has yet, and wait for the end of reading, within ``timeout`` seconds."""
    with trio.move_on_after(timeout):
        await connection.aclose(code)
        await connection.has_ended.wait()


class _Connection(WebSocketConnection):
    """trio-websocket's own, with the addresses of its request, and bounds to what it waits for."""

    def __init__(
        self, wire: Wire, request: Request, upgrade: WebSocketUpgrade, frames: Frames
    ) -> None:
        super().__init__(
            wire,
            cast("WSConnection", frames),
            path=request.target,
            max_message_size=upgrade.max_message_bytes,  # of characters; ours, of bytes, is first
            receive_buffer_size=None,
        )
        self.has_ended = trio.Event()
        """Set when nothing is read any more."""
        self._wire = wire
        self._frames = frames
        self._request = request
        self._close_timeout = upgrade.close_timeout
        self._said: CloseReason | None = None

    @property
    def remote(self) -> Endpoint | str:
        """The client's address, as in the request; a text where it has none."""
        if self._request.client is None:
            return super().remote
        host, port = self._request.client
        return Endpoint(host, port, self._request.tls is not None)

    @property
    def local(self) -> Endpoint | str:
        """The host and port that the client asked for."""
        return self._request.authority

    @property
    def closed(self) -> CloseReason | None:
        """Why the WebSocket was closed; None: it is open."""
        reason = super().closed
        # As long as the client has not answered, trio-websocket has 1000 in place of what we said.
        if reason is None or reason.code != 1000:
            return reason
        return self._said or reason

    async def get_message(self) -> str | bytes:
        """Return the next message. Raises ``ConnectionClosed``."""
        try:
            return await super().get_message()
        except ConnectionClosed:
            raise ConnectionClosed(self.closed) from None

    async def read(self) -> None:
        """Take what comes until there will be no more."""
        # The one private name that is used here: what trio-websocket itself starts in a nursery.
        try:
            await self._reader_task()
        finally:
            self.has_ended.set()

    async def notice_end(self) -> None:
        """See that the wire is cut, also if reading waits for somebody to take what came."""
        with suppress(ConnectionClosed):
            await self.pong()

    async def send_message(self, message: str | bytes) -> None:
        """Send a message. Cancelled in the midst of it, the connection can't be used any more.

        Raises ``ConnectionClosed``, and ``ValueError`` for what is neither ``str`` nor ``bytes``.
        """
        # Not by trio-websocket's, which makes a round through the scheduler for a lock of its own.
        if self.closed is not None:
            raise ConnectionClosed(self.closed)
        data = self._frames.encode(message)
        try:
            await self._wire.send_all(data)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            await self.notice_end()
            raise ConnectionClosed(self.closed) from None
        except trio.Cancelled:
            # Later messages refer to this one, which the client may not have got.
            if self._frames.is_compressed:
                await self._wire.cut()
            raise

    async def aclose(self, code: int = 1000, reason: str | None = None) -> None:
        """Close the WebSocket, and wait for the client to do so, within the close timeout."""
        if self.closed is None:
            self._said = CloseReason(code, reason)
        with trio.move_on_after(self._close_timeout):
            await super().aclose(code, reason)
