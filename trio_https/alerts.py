"""TLS alerts that reach the client (RFC 8446 §6, RFC 5246 §7.2), as ``trio.SSLStream`` has it not.

When OpenSSL refuses what a peer says, it puts an alert with the reason where the next bytes to be
sent are taken from, and raises. ``SSLStream`` raises on, and the alert stays. But it gets its
``SSLObject`` from a context's ``wrap_bio``; the one from here raises only after the alert has been
sent, in its place among all else that is: session tickets, or what another task sends.
"""

import ssl
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = [
    "HANDSHAKE_FAILURE",
    "NO_APPLICATION_PROTOCOL",
    "UNRECOGNIZED_NAME",
    "AlertingContext",
]

# Records with a fatal alert (RFC 8446 §5.1 and §6), for before there are keys.
HANDSHAKE_FAILURE = bytes([21, 3, 3, 0, 2, 2, 40])
NO_APPLICATION_PROTOCOL = bytes([21, 3, 3, 0, 2, 2, 120])
UNRECOGNIZED_NAME = bytes([21, 3, 3, 0, 2, 2, 112])


T = TypeVar("T")


class AlertingContext:
    """Stands for ``context`` at one ``SSLStream``; it does what that asks of a context."""

    def __init__(self, context: ssl.SSLContext, received: bytes = b"") -> None:
        self._context = context
        self._received = received
        self.has_alerted = False
        """Whether the connection has failed with an alert to the client."""
        self.ssl_object: ssl.SSLObject | None = None
        """What knows what was agreed on, once there is a connection."""

    def wrap_bio(
        self, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, **settings: Any
    ) -> "_AlertingObject":
        """Return an object as that of ``context``, which has ``received`` to read already."""
        incoming.write(self._received)
        self._received = b""
        self.ssl_object = self._context.wrap_bio(incoming, outgoing, **settings)
        return _AlertingObject(self.ssl_object, outgoing, self)


class _AlertingObject:
    """An ``ssl.SSLObject`` whose errors wait until what is to be sent before them was taken.

    It says meanwhile what makes ``SSLStream`` send that and ask again: that it wants to read.
    """

    __slots__ = ("_failures", "_object", "_outgoing", "_owner", "server_side", "version")

    def __init__(
        self, ssl_object: ssl.SSLObject, outgoing: ssl.MemoryBIO, owner: AlertingContext
    ) -> None:
        self._object = ssl_object
        self._outgoing = outgoing
        self._owner = owner
        self._failures: list[ssl.SSLError] = []  # one at most
        # What SSLStream asks for in each handshake: by __getattr__ it would be an error first.
        self.server_side = ssl_object.server_side
        self.version = ssl_object.version

    def do_handshake(self) -> None:
        self._ask(self._object.do_handshake)

    # These two are asked for each request: in so many words they take half the time.
    def read(self, max_bytes: int) -> bytes:
        if self._failures:
            raise self._failures.pop()
        try:
            return self._object.read(max_bytes)
        except ssl.SSLWantReadError:
            raise
        except ssl.SSLError as exc:
            raise self._once_told(exc) from None

    def write(self, data: bytes | bytearray | memoryview) -> int:
        if self._failures:
            raise self._failures.pop()
        try:
            return self._object.write(data)
        except ssl.SSLWantReadError:
            raise
        except ssl.SSLError as exc:
            raise self._once_told(exc) from None

    def unwrap(self) -> None:
        self._ask(self._object.unwrap)

    def __getattr__(self, name: str) -> Any:  # what it agreed on, and so on
        return getattr(self._object, name)

    def _ask(self, function: Callable[..., T], *arguments: object) -> T:
        if self._failures:
            raise self._failures.pop()
        try:
            return function(*arguments)
        except ssl.SSLWantReadError:
            raise
        except ssl.SSLError as exc:
            raise self._once_told(exc) from None

    def _once_told(self, exc: ssl.SSLError) -> ssl.SSLError:
        if not self._outgoing.pending:
            return exc
        # Without its traceback: that leads to a frame which leads back here, and a circle
        # would keep all of the connection until the garbage collector comes.
        self._failures.append(exc.with_traceback(None))
        self._owner.has_alerted = True
        return ssl.SSLWantReadError()
