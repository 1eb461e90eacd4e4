"""The client's end of a connection: a stream, with TLS or without, to one server."""

from collections.abc import Callable
from contextlib import suppress

import trio

from ..server import Server
from .memory_stream import MemoryStream

__all__ = ["ClientConnection"]

_CLOSE_SECONDS = 1.0  # for close_notify to be sent to a server that doesn't read

AnyStream = MemoryStream | trio.SSLStream[MemoryStream]


class ClientConnection(trio.abc.HalfCloseableStream):
    """A connection to the handler: a stream that can be ended on one side, and be reset.

    What is not read stays on the way, and after 64 KiB the server has to wait. Where there is TLS,
    all that is sent and received here goes through it.
    """

    def __init__(
        self,
        stream: AnyStream,
        server: Server,
        claim_handler_error: Callable[[], Exception | None],
    ) -> None:
        self._stream = stream
        self._transport = stream if isinstance(stream, MemoryStream) else stream.transport_stream
        self.server = server
        """The server of this connection alone, which can be stopped."""
        self.claim_handler_error = claim_handler_error
        """Gives the bug that the handler met on this connection, if it shall be raised here."""
        self._received_early = b""

    @property
    def is_reusable(self) -> bool:
        """Whether the server has left it open, and said nothing that nobody has read."""
        return self._transport.is_quiet and not self._received_early

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send all of ``data``. Raises ``trio.BrokenResourceError`` where the server has left."""
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until ``send_all`` might not have to."""
        await self._stream.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return what comes next, b"" when the server has ended its side.

        Raises ``trio.BrokenResourceError`` where it has cut the connection off: with a reset, or
        under TLS without close_notify.
        """
        if self._received_early:
            await trio.lowlevel.checkpoint()
            data = self._received_early[:max_bytes]
            self._received_early = self._received_early[len(data) :]
            return data
        return bytes(await self._stream.receive_some(max_bytes))

    def give_back(self, data: bytes) -> None:
        """Have ``data``, which was received, received again: it was meant for somebody else."""
        self._received_early = data + self._received_early

    async def send_eof(self) -> None:
        """End the client's side, and go on reading. Under TLS, it is an end without close_notify.

        A half-closed connection is an ended one to the server, unless ``Limits.allow_half_close``.
        """
        await self._transport.send_eof()

    def reset(self) -> None:
        """Break the connection off: the server sees a reset."""
        self._transport.reset()

    async def aclose(self) -> None:
        """Close the connection, with close_notify where there is TLS."""
        with (
            trio.move_on_after(_CLOSE_SECONDS),
            # Broken off by either side before: there is nobody to say goodbye to.
            suppress(trio.BrokenResourceError, trio.ClosedResourceError),
        ):
            await self._stream.aclose()
        await self._transport.aclose()
