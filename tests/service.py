"""A service for a single connection, for tests that bring the transport themselves."""

import ssl

import trio

from trio_https import Handler, Limits
from trio_https.departures import Departures
from trio_https.service import Service
from trio_https.stopping import Stopping
from trio_https.timeouts import Timeouts


def make_service(
    handler: Handler,
    *,
    limits: Limits | None = None,
    tls_context: ssl.SSLContext | None = None,
    handshakes: int = 10,
) -> Service:
    limits = limits or Limits()
    return Service(
        handler=handler,
        tls_context=None if tls_context is None else lambda: tls_context,
        limits=limits,
        handshakes=trio.Semaphore(handshakes),
        stopping=Stopping(),
        departures=Departures(),
        timeouts=Timeouts(limits),
    )
