"""The servers without TLS beside the one with it: what they give away, on real sockets."""

import ssl
from pathlib import Path

import trio
import trustme

from trio_https.certificates.local_issuer import LocalIssuer
from trio_https.cli.network_options import NetworkOptions
from trio_https.cli.plain_http import PlainHTTP, start_plain_servers

from .peer import Peer


async def test_of_a_file_that_holds_the_key_too_only_the_certificate_is_given_away(
    authority: trustme.CA, tmp_path: Path, nursery: trio.Nursery
) -> None:
    path = tmp_path / "ca.crt"
    path.write_bytes(authority.private_key_pem.bytes() + authority.cert_pem.bytes())
    plain = PlainHTTP(
        options=NetworkOptions(lan=True, ca_port=0, qr=None, redirect_http=None),
        host="127.0.0.1",
        port=0,
        path="/",
        authority=LocalIssuer(path, "test", "00"),
        for_known_hosts=lambda handler: handler,
    )
    servers = await start_plain_servers(nursery, plain, https_port=8443)
    assert servers.ca_page is not None
    async with await trio.open_tcp_stream("127.0.0.1", servers.ca_page.port) as stream:
        reply = await Peer(stream).ask("/ca.crt")
    assert b"PRIVATE" not in reply.body
    text, original = reply.body.decode(), authority.cert_pem.bytes().decode()
    assert ssl.PEM_cert_to_DER_cert(text) == ssl.PEM_cert_to_DER_cert(original)
    nursery.cancel_scope.cancel()
