"""A WebSocket client over any Trio stream: wsproto's frames, and a handshake that can be bent.

It does nothing by itself: no pong, no answer to a close. So a test says what a client does.
"""

from collections.abc import Sequence

import trio
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, Event, Message, Ping
from wsproto.extensions import PerMessageDeflate

__all__ = ["ASKING", "WebSocketPeer", "handshake"]

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 §1.3
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="

ASKING = (
    ("Host", "localhost"),
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", KEY),
)


def handshake(
    *more: tuple[str, str],
    without: Sequence[str] = (),
    method: str = "GET",
    target: str = "/",
    version: str = "1.1",
) -> bytes:
    """Return the head of a request that opens a WebSocket, with fields added or left out."""
    fields = [field for field in ASKING if field[0] not in without] + list(more)
    lines = "".join(f"{name}: {value}\r\n" for name, value in fields)
    return f"{method} {target} HTTP/{version}\r\n{lines}\r\n".encode("latin-1")


class WebSocketPeer:
    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.head = ""
        """Of the response."""
        self._frames = Connection(ConnectionType.CLIENT)
        self._events: list[Event] = []

    async def open(self, *more: tuple[str, str], early: bytes = b"", target: str = "/") -> None:
        """Shake hands; whatever ``early`` is, it goes with the request."""
        await self.stream.send_all(handshake(*more, target=target) + early)
        await self.read_head()

    async def read_head(self) -> None:
        received = b""
        while b"\r\n\r\n" not in received:
            piece = await self.stream.receive_some()
            assert piece, received
            received += piece
        head, _, rest = received.partition(b"\r\n\r\n")
        self.head = head.decode("latin-1")
        assert self.head.startswith("HTTP/1.1 101 "), self.head
        assert f"Sec-WebSocket-Accept: {ACCEPT}" in self.head
        for line in self.head.splitlines():
            name, _, value = line.partition(": ")
            if name == "Sec-WebSocket-Extensions":
                deflate = PerMessageDeflate()
                deflate.finalize(value)
                self._frames = Connection(ConnectionType.CLIENT, [deflate])
        self._frames.receive_data(rest)

    async def send(self, event: Event) -> None:
        await self.stream.send_all(self.encode(event))

    def encode(self, event: Event) -> bytes:
        return bytes(self._frames.send(event))

    async def receive(self) -> Event | None:
        """Return the next event, None at the end of the stream."""
        while not self._events:
            self._events = list(self._frames.events())
            if not self._events:
                received = await self.stream.receive_some()
                if not received:
                    return None
                self._frames.receive_data(bytes(received))
        return self._events.pop(0)

    async def receive_message(self) -> str | bytes:
        """Return the next message; pings are passed over."""
        data: list[str | bytes] = []
        while True:
            event = await self.receive()
            if isinstance(event, Ping):
                continue
            assert isinstance(event, Message), event
            data.append(event.data)
            if event.message_finished:
                return data[0][:0].join(data)  # type: ignore[arg-type]

    async def receive_close(self) -> CloseConnection:
        """Return the close frame, passing over what is before it."""
        while not isinstance(event := await self.receive(), CloseConnection):
            assert event is not None, "the connection ended without a close frame"
        return event

    async def answer_close(self) -> tuple[int, str]:
        """Wait for the close frame, answer it, and see the end of the connection."""
        event = await self.receive_close()
        await self.send(event.response())
        assert await self.receive() is None
        await self.stream.aclose()
        return int(event.code), event.reason or ""
