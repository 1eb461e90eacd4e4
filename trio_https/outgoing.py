"""What a client is sent: pieces that each have a deadline, and a lower bound for their rate.

The counterpart of ``incoming``. What the bytes mean is not known here.
"""

import trio

from .config import Limits
from .errors import ClientGone
from .patience import Patience

__all__ = ["PIECE_BYTES", "Outgoing"]

# A piece that has a deadline of its own. 16 KiB would cost 2.6 times the processor.
PIECE_BYTES = 64 * 1024


class Outgoing:
    """The way out for the responses of one exchange."""

    __slots__ = ("_patience", "_stream", "content_bytes")

    def __init__(self, stream: trio.abc.SendStream, limits: Limits) -> None:
        self._stream = stream
        self._patience = Patience(limits.send_timeout, limits.min_send_rate)
        self.content_bytes = 0
        """How much was sent that is content: pieces that the transport has taken whole."""

    async def send(
        self, data: bytes | bytearray | memoryview, *, content_at: int | None = None
    ) -> None:
        """Send all of ``data``, as long as the client takes it; nothing of it is copied.

        ``content_at`` is where in it the content begins; None: it has none. Raises ``ClientGone``.
        Then, and when cancelled, nobody knows how much was sent.
        """
        view = memoryview(data)
        for start in range(0, len(view), PIECE_BYTES):
            piece = view[start : start + PIECE_BYTES]
            started = trio.current_time()
            with trio.move_on_after(self._patience.seconds()) as wait:
                try:
                    await self._stream.send_all(piece)
                except trio.BrokenResourceError as exc:
                    raise ClientGone("the client left in the middle of a response") from exc
            if wait.cancelled_caught:
                raise ClientGone("the client took the response too slowly")
            if content_at is not None:
                self.content_bytes += max(0, len(piece) - max(0, content_at - start))
            self._patience.note(len(piece), trio.current_time() - started)
