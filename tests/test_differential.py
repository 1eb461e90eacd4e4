"""Four clients, none of ours, read the same response from the server: the one that was meant.

Requests are made from a seed: methods, targets, fields, and bodies with a length or in chunks. The
answer tells what the server made of the request, in a form that the request asks for; so a
difference in either direction is one in what a client reads. All is TLS on a socket of loopback.
"""

import hashlib
import json
import random
import re
import socket
import ssl
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import closing
from functools import partial
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any, NamedTuple

import h11
import httpx
import pytest
import trio
import trustme

from trio_https import Headers, HTTPError, Limits, Request, Response, serve

from .programs import require_program

TIMEOUT = 30.0  # seconds, for a machine that is busy with other things
SEED, HOW_MANY = 7, 48  # a seed whose cases are of all kinds, see the last test


class Case(NamedTuple):
    """A request, and the shape of the response to it."""

    method: str
    target: str
    shape: str
    fields: tuple[tuple[str, str], ...]
    pieces: tuple[bytes, ...] | None
    """The body; None: there is none."""
    is_chunked: bool
    expects_continue: bool

    @property
    def body(self) -> bytes:
        return b"".join(self.pieces or ())

    def lines(self) -> list[tuple[bytes, bytes]]:
        """All fields as they are to be sent, but for Host."""
        lines = [("X-Shape", self.shape), *self.fields]
        if self.is_chunked:
            lines.append(("Transfer-Encoding", "chunked"))
        elif self.pieces is not None:
            lines.append(("Content-Length", str(len(self.body))))
        if self.expects_continue:
            lines.append(("Expect", "100-continue"))
        return [(name.encode(), value.encode("latin-1")) for name, value in lines]


class Reading(NamedTuple):
    """What a client reads of a response."""

    status: int
    fields: dict[str, str]
    """Those of ``SELECTED`` that are there."""
    body: bytes


SELECTED = ("content-type", "content-length", "x-echo", "x-twice", "allow")
SHAPES = ("length", "chunks", "empty", "204", "304", "404", "405")
VALUES = ("", "a", 'a, b;c="d"', "caf\xe9 \x80", "x" * 3000, "in \t between", "%0d%0a", "'{}'")
SEGMENTS = ("a", "%20", "%2F", "%C3%A9", "..", ".", "", "a;b=c", "~'()*!$&+,=:@", "%00")


def make_cases() -> list[Case]:
    chance = random.Random(SEED)
    return [_make_case(chance, SHAPES[number % len(SHAPES)]) for number in range(HOW_MANY)]


def _make_case(chance: random.Random, shape: str) -> Case:
    method = chance.choice(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
    target = "/" + "/".join(chance.choices(SEGMENTS, k=chance.randrange(4)))
    target += chance.choice(["", "?", "?q=%20&r", "?a=/?b", "?[]|^"])
    if method == "OPTIONS" and chance.random() < 0.5:
        target = "*"
    names = ["X-Note", "x-lower", "X-Twice", "X-Twice", "X-1!#$%&'*+.^_`|~"]
    fields = tuple((name, chance.choice(VALUES)) for name in names if chance.random() < 0.6)
    pieces: tuple[bytes, ...] | None = None
    if method in {"POST", "PUT", "PATCH"} or (method == "DELETE" and chance.random() < 0.5):
        sizes = chance.choice([[0], [1], [10, 1, 300], [200_000], [5000, 40_000]])
        pieces = tuple(chance.randbytes(size) for size in sizes)
    return Case(
        method,
        target,
        shape,
        fields,
        pieces,
        is_chunked=pieces is not None and chance.random() < 0.5,
        expects_continue=pieces is not None and any(pieces) and chance.random() < 0.5,
    )


CASES = make_cases()


# The server


def account(method: str, target: str, fields: list[tuple[str, str]], body: bytes) -> bytes:
    """Tell what was understood of a request."""
    told = [[name.lower(), value] for name, value in fields if name.lower().startswith("x-")]
    digest = hashlib.sha256(body).hexdigest()
    return json.dumps([method, target, told, len(body), digest]).encode() * 3


async def handler(request: Request) -> Response:
    shape = request.headers.get("x-shape")
    if shape == "404":  # whatever there is of a body is not asked for
        raise HTTPError(404, "no such page", headers=[("X-Echo", "caf\xe9")])
    body = b"".join([bytes(piece) async for piece in request.body])
    answer = account(request.method, request.target, list(request.headers), body)
    fields = [("Content-Type", "text/x-account"), ("X-Twice", "1"), ("X-Twice", "2")]
    if shape == "405":
        raise HTTPError(405, headers=[("Allow", "BREW, WHEN")])
    if shape == "chunks":
        return Response(headers=Headers(fields), body=_in_pieces(answer))
    if shape == "empty":
        return Response(headers=Headers(fields))
    if shape in ("204", "304"):
        return Response(int(shape), Headers([("X-Echo", "none")]), b"left out")
    return Response(headers=Headers(fields), body=answer)


async def _in_pieces(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), 100):
        yield content[start : start + 100]
        await trio.lowlevel.checkpoint()


