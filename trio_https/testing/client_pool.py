"""The connections of one client: opened in memory, each served by a task, kept for another request.

What is said on them is the business of ``client_http1``.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial

import trio

from ..config import Limits
from ..messages import Address, Handler
from ..server import serve_stream
from .client_connection import AnyStream, ClientConnection
from .client_http1 import ClientExchange
from .errors import ResponseTimeoutError
from .handler_errors import HandlerErrors
from .memory_stream import MemoryStream, open_memory_connection
from .outgoing_request import OutgoingRequest
from .raw_connection import RawConnection
from .throwaway import TLSContexts

__all__ = ["ClientPool", "ServedHandler"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedHandler:
    """What is on the other side of the connections, and how it is served."""

    handler: Handler
    tls: TLSContexts | None
    host: str
    limits: Limits
    client: Address | None
    record_handshakes: bool
    raise_handler_errors: bool


class ClientPool:
    """Connections to a handler, whose tasks run in ``nursery``."""

    def __init__(self, served: ServedHandler, nursery: trio.Nursery, patience: float) -> None:
        self.served = served
        self.patience = patience
        self._nursery = nursery
        self.errors: HandlerErrors = HandlerErrors()
        self._is_stopped = False
        self._is_closed = False
        self._all: set[ClientConnection] = set()
        self._idle: list[ClientConnection] = []

    @asynccontextmanager
    async def exchange(self, request: OutgoingRequest) -> AsyncIterator[ClientExchange]:
        """Send ``request``, and yield what its response is received with."""
        exchange = await self.open_exchange(request)
        try:
            yield exchange
        finally:
            await self.close_exchange(exchange)

    async def open_exchange(
        self,
        request: OutgoingRequest,
        *,
        connect_timeout: float | None = None,
        send_timeout: float | None = None,
        receive_timeout: float | None = None,
    ) -> ClientExchange:
        """Send ``request``; the caller calls ``close_exchange``.

        A timeout is ``patience`` unless it is given. Raises what ``connect`` and
        ``ClientExchange.send`` do.
        """
        connection = await self._take(connect_timeout)
        exchange = ClientExchange(
            connection,
            request,
            send_timeout=_or_else(send_timeout, self.patience),
            receive_timeout=_or_else(receive_timeout, self.patience),
        )
        try:
            await exchange.send(self._nursery)
        except BaseException:
            await self.close(connection)
            raise
        return exchange

    async def close_exchange(self, exchange: ClientExchange) -> None:
        """Keep the connection of ``exchange`` for another one, if that may follow; or close it."""
        exchange.stop_sending()
        if exchange.has_ended and not self._is_stopped:
            self._idle.append(exchange.connection)
        else:
            await self.close(exchange.connection)

    async def _take(self, connect_timeout: float | None) -> ClientConnection:
        while self._idle:
            connection = self._idle.pop()
            if connection.is_reusable:
                return connection
            await self.close(connection)
        return await self.connect(connect_timeout)

    async def connect(self, timeout: float | None = None, *, secure: bool = True) -> RawConnection:
        """Open a connection; ``timeout``, which is ``patience`` by default, is for TLS.

        Without ``secure`` there is no handshake, also where the server expects one.

        Raises ``ConnectionRefusedError`` where the server was stopped, ``ConnectionError`` where
        there is no TLS handshake, ``ResponseTimeoutError`` where there is none in time, and
        ``trio.ClosedResourceError`` after the end of the client.
        """
        if self._is_closed:
            raise trio.ClosedResourceError("this client was closed at the end of its block")
        if self._is_stopped:
            raise ConnectionRefusedError("the server was stopped, and takes no connection any more")
        transport, theirs = open_memory_connection()
        served = self.served
        serve = partial(
            serve_stream,
            tls=served.tls.server if served.tls else None,
            limits=served.limits,
            client=served.client,
            record_handshakes=served.record_handshakes,
        )
        server = await self._nursery.start(
            serve, self.errors.watch(served.handler, transport), theirs
        )
        try:
            seconds = _or_else(timeout, self.patience)
            stream = await self._secure(transport, seconds) if secure else transport
        except BaseException:
            transport.reset()
            raise
        claim = partial(self._claim_error, transport)
        connection = RawConnection(stream, server, claim, self.patience)
        self._all.add(connection)
        return connection

    async def _secure(self, transport: MemoryStream, timeout: float) -> AnyStream:
        if self.served.tls is None:
            return transport
        # https_compatible=False: an end without close_notify is seen (RFC 9112 §9.8).
        stream = trio.SSLStream(transport, self.served.tls.client, server_hostname=self.served.host)
        try:
            with trio.fail_after(timeout):
                await stream.do_handshake()
        except trio.TooSlowError:
            raise ResponseTimeoutError(f"no TLS handshake within {timeout:g} s") from None
        except trio.BrokenResourceError as exc:
            raise ConnectionError(f"the TLS handshake failed: {_reason_of(exc)}") from exc
        return stream

    def _claim_error(self, transport: MemoryStream) -> Exception | None:
        return self.errors.claim(transport) if self.served.raise_handler_errors else None

    async def close(self, connection: ClientConnection) -> None:
        """Close ``connection``, which is forgotten."""
        self._all.discard(connection)
        await connection.aclose()

    async def stop(self, grace: float) -> None:
        """Stop the server as ``Server.stop`` does, and return when nothing of it is left.

        Raises ``ValueError`` for a negative or undefined time.
        """
        if not grace >= 0:
            raise ValueError(f"grace must be at least 0 seconds, not {grace}")
        self._is_stopped = True
        idle, self._idle = self._idle, []
        async with trio.open_nursery() as nursery:
            for connection in self._all:
                nursery.start_soon(connection.server.stop, grace)
            for connection in idle:
                nursery.start_soon(self._close_with_the_server, connection)

    async def _close_with_the_server(self, connection: ClientConnection) -> None:
        # As every client does; else the server would wait for that, see ``tls.close``.
        with suppress(trio.BrokenResourceError):
            while await connection.receive_some():
                pass
        await self.close(connection)

    async def aclose(self) -> None:
        """Close all connections; there will be no others."""
        self._is_closed = True
        for connection in list(self._all):
            await self.close(connection)


def _or_else(seconds: float | None, default: float) -> float:
    return default if seconds is None else seconds


def _reason_of(exc: trio.BrokenResourceError) -> str:
    cause = exc.__cause__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return cause.verify_message
    if isinstance(cause, ssl.SSLError) and cause.reason:
        return cause.reason.replace("_", " ").lower()
    return "the server broke it off"
