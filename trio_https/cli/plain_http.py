"""The servers without TLS beside the one with it: each for one purpose, with small limits.

One leads to HTTPS, the other gives phones the certificate authority. Neither knows the pages.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import trio

from ..certificates.local_issuer import LocalIssuer
from ..certificates.pem_loading import CERTIFICATE_LABELS, read_pem_blocks
from ..config import Limits
from ..errors import ConfigError
from ..handlers.ca_page import CAPage
from ..handlers.https_redirect import redirect_to_https
from ..messages import Handler
from ..server import Server, serve
from .console import step
from .network_options import NetworkOptions

__all__ = ["PlainHTTP", "PlainServers", "start_plain_servers"]

# A request here is a line and the fields of a browser; what is sent fits into a few packets.
_LIMITS = replace(
    Limits(),
    head_timeout=5.0,
    idle_timeout=5.0,
    send_timeout=10.0,
    max_connections=50,
    max_connections_per_client=10,
    max_requests_per_connection=100,
    max_body_bytes=0,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainHTTP:
    """What is to be served without TLS."""

    options: NetworkOptions
    host: str
    """Where to listen: as the server with TLS does."""
    port: int
    """What that one was given; 0: any."""
    path: str
    """That of the first page, as it stands in a URL."""
    authority: LocalIssuer | None
    """The one to give to phones; None: no client needs any."""
    for_known_hosts: Callable[[Handler], Handler]
    """Gives a handler that answers for the server's own names only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainServers:
    """What is served without TLS; None: it is not wanted."""

    redirect: Server | None
    ca_page: Server | None


async def start_plain_servers(
    nursery: trio.Nursery, plain: PlainHTTP, *, https_port: int
) -> PlainServers:
    """Start them in ``nursery``, tell the steps, and return when clients can connect.

    Raises ``ConfigError`` where one can't listen. If cancelled, nothing stays open.
    """
    redirect = ca_page = None
    if plain.options.redirect_http is not None:
        with step("Redirect") as told:
            handler = redirect_to_https(https_port)
            port = plain.options.redirect_http
            redirect = await _start(nursery, plain, handler, port, option="--redirect-http")
            told.detail = f"{_addresses(redirect)} leads to HTTPS"
    if plain.options.lan and plain.authority is not None:
        with step("CA page") as told:
            page = _make_ca_page(plain.authority, https_port, plain.path)
            port = plain.options.ca_port_beside(plain.port)
            ca_page = await _start(nursery, plain, page, port, option="--ca-port")
            told.detail = f"{_addresses(ca_page)} gives phones the authority"
    return PlainServers(redirect=redirect, ca_page=ca_page)


def _make_ca_page(authority: LocalIssuer, https_port: int, path: str) -> CAPage:
    blocks = read_pem_blocks(authority.path, "Let the user who runs trio-https read it")
    # Not the file as it is: others keep the key in the same file.
    certificate = next(block.text for block in blocks if block.label in CERTIFICATE_LABELS)
    return CAPage(
        certificate=certificate,
        name=authority.name,
        sha256=authority.sha256,
        https_port=https_port,
        path=path,
    )


async def _start(
    nursery: trio.Nursery, plain: PlainHTTP, handler: Handler, port: int, *, option: str
) -> Server:
    handler = plain.for_known_hosts(handler)
    serving = partial(serve, handler, host=plain.host, port=port, tls=None, limits=_LIMITS)
    try:
        server: Server = await nursery.start(serving)
    except ConfigError as exc:
        raise ConfigError(f"{option}: {exc}") from exc
    return server


def _addresses(server: Server) -> str:
    return ", ".join(map(str, server.addresses))
