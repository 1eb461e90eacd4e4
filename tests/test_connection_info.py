"""What the welcome page asks for: the facts of its own connection, told to the same origin only."""

import json
import logging
import re
import ssl
from collections.abc import Mapping
from typing import Any

import pytest
import trio

from trio_https import Address, HTTPError, Request, Response
from trio_https.handlers.connection_info import CONNECTION_INFO_PATH, with_connection_info
from trio_https.testing import open_connection

from .peer import Peer, Reply

CERTIFICATE = {"subject": "localhost", "names": ["localhost", "127.0.0.1"]}


async def pages(request: Request) -> Response:
    if request.path == "/missing":
        raise HTTPError(404)
    return Response.text(f"a page at {request.path}")


def handler(certificate: Mapping[str, object] | None = CERTIFICATE) -> Any:
    return with_connection_info(
        pages, server="trio_https 1.2.3", certificate=lambda _name: certificate
    )


async def ask(
    path: str = CONNECTION_INFO_PATH, certificate: Mapping[str, object] | None = None, **given: Any
) -> Reply:
    async with open_connection(handler(certificate), client=Address("192.0.2.7", 1234)) as stream:
        return await Peer(stream).ask(path, **given)


# The facts


async def test_without_tls_there_is_little_to_tell() -> None:
    facts = json.loads((await ask()).body)
    assert sorted(facts) == ["certificate", "client", "log_line", "server", "tls"]
    assert (facts["server"], facts["client"]) == ("trio_https 1.2.3", "192.0.2.7:1234")
    assert (facts["tls"], facts["certificate"]) == (None, None)


async def test_a_transport_without_an_address_has_no_client() -> None:
    async with open_connection(handler()) as stream:
        reply = await Peer(stream).ask(CONNECTION_INFO_PATH)
    assert json.loads(reply.body)["client"] is None


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_over_tls_it_is_what_the_client_sees_too(
    version: ssl.TLSVersion, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    client_context.minimum_version = client_context.maximum_version = version
    async with open_connection(handler(), server_context=server_context) as transport:
        stream = trio.SSLStream(transport, client_context, server_hostname="localhost")
        facts = json.loads((await Peer(stream).ask(CONNECTION_INFO_PATH)).body)
        cipher = stream.cipher()
        assert cipher is not None
        assert facts["tls"] == {
            "version": stream.version(),
            "cipher_suite": cipher[0],
            "alpn": "http/1.1",
            "resumed": False,
            "server_name": None,
            "client": None,
        }
    assert facts["certificate"] == CERTIFICATE


async def test_the_reply_is_json_for_the_same_origin_that_nobody_keeps() -> None:
    reply = await ask()
    assert reply.status == 200
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "no-store"
    assert reply.headers["cross-origin-resource-policy"] == "same-origin"
    assert reply.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in reply.headers


# The log line


async def test_the_log_line_is_the_one_in_the_access_log(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "trio_https.access")
    headers = [("User-Agent", 'curl "\xe9\\'), ("Referer", "https://localhost/")]
    reply = await ask(f"{CONNECTION_INFO_PATH}?a=%20", headers=headers)
    told = json.loads(reply.body)["log_line"]
    [logged] = caplog.messages
    assert re.sub(r"[\d.]+ms$", "", told) == re.sub(r"[\d.]+ms$", "", logged)
    assert '"GET /.trio-https/connection?a=%20 HTTP/1.1" 200 ' in told


@pytest.mark.parametrize("digits", [3, 4])
async def test_the_log_line_tells_the_length_of_the_body_that_it_stands_in(digits: int) -> None:
    shortest = len((await ask(certificate={"": ""})).body)
    lengths: list[int] = []
    for size in range(10**digits - shortest - 5, 10**digits - shortest + 5):
        reply = await ask(certificate={"": "x" * size})
        told = re.search(r'" 200 (\d+) "', json.loads(reply.body)["log_line"])
        assert told is not None
        lengths.append(int(told[1]))
        assert lengths[-1] == len(reply.body)
    assert min(lengths) < 10**digits <= max(lengths)  # where a digit is added


# Who may ask, and how


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_a_page_of_the_same_origin_and_the_address_bar_may_read_it(site: str) -> None:
    assert (await ask(headers=[("Sec-Fetch-Site", site)])).status == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site", "", "SAME-ORIGIN", "none, none"])
async def test_a_page_of_any_other_origin_may_not(site: str) -> None:
    reply = await ask(headers=[("Sec-Fetch-Site", site)])
    assert reply.status == 403
    assert reply.body == b"403 Forbidden: for pages of the same origin\n"


async def test_a_second_field_does_not_soften_the_first() -> None:
    both = [("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Site", "same-origin")]
    assert (await ask(headers=both)).status == 403
    assert (await ask(headers=both[::-1])).status == 403


async def test_head_is_answered_without_a_body() -> None:
    reply = await ask(method="HEAD")
    assert (reply.status, reply.body) == (200, b"")
    assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "PATCH", "get"])
async def test_no_other_method_is_answered(method: str) -> None:
    reply = await ask(method=method)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")
    assert b"192.0.2.7" not in reply.body


# All other paths


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/.trio-https",
        "/.trio-https/",
        "/.trio-https/connection/",
        "/.trio-https/connections",
        "/.TRIO-HTTPS/connection",
        "//.trio-https/connection",
        "/a/.trio-https/connection",
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_another_path_goes_to_the_handler(path: str, method: str) -> None:
    cross_site = [("Sec-Fetch-Site", "cross-site")]
    reply = await ask(path, method=method, headers=cross_site)
    assert (reply.status, reply.body) == (200, f"a page at {path}".encode())


async def test_what_the_handler_raises_is_left_to_it() -> None:
    assert (await ask("/missing")).status == 404


async def test_the_path_is_the_same_however_it_is_encoded() -> None:
    reply = await ask("/%2etrio-https/connection?q")
    assert json.loads(reply.body)["server"] == "trio_https 1.2.3"


async def test_head_has_the_length_that_get_has(autojump_clock: Any) -> None:
    handler = with_connection_info(pages, server="x", certificate=lambda _name: None)
    async with open_connection(handler) as stream:
        peer = Peer(stream)
        lengths = [
            (await peer.ask(CONNECTION_INFO_PATH, method)).headers["content-length"]
            for method in ("GET", "HEAD")
        ]
    assert abs(int(lengths[0]) - int(lengths[1])) <= 1  # the milliseconds may have a digit more
