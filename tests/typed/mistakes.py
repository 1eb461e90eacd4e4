"""What checkers are to find in a program: the mistakes stand where the comments say."""

from functools import partial
from pathlib import Path

import trio
from trio_websocket import WebSocketConnection

import trio_https
from trio_https import Handler, Headers, Limits, Reply, Request, Response, Router, WebSocketUpgrade
from trio_https.testing import open_client


def not_async(request: Request) -> Response:
    return Response.text("Hello")


async def no_reply(request: Request) -> str:
    return request.method


async def two_arguments(request: Request, name: str) -> Response:
    return Response.text(name)


async def fine(request: Request) -> Reply:
    request.path = "/"  # mistake
    await trio.sleep(request.tls.version)  # mistake
    await trio.sleep(request.nothing)  # mistake
    await request.text(max_bytes="1 MiB")  # mistake
    if request.query:
        return Response(body="Hello")  # mistake
    return Response.text("Hello").with_cookie("a", "b", same_site="Strickt")  # mistake


async def talk_bytes(ws: bytes) -> None:
    await trio.sleep(len(ws))


NOT_ASYNC: Handler = not_async  # mistake
NO_REPLY: Handler = no_reply  # mistake
TWO_ARGUMENTS: Handler = two_arguments  # mistake
PARTIAL = partial(two_arguments, name=7)  # mistake
ROUTER = Router({"GET /": no_reply})  # mistake
UPGRADE = WebSocketUpgrade(talk=talk_bytes)  # mistake
HEADERS = Headers({"Content-Length": 7})  # mistake
LIMITS = Limits(handler_timeout="30 s")  # mistake


async def main(ws: WebSocketConnection) -> None:
    async with trio.open_nursery() as nursery:
        server = await nursery.start(partial(trio_https.serve, fine, tls=Path("a.pem")))  # mistake
        await server.stop(5)
    async with open_client(fine) as client:
        assert (await client.get("/")).stauts == 200  # mistake
