"""A connection for what a well-behaved client doesn't do: bytes as the test wants them."""

from collections.abc import Callable

import trio
import trio.testing

from ..server import Server
from .client_connection import AnyStream, ClientConnection
from .client_http1 import ClientExchange
from .outgoing_request import make_request
from .received import ReceivedResponse
from .streamed_response import StreamedResponse

__all__ = ["RawConnection"]


class RawConnection(ClientConnection):
    """A stream to the handler on which a test sends what it likes, and how slowly it likes.

    To stop reading is to call nothing that receives: after 64 KiB the server waits.
    """

    def __init__(
        self,
        stream: AnyStream,
        server: Server,
        claim_handler_error: Callable[[], Exception | None],
        patience: float,
    ) -> None:
        super().__init__(stream, server, claim_handler_error)
        self._patience = patience

    async def send_slowly(self, data: bytes, *, seconds_between: float = 0.0) -> None:
        """Send ``data`` byte by byte, each when the server has seen the one before.

        After each, ``seconds_between`` pass besides, by Trio's clock. Raises
        ``trio.BrokenResourceError`` where the server has left.
        """
        for octet in data:
            await self.send_all(bytes([octet]))
            if seconds_between:
                await trio.sleep(seconds_between)
            else:
                await trio.testing.wait_all_tasks_blocked()

    async def receive_response(self, method: str = "GET") -> ReceivedResponse:
        """Return the next response, to a request that was sent with ``method``.

        What follows it is left for the next call. Raises as ``Client.request`` does.
        """
        request = make_request(method, "/", authority="localhost")
        exchange = ClientExchange(
            self, request, receive_timeout=self._patience, send_timeout=self._patience
        )
        exchange.take_for_sent()
        return await StreamedResponse(exchange, await exchange.receive_head()).read()
