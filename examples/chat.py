"""A chat, and a dashboard of the program that serves it.

    python examples/chat.py [--port 8443]

serves https://localhost:8443/ until Ctrl-C or SIGTERM. The page has the chat over a WebSocket and
the numbers as server-sent events; other programs have the messages as JSON:

    curl --json '{"author": "Ada", "text": "Hello"}' https://localhost:8443/messages

The room and the dashboard know nothing of HTTP, and the handlers below them are short.
"""

import argparse
import json
import signal
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import trio
from trio_websocket import WebSocketConnection

import trio_https
from trio_https import EventSender, Handler, HTTPError, Reply, Request, Response, WebSocketUpgrade

PAGES = Path(__file__).parent / "chat_pages"

HISTORY = 100  # messages that are kept, for those who come later
BACKLOG = 100  # messages that a member may be behind
MAX_AUTHOR = 40  # characters
MAX_BYTES = 4096  # of a message, whichever way it comes
GRACE = 5  # seconds for what is under way when the program is stopped


@dataclass(frozen=True, slots=True)
class Message:
    number: int
    author: str
    text: str


class Room:
    """Where messages go from one to all. Nobody waits here: who can't keep up has to go."""

    def __init__(self) -> None:
        self.history: deque[Message] = deque(maxlen=HISTORY)
        self.said = 0
        self._members: dict[trio.MemorySendChannel[Message], trio.CancelScope] = {}

    @property
    def size(self) -> int:
        return len(self._members)

    def say(self, author: str, text: str) -> Message:
        self.said += 1
        message = Message(self.said, author, text)
        self.history.append(message)
        for member, scope in self._members.items():
            try:
                member.send_nowait(message)
            except trio.WouldBlock:
                scope.cancel(reason=f"{BACKLOG} messages behind")
        return message

    @contextmanager
    def join(self) -> Generator[trio.MemoryReceiveChannel[Message]]:
        """Yield what was said lately and what is said from now on, to be received in the block.

        A member that lets too much of it wait is let go: its block is cancelled.
        """
        member, inbox = trio.open_memory_channel[Message](HISTORY + BACKLOG)
        for message in self.history:
            member.send_nowait(message)
        with trio.CancelScope() as scope, member, inbox:
            self._members[member] = scope
            try:
                yield inbox
            finally:
                del self._members[member]


@dataclass(frozen=True, slots=True)
class Vitals:
    members: int
    messages: int
    tasks: int
    lag_ms: float
    """How late Trio was to wake the task that measures: what keeps the loop busy shows here."""


class Dashboard:
    """The newest numbers, and a wait for newer ones. Who is slow skips some, and is never late."""

    def __init__(self) -> None:
        self.vitals = Vitals(members=0, messages=0, tasks=0, lag_ms=0.0)
        self._changed = trio.Event()

    def show(self, vitals: Vitals) -> None:
        self.vitals = vitals
        self._changed.set()
        self._changed = trio.Event()

    async def wait_for_change(self) -> None:
        await self._changed.wait()


async def measure(room: Room, dashboard: Dashboard) -> None:
    """Show new numbers every second, for ever."""
    due = trio.current_time()
    while True:
        now = trio.current_time()
        tasks = trio.lowlevel.current_statistics().tasks_living
        lag_ms = round((now - due) * 1000, 1)
        dashboard.show(Vitals(members=room.size, messages=room.said, tasks=tasks, lag_ms=lag_ms))
        due = now + 1
        await trio.sleep_until(due)


async def chat(room: Room, request: Request) -> Reply:
    author = request.path_parameters["author"]
    if len(author) > MAX_AUTHOR:
        raise HTTPError(400, f"a name has at most {MAX_AUTHOR} characters")

    async def listen(ws: WebSocketConnection) -> None:
        while True:
            text = await ws.get_message()
            if isinstance(text, str) and text:
                room.say(author, text)

    async def talk(ws: WebSocketConnection) -> None:
        with room.join() as inbox:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(listen, ws)
                async for message in inbox:
                    await ws.send_message(json.dumps(asdict(message)))

    return WebSocketUpgrade(talk=talk, max_message_bytes=MAX_BYTES)


async def list_messages(room: Room, request: Request) -> Response:
    return Response.json([asdict(message) for message in room.history])


async def post_message(room: Room, request: Request) -> Response:
    # A page of another site can post text unasked, but not this type.
    if request.headers.get("content-type") != "application/json":
        raise HTTPError(415, "a message is application/json")
    match await request.json(max_bytes=MAX_BYTES):
        case {"author": str(author), "text": str(text)} if 0 < len(author) <= MAX_AUTHOR and text:
            return Response.json(asdict(room.say(author, text)), 201)
        case _:
            raise HTTPError(400, 'a message is {"author": "…", "text": "…"}')


async def watch(dashboard: Dashboard, request: Request) -> Response:
    async def send_vitals(events: EventSender) -> None:
        while True:
            await events.send(json.dumps(asdict(dashboard.vitals)))
            await dashboard.wait_for_change()

    return trio_https.event_stream(request, send_vitals, retry_seconds=1)


def make_site(room: Room, dashboard: Dashboard) -> Handler:
    router = trio_https.Router(
        {
            "/": trio_https.Pages(PAGES),
            "GET /chat/{author}": partial(chat, room),
            "GET /messages": partial(list_messages, room),
            "POST /messages": partial(post_message, room),
            "GET /vitals": partial(watch, dashboard),
        }
    )
    return trio_https.with_security_headers(router)


async def main(port: int) -> None:
    room, dashboard = Room(), Dashboard()
    serve = partial(trio_https.serve, make_site(room, dashboard), port=port)
    async with trio.open_nursery() as nursery:
        with trio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as signals:
            nursery.start_soon(measure, room, dashboard)
            server = await nursery.start(serve)
            print(*server.urls, flush=True)
            await anext(signals)
        # Out of the block, a second Ctrl-C is a KeyboardInterrupt again, for who can't wait.
        await server.stop(GRACE)
        nursery.cancel_scope.cancel(reason="the server has stopped")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Serve a chat, and a dashboard of it.")
    parser.add_argument("--port", type=int, default=8443)
    trio.run(main, parser.parse_args().port)
