"""The border to h11 as a client: a request -> bytes, bytes -> its response (RFC 9112).

It is not the server's own reading and writing with the roles changed: a mistake in that would be
met by the same mistake here. What is no valid, whole response raises.
"""

from collections.abc import Iterable
from typing import NoReturn

import h11
import trio

from ..headers import Headers
from .client_connection import ClientConnection
from .errors import ResponseError, ResponseTimeoutError, SendTimeoutError
from .outgoing_request import OutgoingRequest, RequestBodySource
from .received import Informational, ReceivedResponse

__all__ = ["ClientExchange"]

_RECEIVE_BYTES = 64 * 1024
# A body that is sent before anything is read. Of a larger one the server may want to answer the
# beginning, and then both sides would wait for each other.
_AT_ONCE_BYTES = 16 * 1024
_MAX_HEAD_BYTES = 64 * 1024  # of a response; with many cookies h11's own 16 KiB are too few
_SILENCE = "nothing came from the server for {:g} s: {} is still without {}"


class ClientExchange:
    """One request and its response, on a connection that is ready for it.

    ``send``, then ``receive_head``, then ``receive_piece`` until that returns b""; ``stop_sending``
    in any case. ``send_timeout`` and ``receive_timeout`` are the seconds without a byte.
    A body that comes by and by is closed when it was sent, or nobody wants it any more.
    """

    def __init__(
        self,
        connection: ClientConnection,
        request: OutgoingRequest,
        *,
        receive_timeout: float,
        send_timeout: float,
    ) -> None:
        self.connection = connection
        self.request = request
        self.informational: list[Informational] = []
        self.head: ReceivedResponse | None = None
        self.trailers: Headers = Headers()
        self._receive_timeout = receive_timeout
        self._send_timeout = send_timeout
        self._h11 = h11.Connection(h11.CLIENT, max_incomplete_event_size=_MAX_HEAD_BYTES)
        self._sending = trio.CancelScope()
        self._may_send_body = trio.Event()
        self._send_error: Exception | None = None
        self._is_pipelined = False

    # Sending

    async def send(self, nursery: trio.Nursery) -> None:
        """Send the request; a body that is long, or comes by and by, in a task of ``nursery``.

        Raises ``ValueError`` for a request that there is no valid form for, and
        ``SendTimeoutError``.
        """
        body = self.request.body
        head = self._encode_head()
        is_small = isinstance(body, bytes) and len(body) <= _AT_ONCE_BYTES
        if isinstance(body, bytes) and is_small and not self.request.expects_continue:
            await self._send(head + self._encode_data(body) + self._encode_end())
            return
        await self._send(head)
        nursery.start_soon(self._send_body)

    def take_for_sent(self) -> None:
        """Take the request for one that was sent by other means, others behind it perhaps."""
        self._encode_head()
        self._encode_end()
        self._is_pipelined = True

    def _encode_head(self) -> bytes:
        try:
            event = h11.Request(
                method=self.request.method.encode("ascii"),
                target=self.request.target.encode("ascii"),
                headers=[
                    (name.encode("ascii"), value.encode("latin-1"))
                    for name, value in self.request.headers
                ],
            )
            return self._h11.send(event) or b""
        except (h11.LocalProtocolError, UnicodeEncodeError) as exc:
            raise ValueError(
                f"{self.request} is no valid request ({exc}). What is none on purpose can be sent"
                " with connect()."
            ) from exc

    def _encode_data(self, piece: bytes) -> bytes:
        try:
            return self._h11.send(h11.Data(data=piece)) or b""
        except h11.LocalProtocolError as exc:
            raise ValueError(f"the body of {self.request} is no valid one: {exc}") from exc

    def _encode_end(self) -> bytes:
        try:
            return self._h11.send(h11.EndOfMessage()) or b""
        except h11.LocalProtocolError as exc:
            raise ValueError(f"the body of {self.request} is no valid one: {exc}") from exc

    async def _send(self, data: bytes) -> None:
        with trio.move_on_after(self._send_timeout) as wait:
            try:
                await self.connection.send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError):
                return  # what the server had to say before it left is still to be read
        if wait.cancelled_caught:
            raise SendTimeoutError(
                f"the server takes nothing of {self.request} for {self._send_timeout:g} s"
            )

    async def _send_body(self) -> None:
        """Send the body; what its source raises is raised to whoever reads the response."""
        with self._sending:
            try:
                await self._send_pieces(self.request.body)
            except Exception as exc:
                self._send_error = exc
                self.connection.reset()  # also wakes who reads

    async def _send_pieces(self, body: RequestBodySource) -> None:
        try:
            if self.request.expects_continue:
                await self._may_send_body.wait()
                if self.head is not None:  # refused before anything of it was sent
                    return
            if isinstance(body, bytes):
                await self._send(self._encode_data(body))
            else:
                async for piece in body:
                    await self._send(self._encode_data(piece))
            await self._send(self._encode_end())
        finally:
            if hasattr(body, "aclose"):  # a stream, an async generator
                await body.aclose()

    # Receiving

    async def receive_head(self) -> ReceivedResponse:
        """Return the response without its body; one with 101 is the last word of HTTP.

        Raises ``ResponseError``, what the source of the request's body has raised, and what the
        handler has.
        """
        while self.head is None:
            event = await self._next_event("a response")
            if isinstance(event, h11.InformationalResponse) and event.status_code != 101:
                self._note_informational(event)
            elif isinstance(event, h11.InformationalResponse | h11.Response):
                self.head = self._describe(event)
        self._may_send_body.set()
        # With another status it was met later, in the body: then what came before is first.
        if self.head.status >= 500:
            self._raise_handler_error()
        return self.head

    def _note_informational(self, event: h11.InformationalResponse) -> None:
        self.informational.append(Informational(event.status_code, _decode(event.headers)))
        if event.status_code == 100:
            self._may_send_body.set()

    def _describe(self, event: h11.InformationalResponse | h11.Response) -> ReceivedResponse:
        return ReceivedResponse(
            status=event.status_code,
            reason=bytes(event.reason).decode("latin-1"),
            http_version=event.http_version.decode("ascii"),
            headers=_decode(event.headers),
            body=b"",
            trailers=Headers(),
            informational=tuple(self.informational),
        )

    async def receive_piece(self) -> bytes:
        """Return what comes next of the body, b"" at its end. Raises as ``receive_head`` does."""
        while True:
            event = await self._next_event("the end of its response")
            if isinstance(event, h11.Data):
                return bytes(event.data)
            if isinstance(event, h11.EndOfMessage):
                self.trailers = _decode(event.headers)
                self._end_response()
                return b""
            if event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                return b""  # asked for again

    async def _next_event(self, missing: str) -> object:
        while True:
            try:
                event = self._h11.next_event()
            except h11.RemoteProtocolError as exc:
                self._fail(f"{self.request}: {_reason_in_words(exc)}", exc)
            if event is not h11.NEED_DATA:
                return event
            self._h11.receive_data(await self._receive(missing))

    async def _receive(self, missing: str) -> bytes:
        with trio.move_on_after(self._receive_timeout):
            try:
                data = await self.connection.receive_some(_RECEIVE_BYTES)
            except (trio.BrokenResourceError, trio.ClosedResourceError) as exc:
                self._fail(f"{self.request}: the connection was cut off before {missing}", exc)
            if not data and self.head is None:
                where = "in the middle of a head" if self._h11.trailing_data[0] else "before a head"
                self._fail(f"{self.request}: the server closed the connection {where}")
            return data
        message = _SILENCE.format(self._receive_timeout, self.request, missing)
        raise ResponseTimeoutError(message, self.head)

    def _fail(self, message: str, cause: Exception | None = None) -> NoReturn:
        if self._send_error is not None:
            raise self._send_error
        self._raise_handler_error()
        raise ResponseError(message, self.head) from cause

    def _raise_handler_error(self) -> None:
        if (error := self.connection.claim_handler_error()) is not None:
            raise error

    def _end_response(self) -> None:
        extra, _ = self._h11.trailing_data
        if self._is_pipelined:
            self.connection.give_back(extra)
        elif extra:  # nobody has asked for it: it is what a second response is smuggled with
            self._fail(f"{self.request}: {len(extra)} bytes came after the end of its response")

    # The end

    def take_over(self) -> ClientConnection:
        """Return the connection after a 101: what has come for the other protocol comes first."""
        early, _ = self._h11.trailing_data
        self.connection.give_back(early)
        return self.connection

    @property
    def has_ended(self) -> bool:
        """Whether both sides have said all, so that another exchange may follow."""
        is_done = self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE
        return is_done and self.connection.is_reusable

    def stop_sending(self) -> None:
        """Send no more of the request: nobody waits for its response."""
        self._sending.cancel(reason="the response was closed")


def _decode(fields: Iterable[tuple[bytes, bytes]]) -> Headers:
    return Headers((name.decode("ascii"), value.decode("latin-1")) for name, value in fields)


def _reason_in_words(exc: h11.RemoteProtocolError) -> str:
    reason = str(exc)
    if reason.startswith(("peer", "receiver", "Receive buffer")):
        return f"the response is cut off: {reason}"
    return f"this is no valid response: {reason}"
