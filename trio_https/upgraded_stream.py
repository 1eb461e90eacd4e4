"""The stream that another protocol gets after an upgrade: what came early first, then the rest.

What the protocol is, and how it was agreed on, is not known here.
"""

import trio

from . import tls
from .errors import ClientGone
from .incoming import Incoming
from .outgoing import Outgoing

__all__ = ["UpgradedStream"]


class UpgradedStream(trio.abc.Stream):
    """A connection as any stream of Trio's: a client that left is a ``BrokenResourceError``.

    A client that doesn't take what it is sent, within the server's ``Limits``, counts as one that
    has left. For one that sends nothing this waits for ever; the protocol knows how long is right.
    """

    def __init__(self, stream: trio.abc.Stream, incoming: Incoming, outgoing: Outgoing) -> None:
        self._stream = stream
        self._incoming = incoming
        self._outgoing = outgoing
        self._is_closed = False
        self.is_broken = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of ``data``. Cancelled, nobody knows how much of it was sent."""
        self._check_open()
        try:
            await self._outgoing.send(data, content_at=0)
        except ClientGone as exc:
            self._check_open()
            self.is_broken = True
            raise trio.BrokenResourceError(str(exc)) from exc

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until ``send_all`` might not have to."""
        self._check_open()
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what comes next, b"" at the end. Cancelling loses nothing."""
        if max_bytes is not None and max_bytes < 1:
            raise ValueError("max_bytes must be at least 1")
        self._check_open()
        buffer = self._incoming.buffer
        if buffer:
            await trio.lowlevel.checkpoint()
        try:
            if not buffer and not await self._incoming.receive():
                return b""
        except ClientGone as exc:
            self._check_open()  # closed by another task, it is told by that
            self.is_broken = True
            raise trio.BrokenResourceError(str(exc)) from exc
        with memoryview(buffer) as view:
            data = bytes(view[:max_bytes])
        del buffer[: len(data)]
        return data

    async def aclose(self) -> None:
        """Close the connection, with close_notify where there is TLS."""
        self._is_closed = True
        await self._stream.aclose()

    async def abort(self) -> None:
        """Close the connection at once: what was sent last may not arrive."""
        self._is_closed = True
        await tls.abort(self._stream)

    def _check_open(self) -> None:
        if self._is_closed:
            raise trio.ClosedResourceError("this stream was closed")
