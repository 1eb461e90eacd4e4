"""What ``instructions.py`` counts: one connection in memory, whose client never has to be awaited.

    python benchmarks/instructions_target.py KIND REQUESTS FOLDER

The clocks stand still, so that nothing is done once a second, however long it takes.
"""

import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import trio
import trio.testing
from ceiling import serve_connection as serve_by_ceiling

__all__ = ["KINDS", "LATER", "Kind", "drive", "make_pages"]

LATER = 1_800_000_000.0
"""In seconds since the epoch: no file has changed lately."""

BROWSER = (
    "User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    "Accept-Language: de,en-US;q=0.7,en;q=0.3",
    "Accept-Encoding: gzip, deflate, br, zstd",
    *("Connection: keep-alive", "Upgrade-Insecure-Requests: 1", "Sec-Fetch-Dest: document"),
    *("Sec-Fetch-Mode: navigate", "Sec-Fetch-Site: none", "Sec-Fetch-User: ?1", "Priority: u=0, i"),
)


class Kind(NamedTuple):
    """A kind of request, to whom it goes, and with what it is answered."""

    what: str
    server: str
    """"ceiling", "handler" for one that always gives the same response, or "pages"."""
    targets: Sequence[str] = ("/small.txt",)
    fields: Sequence[str] = ()
    status: int = 200


KINDS = {
    "ceiling": Kind("the ceiling: h11 with prepared events", "ceiling"),
    "handler": Kind("a handler with a response of 1 KiB", "handler"),
    "page": Kind("a page of 1 KiB", "pages"),
    "browser": Kind("a page of 1 KiB, a browser's", "pages", fields=BROWSER),
    "thousand": Kind("1,000 pages of 1 KiB in turn", "pages", [f"/{n}.txt" for n in range(1000)]),
    "known": Kind(
        *("a page that is known (304)", "pages"),
        fields=["If-Modified-Since: Thu, 01 Jan 2026 00:00:00 GMT"],
        status=304,
    ),
    "range": Kind(
        *("64 KiB of a file of 100 KiB", "pages", ["/middle.txt"]),
        fields=["Range: bytes=0-65535"],
        status=206,
    ),
    "missing": Kind("a page that is missing (404)", "pages", ["/missing"], status=404),
}


def make_pages(folder: Path) -> None:
    sizes = {f"{number}.txt": 1024 for number in range(1000)}
    for name, size in {**sizes, "small.txt": 1024, "middle.txt": 100 * 1024}.items():
        (folder / name).write_bytes(b"x" * size)
        os.utime(folder / name, (1_700_000_000, 1_700_000_000))


class Client(trio.abc.Stream):
    """Sends one request after the other, takes all that it gets, and leaves when it has asked."""

    def __init__(self, kind: Kind, requests: int) -> None:
        lines = "".join(f"{field}\r\n" for field in ("Host: localhost:8443", *kind.fields))
        self._heads = [f"GET {to} HTTP/1.1\r\n{lines}\r\n".encode() for to in kind.targets]
        self._asked = 0
        self._requests = requests
        self.status_lines: Counter[bytes] = Counter()

    async def receive_some(self, _max_bytes: int | None = None) -> bytes:
        """Return the next request, b"" after the last."""
        await trio.lowlevel.checkpoint()
        if self._asked == self._requests:
            return b""
        self._asked += 1
        return self._heads[self._asked % len(self._heads)]

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Take a piece."""
        await trio.lowlevel.checkpoint()
        if data[:5] == b"HTTP/":
            self.status_lines[bytes(data[:12])] += 1

    async def wait_send_all_might_not_block(self) -> None:
        """Return at once."""

    async def aclose(self) -> None:
        """Do nothing."""


async def drive(kind: Kind, requests: int, folder: str) -> None:
    """Have a connection served that so many requests come on; raise where one was not answered."""
    client = Client(kind, requests)
    if kind.server == "ceiling":
        await serve_by_ceiling(client)
    else:
        await _serve(kind, client, requests, folder)
    expected = {f"HTTP/1.1 {kind.status}".encode(): requests}
    if client.status_lines != expected:
        raise RuntimeError(f"{kind.what}: expected {expected}, got {client.status_lines}")


async def _serve(kind: Kind, client: Client, requests: int, folder: str) -> None:
    from trio_https import Limits, Pages, Request, Response, serve_stream

    response = Response.text("x" * 1024)

    async def answer(_request: Request, /) -> Response:
        return response

    handler = Pages(folder) if kind.server == "pages" else answer
    await serve_stream(handler, client, limits=Limits(max_requests_per_connection=requests + 1))


def main(name: str, requests: str, folder: str) -> None:
    time.time = lambda: LATER
    clock = trio.testing.MockClock()
    trio.run(drive, KINDS[name], int(requests), folder, clock=clock)


if __name__ == "__main__":
    main(*sys.argv[1:])
