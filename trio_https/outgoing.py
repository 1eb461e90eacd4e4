"""What a client is sent: pieces that each have a deadline, and a lower bound for their rate.

The counterpart of ``incoming``. What the bytes mean is not known here.
"""

import math

import trio

from .config import Limits
from .errors import ClientGone
from .patience import Patience
from .timeouts import Timeout
from .transports import SendTimeout, socket_transport_below

__all__ = ["AT_ONCE_BYTES", "PIECE_BYTES", "Outgoing"]

# A message that is sent in one piece, under one deadline.
AT_ONCE_BYTES = 136 * 1024
# A piece that has a deadline of its own, to begin with. 16 KiB would cost 2.5 times the processor.
PIECE_BYTES = 64 * 1024
# Pieces grow while they are taken at once: a large file costs 0.6 times as much processor so.
# 512 KiB would save 2 % more, 256 cost 10 %. OpenSSL has a buffer for as much, and keeps that.
_MAX_PIECE_BYTES = 384 * 1024
_AT_ONCE_SECONDS = 1.0


class Outgoing:
    """The way out for what is sent on one connection."""

    __slots__ = (
        *("_limits", "_patience", "_piece_bytes", "_stream", "_timeout", "_transport"),
        *("content_bytes", "is_sending_at_once", "scope"),
    )

    def __init__(self, stream: trio.abc.SendStream, limits: Limits, timeout: Timeout) -> None:
        self._stream = stream
        self._transport = socket_transport_below(stream)
        self._limits = limits
        self._timeout = timeout
        self._patience: Patience | None = None
        self._piece_bytes = PIECE_BYTES
        self.content_bytes = 0
        """How much was sent in this exchange that is content: pieces that the transport has taken
        whole."""
        self.scope = trio.CancelScope()
        """What ``send_at_once`` is in: cancelled when the client does not take the message."""
        self.is_sending_at_once = False
        """Whether ``send_at_once`` goes on, or was cancelled."""

    def begin_exchange(self) -> None:
        """Count anew, and be patient anew."""
        self._patience = None
        self._piece_bytes = PIECE_BYTES
        self.content_bytes = 0

    async def send_at_once(self, message: bytes, *, content_bytes: int) -> None:
        """Send a message of one piece; ``scope`` is cancelled when that takes too long.

        ``content_bytes`` of it are content. Raises ``ClientGone``.
        """
        scope = self.scope
        self.is_sending_at_once = True
        self._timeout.begin(scope)
        try:
            await self._stream.send_all(message)
        except trio.BrokenResourceError as exc:
            raise _gone() from exc
        finally:
            self._timeout.end(scope)
        self.is_sending_at_once = False
        self.content_bytes = content_bytes

    async def send(
        self, data: bytes | bytearray | memoryview, *, content_at: int | None = None
    ) -> None:
        """Send all of ``data``, as long as the client takes it; nothing of it is copied.

        ``content_at`` is where in it the content begins; None: it has none. Raises ``ClientGone``.
        Then, and when cancelled, nobody knows how much was sent.
        """
        if self._patience is None:
            limits = self._limits
            self._patience = Patience(limits.send_timeout, limits.min_send_rate)
        view, start = memoryview(data), 0
        while piece := view[start : start + self._piece_bytes]:
            started = trio.current_time()
            await self._send_within(self._patience.seconds(), piece)
            if content_at is not None:
                self.content_bytes += max(0, len(piece) - max(0, content_at - start))
            start += len(piece)
            self._note(len(piece), trio.current_time() - started)

    async def _send_within(self, seconds: float, piece: memoryview) -> None:
        transport = self._transport
        try:
            if transport is None:
                with trio.move_on_after(seconds) as wait:
                    await self._stream.send_all(piece)
                if wait.cancelled_caught:
                    raise trio.TooSlowError
            else:
                # A cancel scope costs a sixth of the echo of a WebSocket message. The transport
                # enters one where it has to wait, which it mostly has not.
                transport.send_timeout = seconds
                await self._stream.send_all(piece)
        except (trio.TooSlowError, SendTimeout) as exc:
            raise ClientGone("the client took the response too slowly") from exc
        except trio.BrokenResourceError as exc:
            raise _gone() from exc
        finally:
            if transport is not None:
                transport.send_timeout = math.inf

    def _note(self, size: int, seconds: float) -> None:
        assert self._patience is not None  # noqa: S101 -- for the types
        self._patience.note(size, seconds)
        if seconds >= _AT_ONCE_SECONDS:
            self._piece_bytes = PIECE_BYTES
        elif size == self._piece_bytes:
            self._piece_bytes = min(2 * size, _MAX_PIECE_BYTES)


def _gone() -> ClientGone:
    return ClientGone("the client left in the middle of a response")
