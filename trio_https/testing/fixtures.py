"""What the fixtures of the pytest plugin give: clients and servers that live as long as a test.

Nothing here knows pytest: the plugin, ``trio_https_pytest``, makes fixtures of these blocks.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

import trio

from ..config import Limits
from ..messages import Address, Handler
from ..server import Server, serve
from .client import Client, open_client
from .groups import without_one_group
from .throwaway import TLSContexts, throwaway_contexts

__all__ = [
    "HTTPSClientOpener",
    "HTTPSServerStarter",
    "https_client_opener",
    "https_server_starter",
]

_DEFAULT_LIMITS = Limits()


class HTTPSClientOpener:
    """The fixture ``open_https_client``: opens clients in memory until the end of the test.

    Each is opened and closed in a task of its own: a test calls from another task than the one
    that ``nursery`` is in.
    """

    def __init__(self, nursery: trio.Nursery) -> None:
        self.done: trio.Event = trio.Event()
        """To be set when the clients shall be closed."""
        self._nursery = nursery

    async def __call__(
        self,
        handler: Handler,
        /,
        *,
        tls: bool | TLSContexts = True,
        authority: str = "localhost",
        limits: Limits = _DEFAULT_LIMITS,
        client: Address | None = None,
        raise_handler_errors: bool = True,
    ) -> Client:
        """Return a client of ``handler``, as ``open_client`` yields one."""
        block = open_client(
            handler,
            tls=tls,
            authority=authority,
            limits=limits,
            client=client,
            raise_handler_errors=raise_handler_errors,
        )
        opened: Client = await self._nursery.start(self._keep_open, block)
        return opened

    async def _keep_open(
        self,
        block: AbstractAsyncContextManager[Client],
        task_status: trio.TaskStatus[Client] = trio.TASK_STATUS_IGNORED,
    ) -> None:
        async with block as client:
            task_status.started(client)
            await self.done.wait()


class HTTPSServerStarter:
    """The fixture ``start_https_server``: starts servers on sockets until the end of the test."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery

    async def __call__(self, handler: Handler, /, *, limits: Limits = _DEFAULT_LIMITS) -> Server:
        """Serve ``handler`` on a free port of localhost, with a throw-away certificate."""
        tls = throwaway_contexts().server
        serve_it = partial(serve, handler, port=0, tls=tls, limits=limits)
        server: Server = await self._nursery.start(serve_it)
        return server


@asynccontextmanager
async def https_client_opener() -> AsyncIterator[HTTPSClientOpener]:
    """Yield what opens clients, which are closed at the end of the block."""
    with without_one_group():
        async with trio.open_nursery() as nursery:
            opener = HTTPSClientOpener(nursery)
            yield opener
            opener.done.set()


@asynccontextmanager
async def https_server_starter() -> AsyncIterator[HTTPSServerStarter]:
    """Yield what starts servers, which are cancelled at the end of the block."""
    with without_one_group():
        async with trio.open_nursery() as nursery:
            yield HTTPSServerStarter(nursery)
            nursery.cancel_scope.cancel(reason="the test is over")
