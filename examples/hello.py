"""A handler, a server, a nursery.

    python examples/hello.py

serves https://localhost:8443/ until Ctrl-C.
"""

import trio

import trio_https
from trio_https import Request, Response


async def hello(request: Request) -> Response:
    return Response.text(f"Hello! You asked for {request.path}.\n")


async def main() -> None:
    async with trio.open_nursery() as nursery:
        server = await nursery.start(trio_https.serve, hello)
        print(*server.urls, flush=True)


if __name__ == "__main__":
    trio.run(main)
