"""Handshakes in memory, before there is a client: what one would meet.

With OpenSSL's client on the other side, as curl and Python have it. Nothing is sent.
"""

import ssl
from contextlib import suppress

from .tls import ALPN_PROTOCOLS, in_words

__all__ = ["offered_versions", "why_untrusted"]

_MAX_FLIGHTS = 10  # of a handshake; two are the rule, and three with HelloRetryRequest


def why_untrusted(server: ssl.SSLContext, name: str) -> str | None:
    """Return why a client with this machine's trusted CAs refuses the certificate; None: it won't.

    A handshake in memory, as OpenSSL's clients would do it with ``name`` (a host name or an IP
    address) in the URL. Browsers with a store of their own may judge in another way.
    """
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # see new_server_context
    client.load_default_certs()
    try:
        _shake_hands_in_memory(client, server, name)
    except ssl.SSLCertVerificationError as exc:
        return exc.verify_message
    except ssl.SSLError as exc:
        return in_words(exc)
    return None


def offered_versions(server: ssl.SSLContext) -> list[str]:
    """Return the TLS versions in which a handshake with ``server`` succeeds: ["1.2", "1.3"].

    Found out by handshakes in memory, each with a client that speaks that version only, wants
    ALPN "http/1.1", and does not look at the certificate.
    """
    offered = []
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE
        client.minimum_version = client.maximum_version = version
        client.set_alpn_protocols(ALPN_PROTOCOLS)
        with suppress(ssl.SSLError):
            agreed = _shake_hands_in_memory(client, server, "localhost")
            if agreed.selected_alpn_protocol() in ALPN_PROTOCOLS:
                offered.append(version.name.removeprefix("TLSv").replace("_", "."))
    return offered


def _shake_hands_in_memory(
    client: ssl.SSLContext, server: ssl.SSLContext, name: str
) -> ssl.SSLObject:
    """Return the client's side after a handshake; raise what OpenSSL raises on either side."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(_MAX_FLIGHTS):
        try:
            ours.do_handshake()
        except ssl.SSLWantReadError:
            with suppress(ssl.SSLWantReadError):
                theirs.do_handshake()
        else:
            return ours
    raise ssl.SSLError("the TLS handshake comes to no end")
