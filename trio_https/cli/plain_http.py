"""The servers without TLS beside the one with it: each for one purpose, with small limits.

One leads to HTTPS, the other gives phones the certificate authority. Neither knows the pages.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import trio

from ..certificates.local_issuer import LocalIssuer
from ..certificates.pem_loading import CERTIFICATE_LABELS, read_pem_blocks
from ..config import Limits
from ..errors import ConfigError
from ..handlers.https_redirect import redirect_to_https
from ..messages import Handler
from ..server import Server, serve
from .console import step
from .lan import Reached
from .network_options import NetworkOptions

if TYPE_CHECKING:
    from ..handlers.ca_page import CAPage

__all__ = [
    "PLAIN_LIMITS",
    "PlainHTTP",
    "PlainServers",
    "PlainSite",
    "ca_site",
    "redirect_site",
    "start_plain_servers",
]

# A request here is a line and the fields of a browser; what is sent fits into a few packets.
PLAIN_LIMITS = replace(
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


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainSite:
    """One thing that is served without TLS, before anything listens for it."""

    name: str
    """Of the step that is told."""
    purpose: str
    option: str
    """The one that chooses its port."""
    host: str
    port: int
    handler: Handler

    @contextmanager
    def step(self) -> Iterator[Callable[[Reached], None]]:
        """Tell the step; the block has it listen, and says where it is reached."""

        def tell(reached: Reached) -> None:
            told.detail = f"{', '.join(map(str, reached.addresses))} {self.purpose}"

        with step(self.name) as told:
            try:
                yield tell
            except ConfigError as exc:
                raise ConfigError(f"{self.option}: {exc}") from exc


def redirect_site(plain: PlainHTTP, *, https_port: int) -> PlainSite | None:
    """Return what leads to HTTPS; None: it is not wanted."""
    if plain.options.redirect_http is None:
        return None
    return PlainSite(
        name="Redirect",
        purpose="leads to HTTPS",
        option="--redirect-http",
        host=plain.host,
        port=plain.options.redirect_http,
        handler=plain.for_known_hosts(redirect_to_https(https_port)),
    )


def ca_site(plain: PlainHTTP, *, https_port: int) -> PlainSite | None:
    """Return what gives phones the authority; None: it is not wanted. Raises ``ConfigError``."""
    if not plain.options.lan or plain.authority is None:
        return None
    page = _make_ca_page(plain.authority, https_port, plain.path)
    return PlainSite(
        name="CA page",
        purpose="gives phones the authority",
        option="--ca-port",
        host=plain.host,
        port=plain.options.ca_port_beside(plain.port),
        handler=plain.for_known_hosts(page),
    )


async def start_plain_servers(
    nursery: trio.Nursery, plain: PlainHTTP, *, https_port: int
) -> PlainServers:
    """Start them in ``nursery``, tell the steps, and return when clients can connect.

    Raises ``ConfigError`` where one can't listen. If cancelled, nothing stays open.
    """
    return PlainServers(
        redirect=await _start(nursery, redirect_site(plain, https_port=https_port)),
        ca_page=await _start(nursery, ca_site(plain, https_port=https_port)),
    )


def _make_ca_page(authority: LocalIssuer, https_port: int, path: str) -> "CAPage":
    from ..handlers.ca_page import CAPage  # few need it

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


async def _start(nursery: trio.Nursery, site: PlainSite | None) -> Server | None:
    if site is None:
        return None
    with site.step() as tell:
        server: Server = await nursery.start(
            partial(
                serve, site.handler, host=site.host, port=site.port, tls=None, limits=PLAIN_LIMITS
            )
        )
        tell(server)
    return server
