"""Is the answer right? Asked before a load is measured, so that no figure is that of an error page.

The client trusts nothing but the certificate that all servers were given, so it checks that, too.
"""

import hashlib
import http.client
import ssl
from collections.abc import Mapping
from typing import NamedTuple

from .site import Site
from .subjects import LeftOutError, RunningServer

__all__ = ["Answer", "ask", "expect"]

_TIMEOUT = 20.0  # seconds
_PIECE = 1024 * 1024


class Answer(NamedTuple):
    """What is to be known of a response."""

    status: int
    entity_tag: str
    size: int
    digest: bytes
    tls: str


def ask(
    server: RunningServer, site: Site, target: str, fields: Mapping[str, str] | None = None
) -> Answer:
    """Ask for ``target``, over a connection of its own."""
    context = ssl.create_default_context(cafile=site.certificate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # it is no authority's
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT
    client = http.client.HTTPSConnection(
        "127.0.0.1", server.port, timeout=_TIMEOUT, context=context
    )
    try:
        client.request("GET", target, headers=dict(fields or {}))
        tls = _describe_tls(client.sock)
        response = client.getresponse()
        digest, size = hashlib.sha256(), 0
        while piece := response.read(_PIECE):
            digest.update(piece)
            size += len(piece)
        tag = response.getheader("ETag", "")
        return Answer(response.status, tag, size, digest.digest(), tls)
    finally:
        client.close()


def _describe_tls(connection: ssl.SSLSocket) -> str:
    cipher = connection.cipher()
    return f"{connection.version()} {cipher[0] if cipher else ''}"


def expect(answer: Answer, status: int, body: bytes) -> None:
    """Raise ``LeftOutError`` where the answer is another one."""
    if answer.status != status:
        raise LeftOutError(f"the answer is {answer.status} in place of {status}")
    if answer.size != len(body) or answer.digest != hashlib.sha256(body).digest():
        raise LeftOutError(f"the answer has {answer.size} bytes that are not those of the file")
    if not answer.tls.startswith("TLSv1.3 "):
        raise LeftOutError(f"it speaks {answer.tls}")
