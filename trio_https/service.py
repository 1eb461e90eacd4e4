"""What the connections of a server have in common, as a value."""

import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import trio

from .config import Limits
from .departures import Departures
from .messages import Handler
from .stopping import STOPPING, Stopping
from .timeouts import Timeouts

__all__ = ["Service"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the connections of a server have in common."""

    handler: Handler
    tls_context: Callable[[], ssl.SSLContext] | None
    """Gives the context of a connection that begins now; None: without TLS."""
    limits: Limits
    handshakes: trio.Semaphore
    """A place for each handshake that may go on at a time."""
    stopping: Stopping
    departures: Departures
    timeouts: Timeouts
    records_handshakes: bool = False
    """Whether requests tell what was sent in the handshake."""

    @property
    def watchers(self) -> tuple[Callable[[], Awaitable[None]], ...]:
        """What has to run beside the connections, until cancelled: it ends what is over."""
        return (
            self.departures.watch,
            self.timeouts.idle.enforce,
            self.timeouts.send.enforce,
            self._end_idle_waits,
        )

    async def _end_idle_waits(self) -> None:
        """End the waits for further requests when the server is to stop."""
        await self.stopping.wait()
        self.timeouts.idle.cancel_all(STOPPING)
