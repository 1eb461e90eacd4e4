"""Each public name as programs use it, and the types that checkers are to see there."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, assert_type
from uuid import UUID

import trio
from trio_websocket import WebSocketConnection

import trio_https
from trio_https import (
    TLS,
    Address,
    BodyWriter,
    CertificateFolder,
    ClientCertificate,
    ClientGone,
    ConfigError,
    EventSender,
    Form,
    Handler,
    Headers,
    HTTPError,
    Identities,
    KeyFiles,
    Limits,
    LocalAuthority,
    Pages,
    PathParameters,
    Reply,
    Request,
    RequestBody,
    Response,
    Router,
    Server,
    StopSignal,
    TLSInfo,
    Upgrade,
    UploadedFile,
    WebSocketUpgrade,
    event_stream,
    file_response,
    hash_password,
    last_event_id,
    local_certificate,
    serve,
    serve_listeners,
    serve_stream,
    with_basic_auth,
    with_client_certificates,
    with_cors,
    with_known_hosts,
    with_request_id,
    with_security_headers,
    with_time_limit,
)
from trio_https.testing import (
    Client,
    ClientConnection,
    HTTPSClientOpener,
    HTTPSServerStarter,
    Informational,
    RawConnection,
    ReceivedResponse,
    RequestBodySource,
    ResponseError,
    ResponseTimeoutError,
    SendTimeoutError,
    StreamedResponse,
    TLSContexts,
    UpgradeRefusedError,
    open_client,
    open_connection,
    throwaway_contexts,
)
from trio_https.testing.httpx import MemoryTransport, open_httpx_client

# What a request tells.


async def describe(request: Request) -> Response:
    assert_type(request.method, str)
    assert_type(request.headers, Headers)
    assert_type(request.headers.get("accept"), str | None)
    assert_type(request.cookies, Mapping[str, str])
    assert_type(request.client, Address | None)
    assert_type(request.path_parameters, PathParameters)
    assert_type(request.path_parameters["name"], str)
    assert_type(request.path_parameters.int("number"), int)
    assert_type(request.path_parameters.uuid("id"), UUID)
    assert_type(request.body, RequestBody)
    assert_type(request.stopping, StopSignal)
    assert_type(request.cancel_scope, trio.CancelScope)
    assert_type(request.user, str | None)
    assert_type(request.id, str | None)
    assert_type(request.trailers, Headers)
    assert_type(request.tls, TLSInfo | None)
    if request.tls is not None and request.tls.client is not None:
        assert_type(request.tls.client, ClientCertificate)
        assert_type(request.tls.client.not_after, datetime)
    await request.send_early_hints(Headers({"Link": "</style.css>; rel=preload"}))
    request.outlive_client()
    return Response(200, Headers([("Content-Type", "text/plain")]), b"Hello")


async def read_bodies(request: Request) -> Response:
    assert_type(await request.bytes(), bytes)
    assert_type(await request.text(max_bytes=1000), str)
    assert_type(await request.json(), Any)
    async for piece in request.body:
        assert_type(piece, bytes | bytearray)
    async with request.form(max_files=1) as form:
        assert_type(form, Form)
        assert_type(form.text("name"), str)
        assert_type(form.file("photo"), UploadedFile)
        assert_type(form["name"], str | UploadedFile)
        assert_type(form.get("name"), str | UploadedFile | None)
        assert_type(form.pairs, tuple[tuple[str, str | UploadedFile], ...])
        assert_type(await form.file("photo").read(), bytes)
        await form.file("photo").save_to(Path("photo.jpg"))
    return Response.redirect("/thanks", 303)


# What a handler gives back.


async def answer_in_many_ways(request: Request) -> Reply:
    async def letters() -> AsyncIterator[bytes]:
        yield b"a"

    async def write(out: trio.abc.SendStream) -> None:
        await out.send_all(b"a")

    async def send_events(events: EventSender) -> None:
        await events.send("tick", event="clock", id="1")
        await events.comment()

    async def talk(ws: WebSocketConnection) -> None:
        await ws.send_message(await ws.get_message())

    async def shout(stream: trio.abc.Stream) -> None:
        async for piece in stream:
            await stream.send_all(bytes(piece).upper())

    writer: BodyWriter = write
    match request.path:
        case "/text":
            return assert_type(Response.text("Hello", 201), Response)
        case "/html":
            return Response.html("<h1>Hello</h1>").with_header("X-A", "b")
        case "/json":
            return Response.json({"a": [1, None]}).with_cookie("a", "b", same_site="Strict")
        case "/letters":
            return Response(body=letters())
        case "/written":
            return Response(body=writer).without_cookie("a")
        case "/echo":
            return Response(body=request.body)
        case "/events":
            assert_type(last_event_id(request), str | None)
            return event_stream(request, send_events, retry_seconds=1)
        case "/file":
            return await file_response(request, "a.pdf", download_as="b.pdf")
        case "/ws":
            return WebSocketUpgrade(talk=talk, subprotocols=("chat",), compress=True)
        case "/shout":
            return Upgrade(protocol="shout/1", talk=shout, headers=Headers())
        case _:
            raise HTTPError(405, "try another", headers=[("Allow", "GET")])


async def only_upgrade(request: Request) -> WebSocketUpgrade:
    async def talk(ws: WebSocketConnection) -> None:
        await ws.aclose(1000)

    return WebSocketUpgrade(talk=talk)


class Greeter:
    def __init__(self, greeting: str) -> None:
        self._greeting = greeting

    async def __call__(self, request: Request) -> Response:
        return Response.text(f"{self._greeting} {request.query}")

    async def shout(self, request: Request) -> Response:
        return Response.text(self._greeting.upper())


async def greet(greeting: str, request: Request, *, mark: str) -> Response:
    return Response.text(greeting + mark)


# Handlers of every kind, and what stands around them.

HANDLERS: list[Handler] = [
    describe,
    answer_in_many_ways,
    only_upgrade,
    Greeter("Hello"),
    Greeter("Hello").shout,
    partial(greet, "Hello", mark="!"),
    Pages("site", listing=True),
    Router({"GET /": describe, "/files/": Pages(Path("site"))}),
]


def with_log(handler: Handler) -> Handler:
    async def answer(request: Request) -> Reply:
        try:
            return await handler(request)
        except ClientGone:
            raise
        except HTTPError as exc:
            assert_type(exc.status, int)
            assert_type(exc.headers, tuple[tuple[str, str], ...])
            raise

    return answer


def wrap(handler: Handler) -> Handler:
    handler = with_time_limit(handler, 10)
    handler = with_basic_auth(handler, realm="Us", users={"ada": hash_password("secret")})
    handler = with_cors(handler, origins=["https://app.example"])
    handler = with_client_certificates(handler)
    handler = with_security_headers(handler, hsts=60)
    handler = with_known_hosts(handler, ["www.example"])
    return with_request_id(with_log(handler))


# Servers.

CERTIFICATES: list[TLS] = [
    "local",
    None,
    ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
    KeyFiles(Path("server.crt"), Path("server.key")),
    CertificateFolder(Path("certs")),
    LocalAuthority(Path("home")),
    Identities([KeyFiles(Path("server.pem"))], client_ca=Path("ca.pem")),
]


async def run_servers(stream: trio.abc.Stream) -> None:
    limits = Limits(handler_timeout=30)
    async with trio.open_nursery() as nursery, local_certificate(["localhost"]) as tls:
        assert_type(tls, Identities)
        nursery.start_soon(trio_https.serve, describe)
        first: Server = await nursery.start(partial(serve, wrap(describe), port=0, limits=limits))
        listeners = await trio.open_tcp_listeners(0)
        serve_all = partial(serve_listeners, HANDLERS[0], listeners, tls=tls)
        second: Server = await nursery.start(serve_all)
        nursery.start_soon(partial(serve_stream, describe, stream, tls=CERTIFICATES[0]))
        assert_type(first.addresses, tuple[Address, ...])
        assert_type(first.urls, tuple[str, ...])
        assert_type(first.port, int)
        assert_type(first.stopping, StopSignal)
        await first.stop(grace=5)
        await second.stop()


async def report_mistakes() -> None:
    try:
        await serve(describe, tls=KeyFiles(Path("missing.pem")))
    except ConfigError as exc:
        assert_type(str(exc), str)


# Tests.


async def test_in_memory() -> None:
    tls = throwaway_contexts("www.test")
    assert_type(tls, TLSContexts)
    async with open_client(describe, tls=tls, authority="www.test") as client:
        assert_type(client, Client)
        response = await client.get("/", headers={"Accept": "text/plain"})
        assert_type(response, ReceivedResponse)
        assert_type(response.headers, Headers)
        assert_type(response.informational, tuple[Informational, ...])
        assert_type(response.text, str)
        assert_type(response.json(), Any)
        async with client.stream("POST", "/", json={"a": 1}) as streamed:
            assert_type(streamed, StreamedResponse)
            async for piece in streamed:
                assert_type(piece, bytes)
        async with client.websocket("/ws", subprotocols=["chat"]) as ws:
            assert_type(ws, WebSocketConnection)
            assert_type(await ws.get_message(), str | bytes)
        async with client.connect() as connection:
            assert_type(connection, RawConnection)
            await connection.send_slowly(b"GET / HTTP/1.1\r\n")
            assert_type(await connection.receive_response(), ReceivedResponse)
        stream = await client.upgrade("/", "shout/1")
        assert_type(stream, ClientConnection)
        await client.stop(5)


async def post(client: Client, body: RequestBodySource) -> int | None:
    try:
        return (await client.post("/", body=body)).status
    except (ResponseTimeoutError, SendTimeoutError, UpgradeRefusedError):
        return None
    except ResponseError as exc:
        assert_type(exc.response, ReceivedResponse | None)
        return None


async def test_with_fixtures(
    open_https_client: HTTPSClientOpener, start_https_server: HTTPSServerStarter
) -> None:
    assert_type(await open_https_client(describe, tls=False), Client)
    assert_type(await start_https_server(describe), Server)


async def test_with_httpx() -> None:
    import httpx

    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(open_httpx_client(describe))
        assert_type(client, httpx.AsyncClient)
        ours = await stack.enter_async_context(open_client(describe))
        httpx.AsyncClient(transport=MemoryTransport(ours))
        stream = await stack.enter_async_context(open_connection(describe))
        await stream.send_all(b"GET / HTTP/1.0\r\n\r\n")
