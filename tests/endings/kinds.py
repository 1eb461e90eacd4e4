"""The kinds of handlers: each says "first", does something midway, and says "last"."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import trio
from trio_websocket import WebSocketConnection

from trio_https import (
    EventSender,
    Handler,
    Reply,
    Request,
    Response,
    WebSocketUpgrade,
    event_stream,
)

from ..websocket_peer import handshake
from .witness import HandlerWitness

__all__ = ["KINDS", "Deed", "Kind", "Turn", "Work"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """What a handler can do where it is."""

    request: Request
    receive: Callable[[], Awaitable[object]]
    """Takes what the client sends: the body of its request, or a message."""
    wait: Callable[[], Awaitable[object]] = trio.sleep_forever
    """Waits as such a handler does."""


Deed = Callable[[Turn], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """What the handlers do, and who looks on."""

    before: Deed
    """Before there is a response."""
    midway: Deed
    """In the body of the response, or in the WebSocket; with a plain response, before it too."""
    first: str
    witness: HandlerWitness


def plain(work: Work) -> Handler:
    async def answer(request: Request, /) -> Reply:
        turn = Turn(request=request, receive=request.bytes)
        with work.witness.watch(request):
            await work.before(turn)
            await work.midway(turn)
            return Response.text(work.first + "last")

    return answer


def generated(work: Work) -> Handler:
    async def pieces(request: Request) -> AsyncIterator[bytes]:
        with work.witness.watch(request):
            yield work.first.encode()
            await work.midway(Turn(request=request, receive=request.bytes))
            yield b"last"

    async def answer(request: Request, /) -> Reply:
        with work.witness.watch(request):
            await work.before(Turn(request=request, receive=request.bytes))
            return Response(body=pieces(request))

    return answer


def written(work: Work) -> Handler:
    async def answer(request: Request, /) -> Reply:
        turn = Turn(request=request, receive=request.bytes)

        async def write(out: trio.abc.SendStream) -> None:
            with work.witness.watch(request):
                await out.send_all(work.first.encode())
                await work.midway(turn)
                await out.send_all(b"last")

        with work.witness.watch(request):
            await work.before(turn)
            return Response(body=write)

    return answer


def events(work: Work) -> Handler:
    async def answer(request: Request, /) -> Reply:
        turn = Turn(request=request, receive=request.bytes)

        async def send_events(events: EventSender) -> None:
            with work.witness.watch(request):
                await events.send(work.first)
                await work.midway(turn)
                await events.send("last")

        with work.witness.watch(request):
            await work.before(turn)
            return event_stream(request, send_events, keep_alive_seconds=1000)

    return answer


def websocket(work: Work) -> Handler:
    async def answer(request: Request, /) -> Reply:
        async def talk(ws: WebSocketConnection) -> None:
            with work.witness.watch(request):
                await ws.send_message(work.first)
                await work.midway(
                    Turn(request=request, receive=ws.get_message, wait=ws.get_message)
                )
                await ws.send_message("last")

        with work.witness.watch(request):
            await work.before(Turn(request=request, receive=request.bytes))
            return WebSocketUpgrade(talk=talk)

    return answer


GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of handler, and how it is asked."""

    make: Callable[[Work], Handler]
    request: bytes = GET


KINDS = {
    "plain": Kind(plain),
    "generated": Kind(generated),
    "written": Kind(written),
    "events": Kind(events),
    "websocket": Kind(websocket, handshake()),
}
