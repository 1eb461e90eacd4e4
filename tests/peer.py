"""An HTTP client that we did not write, h11, over any Trio stream."""

from collections.abc import Sequence
from typing import NamedTuple

import h11
import trio


class Reply(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes
    informational: tuple[int, ...] = ()


class Peer:
    """A client on one connection; ``ask`` sends a request and reads its response."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self._h11 = h11.Connection(h11.CLIENT)

    async def ask(
        self,
        target: str = "/",
        method: str = "GET",
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
    ) -> Reply:
        fields = [("Host", "localhost"), *headers]
        if body:
            fields.append(("Content-Length", str(len(body))))
        encoded = [(name.encode(), value.encode("latin-1")) for name, value in fields]
        data = self._h11.send(h11.Request(method=method, target=target, headers=encoded))
        if body:
            data += self._h11.send(h11.Data(data=body))
        await self.stream.send_all(data + self._h11.send(h11.EndOfMessage()))
        return await self.read_reply()

    async def read_reply_only(self, method: str = "GET") -> Reply:
        """Read a response to a request that was sent by other means."""
        self._h11.send(h11.Request(method=method, target="/", headers=[("Host", "localhost")]))
        self._h11.send(h11.EndOfMessage())
        return await self.read_reply()

    async def read_reply(self) -> Reply:
        informational: list[int] = []
        response: h11.Response | None = None
        body = b""
        while True:
            event = self._h11.next_event()
            if event is h11.NEED_DATA:
                try:
                    received = bytes(await self.stream.receive_some(65536))
                except trio.BrokenResourceError:
                    received = b""
                self._h11.receive_data(received)
            elif isinstance(event, h11.InformationalResponse):
                informational.append(event.status_code)
            elif isinstance(event, h11.Response):
                response = event
            elif isinstance(event, h11.Data):
                body += event.data
            else:
                assert isinstance(event, h11.EndOfMessage), event
                assert response is not None
                break
        if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
            self._h11.start_next_cycle()
        fields = {name.decode(): value.decode("latin-1") for name, value in response.headers}
        return Reply(response.status_code, fields, body, tuple(informational))


async def read_all(stream: trio.abc.ReceiveStream) -> bytes:
    """Read until the end of the stream."""
    data = bytearray()
    while received := await stream.receive_some(65536):
        data += received
    return bytes(data)
