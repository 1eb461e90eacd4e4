"""The border to h11: bytes on a stream <-> Request and Response (RFC 9112).

Only this module and ``response_head`` know h11, and encode text to octets. What comes and goes, and
how long a client is waited for, is the business of ``incoming``, what is called after it, and
``outgoing``; the stream is read when somebody asks for a request or for a piece of its body, never
before, so a client is slowed down by whoever is slow here. Foreign errors end here: the client's
faults leave as ``HTTPError``, its absence as ``ClientGone``, and a response that can't be sent as
``ValueError``. h11 is given the bytes of one exchange at a time, and none of the next.
"""

import math
import time
from collections.abc import AsyncIterable, Coroutine
from typing import Any, cast

import h11
import trio

from .body_sink import BodySink, Piece
from .config import Limits
from .errors import HTTPError, reason_phrase
from .incoming import Incoming
from .incoming_body import IncomingBody, expect_body
from .incoming_head import receive_head, take_received_head
from .messages import Address, BodyWriter, Headers, Request, Response, TLSInfo
from .outgoing import AT_ONCE_BYTES, PIECE_BYTES, Outgoing
from .request_body import RequestBody
from .request_scope import RequestScope
from .response_head import WITHOUT_BODY, prepare_head
from .rules.request_head import check_request_head
from .rules.request_method import check_method
from .rules.request_target import resolve_target
from .rules.url_path import decode_path
from .stopping import Stopping
from .timeouts import Timeout
from .upgraded_stream import UpgradedStream
from .upgrades import Upgrade

__all__ = ["HTTP1Connection"]

_END = h11.EndOfMessage()
_Sending = Coroutine[Any, Any, None]
_OF_BODY = {"content-length", "expect", "transfer-encoding"}


