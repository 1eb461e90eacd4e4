"""The folder by aiohttp, on uvloop.

python aiohttp_app.py CERTIFICATE KEY PORT
"""

import os
import ssl
import sys

import uvloop
from aiohttp import web


def main(certificate: str, key: str, port: int) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    app = web.Application()
    app.router.add_static("/", os.environ["SITE"])
    web.run_app(
        app,
        host="127.0.0.1",
        port=port,
        ssl_context=context,
        access_log=None,
        keepalive_timeout=600,
        loop=uvloop.new_event_loop(),
        print=None,
    )


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
