"""The border to wsproto: frames <-> events, of a WebSocket whose handshake is done.

To trio-websocket it is the ``WSConnection`` that it works with, one that begins after the 101. And
it makes good what neither of the two does: messages have a limit in bytes, their fragments come as
one piece, and a client that breaks the protocol is told so, in a close frame, before it is closed.
Nothing here waits or touches a stream.
"""

from collections.abc import Iterator

import trio
from wsproto.connection import Connection, ConnectionState, ConnectionType
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Event,
    Message,
    Ping,
    TextMessage,
)
from wsproto.extensions import Extension

from ..headers import Headers

__all__ = ["Frames"]

_REASONS = {
    1002: "the WebSocket protocol was broken",
    1007: "a message was not what it said to be",
    1009: "messages have at most {max_message_bytes} bytes",
}


class Frames:
    """What came and what is to be sent, on one WebSocket, by wsproto's events."""

    client = False

    def __init__(
        self,
        *,
        subprotocol: str | None,
        request_headers: Headers,
        extensions: list[Extension],
        max_message_bytes: int,
    ) -> None:
        self.opened = trio.Event()
        """Set when subprotocol and headers, the first event, were taken note of."""
        self.is_compressed = bool(extensions)
        """Whether a message may refer to those before it."""
        self._opening = AcceptConnection(
            subprotocol=subprotocol,
            extra_headers=[
                (name.lower().encode(), value.encode("latin-1")) for name, value in request_headers
            ],
        )
        self._connection = Connection(ConnectionType.SERVER, extensions)
        self._max_message_bytes = max_message_bytes
        self._message = bytearray()  # the fragments of one that is not whole yet
        self._failure: CloseConnection | None = None

    @property
    def state(self) -> ConnectionState:
        """Where the WebSocket is between open and closed.

        A client that broke the protocol counts as one that asked to close, until it is told.
        """
        if self._failure is None:
            return self._connection.state
        if self._connection.state is ConnectionState.OPEN:
            return ConnectionState.REMOTE_CLOSING
        return ConnectionState.CLOSED  # the close frame was sent, and none of theirs will be taken

    @property
    def is_open(self) -> bool:
        """Whether no side has begun to close."""
        return self.state is ConnectionState.OPEN

    @property
    def is_closed(self) -> bool:
        """Whether the WebSocket was closed in order: each side has said what it had to."""
        return self.state is ConnectionState.CLOSED

    def send(self, event: Event) -> bytes:
        """Return the octets of ``event``. Raises ``LocalProtocolError`` when it can't be sent."""
        return self._connection.send(event)

    def encode(self, message: str | bytes) -> bytes:
        """Return the octets of a message. Raises ``ValueError`` for what is none."""
        if isinstance(message, str):
            return self.send(TextMessage(data=message))
        if isinstance(message, bytes):
            return self.send(BytesMessage(data=message))
        raise ValueError(f"a message is str or bytes, not {type(message).__name__}")

    def ping(self) -> bytes:
        """Return the octets of a ping."""
        return self.send(Ping())

    def receive_data(self, data: bytes) -> None:
        """Take what came from the client."""
        self._connection.receive_data(data)

    def events(self) -> Iterator[Event]:
        """Yield what has happened since this was asked last. Messages come whole."""
        if not self.opened.is_set():
            yield self._opening
            self.opened.set()
        for event in self._connection.events():
            if self._failure is not None:
                return
            if isinstance(event, Message):
                if (whole := self._take(event)) is not None:
                    yield whole
            elif isinstance(event, CloseConnection) and self._is_failure():
                yield self._fail(event.code)
            elif not isinstance(event, Ping) or self.is_open:
                yield event  # no pong after the close frame (RFC 6455 §5.5.1)

    def _is_failure(self) -> bool:
        # After a close frame of the client's, wsproto would be in another state.
        return self._connection.state in (ConnectionState.OPEN, ConnectionState.LOCAL_CLOSING)

    def _fail(self, code: int) -> CloseConnection:
        self._message.clear()
        reason = _REASONS[code].format(max_message_bytes=self._max_message_bytes)
        self._failure = CloseConnection(code=code, reason=reason)
        return self._failure

    def _take(self, piece: Message[str] | Message[bytes | bytearray]) -> Event | None:
        """Return the message that ``piece`` is or completes, or the failure that it is."""
        data = piece.data
        if len(self._message) + _bytes_in(data) > self._max_message_bytes:
            return self._fail(1009)
        if piece.message_finished and not self._message:
            return piece
        self._message += data.encode() if isinstance(data, str) else data
        return self._join(is_text=isinstance(data, str)) if piece.message_finished else None

    def _join(self, *, is_text: bool) -> Event:
        whole = bytes(self._message)
        self._message.clear()
        return TextMessage(data=whole.decode()) if is_text else BytesMessage(data=whole)


def _bytes_in(data: str | bytes | bytearray) -> int:
    return len(data) if not isinstance(data, str) or data.isascii() else len(data.encode())
