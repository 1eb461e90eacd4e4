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
    page of another origin 403, and another method 405. Raises ``ValueError`` for a time, a size or
    a name that can't be right.
    """

    talk: "Callable[[WebSocketConnection], Awaitable[None]]"
    """Sends and receives messages. When it returns, the WebSocket is closed with 1000; when it
    raises, with 1011, and the log has the traceback; when the server stops, with 1001.

    That the WebSocket was closed, by whoever, it sees as ``trio_websocket.ConnectionClosed``, which
    it need not catch; ``close_timeout`` later it is cancelled, unless it has ended or the request
    was told to ``outlive_client``. It should receive, even if it only sends: what it does not take
    waits, and behind that a close waits too."""
    subprotocols: tuple[str, ...] = ()
    """Those that ``talk`` speaks, best first; the best that the client offers too is agreed on
    (``WebSocketConnection.subprotocol``). None in common: none is agreed on."""
    origins: tuple[str, ...] = ()
    """Whose pages may connect, beside those of this server: "https://app.example", or "*" for all.
    Browsers let every page connect to every server, and send its origin (RFC 6455 §10.2). A client
    that sends none is no browser, and may."""
    max_message_bytes: int = MIB
    """Longer messages are refused with 1009: counted in UTF-8 where they are text, and after they
    were inflated. Up to three are in memory: one coming, one waiting, one with ``talk``."""
    ping_interval: float = 20.0
    """Seconds between two pings, so that a silent line is not cut by what stands between."""
    ping_timeout: float = 20.0
    """Seconds for an answer to a ping, or anything else; then the client has left."""
    close_timeout: float = 10.0
    """Seconds for the client to answer a close; and for ``talk`` to end after it was closed."""
    compress: bool = False
    """Whether permessage-deflate (RFC 7692) is agreed on with a client that offers it. Off: it
    costs memory and time, and to mix a secret with a stranger's text in one message gives the
    secret away by its length."""
    headers: Headers = field(default_factory=Headers)
    """Of the 101, beside those of the handshake: Set-Cookie, say."""

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for what would only show when a client comes."""
        from .rules.websocket_handshake import is_origin, is_token  # few servers have WebSockets

        for name in ("max_message_bytes", "ping_interval", "ping_timeout", "close_timeout"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} is {getattr(self, name)}; it must be above 0")
        for origin in _names(self.origins, "origins"):
            if origin != "*" and not is_origin(origin):
                raise ValueError(f"{origin!r} is no origin: write it like 'https://app.example'")
        for subprotocol in _names(self.subprotocols, "subprotocols"):
            if not is_token(subprotocol):
                raise ValueError(f"{subprotocol!r} is no name of a subprotocol: it must be a token")


def _names(names: tuple[str, ...], what: str) -> tuple[str, ...]:
    if isinstance(names, str):  # it would be taken for the tuple of its letters
        raise TypeError(f"{what} is a tuple of names, not {names!r}")
    return names
