"""A connection of the server on memory streams: no socket, no port, no real time.

With pytest-trio's ``autojump_clock`` every timeout of the server passes in no time at all.
"""

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import trio
import trio.testing

from ..config import Limits
from ..connection import serve_connection
from ..departures import Departures
from ..messages import Address, Handler
from ..service import Service
from ..stopping import Stopping
from ..timeouts import Timeouts

__all__ = ["open_connection"]

_DEFAULT_LIMITS = Limits()


@asynccontextmanager
async def open_connection(
    handler: Handler,
    *,
    server_context: ssl.SSLContext | None = None,
    limits: Limits = _DEFAULT_LIMITS,
    stopping: Stopping | None = None,
    client: Address | None = None,
    record_handshakes: bool = False,
) -> AsyncIterator[
    trio.StapledStream[trio.testing.MemorySendStream, trio.testing.MemoryReceiveStream]
]:
    """Yield the client's end of a connection that ``handler`` serves.

    With ``server_context``, the server expects TLS on it: wrap what you get in a
    ``trio.SSLStream``. At the end of the block the client's end is closed, and the block is left
    when the server is done with the connection. If cancelled, both sides are closed at once.
    """
    ours, theirs = trio.testing.memory_stream_pair()
    service = Service(
        handler=handler,
        tls_context=None if server_context is None else lambda: server_context,
        limits=limits,
        handshakes=trio.Semaphore(1),
        stopping=stopping or Stopping(),
        departures=Departures(),
        timeouts=Timeouts(limits),
        records_handshakes=record_handshakes,
    )
    async with trio.open_nursery() as watching:
        for watch in service.watchers:
            watching.start_soon(watch)
        async with trio.open_nursery() as serving, ours:
            serving.start_soon(partial(serve_connection, theirs, service, client=client))
            yield ours
        watching.cancel_scope.cancel()
