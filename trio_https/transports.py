"""What is below TLS: transports that end in order, and that lose little time with sockets.

What is said over them is not known here.
"""

import math
import os
import socket
import struct
import sys
from contextlib import suppress
from typing import Final

import trio

from .alerts import AlertingContext

__all__ = [
    "LingeringTransport",
    "SendTimeout",
    "SocketTransport",
    "abort_transport",
    "lingering_transport",
    "socket_transport_below",
]

_LINGER_NOT = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)  # struct linger
_RECEIVE_BYTES: Final = 64 * 1024  # at a time: as ``trio.SocketStream``

# What the kernel takes beyond what it can send at once. Trio says 16 KiB, with which a piece of a
# large file is taken in two or three parts, with a wait for each: 831 writes in place of
# 1,699 for 300 MiB, which take 0.85 times as much processor.
_UNSENT_BYTES: Final = 256 * 1024


class LingeringTransport(trio.abc.Stream):
    """A transport that, when it is closed, waits for the other side to close too.

    With unread bytes, to close is a reset, and a reset makes the client forget what it has not read
    yet (RFC 9112 §9.6). ``alerting`` says whether an alert was the last that the client was sent.
    """

    def __init__(self, transport: trio.abc.Stream, alerting: AlertingContext | None = None) -> None:
        self.transport = transport
        self.alerting = alerting

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of ``data``. Cancelled, nobody knows how much of it was sent."""
        await self.transport.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until ``send_all`` might not have to."""
        await self.transport.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        """Return what comes next, b"" at the end. Cancelling loses nothing."""
        return await self.transport.receive_some(max_bytes)

    async def aclose(self) -> None:
        """End our side, and read until the other has ended its own; cancelled, close at once."""
        try:
            # It may have been reset by the client, or closed by us before; or another task is
            # sending an alert, or reads, and is told by the closing.
            with suppress(
                trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError
            ):
                if isinstance(self.transport, trio.abc.HalfCloseableStream):
                    await self.transport.send_eof()
                    while await self.transport.receive_some():
                        pass
        finally:
            await self.transport.aclose()


class SendTimeout(trio.BrokenResourceError):
    """The other side did not take what was sent within the time that it had for that."""


class SocketTransport(LingeringTransport):
    """The same for a socket, without the layers that ``trio.SocketStream`` goes through each time.

    It is made for ``trio.SSLStream``, which has let others go on before it reads and writes: so
    this does that only where it has to wait.
    """

    send_timeout = math.inf
    """How long, in seconds, one ``send_all`` may wait for the other side."""

    def __init__(self, stream: trio.SocketStream, alerting: AlertingContext | None = None) -> None:
        super().__init__(stream, alerting)
        self._socket = stream.socket
        self._takes_large_pieces = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of ``data``. Cancelled, nobody knows how much of it was sent.

        Raises ``SendTimeout``, ``trio.BrokenResourceError`` and ``trio.ClosedResourceError``.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        with memoryview(data) as view:
            sent = self._send(view)
            if sent == len(view):
                return
            if len(view) > _UNSENT_BYTES and not self._takes_large_pieces:
                self._take_large_pieces()
            with trio.move_on_after(self.send_timeout) as wait:
                while sent < len(view):
                    await trio.lowlevel.wait_writable(self._descriptor())
                    sent += self._send(view[sent:])
            if wait.cancelled_caught:
                raise SendTimeout("the other side takes what is sent too slowly")

    def _take_large_pieces(self) -> None:
        """Have the kernel take them whole, from now on, if this is TCP."""
        self._takes_large_pieces = True
        if hasattr(socket, "TCP_NOTSENT_LOWAT"):
            with suppress(OSError):  # a Unix socket; or closed
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, _UNSENT_BYTES)

    def _send(self, data: memoryview) -> int:
        try:
            return os.write(self._descriptor(), data)
        except BlockingIOError:
            return 0
        except OSError as exc:
            raise trio.BrokenResourceError(str(exc)) from exc

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Wait until something comes, and return it; b"" at the end. Cancelling loses nothing.

        Where something has come, no other task gets its turn. Raises ``trio.BrokenResourceError``,
        ``trio.ClosedResourceError``, and ``trio.BusyResourceError`` while another task waits.
        """
        await trio.lowlevel.checkpoint_if_cancelled()
        while True:
            # First, for under load the next request has come while others were answered: 49 of 50
            # times with 32 busy clients, whose requests cost 15 % less so.
            try:
                return os.read(self._descriptor(), max_bytes or _RECEIVE_BYTES)
            except BlockingIOError:
                await trio.lowlevel.wait_readable(self._descriptor())
            except OSError as exc:
                raise trio.BrokenResourceError(str(exc)) from exc

    async def aclose(self) -> None:
        """End our side, and read until the other has ended its own; cancelled, close at once."""
        try:
            await trio.lowlevel.checkpoint_if_cancelled()
            # See above; and OSError: a reset, or closed by us before.
            with suppress(
                OSError, trio.BrokenResourceError, trio.ClosedResourceError, trio.BusyResourceError
            ):
                self._socket.shutdown(trio.socket.SHUT_WR)
                while await self.receive_some():
                    await trio.lowlevel.checkpoint()  # for who sends more and more
        finally:
            self._socket.close()

    def _descriptor(self) -> int:
        # Each time: once another task has closed it, the number is soon that of another file.
        descriptor = self._socket.fileno()
        if descriptor < 0:
            raise trio.ClosedResourceError("this socket was closed")
        return descriptor


def lingering_transport(
    transport: trio.abc.Stream, alerting: AlertingContext | None = None
) -> LingeringTransport:
    """Return the best there is for ``transport``."""
    # On Windows a socket is no file.
    if isinstance(transport, trio.SocketStream) and os.name == "posix":
        return SocketTransport(transport, alerting)
    return LingeringTransport(transport, alerting)


def socket_transport_below(stream: trio.abc.AsyncResource) -> SocketTransport | None:
    """Return the transport that ``stream`` is, or that it has below TLS, if it is of this kind."""
    transport = stream.transport_stream if isinstance(stream, trio.SSLStream) else stream
    return transport if isinstance(transport, SocketTransport) else None


async def abort_transport(transport: trio.abc.Stream) -> None:
    """Close ``transport`` at once; what the other side has not taken is dropped."""
    if isinstance(transport, trio.SocketStream):
        with suppress(OSError):  # closed already
            transport.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    await trio.aclose_forcefully(transport)
