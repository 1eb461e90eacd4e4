"""The server that is measured and attacked: a folder of pages, an upload, a request that waits.

    python benchmarks/target.py CERTIFICATE KEY PORT FOLDER [LIMITS [quiet]]

LIMITS are fields of ``trio_https.Limits`` as a JSON object. It listens on 127.0.0.1, for clients
from all of 127.0.0.0/8, and logs as the command does, but for the access log where it is quiet.
"""

import json
import sys
from functools import partial
from pathlib import Path

import trio

from trio_https import Handler, Limits, Pages, Request, Response, serve
from trio_https.cli.serving_logs import configure_logs
from trio_https.tls import open_server_context


def with_upload_and_wait(pages: Handler) -> Handler:
    async def handler(request: Request, /) -> Response:
        if request.method == "POST":
            size = 0
            async for piece in request.body:
                size += len(piece)
            return Response.text(f"{size} bytes\n")
        if request.path == "/wait":
            await trio.sleep_forever()
        response = await pages(request)
        assert isinstance(response, Response)
        return response

    return handler


def main(
    certificate: str, key: str, port: str, folder: str, limits: str = "{}", log: str = ""
) -> None:
    configure_logs(access_log=log != "quiet", json=False)
    trio.run(
        partial(
            serve,
            with_upload_and_wait(Pages(folder)),
            host="127.0.0.1",
            port=int(port),
            tls=open_server_context(Path(certificate), Path(key)),
            limits=Limits(**json.loads(limits)),
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
