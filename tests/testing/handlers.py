"""Handlers that several files of tests ask."""

import trio

from trio_https import Request, Response


class Waiting:
    """A handler that waits until it is cancelled, and tells when that was."""

    def __init__(self) -> None:
        self.left = trio.Event()

    async def __call__(self, request: Request) -> Response:
        try:
            await trio.sleep_forever()
        finally:
            self.left.set()

    async def as_body(self, request: Request) -> Response:
        """Wait in the body, after a first piece of it."""
        return Response(body=self._write)

    async def _write(self, out: trio.abc.SendStream) -> None:
        try:
            await out.send_all(b"first")
            await trio.sleep_forever()
        finally:
            self.left.set()


async def fail(request: Request) -> Response:
    """Have a bug."""
    raise LookupError("no such thing")


async def fail_late(request: Request) -> Response:
    """Have a bug when the client has left."""
    request.outlive_client()
    await trio.sleep(60)
    raise LookupError("too late")
