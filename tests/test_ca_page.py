"""The page that gives a phone the certificate authority: that, the steps, and nothing else."""

import re
from html import escape, unescape

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.handlers.ca_page import CA_PATH, CAPage
from trio_https.testing import open_connection

from .peer import Peer, Reply, read_all

SHA256 = ":".join(["0A", "1B", "2C", "3D"] * 8)
PEM = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
PAGE = CAPage(certificate=PEM, name="local CA (me@vm)", sha256=SHA256, https_port=8443)


async def ask(target: str = "/", method: str = "GET", *, host: str = "192.168.1.7:8444") -> Reply:
    async with open_connection(PAGE) as stream:
        head = f"{method} {target} HTTP/1.1\r\nHost: {host}\r\n\r\n"
        await stream.send_all(head.encode())
        return await Peer(stream).read_reply_only(method)


async def test_the_certificate_is_what_a_phone_installs() -> None:
    reply = await ask(CA_PATH)
    assert (reply.status, reply.body) == (200, PEM)
    assert reply.headers["content-type"] == "application/x-x509-ca-cert"
    assert reply.headers["content-disposition"] == 'attachment; filename="trio-https-ca.crt"'


async def test_the_page_shows_the_name_and_the_fingerprint_and_leads_on() -> None:
    text = (await ask()).body.decode()
    assert f">{SHA256}<" in text
    assert ">local CA (me@vm)<" in text
    assert 'href="/ca.crt"' in text
    assert 'href="https://192.168.1.7:8443/"' in text


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("vm.local:8444", "https://vm.local:8443/"),
        ("[fd00::7]:8444", "https://[fd00::7]:8443/"),
        ("a&b'c", "https://a&b'c:8443/"),
    ],
)
async def test_it_leads_to_the_host_that_the_phone_has_reached(host: str, url: str) -> None:
    text = (await ask(host=host)).body.decode()
    links = map(unescape, re.findall(r'href="(https:[^"]*)"', text))
    assert set(links) == {url}


async def test_it_loads_nothing_and_runs_nothing() -> None:
    reply = await ask()
    text = reply.body.decode()
    assert "<script" not in text
    assert set(re.findall(r'(?:src|href)="([^",]*)', text)) == {
        "data:image/svg+xml",
        "/ca.crt",
        "https://192.168.1.7:8443/",
    }
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "frame-ancestors 'none'" in policy
    assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("target", ["/", CA_PATH])
async def test_nothing_of_it_is_kept(target: str) -> None:
    assert (await ask(target)).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("target", ["/", CA_PATH])
async def test_head_is_get_without_the_content(target: str) -> None:
    full, head = await ask(target), await ask(target, "HEAD")
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == str(len(full.body))


@pytest.mark.parametrize(
    "target",
    ["/index.html", "/ca.key", "/ca.crt/", "//", "//ca.crt", "/ca", "/CA.CRT", "/.trio-https/x"],
)
async def test_there_is_nothing_else(target: str) -> None:
    assert (await ask(target)).status == 404
    assert (await ask(target, "POST")).status == 404


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS"])
@pytest.mark.parametrize("target", ["/", CA_PATH])
async def test_nothing_can_be_done_to_it(target: str, method: str) -> None:
    reply = await ask(target, method)
    assert (reply.status, reply.headers["allow"]) == (405, "GET, HEAD")


async def test_a_query_changes_nothing() -> None:
    assert (await ask("/?utm=1")).body == (await ask("/")).body


async def test_the_page_needs_to_know_where_it_is() -> None:
    async with open_connection(PAGE) as stream:
        await stream.send_all(b"GET / HTTP/1.0\r\n\r\n")
        assert (await read_all(stream)).startswith(b"HTTP/1.1 400 ")


@given(st.text())
def test_a_name_is_text_whatever_is_in_it(name: str) -> None:
    text = CAPage(certificate=PEM, name=name, sha256=SHA256, https_port=1)._render("localhost")
    [shown] = re.findall(r'<p class="name">([^<>]*)</p>', text)
    assert shown == escape(name)
