"""A folder of pages and a client of it without a connection: for the tests that stand beside it."""

import os
from contextlib import aclosing
from pathlib import Path

from trio_https.files.file_body import FileBody
from trio_https.messages import Handler, Headers, Request, Response
from trio_https.request_body import RequestBody

MODIFIED = 1_000_000_000
"""When a file that ``write`` makes was changed, in seconds since the epoch."""

NO_HEADERS = Headers()


async def nothing() -> bytes:
    return b""


async def no_informational(status: int, headers: Headers) -> None:
    raise AssertionError


def make_request(
    target: str,
    method: str = "GET",
    headers: Headers = NO_HEADERS,
    *,
    now: float = MODIFIED + 1000,
) -> Request:
    raw_path, _, query = target.partition("?")
    return Request(
        method=method,
        target=target,
        raw_path=raw_path,
        path="judged by the raw path",
        query=query,
        authority="localhost",
        http_version="1.1",
        headers=headers,
        body=RequestBody(nothing),
        client=None,
        tls=None,
        received_at=now,
        send_informational=no_informational,
    )


async def content_of(response: Response) -> bytes:
    """Read the body to its end and close it, as the server does."""
    if isinstance(response.body, bytes):
        return response.body
    assert isinstance(response.body, FileBody)
    async with aclosing(response.body) as body:
        return b"".join([bytes(piece) async for piece in body])


async def ask(
    handler: Handler,
    target: str,
    method: str = "GET",
    headers: Headers = NO_HEADERS,
    *,
    now: float = MODIFIED + 1000,
) -> Response:
    """Return the response with its body in one piece."""
    response = await handler(make_request(target, method, headers, now=now))
    assert isinstance(response, Response)
    return Response(response.status, response.headers, await content_of(response))


def write(path: Path, content: bytes | str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    os.utime(path, (MODIFIED, MODIFIED))
