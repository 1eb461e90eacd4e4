"""A server for ``lifetimes.py``, which tells how its handlers end: ours or another one's.

    python benchmarks/lifetimes_target.py KIND CERTIFICATE KEY PORT

KIND is trio_https, hypercorn, anycorn (both on Trio) or websockets (on asyncio). What happens is
told on standard output, a JSON object a line, with the time of the machine's monotonic clock.
SIGUSR1 has the tasks counted, SIGTERM has the server stopped as it documents it for programs.
"""

import asyncio
import json
import signal
import ssl
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from contextlib import contextmanager
from functools import partial
from typing import Any

GRACE_SECONDS = 5.0
SLEEPS = {"/sleep": 60.0, "/busy": 2.0, "/long": 20.0}
STREAM_SECONDS = 0.05  # between two pieces
PIECE = b"x" * 1024
BIG_PIECE = b"x" * 65536
BIG_PIECES = 1024
ENDS = {
    "Cancelled": "cancelled",
    "CancelledError": "cancelled",
    "GeneratorExit": "closed",  # a body that is not asked for its next piece any more
}

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


def tell(event: str, **more: object) -> None:
    print(json.dumps({"event": event, "at": time.monotonic(), **more}), flush=True)


@contextmanager
def telling() -> Iterator[None]:
    """Tell when a handler begins, and how it ends."""
    tell("begun")
    try:
        yield
    except BaseException as exc:
        name = type(exc).__name__
        tell("ended", how=ENDS.get(name, name))
        raise
    tell("ended", how="returned")


# trio_https


async def serve_ours(certificate: str, key: str, port: int) -> None:
    import trio

    import trio_https
    from trio_https import Headers, Reply, Request, Response, WebSocketUpgrade

    async def stream() -> AsyncIterator[bytes]:
        with telling():
            while True:
                yield PIECE
                await trio.sleep(STREAM_SECONDS)

    async def big() -> AsyncIterator[bytes]:
        tell("begun")
        for _ in range(BIG_PIECES):
            yield BIG_PIECE

    async def talk(connection: Any) -> None:
        with telling():
            if connection.path == "/sleep":
                await trio.sleep(SLEEPS["/sleep"])
            await connection.get_message()

    async def handler(request: Request) -> Reply:
        if "Upgrade" in request.headers:
            return WebSocketUpgrade(talk=talk)
        if request.path == "/stream":
            return Response(body=stream())
        if request.path == "/big":
            length = str(BIG_PIECES * len(BIG_PIECE))
            return Response(body=big(), headers=Headers({"Content-Length": length}))
        if request.path in SLEEPS:
            with telling():
                await trio.sleep(SLEEPS[request.path])
        return Response.text("done")

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    before, stop = await watch_signals_on_trio()
    serve = partial(trio_https.serve, handler, host="127.0.0.1", port=port, tls=context)
    async with trio.open_nursery() as nursery:
        server = await nursery.start(serve)
        tell("ready")
        await stop.wait()
        await server.stop(grace=GRACE_SECONDS)
    tell("done", left=tasks_on_trio() - before)


# ASGI


async def serve_asgi(kind: str, certificate: str, key: str, port: int) -> None:
    import trio

    if kind == "hypercorn":
        from hypercorn.config import Config
        from hypercorn.trio import serve
    else:
        from anycorn import Config, serve
    config = Config()
    config.bind = [f"127.0.0.1:{port}"]
    config.certfile, config.keyfile = certificate, key
    config.graceful_timeout = GRACE_SECONDS
    before, stop = await watch_signals_on_trio()
    async with trio.open_nursery() as nursery:
        await nursery.start(partial(serve, asgi, config, shutdown_trigger=stop.wait))
        tell("ready")
    tell("done", left=tasks_on_trio() - before)


async def asgi(scope: Message, receive: Receive, send: Send) -> None:
    if scope["type"] == "lifespan":
        for _ in range(2):
            await send({"type": f"{(await receive())['type']}.complete"})
    elif scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.accept"})
        with telling():
            await asgi_talk(scope["path"], receive)
    else:
        await asgi_answer(scope["path"], receive, send)


async def asgi_talk(path: str, receive: Receive) -> None:
    import trio

    if path == "/sleep":
        await trio.sleep(SLEEPS["/sleep"])
    while (await receive())["type"] != "websocket.disconnect":
        pass


async def asgi_answer(path: str, receive: Receive, send: Send) -> None:
    import trio

    if path == "/listen":
        with telling():
            while (await receive())["type"] != "http.disconnect":
                pass
    elif path == "/stream":
        await asgi_start(send)
        with telling():
            while True:
                await send({"type": "http.response.body", "body": PIECE, "more_body": True})
                await trio.sleep(STREAM_SECONDS)
    elif path == "/big":
        await asgi_start(send, BIG_PIECES * len(BIG_PIECE))
        tell("begun")
        for _ in range(BIG_PIECES):
            await send({"type": "http.response.body", "body": BIG_PIECE, "more_body": True})
        await send({"type": "http.response.body", "body": b""})
    else:
        if path in SLEEPS:
            with telling():
                await trio.sleep(SLEEPS[path])
        await asgi_start(send, 4)
        await send({"type": "http.response.body", "body": b"done"})


async def asgi_start(send: Send, length: int | None = None) -> None:
    headers = [] if length is None else [(b"content-length", str(length).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})


# Trio


def tasks_on_trio() -> int:
    """Return how many tasks there are, those of Trio itself included."""
    import trio

    root = trio.lowlevel.current_root_task()
    waiting, number = [root] if root else [], 0
    while waiting:
        number += 1
        for nursery in waiting.pop().child_nurseries:
            waiting.extend(nursery.child_tasks)
    return number


async def watch_signals_on_trio() -> tuple[int, Any]:
    """Return the number of tasks so far, and an event that is set by SIGTERM."""
    import trio
    import trio.testing

    stop = trio.Event()

    @trio.lowlevel.spawn_system_task
    async def watch() -> None:
        with trio.open_signal_receiver(signal.SIGTERM, signal.SIGUSR1) as received:
            async for number in received:
                if number == signal.SIGTERM:
                    stop.set()
                else:
                    tell("tasks", number=tasks_on_trio())

    await trio.testing.wait_all_tasks_blocked()
    return tasks_on_trio(), stop


# websockets


async def serve_websockets(certificate: str, key: str, port: int) -> None:
    from websockets.asyncio.server import ServerConnection, serve

    async def talk(connection: ServerConnection) -> None:
        assert connection.request is not None
        with telling():
            if connection.request.path == "/sleep":
                await asyncio.sleep(SLEEPS["/sleep"])
            await connection.recv()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(
        signal.SIGUSR1, lambda: tell("tasks", number=len(asyncio.all_tasks(loop)))
    )
    before = len(asyncio.all_tasks())
    async with serve(talk, "127.0.0.1", port, ssl=context, close_timeout=GRACE_SECONDS):
        tell("ready")
        await stop.wait()
    tell("done", left=len(asyncio.all_tasks()) - before)


def main(kind: str, certificate: str, key: str, port: str) -> None:
    if kind == "websockets":
        asyncio.run(serve_websockets(certificate, key, int(port)))
        return
    import trio

    if kind == "trio_https":
        trio.run(serve_ours, certificate, key, int(port))
    else:
        trio.run(serve_asgi, kind, certificate, key, int(port))


if __name__ == "__main__":
    main(*sys.argv[1:])
