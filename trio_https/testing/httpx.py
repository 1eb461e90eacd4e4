"""The border to httpx: its ``AsyncClient`` over a client in memory, streaming both ways.

httpx is no dependency: who imports this module has it.
"""

import math
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Self

from ..config import Limits
from ..headers import Headers
from ..messages import Handler
from .client import Client, open_client
from .client_http1 import ClientExchange
from .errors import ResponseError, ResponseTimeoutError, SendTimeoutError
from .outgoing_request import OutgoingRequest, RequestBodySource
from .throwaway import TLSContexts

try:
    import httpx
except ModuleNotFoundError as exc:
    if exc.name != "httpx":
        raise
    raise ModuleNotFoundError(
        "trio_https.testing.httpx needs httpx, which is not installed: pip install httpx",
        name="httpx",
    ) from exc

__all__ = ["MemoryTransport", "open_httpx_client"]

_DEFAULT_LIMITS = Limits()


@asynccontextmanager
async def open_httpx_client(
    handler: Handler,
    *,
    tls: bool | TLSContexts = True,
    authority: str = "localhost",
    limits: Limits = _DEFAULT_LIMITS,
    raise_handler_errors: bool = True,
) -> AsyncIterator[httpx.AsyncClient]:
    """Yield httpx's client of ``handler``, served over memory as by ``open_client``.

    Its ``base_url`` is the authority. httpx gives up after 5 s without a byte, unless it is told
    otherwise; the mock clock counts those too.
    """
    async with (
        open_client(
            handler,
            tls=tls,
            authority=authority,
            limits=limits,
            raise_handler_errors=raise_handler_errors,
        ) as client,
        httpx.AsyncClient(
            transport=MemoryTransport(client),
            base_url=f"{'https' if client.is_secure else 'http'}://{authority}",
        ) as adapted,
    ):
        yield adapted


class MemoryTransport(httpx.AsyncBaseTransport):
    """Sends httpx's requests by ``client``, whatever the host in their URLs.

    Bodies stream both ways. ``client`` is not closed with it. httpx's timeouts for reading, writing
    and connecting hold, by Trio's clock.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send ``request``, and return its response when the head is there.

        Raises httpx's own errors, and what the handler has raised.
        """
        self._check_scheme(request.url.scheme)
        exchange = await self._open_exchange(request)
        try:
            with _as_errors_of_httpx():
                head = await exchange.receive_head()
        except BaseException:
            await self._client.pool.close_exchange(exchange)
            raise
        return httpx.Response(
            status_code=head.status,
            headers=list(head.headers),
            stream=_Body(self._client, exchange),
            extensions={
                "http_version": f"HTTP/{head.http_version}".encode(),
                "reason_phrase": head.reason.encode("latin-1"),
            },
        )

    def _check_scheme(self, scheme: str) -> None:
        wanted = "https" if self._client.is_secure else "http"
        if scheme != wanted:
            remedy = "open the client with tls=True" if scheme == "https" else "ask with https://"
            raise httpx.UnsupportedProtocol(
                f"this client speaks {wanted}, and the URL begins with {scheme}: {remedy}"
            )

    async def _open_exchange(self, request: httpx.Request) -> ClientExchange:
        seconds = request.extensions.get("timeout", {})
        with _as_errors_of_httpx(while_connecting=True):
            return await self._client.pool.open_exchange(
                await _translate(request),
                connect_timeout=_or_endless(seconds.get("connect")),
                send_timeout=_or_endless(seconds.get("write")),
                receive_timeout=_or_endless(seconds.get("read")),
            )


class _Body(httpx.AsyncByteStream):
    """The body of a response that is still coming."""

    def __init__(self, client: Client, exchange: ClientExchange) -> None:
        self._client = client
        self._exchange = exchange
        self._is_closed = False

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> bytes:
        with _as_errors_of_httpx():
            piece = await self._exchange.receive_piece()
        if not piece:
            raise StopAsyncIteration
        return piece

    async def aclose(self) -> None:
        if not self._is_closed:
            self._is_closed = True
            await self._client.pool.close_exchange(self._exchange)


async def _translate(request: httpx.Request) -> OutgoingRequest:
    return OutgoingRequest(
        method=request.method,
        target=request.url.raw_path.decode("ascii"),
        headers=Headers(
            (name.decode("ascii"), value.decode("latin-1")) for name, value in request.headers.raw
        ),
        body=await _body_of(request),
    )


async def _body_of(request: httpx.Request) -> RequestBodySource:
    # httpx gives each request a stream, also one that has no body.
    if not {"content-length", "transfer-encoding"} & set(request.headers):
        return b""
    if not isinstance(request.stream, httpx.AsyncByteStream):
        raise TypeError("an async client needs a body that is bytes or an async iterable")
    if isinstance(request.stream, httpx.ByteStream):
        return b"".join([piece async for piece in request.stream])
    return request.stream


@contextmanager
def _as_errors_of_httpx(*, while_connecting: bool = False) -> Iterator[None]:
    try:
        yield
    except SendTimeoutError as exc:
        raise httpx.WriteTimeout(str(exc)) from exc
    except ResponseTimeoutError as exc:
        kind = httpx.ConnectTimeout if while_connecting else httpx.ReadTimeout
        raise kind(str(exc)) from exc
    except ResponseError as exc:
        raise httpx.RemoteProtocolError(str(exc)) from exc
    except ConnectionError as exc:
        raise httpx.ConnectError(str(exc)) from exc


def _or_endless(seconds: float | None) -> float:
    """Return seconds for Trio, to whom no timeout is an endless one."""
    return math.inf if seconds is None else seconds
