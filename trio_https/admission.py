"""Who may connect: so many in all, so many from one client, and what becomes of the others.

In all: the next connection is accepted when one has left, and waits in the backlog until then; or,
if the limits say so, it is refused. From one client: refused. A refusal is a 503, for which there
are a few places beside the others; when these are taken too, the connection is just closed.
"""

import enum
import ipaddress
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import trio

from .config import Limits

__all__ = ["Admission", "Verdict", "client_network"]

_REFUSALS_AT_A_TIME = 20


class Verdict(enum.Enum):
    """What becomes of a connection."""

    SERVE = enum.auto()
    REFUSE = enum.auto()
    CLOSE = enum.auto()


class Admission:
    """The places of a server."""

    def __init__(self, limits: Limits) -> None:
        self._refuses_when_full = limits.refuse_when_full
        self._max_per_client = limits.max_connections_per_client
        self._free = trio.Semaphore(limits.max_connections)
        self._refusals = trio.Semaphore(_REFUSALS_AT_A_TIME)
        self._clients: Counter[str] = Counter()

    async def reserve(self) -> None:
        """Wait until a connection may be accepted: its place is taken already then.

        Cancelling the wait changes nothing.
        """
        # First without the turn that acquire gives to others: accepting has given one.
        if not self._refuses_when_full and not _acquire(self._free):
            await self._free.acquire()

    @contextmanager
    def place_for(self, host: str | None) -> Iterator[Verdict]:
        """Give the reserved place to a client, by its IP address, as long as the block runs."""
        network = client_network(host)
        verdict = self._judge(network)
        try:
            yield verdict
        finally:
            self._give_back(verdict, network)

    def _judge(self, network: str) -> Verdict:
        if not self._refuses_when_full or _acquire(self._free):
            if not network or self._clients[network] < self._max_per_client:
                self._clients[network] += 1
                return Verdict.SERVE
            self._free.release()
        return Verdict.REFUSE if _acquire(self._refusals) else Verdict.CLOSE

    def _give_back(self, taken: Verdict, network: str) -> None:
        if taken is Verdict.REFUSE:
            self._refusals.release()
        if taken is Verdict.SERVE:
            self._free.release()
            self._clients[network] -= 1
        if not self._clients[network]:
            del self._clients[network]


def _acquire(places: trio.Semaphore) -> bool:
    try:
        places.acquire_nowait()
    except trio.WouldBlock:
        return False
    return True


def client_network(host: str | None) -> str:
    """Return what counts as one client: an IPv4 address, or the /64 network of an IPv6 address.

    A client that has one IPv6 address mostly has 2^64 of them (RFC 6177). "" stands for all whose
    address is not known, as on a Unix socket: for them there is no limit but that of all.
    """
    if host is None or ":" not in host:
        return host or ""
    address = ipaddress.IPv6Address(host)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(address) >> 64 << 64, 64)))
