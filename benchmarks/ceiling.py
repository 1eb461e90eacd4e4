"""The ceiling: what ``trio.SSLStream`` and h11 cost by themselves, without anything of ours.

A loop that parses a request with h11 and answers each with the same prepared events: no files, no
deadlines, no limits, no log. Our server is measured as a ratio to it.

    python benchmarks/ceiling.py CERTIFICATE KEY PORT
"""

import ssl
import sys
from functools import partial

import h11
import trio

BODY = b"x" * 1024
RESPONSE = h11.Response(
    status_code=200,
    headers=[("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(BODY)))],
    reason=b"OK",
)
DATA = h11.Data(data=BODY)
END = h11.EndOfMessage()


async def serve_connection(stream: trio.abc.Stream) -> None:
    connection = h11.Connection(h11.SERVER)
    try:
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(bytes(await stream.receive_some()))
            elif isinstance(event, h11.EndOfMessage):
                parts = (connection.send(RESPONSE), connection.send(DATA), connection.send(END))
                await stream.send_all(b"".join(parts))
                if connection.our_state is h11.MUST_CLOSE:
                    break
                connection.start_next_cycle()
            elif isinstance(event, h11.ConnectionClosed):
                break
    except (trio.BrokenResourceError, h11.RemoteProtocolError):
        pass
    await trio.aclose_forcefully(stream)


async def main(certificate: str, key: str, port: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    context.load_cert_chain(certificate, key)
    await trio.serve_ssl_over_tcp(
        serve_connection, port, context, host="127.0.0.1", https_compatible=True
    )


if __name__ == "__main__":
    trio.run(partial(main, sys.argv[1], sys.argv[2], int(sys.argv[3])))
