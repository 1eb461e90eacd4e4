"""Accepting: a task for each connection that there is a place for, whatever it takes.

No fault of the system or of a client ends the listening; one that lasts is told once a second at
most. What is said on a connection is not known here.
"""

import logging
import math
from dataclasses import replace

import trio

from . import tls
from .admission import Admission, Verdict
from .connection import serve_connection
from .errors import HTTPError
from .heap import HeapTrimmer
from .listeners import AnyListener, listening_place, peer_address
from .messages import Address, Request, Response
from .service import Service

__all__ = ["Reception"]

logger = logging.getLogger("trio_https")

_PAUSE_SECONDS = 0.1  # when accepting fails, for want of descriptors say; as Trio's own
_LOG_SECONDS = 1.0  # and no more than a line in that time


class Reception:
    """Takes in connections, and has each served in a task of ``connections``."""

    def __init__(self, service: Service, connections: trio.Nursery, heap: HeapTrimmer) -> None:
        self._service = service
        self._connections = connections
        self._heap = heap
        self._admission = Admission(service.limits)
        self._last_logged = -math.inf

    async def accept_from(self, listener: AnyListener) -> None:
        """Accept until cancelled, or until others have closed ``listener``; then close it."""
        place = listening_place(listener)  # a closed socket has forgotten its own
        async with listener:
            while (stream := await self._next_connection(listener, place)) is not None:
                try:
                    await self._admission.reserve()  # those behind it wait in the backlog
                except trio.Cancelled:
                    await trio.aclose_forcefully(stream)
                    raise
                self._connections.start_soon(self._admit, stream)

    async def _next_connection(
        self, listener: AnyListener, place: Address | str
    ) -> trio.abc.Stream | None:
        """Accept, whatever it takes; None where the listener was closed."""
        while True:
            try:
                return await listener.accept()
            except OSError as exc:
                self._log(place, exc)
                await trio.sleep(_PAUSE_SECONDS)
            except (trio.ClosedResourceError, trio.BrokenResourceError):
                logger.info("%s: closed by others; nothing is accepted there any more", place)
                return None

    def _log(self, place: Address | str, exc: OSError) -> None:
        if trio.current_time() - self._last_logged >= _LOG_SECONDS:
            self._last_logged = trio.current_time()
            logger.error("%s: can't accept a connection: %s", place, exc.strerror or exc)

    async def _admit(self, stream: trio.abc.Stream) -> None:
        client = peer_address(stream)
        host = client.host if client else None
        with self._heap.count_connection(), self._admission.place_for(host) as verdict:
            try:
                if verdict is Verdict.SERVE:
                    await serve_connection(stream, self._service, client=client)
                elif verdict is Verdict.REFUSE:
                    await serve_connection(stream, _refusing(self._service), client=client)
                else:
                    await trio.aclose_forcefully(stream)
            except Exception:
                # A bug of ours in how a connection ends: it must not be the end of all others.
                logger.exception(
                    "%s: a connection could not be ended in order", client or "a client"
                )
            finally:
                tls.forget(stream)


def _refusing(service: Service) -> Service:
    """Return a service that answers 503, to clients that are quick to ask."""
    limits = replace(service.limits, first_head_timeout=4.0)  # round trips of a slow line
    return replace(service, handler=_refuse, limits=limits)


async def _refuse(_request: Request, /) -> Response:
    raise HTTPError(503, "too many connections", headers=[("Retry-After", "5")], close=True)
