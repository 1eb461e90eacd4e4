"""The fixtures; what they do is in ``trio_https.testing``, which is loaded when one is used."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator

    from trio_https.testing import HTTPSClientOpener, HTTPSServerStarter


@pytest.fixture
async def open_https_client() -> AsyncIterator[HTTPSClientOpener]:
    """Give what opens clients in memory until the end of the test.

    ``client = await open_https_client(handler)``; ``tls=False`` for plain HTTP.
    """
    from trio_https.testing.fixtures import https_client_opener

    async with https_client_opener() as opener:
        yield opener


@pytest.fixture
async def start_https_server() -> AsyncIterator[HTTPSServerStarter]:
    """Give what starts servers on free ports of localhost until the end of the test.

    ``server = await start_https_server(handler)``; its certificate is a throw-away one.
    """
    from trio_https.testing.fixtures import https_server_starter

    async with https_server_starter() as starter:
        yield starter


@pytest.fixture
def https_client_context() -> ssl.SSLContext:
    """Return the ssl.SSLContext that trusts the servers of start_https_server."""
    from trio_https.testing import throwaway_contexts

    return throwaway_contexts().client
