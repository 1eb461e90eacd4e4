"""What a handler gives back to have another protocol on its connection (RFC 9110 §7.8), as values.

Nothing here knows how the connection is handed over, nor any of the protocols.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import trio

from .headers import Headers

__all__ = ["Upgrade"]


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
