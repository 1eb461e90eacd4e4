"""A response whose head is there, and whose body is read as it comes."""

from collections.abc import AsyncIterator
from dataclasses import replace

from ..headers import Headers
from .client_connection import ClientConnection
from .client_http1 import ClientExchange
from .received import Informational, ReceivedResponse

__all__ = ["StreamedResponse"]


class StreamedResponse:
    """A response that is still coming: iterate over the pieces of its body, or ``read`` it."""

    def __init__(self, exchange: ClientExchange, head: ReceivedResponse) -> None:
        self._exchange = exchange
        self._head = head

    @property
    def connection(self) -> ClientConnection:
        """The connection that it comes on."""
        return self._exchange.connection

    @property
    def status(self) -> int:
        """The status code."""
        return self._head.status

    @property
    def reason(self) -> str:
        """The reason phrase."""
        return self._head.reason

    @property
    def headers(self) -> Headers:
        """The header fields."""
        return self._head.headers

    @property
    def informational(self) -> tuple[Informational, ...]:
        """What came before it."""
        return self._head.informational

    @property
    def trailers(self) -> Headers:
        """The fields after a chunked body; none before the end of it was read."""
        return self._exchange.trailers

    async def receive_some(self) -> bytes:
        """Return the next piece of the body, b"" at its end; nothing is read before.

        The pieces are those that come on the wire, a chunk in one or more of them. Raises
        ``ResponseError`` where the body is cut off, or what the handler has raised. Cancelling
        loses nothing.
        """
        return await self._exchange.receive_piece()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while piece := await self.receive_some():
            yield piece

    async def read(self) -> ReceivedResponse:
        """Return the whole response, with what is left of the body. Raises as ``receive_some``."""
        body = bytearray()
        while piece := await self.receive_some():
            body += piece
        return replace(self._head, body=bytes(body), trailers=self.trailers)
