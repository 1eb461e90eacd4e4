"""Certificates for tests, which nobody trusts but the client that they come with.

They are made by the rooms that make those of real servers, in a folder that is gone at once: a key
that nobody has can't be lost.
"""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from ..tls_contexts import ServerContexts, open_named_context

__all__ = ["TLSContexts", "throwaway_contexts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TLSContexts:
    """How both sides of a test speak TLS."""

    server: ssl.SSLContext
    client: ssl.SSLContext


@cache
def throwaway_contexts(*names: str) -> TLSContexts:
    """Return a server's context for ``names``, and a client's that trusts it and nothing else.

    The names are those of this machine by default, localhost and the loopback addresses among them;
    others are given as text, and end in ``.localhost``, ``.test``, ``.local`` or ``.home.arpa``.
    Made once for the same names, in some milliseconds. Raises ``ConfigError`` for other names, and
    ``ValueError`` for what is none.
    """
    # Here, because they load cryptography, which most tests do without.
    from ..certificates.local_certificate import open_local_certificate
    from ..certificates.subject_names import parse_subject_name

    wanted = [parse_subject_name(name) for name in names]
    with TemporaryDirectory() as home:
        certificate = open_local_certificate(Path(home), wanted or None, now=datetime.now(UTC))
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.set_alpn_protocols(["http/1.1"])
        client.load_verify_locations(certificate.ca_path)
        named = open_named_context(certificate.leaf.names, certificate.path)
    # As a real server has it, which tells the name that its client asked for.
    return TLSContexts(server=ServerContexts([named]).current, client=client)