def meant_for(case: Case) -> Reading:
    """Return what must be read, without asking the server."""
    answer, status, fields = b"", 200, {"content-type": "text/x-account", "x-twice": "1, 2"}
    if case.shape in ("204", "304"):
        return Reading(int(case.shape), {"x-echo": "none"}, b"")
    if case.shape == "404":
        answer, status = b"404 Not Found: no such page\n", 404
        fields = {"content-type": "text/plain; charset=utf-8", "x-echo": "caf\xe9"}
    elif case.shape == "405":
        answer, status = b"405 Method Not Allowed\n", 405
        fields = {"content-type": "text/plain; charset=utf-8", "allow": "BREW, WHEN"}
    elif case.shape != "empty":
        told = [("x-shape", case.shape), *case.fields]
        answer = account(case.method, case.target, told, case.body)
    if case.shape != "chunks":
        fields["content-length"] = str(len(answer))
    return Reading(status, fields, b"" if case.method == "HEAD" else answer)


@pytest.fixture(scope="module")
def port(server_context: ssl.SSLContext) -> Iterator[int]:
    """The port of a server that runs in a thread, for clients that know nothing of Trio."""
    started: Future[tuple[int, Callable[[], object]]] = Future()

    async def main() -> None:
        async with trio.open_nursery() as nursery:
            start = partial(serve, handler, host="localhost", port=0, tls=server_context)
            server = await nursery.start(start)
            token = trio.lowlevel.current_trio_token()
            stop = partial(token.run_sync_soon, nursery.cancel_scope.cancel)
            started.set_result((server.port, stop))

    def run() -> None:
        try:
            trio.run(main)
        except BaseException as exc:
            if started.done():
                raise
            started.set_exception(exc)

    thread = threading.Thread(target=run)
    thread.start()
    port, stop = started.result(TIMEOUT)
    try:
        yield port
    finally:
        stop()
        thread.join(TIMEOUT)


# The clients


class H11Client:
    """h11 on a socket; the connection is kept for as long as both sides like."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._port = port
        self._context = context
        self._connect()

    def _connect(self) -> None:
        plain = socket.create_connection(("localhost", self._port), TIMEOUT)
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # heads and bodies are apart
        self._socket = self._context.wrap_socket(plain, server_hostname="localhost")
        self._h11 = h11.Connection(h11.CLIENT)

    def close(self) -> None:
        self._socket.close()

    def ask(self, case: Case) -> Reading:
        if self._h11.our_state is not h11.IDLE:
            if self._h11.our_state is h11.DONE and self._h11.their_state is h11.DONE:
                self._h11.start_next_cycle()
            else:
                self.close()
                self._connect()
        host = (b"Host", b"localhost:%d" % self._port)
        self._send(
            h11.Request(method=case.method, target=case.target, headers=[host, *case.lines()])
        )
        response: h11.Response | None = None
        if case.expects_continue:
            answer = self._next()
            response = answer if isinstance(answer, h11.Response) else None
        if response is None:  # the body is wanted
            for piece in case.pieces or ():
                self._send(h11.Data(data=piece))
            self._send(h11.EndOfMessage())
            response = self._next()
        assert isinstance(response, h11.Response), response
        body = b""
        while isinstance(event := self._next(), h11.Data):
            body += event.data
        assert isinstance(event, h11.EndOfMessage), event
        fields = [(name.decode(), value.decode("latin-1")) for name, value in response.headers]
        return Reading(response.status_code, select(fields), body)

    def _send(self, event: h11.Event) -> None:
        self._socket.sendall(self._h11.send(event) or b"")

    def _next(self) -> Any:
        while (event := self._h11.next_event()) is h11.NEED_DATA:
            self._h11.receive_data(self._socket.recv(65536))
        return event


class StandardClient:
    """http.client of Python."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._port = port
        self._connection = HTTPSConnection("localhost", port, timeout=TIMEOUT, context=context)

    def close(self) -> None:
        self._connection.close()

    def ask(self, case: Case) -> Reading:
        connection = self._connection
        connection.putrequest(case.method, case.target, skip_accept_encoding=True)
        for name, value in case.lines():
            connection.putheader(name.decode(), value)
        body = iter(case.pieces) if case.pieces is not None else None
        connection.endheaders(body, encode_chunked=case.is_chunked)
        response = connection.getresponse()
        content = response.read()
        return Reading(response.status, select(response.getheaders()), content)


