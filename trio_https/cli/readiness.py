"""What is told once clients can connect: after how long, and where the pages are."""

import time

from .announcement import announce
from .console import step
from .identity import Identity
from .lan import Exposure, Reached, announce_exposure, exposed_urls
from .plain_http import PlainHTTP

__all__ = ["tell_ready"]


def tell_ready(
    server: Reached,
    ca_page: Reached | None,
    identity: Identity,
    plain: PlainHTTP,
    exposure: Exposure | None,
    *,
    started: float,
) -> None:
    """Tell that ``server`` serves the pages, and ``ca_page`` the authority.

    ``exposure`` is told of where others on the network reach it; ``started`` is when the command
    began, on the monotonic clock.
    """
    with step("Ready") as told:
        told.detail = f"after {time.monotonic() - started:.2f} s; Ctrl-C stops it"
    urls = [url.removesuffix("/") + plain.path for url in server.urls]
    exposed = exposed_urls(exposure, server) if exposure is not None else []
    announce(urls, identity, exposed=exposed)
    if exposure is not None:
        announce_exposure(exposure, server, ca_page, qr=plain.options.qr)
