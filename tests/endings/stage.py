"""Where it happens: one connection in memory, the program that serves it, and who looks on."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import trio
import trio.testing

from trio_https import Handler, Limits, Server, serve_stream
from trio_https.testing import RawConnection, throwaway_contexts
from trio_https.testing.client_connection import AnyStream
from trio_https.testing.memory_stream import MemoryStream, open_memory_connection

__all__ = ["Stage", "open_stage"]


class Stage:
    """A client's connection, and the server of it, which is a task of a program's nursery."""

    client: RawConnection
    server: Server
    program: trio.Nursery

    def __init__(self) -> None:
        self.has_ended = trio.Event()
        """Set when the server is done with the connection."""
        self.ended_at = 0.0
        """When that was, by Trio's clock."""

    async def run_program(
        self,
        handler: Handler,
        stream: MemoryStream,
        limits: Limits,
        tls: bool,
        *,
        task_status: trio.TaskStatus[None],
    ) -> None:
        """Serve ``stream`` in a nursery of its own, as a user's program would."""
        context = throwaway_contexts().server if tls else None
        serve = partial(serve_stream, handler, stream, tls=context, limits=limits)
        async with trio.open_nursery() as self.program:
            self.server = await self.program.start(serve)
            task_status.started()
        self.ended_at = trio.current_time()
        self.has_ended.set()


@asynccontextmanager
async def open_stage(handler: Handler, limits: Limits, *, tls: bool) -> AsyncIterator[Stage]:
    """Yield a stage; at the end, see that no task is left on it."""
    tasks_before = trio.lowlevel.current_statistics().tasks_living
    stage = Stage()
    ours, theirs = open_memory_connection()
    async with trio.open_nursery() as nursery:
        await nursery.start(stage.run_program, handler, theirs, limits, tls)
        stream: AnyStream = ours
        if tls:
            client_context = throwaway_contexts().client
            stream = trio.SSLStream(ours, client_context, server_hostname="localhost")
            await stream.do_handshake()
        stage.client = RawConnection(stream, stage.server, lambda: None, patience=3600)
        yield stage
        await stage.client.aclose()
        await stage.has_ended.wait()
    await trio.testing.wait_all_tasks_blocked()
    assert trio.lowlevel.current_statistics().tasks_living == tasks_before