class HTTPXClient:
    """httpx."""

    def __init__(self, port: int, context: ssl.SSLContext) -> None:
        self._port = port
        self._client = httpx.Client(verify=context, trust_env=False, timeout=TIMEOUT)

    def close(self) -> None:
        self._client.close()

    def ask(self, case: Case) -> Reading:
        response = self._client.send(
            httpx.Request(
                case.method,
                f"https://localhost:{self._port}/",
                headers=case.lines(),
                content=iter(case.pieces) if case.pieces is not None else None,
                extensions={"target": case.target.encode()},
            )
        )
        lines = [(name.decode(), value.decode("latin-1")) for name, value in response.headers.raw]
        return Reading(response.status_code, select(lines), response.content)


class CurlClient:
    """curl, a process for each request."""

    def __init__(self, port: int, folder: Path, authority: trustme.CA) -> None:
        self._port = port
        self._folder = folder
        self._ca_file = folder / "ca.pem"
        authority.cert_pem.write_to_path(self._ca_file)

    def close(self) -> None:
        pass

    def ask(self, case: Case) -> Reading:
        head, content = self._folder / "head", self._folder / "content"
        content.write_bytes(b"")  # curl writes none where there is no body
        command: list[str | bytes | Path] = [require_program("curl"), "--disable", "--noproxy", "*"]
        command += ["--silent", "--show-error", "--max-time", str(TIMEOUT)]
        command += ["--cacert", self._ca_file, "--dump-header", head, "--output", content]
        command += ["--request-target", case.target, f"https://localhost:{self._port}/"]
        for name in ("User-Agent", "Accept", "Content-Type", "Expect"):
            command += ["--header", f"{name}:"]  # not this one
        for line, value in case.lines():
            if line != b"Content-Length":  # curl knows it
                command += ["--header", line + b": " + value if value else line + b";"]
        if case.method == "HEAD":
            command += ["--head"]
        else:
            command += ["--request", case.method]
        if case.pieces is not None:
            command += ["--data-binary", "@-"]
        subprocess.run(command, input=case.body, check=True, timeout=TIMEOUT)
        received, head_bytes = content.read_bytes(), head.read_bytes()
        if case.method == "HEAD" and received == head_bytes:  # --head prints it
            received = b""
        # The last head is that of the response: 100 Continue comes before it.
        lines = head_bytes.decode("latin-1").strip().split("\r\n\r\n")[-1].split("\r\n")
        status = re.fullmatch(r"HTTP/1\.1 (\d{3}) .*", lines[0])
        assert status is not None, lines
        fields = [
            (name, value.strip(" ")) for name, _, value in (x.partition(":") for x in lines[1:])
        ]
        return Reading(int(status[1]), select(fields), received)


def select(lines: list[tuple[str, str]]) -> dict[str, str]:
    """Return what counts of a response's fields, several lines of one name joined."""
    fields: dict[str, str] = {}
    for name, value in lines:
        known = name.lower()
        if known in SELECTED:
            fields[known] = f"{fields[known]}, {value}" if known in fields else value
    return fields


# What is compared


def compare(client: H11Client | StandardClient | HTTPXClient | CurlClient) -> None:
    with closing(client):
        for case in CASES:
            assert client.ask(case) == meant_for(case), case


@pytest.mark.no_cover
def test_h11_reads_what_was_meant(port: int, client_context: ssl.SSLContext) -> None:
    compare(H11Client(port, client_context))


@pytest.mark.no_cover
def test_http_client_reads_what_was_meant(port: int, client_context: ssl.SSLContext) -> None:
    compare(StandardClient(port, client_context))


@pytest.mark.no_cover
def test_httpx_reads_what_was_meant(port: int, client_context: ssl.SSLContext) -> None:
    compare(HTTPXClient(port, client_context))


@pytest.mark.no_cover
def test_curl_reads_what_was_meant(port: int, tmp_path: Path, authority: trustme.CA) -> None:
    compare(CurlClient(port, tmp_path, authority))


def test_the_cases_are_of_all_kinds() -> None:
    assert {case.shape for case in CASES} == set(SHAPES)
    bodies = {(case.is_chunked, case.expects_continue) for case in CASES if case.body}
    assert len(bodies) == 4
    assert {"HEAD", "GET", "POST", "OPTIONS"} <= {case.method for case in CASES}
    assert "*" in {case.target for case in CASES}
    unread = [case for case in CASES if case.shape == "404" and case.is_chunked]
    assert any(len(case.body) > Limits().max_drain_bytes for case in unread)
