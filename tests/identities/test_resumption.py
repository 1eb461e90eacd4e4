"""Sessions that a real browser resumes, also after the certificate was replaced."""

from functools import partial
from pathlib import Path
from typing import Any

import trio
import trustme

import trio_https
from trio_https import Identities, Limits, Request, Response, Server

from ..chromium import open_chromium
from .key_files import write_pair

ASK = "fetch('/resumed', {cache: 'no-store'}).then(answer => answer.json())"
TIMES = 5


async def tell_resumption(request: Request) -> Response:
    if request.path != "/resumed":
        return Response.html("<!doctype html><title>Sessions</title>")
    assert request.tls is not None
    return Response.json(request.tls.resumed)


async def test_chromium_resumes_each_session_also_after_a_reload(
    tmp_path: Path, authority: trustme.CA
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    identities = Identities([write_pair(authority, tmp_path, "server", "localhost")])
    # So that each request is on a connection of its own, with a handshake.
    limits = Limits(max_requests_per_connection=1)
    async with trio.open_nursery() as nursery:
        serve: Any = partial(
            trio_https.serve, tell_resumption, port=0, tls=identities, limits=limits
        )
        server: Server = await nursery.start(serve)
        async with open_chromium(tmp_path / "browser", trust=tmp_path / "ca.pem") as browser:
            page = await browser.open_page(server.urls[0])
            before = [await page.evaluate(ASK) for _ in range(TIMES)]
            write_pair(authority, tmp_path, "server", "localhost")
            old = identities.descriptions
            await identities.reload()
            assert identities.descriptions != old
            after = [await page.evaluate(ASK) for _ in range(TIMES)]
            assert page.security_state == "secure"
        await server.stop()
    assert before == [True] * TIMES
    assert after == [True] * TIMES
