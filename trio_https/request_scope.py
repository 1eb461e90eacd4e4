"""What a request's work is bound to: a cancel scope, which ends with the client unless told not to.

The connection enters the scope and the watch over clients cancels it; a handler sees it as
``request.cancel_scope``. Beside it is what handlers find out for those further in, and for the log.
Who comes and goes is not known here.
"""

from typing import Protocol

import trio

__all__ = ["NEVER", "RequestScope", "StopSignal"]


class StopSignal(Protocol):
    """Whether a server is to stop: an event that handlers can wait for, and can't set."""

    def is_set(self) -> bool:
        """Whether the server is to stop."""
        ...

    async def wait(self) -> None:
        """Wait until the server is to stop. Cancelling the wait changes nothing."""
        ...


NEVER: StopSignal = trio.Event()
"""Of a request that no server has received, as in a test of a handler alone."""


class RequestScope:
    """The cancel scope around handler, response and upgrade, and what cancels it.

    One that was entered before can do for many requests, one after the other, as long as nobody
    else has got hold of it.
    """

    __slots__ = (
        *("_cancel_scope", "client_has_left", "is_lent", "outlives_client"),
        *("request_id", "user"),
    )

    def __init__(self, cancel_scope: trio.CancelScope | None = None) -> None:
        self._cancel_scope: trio.CancelScope = cancel_scope or trio.CancelScope()
        self.is_lent: bool = False
        """Whether somebody has got the cancel scope, and may do something to it at any time."""
        self.outlives_client: bool = False
        """Whether the work goes on when the client has left."""
        self.client_has_left: bool = False
        self.user: str | None = None
        """Who was authenticated, by other means than a certificate."""
        self.request_id: str | None = None

    @property
    def cancel_scope(self) -> trio.CancelScope:
        """The scope, for whoever will set its deadline or cancel it."""
        self.is_lent = True
        return self._cancel_scope

    def note_departure(self) -> None:
        """Take note that the client has left; what works only for the client is cancelled."""
        self.client_has_left = True
        if not self.outlives_client:
            self._cancel_scope.cancel(reason="the client left")
