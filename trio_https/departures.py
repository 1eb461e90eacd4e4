"""Clients that leave while their request is being answered, so that nobody works for nobody.

A task of the server looks after the exchanges that have been going on for a moment, and for each of
them begins to read ahead: the end of the stream, or a reset, cancels the exchange. One that is over
sooner, as with pages, has cost an entry in a dictionary and no task.
"""

import logging

import trio

from .http1 import HTTP1Connection
from .request_scope import RequestScope

__all__ = ["Departures", "NotedExchange"]

logger = logging.getLogger("trio_https")

_LOOK_EVERY_SECONDS = 0.1


class NotedExchange:
    """An exchange that is going on."""

    __slots__ = ("has_been_seen", "has_ended", "scope", "watch")

    def __init__(self, scope: RequestScope) -> None:
        self.scope = scope
        self.watch: trio.CancelScope | None = None
        self.has_been_seen = False
        self.has_ended = False


class Departures:
    """The exchanges that are going on, and whom to tell when their client leaves."""

    def __init__(self) -> None:
        self._unwatched: dict[HTTP1Connection, NotedExchange] = {}
        self._begun = trio.Event()

    def begin(self, connection: HTTP1Connection, scope: RequestScope) -> NotedExchange:
        """Tell ``scope`` when the client of ``connection`` leaves, until ``end`` is called."""
        exchange = NotedExchange(scope)
        self._unwatched[connection] = exchange
        self._begun.set()
        return exchange

    def end(self, connection: HTTP1Connection, exchange: NotedExchange) -> None:
        """Look no more after the exchange that ``begin`` has returned."""
        exchange.has_ended = True
        self._unwatched.pop(connection, None)
        if exchange.watch is not None:
            exchange.watch.cancel(reason="the request was answered")

    async def watch(self) -> None:
        """Look after the exchanges until cancelled."""
        async with trio.open_nursery() as nursery:
            while True:
                await self._begun.wait()
                await trio.sleep(_LOOK_EVERY_SECONDS)
                for connection, exchange in list(self._unwatched.items()):
                    if exchange.has_been_seen:
                        del self._unwatched[connection]
                        exchange.watch = trio.CancelScope()
                        nursery.start_soon(_watch_one, connection, exchange, exchange.watch)
                    exchange.has_been_seen = True
                if not self._unwatched:
                    self._begun = trio.Event()


async def _watch_one(
    connection: HTTP1Connection, exchange: NotedExchange, watch: trio.CancelScope
) -> None:
    with watch:
        ignore_end = connection.limits.allow_half_close
        try:
            await connection.incoming.wait_until_client_leaves(ignore_end=ignore_end)
        except Exception:
            # A bug of ours, of one connection: it must not be the end of all others.
            logger.exception("%s: could not be watched", connection.client or "a client")
        if not exchange.has_ended:  # in this very moment: the scope is that of the next one then
            exchange.scope.note_departure()
