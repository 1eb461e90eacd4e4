"""What a handler gives back to have another protocol on its connection (RFC 9110 §7.8), as values.

Nothing here knows how the connection is handed over, nor any of the protocols.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import trio

from .config import MIB
from .headers import Headers

if TYPE_CHECKING:
    from trio_websocket import WebSocketConnection

__all__ = ["Upgrade", "WebSocketUpgrade"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgrade:
    """The reply that makes the connection speak ``protocol``, if its client asked for that.

    A client that did not gets 426 (RFC 9110 §15.5.22), and one of HTTP/1.0, which can't ask, too.
    """

    protocol: str
    """As in the Upgrade header field: "websocket", "example/2". Compared without regard to case."""
    talk: Callable[[trio.abc.Stream], Awaitable[None]]
    """Speaks it, after the 101: from the stream comes first what the client sent early, then the
    rest. The request's cancel scope is around it, but nobody watches for the client's leaving: it
    sees the end of the stream. The connection ends with it; an exception of its own is logged."""
    headers: Headers = field(default_factory=Headers)
    """Of the 101, beside Upgrade and Connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebSocketUpgrade:
    """The reply that opens a WebSocket (RFC 6455), if its client asked for one.

    The handshake is judged by the server: one that is malformed gets 400, another version 426, a
    page of another origin 403.
    """

    talk: "Callable[[WebSocketConnection], Awaitable[None]]"
    """Sends and receives messages. When it returns, the WebSocket is closed with 1000; when it
    raises, with 1011, and the log has the traceback; when the server stops, with 1001. That the
    client has closed, it sees as ``trio_websocket.ConnectionClosed``, which it need not catch."""
    subprotocols: tuple[str, ...] = ()
    """Those that ``talk`` speaks, best first; the best that the client offers too is agreed on
    (``WebSocketConnection.subprotocol``). None in common: none is agreed on."""
    origins: tuple[str, ...] = ()
    """Whose pages may connect, beside those of this server: "https://app.example", or "*" for all.
    Browsers let every page connect to every server, and send its origin (RFC 6455 §10.2). A client
    that sends none is no browser, and may."""
    max_message_bytes: int = MIB
    """Longer messages are refused with 1009, also when it is inflating that makes them longer."""
    ping_interval: float = 20.0
    """Seconds between two pings, so that a silent line is not cut by what stands between."""
    ping_timeout: float = 20.0
    """Seconds for the answer to a ping; then the client has left."""
    close_timeout: float = 10.0
    """Seconds for the client to answer a close, and then to end the connection."""
    compress: bool = False
    """Whether permessage-deflate (RFC 7692) is agreed on with a client that offers it. Off: it
    costs memory and time, and to mix a secret with a stranger's text in one message gives the
    secret away by its length."""
    headers: Headers = field(default_factory=Headers)
    """Of the 101, beside those of the handshake: Set-Cookie, say."""
