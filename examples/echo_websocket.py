"""A WebSocket that sends back each message.

    python examples/echo_websocket.py [--port 8443] [--cert FILE --key FILE] [--compress]

serves wss://localhost:8443/ until Ctrl-C; without a certificate of yours, with one of the local
authority. The same address, opened in a browser, says what it is.
"""

import argparse
import ssl
from functools import partial

import trio
from trio_websocket import WebSocketConnection

import trio_https
from trio_https import Request, Response, WebSocketUpgrade

MIB = 1024 * 1024


async def echo(connection: WebSocketConnection) -> None:
    while True:
        await connection.send_message(await connection.get_message())


async def handler(request: Request, *, compress: bool) -> Response | WebSocketUpgrade:
    if "Upgrade" not in request.headers:
        return Response.text("Hello! This is a WebSocket: new WebSocket(location)\n")
    return WebSocketUpgrade(talk=echo, compress=compress, max_message_bytes=16 * MIB)


async def main(port: int, tls: trio_https.TLS, *, compress: bool) -> None:
    serve = partial(trio_https.serve, partial(handler, compress=compress), port=port, tls=tls)
    async with trio.open_nursery() as nursery:
        server = await nursery.start(serve)
        print(*server.urls, flush=True)


def load(certificate: str, key: str | None) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Send back each WebSocket message.")
    parser.add_argument("--port", type=int, default=8443)
    parser.add_argument("--cert", help="PEM file with the certificate, and the key unless --key")
    parser.add_argument("--key", help="PEM file with the private key")
    parser.add_argument("--compress", action="store_true", help="agree on permessage-deflate")
    options = parser.parse_args()
    tls: trio_https.TLS = load(options.cert, options.key) if options.cert else "local"
    trio.run(partial(main, options.port, tls, compress=options.compress))
