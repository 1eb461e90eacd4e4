"""A client for tests: real HTTP, and TLS on wish, to a handler in the same tree of tasks.

Each connection is served as ``serve_stream`` serves one, over memory: with pytest-trio's
``autojump_clock``, a timeout of a minute passes in no time. What is said on a connection is the
business of ``client_http1``.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import trio

from ..config import Limits
from ..headers import Headers
from ..messages import Address, Handler
from ..rules.request_target import host_of
from .client_connection import ClientConnection
from .client_pool import ClientPool, ServedHandler
from .errors import UpgradeRefusedError
from .groups import without_one_group
from .outgoing_request import HeaderSource, OutgoingRequest, RequestBodySource, make_request
from .raw_connection import RawConnection
from .received import ReceivedResponse
from .streamed_response import StreamedResponse
from .throwaway import TLSContexts, throwaway_contexts

if TYPE_CHECKING:
    from trio_websocket import WebSocketConnection

__all__ = ["Client", "open_client"]

_DEFAULT_LIMITS = Limits()
# A test that waits for ever says nothing. By the mock clock, an hour passes at once.
_PATIENCE_SECONDS = 3600.0


@asynccontextmanager
async def open_client(
    handler: Handler,
    *,
    tls: bool | TLSContexts = False,
    authority: str = "localhost",
    limits: Limits = _DEFAULT_LIMITS,
    client: Address | None = None,
    record_handshakes: bool = False,
    raise_handler_errors: bool = True,
    patience: float = _PATIENCE_SECONDS,
) -> AsyncIterator["Client"]:
    """Yield a client of ``handler``, which is served over memory as long as the block runs.

    With ``tls``, over TLS with a throw-away certificate, or with contexts of yours. ``authority``
    is host and port in requests, and the name that the certificate must have; ``limits`` are the
    server's; ``client`` is what requests tell of their client's address.

    What a handler raises by mistake is answered with 500 and logged, as ever, and is raised in the
    test besides, from the request that met it, or else at the end of the block: so a test shows the
    bug and not its consequence. ``raise_handler_errors=False`` leaves it at the 500. ``patience``
    is how many seconds without a byte the client waits (``ResponseTimeoutError``).

    At the end of the block all connections are closed, and it is left when the handlers are done.
    If cancelled, or left by an exception, both sides are closed at once.
    """
    served = ServedHandler(
        handler=handler,
        tls=throwaway_contexts() if tls is True else tls or None,
        host=host_of(authority),
        limits=limits,
        client=client,
        record_handshakes=record_handshakes,
        raise_handler_errors=raise_handler_errors,
    )
    with without_one_group():
        async with trio.open_nursery() as nursery:
            pool = ClientPool(served, nursery, patience)
            yield Client(pool, authority=authority)
            await pool.aclose()
    if raise_handler_errors and (errors := pool.errors.unclaimed):
        raise errors[0] if len(errors) == 1 else ExceptionGroup("the handler has failed", errors)


class Client:
    """Sends requests to a handler; ``open_client`` opens one.

    Connections are kept for the next request; requests at the same time have one each. Redirects
    are not followed, cookies not kept, nothing is sent twice. ``headers`` of every method are a
    mapping or pairs; Host and the framing of a body are added unless they are among them.
    """

    def __init__(self, pool: ClientPool, *, authority: str) -> None:
        self.pool = pool
        """Its connections, for adapters to other clients."""
        self._authority = authority

    @property
    def is_secure(self) -> bool:
        """Whether it speaks TLS."""
        return self.pool.served.tls is not None

    async def request(
        self,
        method: str,
        target: str,
        *,
        headers: HeaderSource = (),
        body: RequestBodySource = b"",
        json: Any = None,
    ) -> ReceivedResponse:
        """Send a request, and return its whole response.

        ``body`` is bytes, or an async iterable that is sent in chunks as it comes; ``json`` is a
        value that is sent as JSON. Raises ``ResponseError`` where the response is cut off or
        invalid, ``ConnectionRefusedError`` after ``stop``, ``ValueError`` for what is no request,
        and what the handler has raised. Cancelled, the connection is closed.
        """
        async with self.stream(method, target, headers=headers, body=body, json=json) as response:
            return await response.read()

    async def get(self, target: str, *, headers: HeaderSource = ()) -> ReceivedResponse:
        """Send a GET, and return its whole response, as ``request`` does."""
        return await self.request("GET", target, headers=headers)

    async def head(self, target: str, *, headers: HeaderSource = ()) -> ReceivedResponse:
        """Send a HEAD, as ``request`` does."""
        return await self.request("HEAD", target, headers=headers)

    async def delete(self, target: str, *, headers: HeaderSource = ()) -> ReceivedResponse:
        """Send a DELETE, as ``request`` does."""
        return await self.request("DELETE", target, headers=headers)

    async def post(
        self,
        target: str,
        *,
        headers: HeaderSource = (),
        body: RequestBodySource = b"",
        json: Any = None,
    ) -> ReceivedResponse:
        """Send a POST, as ``request`` does."""
        return await self.request("POST", target, headers=headers, body=body, json=json)

    async def put(
        self,
        target: str,
        *,
        headers: HeaderSource = (),
        body: RequestBodySource = b"",
        json: Any = None,
    ) -> ReceivedResponse:
        """Send a PUT, as ``request`` does."""
        return await self.request("PUT", target, headers=headers, body=body, json=json)

    @asynccontextmanager
    async def stream(
        self,
        method: str,
        target: str,
        *,
        headers: HeaderSource = (),
        body: RequestBodySource = b"",
        json: Any = None,
    ) -> AsyncIterator[StreamedResponse]:
        """Send a request, and yield its response as soon as its head is there.

        Raises what ``request`` does. What is left of the body at the end of the block is not read:
        the connection is closed, and the handler sees its client leave.
        """
        request = self._make_request(method, target, headers, body, json)
        async with self.pool.exchange(request) as exchange:
            yield StreamedResponse(exchange, await exchange.receive_head())

    def _make_request(
        self,
        method: str,
        target: str,
        headers: HeaderSource,
        body: RequestBodySource = b"",
        json: Any = None,
    ) -> OutgoingRequest:
        return make_request(
            method, target, authority=self._authority, headers=headers, body=body, json_value=json
        )

    async def upgrade(
        self, target: str, protocol: str, *, headers: HeaderSource = ()
    ) -> ClientConnection:
        """Ask for another protocol (RFC 9110 §7.8), and return the stream to speak it on.

        The caller closes it, or else the end of the client does. Raises ``UpgradeRefusedError``
        with the response where there was no 101, and what ``request`` raises.
        """
        wish = [("Connection", "Upgrade"), ("Upgrade", protocol), *Headers(headers)]
        exchange = await self.pool.open_exchange(self._make_request("GET", target, wish))
        try:
            head = await exchange.receive_head()
            if head.status == 101:
                return exchange.take_over()
            response = await StreamedResponse(exchange, head).read()
        except BaseException:
            await self.pool.close_exchange(exchange)
            raise
        await self.pool.close_exchange(exchange)
        raise UpgradeRefusedError(
            f"{exchange.request}: {response.status} {response.reason}, not 101, to {protocol}",
            response,
        )

    @asynccontextmanager
    async def websocket(
        self,
        target: str,
        *,
        subprotocols: Iterable[str] = (),
        headers: HeaderSource = (),
        close_timeout: float = 10.0,
    ) -> AsyncIterator["WebSocketConnection"]:
        """Open a WebSocket (RFC 6455) for a block, and yield trio-websocket's connection.

        At the end of the block it is closed with 1000, and the handler has ``close_timeout``
        seconds to answer that. Raises ``trio_websocket.ConnectionRejected`` where the handshake is
        refused, ``ResponseTimeoutError`` where it is not answered, and what the handler has raised.
        """
        # Here, because it loads trio-websocket, which most tests do without.
        from .websocket_client import open_websocket_on

        connection = await self.pool.connect()
        handshake = partial(
            open_websocket_on,
            authority=self._authority,
            subprotocols=tuple(subprotocols),
            headers=Headers(headers),
            open_timeout=self.pool.patience,
            close_timeout=close_timeout,
        )
        try:
            async with handshake(connection, target) as websocket:
                yield websocket
        finally:
            await self.pool.close(connection)

    @asynccontextmanager
    async def connect(self, *, tls: bool = True) -> AsyncIterator[RawConnection]:
        """Open a connection for a block, to send on it whatever a client should not.

        With ``tls=False`` there is no handshake, also where the server expects one.
        """
        connection = await self.pool.connect(secure=tls)
        try:
            yield connection
        finally:
            await self.pool.close(connection)

    async def stop(self, grace: float = 10.0) -> None:
        """Stop the server as ``Server.stop`` does, and return when nothing of it is left.

        Idle connections are closed, running requests have ``grace`` seconds; who connects is
        refused then. If cancelled, the stop goes on. Raises ``ValueError`` for a negative time.
        """
        await self.pool.stop(grace)
