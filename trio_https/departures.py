"""Clients that leave while their request is being answered, so that nobody works for nobody.

A task of the server looks after the exchanges that have been going on for a moment, and for each of
them begins to read ahead: the end of the stream, or a reset, cancels the exchange. One that is over
sooner, as with pages, has cost an entry in a dictionary and no task.
"""

import logging

import trio

from .http1 import HTTP1Connection
from .request_scope import RequestScope

__all__ = ["Departures"]

logger = logging.getLogger("trio_https")

_LOOK_EVERY_SECONDS = 0.1


class _Watch:
    """The watch over one client, in the cancel scope of a task of its own."""

    __slots__ = ("has_ended", "scope")

    def __init__(self) -> None:
        self.scope = trio.CancelScope()
        self.has_ended = False


class Departures:
    """The exchanges that are going on, and whom to tell when their client leaves."""

    def __init__(self) -> None:
        # Those that nobody has looked at, those that were there at the last look, and the others.
        self._new: dict[HTTP1Connection, RequestScope] = {}
        self._seen: dict[HTTP1Connection, RequestScope] = {}
        self._watched: dict[HTTP1Connection, _Watch] = {}
        self._has_some = trio.Event()

    def begin(self, connection: HTTP1Connection, scope: RequestScope) -> None:
        """Tell ``scope`` when the client of ``connection`` leaves, until ``end`` is called."""
        if not self._new:
            self._has_some.set()
        self._new[connection] = scope

    def end(self, connection: HTTP1Connection) -> None:
        """Look no more after the exchange that goes on there."""
        if self._new.pop(connection, None) or self._seen.pop(connection, None):
            return
        if watch := self._watched.pop(connection, None):
            watch.has_ended = True
            watch.scope.cancel(reason="the request was answered")

    async def watch(self) -> None:
        """Look after the exchanges until cancelled."""
        async with trio.open_nursery() as nursery:
            while True:
                await self._has_some.wait()
                await trio.sleep(_LOOK_EVERY_SECONDS)
                for connection, scope in self._seen.items():
                    watch = self._watched[connection] = _Watch()
                    nursery.start_soon(_watch_one, connection, scope, watch)
                self._seen, self._new = self._new, {}
                if not self._seen:
                    self._has_some = trio.Event()


async def _watch_one(connection: HTTP1Connection, scope: RequestScope, watch: _Watch) -> None:
    with watch.scope:
        ignore_end = connection.limits.allow_half_close
        try:
            await connection.incoming.wait_until_client_leaves(ignore_end=ignore_end)
        except Exception:
            # A bug of ours, of one connection: it must not be the end of all others.
            logger.exception("%s: could not be watched", connection.client or "a client")
        if not watch.has_ended:  # in this very moment: the scope is that of the next one then
            scope.note_departure()
