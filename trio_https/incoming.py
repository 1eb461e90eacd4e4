"""What a client sends, before it is taken for anything: a buffer, and the stream that fills it.

One task takes from the buffer. Another may read ahead beside it, to notice that the client leaves;
then the two take turns at the stream, and nothing is lost or read twice.
"""

import trio

from .errors import ClientGone

__all__ = ["Incoming"]

# Of what came while a request was being answered: the next requests, mostly none.
_MAX_BYTES_AHEAD = 64 * 1024


class Incoming:
    """The bytes from a stream that nobody has taken yet."""

    def __init__(self, stream: trio.abc.ReceiveStream) -> None:
        self.buffer = bytearray()
        """What has come. Whoever takes from it removes what it took."""
        self._stream = stream
        # Not a trio.Lock, which takes longer than all else here: there is hardly ever a second.
        self._is_reading = False
        self._waiting = trio.lowlevel.ParkingLot()
        self._arrived = 0
        self._has_ended = False

    async def receive(self) -> bool:
        """Wait until more has come into the buffer; False: the client has ended its side.

        Raises ``ClientGone`` when the connection broke. Cancelling loses nothing.
        """
        before = self._arrived
        while self._is_reading:
            await self._waiting.park()
            if self._arrived != before:  # the other one has read it, and may read on
                return True
        if self._has_ended:
            await trio.lowlevel.checkpoint()
            return False
        self._is_reading = True
        try:
            data = await self._stream.receive_some()
        except (
            trio.BrokenResourceError,
            trio.ClosedResourceError,
            trio.BusyResourceError,
        ) as exc:
            # A reset; or the end of TLS without close_notify, which is as good as the end. Busy:
            # TLS had an alert to send, while the other task is closing the connection.
            raise ClientGone("the connection broke") from exc
        finally:
            self._is_reading = False
            if self._waiting:
                self._waiting.unpark_all()
        self.buffer += data
        self._arrived += len(data)
        self._has_ended = not data
        return not self._has_ended

    async def wait_until_client_leaves(self, *, ignore_end: bool = False) -> None:
        """Read ahead, and return when the client has ended its side or broken the connection.

        What comes meanwhile is kept, up to a bound; beyond it this waits for ever, and so it does
        after the end of the client's side with ``ignore_end``. Cancelling loses nothing.
        """
        try:
            while len(self.buffer) < _MAX_BYTES_AHEAD:
                if not await self.receive():
                    break
            else:
                await trio.sleep_forever()
        except ClientGone:
            return
        if ignore_end:
            await trio.sleep_forever()

    @property
    def is_being_read(self) -> bool:
        """Whether somebody reads ahead, or was cancelled and has not let go yet."""
        return self._is_reading

    async def let_go(self) -> None:
        """Wait until whoever read ahead, and was cancelled, has let go of the stream."""
        while self._is_reading:
            await self._waiting.park()
