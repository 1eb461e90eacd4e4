"""Why a TLS handshake came to nothing, in words, with what to do about it where that is known.

From OpenSSL's reason, a name such as "TLSV1_ALERT_UNKNOWN_CA", which is the same in all of its
versions since 1.1.1; as a server tells it of its client, and as a client tells it of a server. What
is rare stays in OpenSSL's words. How a reason is come by is not known here.
"""

import re
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "Obstacle",
    "ServerFailure",
    "client_failure_in_words",
    "find_server_failure",
    "refused_certificate_in_words",
    "server_alert",
]

Obstacle = Literal["no TLS", "no version", "refusal", "demand", "end", "other"]
"""What kept a client from a handshake, as far as there are different things to do about it."""


@dataclass(frozen=True, slots=True)
class ServerFailure:
    """Why a client got no handshake with a server."""

    obstacle: Obstacle
    text: str


# An alert of the other side (RFC 8446 §6); a few have no "ALERT" in their name.
_ALERT = re.compile(r"(?:SSLV3|TLSV1|TLSV13)_(?:ALERT_)?(\w+)")

_HAVE_IT_TRUSTED = (
    "have its authority trusted: trio-https trust, or ask trio-https doctor what else is wrong"
)

# What clients say in their last words, most often about the server's certificate.
_CLIENT_ALERTS = {
    "unknown_ca": "the client does not trust the authority behind the certificate (unknown_ca);"
    " have it trusted: trio-https trust",
    # Browsers send one or the other of these two, whatever they have against a certificate.
    "bad_certificate": "the client does not take the certificate (bad_certificate);"
    f" {_HAVE_IT_TRUSTED}",
    "certificate_unknown": "the client does not take the certificate (certificate_unknown);"
    f" {_HAVE_IT_TRUSTED}",
    "certificate_expired": "to the client, the certificate has expired (certificate_expired); renew"
    " it, or set the client's clock",
    "decrypt_error": "to the client, a signature or a checksum is wrong (decrypt_error); something"
    " on the way changes what is said, or one side is broken",
}

_NO_VERSION = "the client speaks no TLS 1.3, nor 1.2 where that is offered; update it"
_NO_GROUP = "the client has no group for key exchange in common with the server; update it"
_NO_SIGNATURE = (
    "the client takes no signature that the certificate's key can make; update it, or use a"
    " certificate with another kind of key"
)
_CHANGED = "what the client has sent is damaged; something on the way changes it, or it is broken"

_CLIENT_FAILURES = {
    "HTTP_REQUEST": "the client spoke plain HTTP to the TLS port",
    "HTTPS_PROXY_REQUEST": "the client took the server for a proxy; give it another proxy, or none",
    "WRONG_VERSION_NUMBER": "the client does not speak TLS; give it a URL with https://, or another"
    " port",
    "UNSUPPORTED_PROTOCOL": _NO_VERSION,
    "VERSION_TOO_LOW": _NO_VERSION,
    "NO_SHARED_CIPHER": "the client has no cipher suite that goes with those of the server and its"
    " certificate; update it, or use a certificate with an RSA key",
    "NO_SHARED_GROUPS": _NO_GROUP,
    "NO_SUITABLE_GROUPS": _NO_GROUP,
    "NO_SUITABLE_KEY_SHARE": _NO_GROUP,
    "NO_SHARED_SIGNATURE_ALGORITHMS": _NO_SIGNATURE,
    "NO_SUITABLE_SIGNATURE_ALGORITHM": _NO_SIGNATURE,
    "PEER_DID_NOT_RETURN_A_CERTIFICATE": "the client has shown no certificate, and has to; give it"
    " one by an authority that is trusted here",
    "CALLBACK_FAILED": "what chooses the certificate refuses the client, as it does when the"
    " authorities of clients have just changed; connect anew",
    "BAD_SIGNATURE": "the client does not have the key of the certificate that it shows",
    "DECRYPTION_FAILED_OR_BAD_RECORD_MAC": _CHANGED,
    "DIGEST_CHECK_FAILED": _CHANGED,
}

_NO_TLS = {"WRONG_VERSION_NUMBER", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE", "HTTP_REQUEST"}
_NO_COMMON_VERSION = {"UNSUPPORTED_PROTOCOL", "NO_PROTOCOLS_AVAILABLE"}

_SERVER_ALERTS = {
    "handshake_failure": "nothing that was offered suits it",
    "insufficient_security": "it wants stronger cipher suites than were offered",
    "protocol_version": "it speaks none of the versions that were offered",
    "unrecognized_name": "it does not know the name that was asked for",
    "certificate_required": "it wants a certificate of the client",
    "no_application_protocol": "it speaks no HTTP/1.1",
    "internal_error": "something is wrong on its side",
}

# No other version or suite helps against these.
_DEMANDS = {"unrecognized_name", "certificate_required", "no_application_protocol"}


def client_failure_in_words(reason: str) -> str:
    """Return what went wrong with a client, for the server's log, without a full stop."""
    told = _CLIENT_ALERTS.get(_alert_name(reason)) or _CLIENT_FAILURES.get(reason)
    return told or _in_openssls_words(reason)


def refused_certificate_in_words(verify_message: str) -> str:
    """Return what a server has against a client's certificate, from OpenSSL's words for that."""
    remedy = "give the client one by an authority that is trusted here"
    if "expired" in verify_message:
        remedy = "have it renewed"
    return f"the client's certificate is refused, {verify_message}; {remedy}"


def find_server_failure(reason: str) -> ServerFailure:
    """Return what went wrong with a server, for who wanted to shake hands with it."""
    if alert := _alert_name(reason):
        return server_alert(alert)
    if reason in _NO_TLS:
        return ServerFailure("no TLS", "what answers there is not TLS")
    if reason in _NO_COMMON_VERSION:
        text = "the server has none of the versions of TLS that were offered"
        return ServerFailure("no version", text)
    return ServerFailure("other", f"the handshake failed: {_in_openssls_words(reason)}")


def server_alert(name: str) -> ServerFailure:
    """Return what an alert of a server means, by its name in RFC 8446 §6: "protocol_version"."""
    obstacle: Obstacle = "demand" if name in _DEMANDS else "refusal"
    if name == "protocol_version":
        obstacle = "no version"
    meaning = f": {_SERVER_ALERTS[name]}" if name in _SERVER_ALERTS else ""
    return ServerFailure(obstacle, f"the server refuses, with the alert {name}{meaning}")


def _alert_name(reason: str) -> str:
    found = _ALERT.fullmatch(reason)
    return found[1].lower() if found else ""


def _in_openssls_words(reason: str) -> str:
    return reason.replace("_", " ").lower()
