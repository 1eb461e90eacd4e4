"""The settings of a server: frozen values, each with its unit and the reason of its default.

A setting is passed from the caller of ``serve`` down to where it is used; nothing fetches it.
"""

import math
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Literal

__all__ = ["Limits", "TLSSettings"]

KIB = 1024
MIB = 1024 * KIB


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What one client may cost. Timeouts are in seconds, sizes in bytes."""

    handshake_timeout: float = 10.0
    """From the accepted connection to the end of its TLS handshake: a few round trips at most."""

    head_timeout: float = 10.0
    """From the first byte of a request to the end of its head: one packet as a rule."""

    first_head_timeout: float = 15.0
    """From the accepted connection to the end of its first request head, the handshake included: a
    client that connects has something to ask. Less than ``handshake_timeout`` and ``head_timeout``
    together, so that who stalls in both does not get the time of both."""

    idle_timeout: float = 60.0
    """Between two requests of one connection. Browsers keep connections for minutes, but an idle
    one holds memory."""

    receive_timeout: float = 30.0
    """Without a byte of a request body. Renewed by each byte: slow is allowed, silent is not."""

    send_timeout: float = 60.0
    """For the client to take a response of up to 136 KiB, or a piece of a larger one: of 64 KiB to
    begin with, and of up to 384 KiB for who takes each at once. 2.3 KiB/s will do; 6.4 for who was
    fast, and has become slow."""

    min_receive_rate: float = 240.0
    """Bytes of a request body in each second of waiting for it, on average, once the first
    ``receive_timeout`` is used up; 0: no bound. A modem of 1984 was faster."""

    min_send_rate: float = 240.0
    """The same for a response, once the first ``send_timeout`` is used up."""

    handler_timeout: float = math.inf
    """For the handler to return its response (else 503). Off: only its author knows."""

    drain_timeout: float = 1.0
    """To read the rest of a request body that the handler left unread."""

    close_timeout: float = 2.0
    """For the end of a connection: close_notify, then waiting for the client to close too, so that
    a reset does not overtake the response (RFC 9112 §9.6)."""

    max_connections: int = 500
    """At a time; more wait in the backlog. With a file open for each, 500 stay inside the usual
    limit of 1,024 descriptors."""

    refuse_when_full: bool = False
    """Whether those beyond ``max_connections`` are answered 503 at once, rather than waiting: for a
    server behind a load balancer, which then asks another."""

    max_handshakes: int = 500
    """TLS handshakes at a time; more wait for them, within ``handshake_timeout``. As many as there
    are connections: a lower number bounds a burst of work, but lets clients that stall in the
    handshake keep out others while there are places free."""

    max_connections_per_client: int = 100
    """At a time, from one address, or from one /64 network of IPv6, of which one client has all
    addresses. A browser opens 6, a company behind one address some more (else 503)."""

    max_requests_per_connection: int = 10_000
    """After which the connection is closed, so that none lives for ever."""

    max_head_bytes: int = 32 * KIB
    """Request line and header fields (else 431). Browsers send 1 or 2 KiB, cookies up to 16."""

    max_header_fields: int = 100
    """Header fields of a request (else 431)."""

    max_target_bytes: int = 8 * KIB
    """Request target (else 414). RFC 9110 §4.1 asks for 8,000 at least."""

    max_body_bytes: int = 16 * MIB
    """Request body (else 413), known from Content-Length or counted while it is read."""

    max_drain_bytes: int = 64 * KIB
    """Of an unread request body, before closing the connection is the cheaper way."""

    allow_half_close: bool = False
    """Whether a client that ends its side of the connection may still get its response. It is rare
    and legal (RFC 9112 §9.6), but mostly the client has left, and its handler is cancelled."""

    def __post_init__(self) -> None:
        """Raise ``ValueError`` for a limit below 0, or a number of connections below 1."""
        for field in fields(self):
            value = getattr(self, field.name)
            least = 1 if field.name in _AT_LEAST_ONE else 0
            if not value >= least:
                raise ValueError(f"Limits.{field.name} is {value}; it must be at least {least}")


_AT_LEAST_ONE = {
    "max_connections",
    "max_connections_per_client",
    "max_handshakes",
    "max_requests_per_connection",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TLSSettings:
    """How TLS is spoken, whatever the certificate."""

    policy: Literal["intermediate", "modern"] = "intermediate"
    """Of Mozilla's: TLS 1.2 and 1.3, for every browser since 2014, or 1.3 alone, since 2019."""

    keylog: Path | None = None
    """A file for the secrets of all sessions, with which a recording can be read; None: nowhere."""
