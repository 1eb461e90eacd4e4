"""Server-sent events as a response, which goes on until its sender, its client or the server ends.

A task of its own puts the pieces on the wire, so that cancelling who sends an event never leaves
half of one there. What an event looks like ``rules.event_stream`` knows; how a body is sent, and
when a client has left, the server.
"""

from collections.abc import Awaitable, Callable

import trio

from .messages import Headers, Request, Response
from .request_scope import StopSignal
from .rules.event_stream import KEEP_ALIVE, format_comment, format_event, format_retry

__all__ = ["EventSender", "event_stream", "last_event_id"]

_HEADERS = Headers(
    {
        "Content-Type": "text/event-stream",
        # Compressing would hold events back until there are enough of them.
        "Cache-Control": "no-store, no-transform",
        "X-Accel-Buffering": "no",  # nginx would collect them, as others that know this field
    }
)


class EventSender:
    """What sends the events of one stream; any number of tasks may, an event at a time."""

    def __init__(self, pieces: trio.MemorySendChannel[bytes]) -> None:
        self._pieces = pieces

    async def send(
        self,
        data: str,
        *,
        event: str | None = None,
        id: str | None = None,  # noqa: A002 -- as the standard calls it
        retry_seconds: float | None = None,
    ) -> None:
        """Send an event with text as its data, as soon as the one before is gone.

        ``event`` is its type, "message" if not given; ``id`` is what the client comes back with,
        see ``last_event_id``; after ``retry_seconds`` it comes back from now on. Raises
        ``ValueError`` for a type or ID with a line break or NUL; ``trio.ClosedResourceError`` when
        the stream is over. Cancelled, either all of the event is sent or nothing.
        """
        await self._send(format_event(data, event=event, event_id=id, retry_seconds=retry_seconds))

    async def comment(self, text: str = "") -> None:
        """Send what no script gets to see; else as ``send``."""
        await self._send(format_comment(text))

    async def _send(self, piece: bytes) -> None:
        try:
            await self._pieces.send(piece)
        except (trio.BrokenResourceError, trio.ClosedResourceError):
            raise trio.ClosedResourceError("this stream of events is over") from None


def event_stream(
    request: Request,
    send_events: Callable[[EventSender], Awaitable[None]],
    *,
    keep_alive_seconds: float = 15.0,
    retry_seconds: float | None = None,
) -> Response:
    """Return a stream of server-sent events (WHATWG HTML §9.2), as ``send_events`` sends them.

    It ends when that returns, or when the server stops: then ``send_events`` is cancelled, and what
    it has sent arrives whole. A browser comes back in either case, after ``retry_seconds`` if
    given; a response with status 204 tells it not to. When the client leaves, the whole request is
    cancelled. After ``keep_alive_seconds`` of silence a comment is sent, for proxies and for losses
    that only sending shows; ``math.inf``: none. Raises ``ValueError`` for times that are none.
    """
    if not keep_alive_seconds > 0:
        raise ValueError(f"keep_alive_seconds must be over 0, not {keep_alive_seconds}")
    opening = b"" if retry_seconds is None else format_retry(retry_seconds)

    async def write(out: trio.abc.SendStream) -> None:
        sending, pieces = trio.open_memory_channel[bytes](0)
        # Not closed by who forwards: if that fails, those who send are to be cancelled.
        with pieces:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(_forward, pieces, out, opening, keep_alive_seconds)
                with sending:
                    await _run_until(request.stopping, send_events, EventSender(sending))

    return Response(200, _HEADERS, write)


def last_event_id(request: Request) -> str | None:
    """Return the ID of the last event that the client got before it came back, None for none.

    Like all that a client says it may be anything.
    """
    value = request.headers.get("last-event-id")
    # Fetch: an ID is sent in UTF-8.
    return value and value.encode("latin-1", "replace").decode("utf-8", "replace")


async def _run_until(
    stopping: StopSignal,
    send_events: Callable[[EventSender], Awaitable[None]],
    events: EventSender,
) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_cancel_at, stopping, nursery.cancel_scope)
        await send_events(events)
        nursery.cancel_scope.cancel(reason="all events were sent")


async def _cancel_at(stopping: StopSignal, scope: trio.CancelScope) -> None:
    await stopping.wait()
    scope.cancel(reason="the server is stopping")


async def _forward(
    pieces: trio.MemoryReceiveChannel[bytes],
    out: trio.abc.SendStream,
    opening: bytes,
    keep_alive_seconds: float,
) -> None:
    if opening:
        await out.send_all(opening)
    while True:
        piece = KEEP_ALIVE
        with trio.move_on_after(keep_alive_seconds):
            try:
                piece = await pieces.receive()
            except trio.EndOfChannel:
                return
        await out.send_all(piece)
