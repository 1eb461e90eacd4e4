"""An echo over WebSocket, for ``websocket.py``: by this server, or by trio-websocket's own.

python benchmarks/websocket_target.py ours|compressed|trio-websocket CERTIFICATE KEY PORT
"""

import ssl
import sys
from contextlib import suppress
from functools import partial

import trio
import trio_websocket
from trio_websocket import ConnectionClosed, WebSocketConnection, WebSocketRequest

import trio_https
from trio_https import Limits, Request, WebSocketUpgrade

MANY = 10_000
MAX_MESSAGE_BYTES = 2 * 1024 * 1024


async def echo(connection: WebSocketConnection) -> None:
    while True:
        await connection.send_message(await connection.get_message())


async def answer(_request: Request, /, *, compress: bool) -> WebSocketUpgrade:
    return WebSocketUpgrade(talk=echo, max_message_bytes=MAX_MESSAGE_BYTES, compress=compress)


async def accept(request: WebSocketRequest) -> None:
    connection = await request.accept()
    with suppress(ConnectionClosed):
        await echo(connection)


async def main(kind: str, certificate: str, key: str, port: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    if kind == "trio-websocket":
        await trio_websocket.serve_websocket(
            accept, "127.0.0.1", port, context, max_message_size=MAX_MESSAGE_BYTES
        )
    handler = partial(answer, compress=kind == "compressed")
    limits = Limits(max_connections=MANY, max_connections_per_client=MANY)
    await trio_https.serve(handler, host="127.0.0.1", port=port, tls=context, limits=limits)


if __name__ == "__main__":
    trio.run(main, sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