class HTTP1Connection:
    """One exchange after the other over one stream, which the caller closes.

    ``take_request`` or ``receive_request``, ``send_response`` and ``finish_exchange`` take turns,
    in one task; the body of the request is read before the response. Public attributes tell of the
    exchange at hand, for the log. ``accepted_at`` is by Trio's clock.
    """

    def __init__(
        self,
        stream: trio.abc.Stream,
        *,
        limits: Limits,
        stopping: Stopping,
        send_timeout: Timeout,
        accepted_at: float,
        client: Address | None = None,
        tls: TLSInfo | None = None,
    ) -> None:
        self._stream = stream
        self.limits = limits
        self._stopping = stopping
        self.client = client
        self.tls = tls
        self.incoming = Incoming(stream)  # what h11 has not been given
        self.first_head_deadline = accepted_at + limits.first_head_timeout
        self.outgoing = Outgoing(stream, limits, send_timeout)
        self._h11 = h11.Connection(h11.SERVER)
        self._clock = trio.lowlevel.current_clock()
        self.scope = self.outgoing.scope
        """The cancel scope of the requests to come. Whoever replaces it has entered it."""
        self._request_scope = RequestScope(self.scope)
        self.request: Request | None = None
        """The request of the exchange at hand, until that has ended."""
        self.requests = 0
        self.received_at = self.began_at = 0.0
        self._begin_exchange()

    def _begin_exchange(self) -> None:
        self.outgoing.begin_exchange()
        self._incoming_body: IncomingBody | None = None  # there is none, or its end was read
        self._body_error: HTTPError | None = None
        self._continue_is_awaited = False
        self._is_head = False
        self._may_continue = True
        self._head = b""
        self.status: int | None = None
        self._bytes_promised: int | None = None
        self.error_id: str | None = None

    @property
    def scope_is_lent(self) -> bool:
        """Whether others have got hold of the scope, so that it is not for the next request."""
        return self._request_scope.is_lent

    @property
    def request_line(self) -> str:
        """As it was sent; "" where none was received."""
        return self._head.partition(b"\r\n")[0].decode("latin-1")

    # Receiving

    def take_request(self) -> Request | None:
        """Return the request whose head has come; None: it has not come whole.

        Raises ``HTTPError`` for what is no valid request (400, 414, 417, 431, 501, 505).
        """
        self._note_time()
        head = take_received_head(self.incoming, self.limits)
        return self._parse(head) if head else None

    async def receive_request(self) -> Request:
        """Return the request that has begun to come; ``take_request`` has not found it whole.

        Raises ``HTTPError`` (408 too), and ``ClientGone``. Cancelling loses nothing.
        """
        deadline = math.inf if self.requests else self.first_head_deadline
        head = await receive_head(self.incoming, self.limits, deadline=deadline)
        self._note_time()
        return self._parse(head)

    def _note_time(self) -> None:
        self.received_at = time.time()
        self.began_at = self._clock.current_time()

    def _parse(self, head: bytes) -> Request:
        self.requests += 1
        self._head = head
        check_request_head(head, max_fields=self.limits.max_header_fields)
        self._h11.receive_data(head)
        event = self._next_event()
        if not isinstance(event, h11.Request):
            raise HTTPError(400, close=True)
        return self._make_request(event)

    def _make_request(self, event: h11.Request) -> Request:
        method, target = event.method.decode("ascii"), event.target.decode("ascii")
        self._is_head = method == "HEAD"
        version = event.http_version.decode("ascii")
        headers = _decode(event)
        if version[0] != "1":
            raise HTTPError(505, "this server speaks HTTP/1.1", close=True)
        host = headers.get("host")  # one at most: h11 has seen to that
        if host is None and version != "1.0":  # RFC 9112 §3.2
            raise HTTPError(400, "there must be one Host header field", close=True)
        check_method(method)
        path_and_query, authority = resolve_target(method, target, host)
        raw_path, _, query = path_and_query.partition("?")
        if headers.names.isdisjoint(_OF_BODY):
            self._next_event()  # the EndOfMessage that h11 has for what has no body
        else:
            self._expect_body(headers)
        self._request_scope = RequestScope(self.scope)
        self.request = Request(
            method=method,
            target=target,
            raw_path=raw_path,
            path=decode_path(raw_path),
            query=query,
            authority=authority,
            http_version="1.0" if version == "1.0" else "1.1",  # RFC 9110 §2.5
            headers=headers,
            body=RequestBody(self.receive_body),
            client=self.client,
            tls=self.tls,
            received_at=self.received_at,
            send_informational=self.send_informational,
            stopping=self._stopping,
            scope=self._request_scope,
        )
        return self.request

    def _expect_body(self, headers: Headers) -> None:
        if (expectations := headers.get("expect")) is not None:
            members = {member.strip() for member in expectations.lower().split(",")}
            if members - {"100-continue", ""}:
                raise HTTPError(417, "only 100-continue can be expected", close=True)
        self._incoming_body = expect_body(headers, self.incoming, self.limits)
        if self._incoming_body is None:
            self._next_event()
        # h11 forgets this at any informational response, and where there is no content.
        self._continue_is_awaited = self._h11.they_are_waiting_for_100_continue

    async def receive_body(self) -> bytes:
        """Return the next piece of the request's body, b"" at its end.

        Raises ``HTTPError`` (400, 408, 413, 431), from then on each time; and ``ClientGone``.
        Cancelling loses nothing.
        """
        if self._body_error is not None:
            raise self._body_error
        try:
            return await self._receive_body_piece()
        except HTTPError as exc:
            self._body_error = exc
            self._may_continue = False
            raise

    async def _receive_body_piece(self) -> bytes:
        while self._incoming_body is not None:
            event = self._next_event()
            if isinstance(event, h11.Data):
                self._continue_is_awaited = False
                return bytes(event.data)
            if isinstance(event, h11.EndOfMessage):
                self._incoming_body = None
                self._continue_is_awaited = False
                if self.request is not None:
                    self.request.body.trailers = _decode(event)
            else:
                self._h11.receive_data(await self._receive_octets(self._incoming_body))
        return b""

    async def _receive_octets(self, body: IncomingBody) -> bytes:
        while not (octets := body.take()):
            if self._continue_is_awaited:  # RFC 9110 §10.1.1: now somebody wants the body
                self._continue_is_awaited = False
                await self.send_informational(100, Headers())
            await body.wait()
        return octets

    @property
    def has_read_body(self) -> bool:
        """Whether nothing of the request's body is still to come."""
        return self._incoming_body is None

    def is_body_error(self, exc: BaseException) -> bool:
        """Whether ``exc`` is what reading the body of this request has raised."""
        return exc is self._body_error

    def _next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        try:
            return self._h11.next_event()
        except h11.RemoteProtocolError as exc:  # raised by a method of its own: a circle
            raise HTTPError(exc.error_status_hint, close=True) from exc.with_traceback(None)

    # Sending

    def send_response(self, response: Response, *, close: bool = False) -> _Sending:
        """Send ``response`` when this is awaited, and close its body whatever happens.

        ``close``: it is the last one on this connection, and says so. Raises ``ValueError`` before
        a byte is sent where it has no valid form; ``ClientGone``; and whatever a streamed body
        raises, a length that is not the promised one included: message and connection are to be
        cut off then, and so they are when this is cancelled.
        """
        last = close or self._must_close()
        if isinstance(response.body, bytes):
            return self._send_at_once(response, response.body, last=last)
        return self._send_streamed(response, response.body, last=last)

    def _send_at_once(self, response: Response, body: bytes, *, last: bool) -> _Sending:
        """Head and body in one piece: for a small response, one TLS record and one segment."""
        status, now = response.status, int(time.time())
        head = prepare_head(status, response.headers, len(body), last, now).send_by(self._h11)
        body = b"" if self._is_without_body(status) else body
        content = self._h11.send(h11.Data(data=body)) if body else b""
        message = b"".join((head, content, self._h11.send(_END)))
        self.status = status
        if len(message) <= AT_ONCE_BYTES:
            return self.outgoing.send_at_once(message, content_bytes=len(body))
        return self.outgoing.send(message, content_at=len(message) - len(body))

    async def _send_streamed(
        self, response: Response, body: AsyncIterable[Piece] | BodyWriter, *, last: bool
    ) -> None:
        headers, now = response.headers, int(time.time())
        try:
            head = prepare_head(response.status, headers, None, last, now).send_by(self._h11)
            self.status = response.status
            promised = headers.get("content-length")
            self._bytes_promised = int(promised) if promised else None
            await self.outgoing.send(head)
            if not self._is_without_body(response.status):
                await self._send_body(body)
            await self.outgoing.send(self._h11.send(_END))
        finally:
            if hasattr(body, "aclose"):  # a stream, an async generator
                await body.aclose()

    @property
    def has_answered(self) -> bool:
        """Whether the whole response has been sent, also if its body has not said so yet."""
        ended = self._h11.our_state in (h11.DONE, h11.MUST_CLOSE)
        return ended or self.outgoing.content_bytes == self._bytes_promised

    def _is_without_body(self, status: int) -> bool:
        return self._is_head or status in WITHOUT_BODY

    async def send_informational(self, status: int, headers: Headers) -> None:
        """Send a response before the response, 103 say; nothing to a client of HTTP/1.0.

        Raises ``ValueError`` for what is none (RFC 9110 §15.2), or after the final response has
        begun; and ``ClientGone``.
        """
        if self._h11.our_state is not h11.SEND_RESPONSE or status == 101:
            raise ValueError(f"there is no place for an informational response {status} now")
        await self._send_before(status, headers)

    async def _send_before(self, status: int, headers: Headers) -> None:
        try:
            event = h11.InformationalResponse(
                status_code=status,
                headers=[
                    (name.encode("ascii"), value.encode("latin-1")) for name, value in headers
                ],
                reason=reason_phrase(status).encode(),
            )
        except h11.LocalProtocolError as exc:
            raise ValueError(str(exc)) from exc
        if self._h11.their_http_version != b"1.0":  # RFC 9110 §15.2
            await self.outgoing.send(self._h11.send(event))

    async def switch_protocol(self, upgrade: Upgrade) -> UpgradedStream:
        """Send the 101 (RFC 9110 §15.2.2), and return the stream for the other protocol.

        The caller has seen that the client asks for it, and that its body was read. Raises
        ``ValueError`` before a byte is sent, for a field that there is no valid form for; and
        ``ClientGone``.
        """
        switch = Headers({"Connection": "Upgrade", "Upgrade": upgrade.protocol})
        await self._send_before(101, Headers((*switch, *upgrade.headers)))
        self.status = 101
        return UpgradedStream(self._stream, self.incoming, self.outgoing)

    def _must_close(self) -> bool:
        return (
            not self._may_continue
            or self.requests >= self.limits.max_requests_per_connection
            or (self._incoming_body is not None and not self._incoming_body.is_nearly_done())
            or self._continue_is_awaited  # whether the body comes unasked, nobody can tell
        )

    async def _send_body(self, body: AsyncIterable[Piece] | BodyWriter) -> None:
        if isinstance(body, AsyncIterable):
            async for piece in body:
                await self._send_piece(piece)
            return
        async with BodySink(self._send_piece) as sink:
            await body(sink)

    async def _send_piece(self, piece: Piece) -> None:
        # h11 takes any buffer here, its annotation notwithstanding (h11 docs, "sendfile").
        parts = self._h11.send_with_data_passthrough(h11.Data(data=cast("bytes", piece))) or ()
        if len(piece) <= PIECE_BYTES:
            await self.outgoing.send(b"".join(parts))
            self.outgoing.content_bytes += len(piece)
        else:  # no copy of what is large
            for part in parts:
                await self.outgoing.send(part, content_at=0 if part is piece else None)

    # Between two exchanges

    def detach_body(self) -> None:
        """Take the request's body away from whoever still has it, and let go of its error."""
        if self.request is not None:
            self.request.body.detach()
        self._body_error = None  # its traceback leads to the frames of this connection

    async def finish_exchange(self) -> bool:
        """Read what is left of the request's body, if it is little and comes soon.

        Return whether another exchange may follow on this connection. Raises ``ClientGone``.
        """
        if self.incoming.is_being_read:
            await self.incoming.let_go()
        if not (self._may_continue and self._h11.our_state is h11.DONE):
            return False
        if self._incoming_body is not None and not await self._drain():
            return False
        self._h11.start_next_cycle()
        self._begin_exchange()
        return True

    async def _drain(self) -> bool:
        left = self.limits.max_drain_bytes
        with trio.move_on_after(self.limits.drain_timeout):
            while left >= 0:
                try:
                    piece = await self._receive_body_piece()
                except HTTPError:  # a chunk that is none: there is no telling what follows
                    return False
                if not piece:
                    return True
                left -= len(piece)
        return False


def _decode(event: h11.Request | h11.EndOfMessage) -> Headers:
    return Headers(
        [
            (name.decode("ascii").lower(), value.decode("latin-1"))
            for name, value in event.headers.raw_items()
        ]
    )
