"""The values in the messages of a handshake, in the words of their RFCs, ready to be shown.

All that comes from the other side is text here, and may hold anything: who shows it escapes it.
No secret passes through: messages have none, and of tickets only the size is told.
"""

from collections.abc import Callable, Iterator

from ..certificates.description import CertificateDescription
from ..certificates.details import CertificateDetails
from ..errors import ConfigError
from ..rules.client_hello import ClientHello, parse_client_hello_content
from ..rules.handshake_messages import (
    ServerHello,
    Signature,
    parse_certificates,
    parse_encrypted_extensions,
    parse_server_hello,
    parse_server_key_exchange,
    parse_session_ticket,
    parse_signature,
    read_protocol,
)
from ..rules.octet_reader import Extensions
from ..rules.tls_records import HandshakeMessage
from ..rules.tls_registry import (
    cipher_suite_name,
    extension_name,
    group_name,
    signature_scheme_name,
    version_name,
)
from .steps import Fact, fact, hexadecimal, listed
from .transcript import MessageKind

__all__ = ["Describe", "certificate_facts", "message_facts"]

Describe = Callable[[bytes], CertificateDetails]

_SESSION_TICKET = 35
_PRE_SHARED_KEY = 41

# RFC 8446 §4.1.3: how a server ends its random value where it would have chosen a later version, so
# that a client that offered one knows that somebody has meddled.
_DOWNGRADE_MARKS = {
    b"DOWNGRD\x01": "the server could do TLS 1.3, too",
    b"DOWNGRD\x00": "the server could do TLS 1.2, too",
}


def message_facts(
    message: HandshakeMessage, *, tls13: bool, cipher_suite: str, describe: Describe
) -> tuple[Fact, ...]:
    """Return what a message says; () for one whose values tell a reader nothing.

    ``describe`` reads a certificate in DER, and raises ``ConfigError`` for what it can't read.
    Raises ``Malformed``.
    """
    content = message.content
    match message.kind:
        case MessageKind.CLIENT_HELLO:
            return client_hello_facts(parse_client_hello_content(content))
        case MessageKind.SERVER_HELLO:
            return server_hello_facts(parse_server_hello(content))
        case MessageKind.ENCRYPTED_EXTENSIONS:
            return _encrypted_extensions_facts(parse_encrypted_extensions(content))
        case MessageKind.CERTIFICATE:
            return tuple(_chain_facts(parse_certificates(content, tls13=tls13), describe))
        case MessageKind.CERTIFICATE_VERIFY:
            return _signature_facts(parse_signature(content))
        case MessageKind.SERVER_KEY_EXCHANGE:
            return _key_exchange_facts(content, elliptic="_ECDHE_" in cipher_suite)
        case MessageKind.NEW_SESSION_TICKET:
            return _ticket_facts(content, tls13=tls13)
        case _:
            return ()


def client_hello_facts(hello: ClientHello) -> tuple[Fact, ...]:
    """Return what a client offers."""
    return (
        *fact("random", hexadecimal(hello.random)),
        *fact("versions", listed(map(version_name, hello.versions))),
        *fact("cipher suites", listed(map(cipher_suite_name, hello.cipher_suites))),
        *fact("groups", listed(map(group_name, hello.groups))),
        *fact("key shares", listed(_key_share(*share) for share in hello.key_shares)),
        *fact("signatures", listed(map(signature_scheme_name, hello.signature_algorithms))),
        *fact("server name (SNI)", hello.server_name),
        *fact("protocols (ALPN)", listed(map(_protocol, hello.alpn_protocols))),
        *fact("earlier session", _session(hello)),
        *fact("extensions", _extensions(hello.extensions)),
    )


def server_hello_facts(hello: ServerHello) -> tuple[Fact, ...]:
    """Return what a server chose."""
    share = hello.key_share
    return (
        *fact("random", "" if hello.is_retry else hexadecimal(hello.random)),
        *fact("version", version_name(hello.version)),
        *fact("downgrade mark", _DOWNGRADE_MARKS.get(hello.random[-8:])),
        *fact("cipher suite", cipher_suite_name(hello.cipher_suite)),
        *fact("key share", _key_share(*share) if share else ""),
        *fact("protocol (ALPN)", hello.protocol),
        *fact("earlier session", "resumed" if hello.accepts_session else ""),
        *fact("extensions", _extensions(hello.extensions)),
    )


def certificate_facts(
    description: CertificateDescription, signature: str | None = None
) -> tuple[Fact, ...]:
    """Return what a certificate says, and how it is signed, where that is known."""
    validity = f"{description.not_before:%Y-%m-%d} to {description.not_after:%Y-%m-%d}"
    return (
        Fact("subject", description.subject or "(empty)"),
        *fact("names", listed(description.names)),
        Fact("issuer", description.issuer or "(empty)"),
        Fact("valid", validity),
        Fact("key", description.key),
        *fact("signed with", signature),
        Fact("SHA-256", description.sha256),
    )


def _chain_facts(chain: tuple[bytes, ...], describe: Describe) -> Iterator[Fact]:
    for number, der in enumerate(chain, 1):
        if len(chain) > 1:
            yield Fact("certificate", f"{number} of {len(chain)}")
        try:
            details = describe(der)
            yield from certificate_facts(details.description, details.signature)
        except ConfigError as exc:
            yield Fact("unreadable", str(exc))


def _encrypted_extensions_facts(extensions: Extensions) -> tuple[Fact, ...]:
    return (
        *fact("protocol (ALPN)", read_protocol(extensions)),
        Fact("extensions", _extensions(extensions) or "none"),
    )


def _signature_facts(signature: Signature) -> tuple[Fact, ...]:
    return (
        Fact("scheme", signature_scheme_name(signature.scheme)),
        Fact("signature", f"{signature.size} bytes"),
    )


def _key_exchange_facts(content: bytes, *, elliptic: bool) -> tuple[Fact, ...]:
    exchange = parse_server_key_exchange(content, elliptic=elliptic)
    group = "finite field" if exchange.group is None else group_name(exchange.group)
    return (
        Fact("group", group),
        Fact("public key", hexadecimal(exchange.public_key)),
        *_signature_facts(exchange.signature),
    )


def _ticket_facts(content: bytes, *, tls13: bool) -> tuple[Fact, ...]:
    ticket = parse_session_ticket(content, tls13=tls13)
    return (
        Fact("lifetime", _duration(ticket.lifetime)),
        Fact("ticket", f"{ticket.size} bytes, which only the server can read"),
    )


def _key_share(group: int, public_key: bytes) -> str:
    name = group_name(group)
    if name == "GREASE" or not public_key:
        return name
    return f"{name} {hexadecimal(public_key)}"


def _session(hello: ClientHello) -> str:
    extensions = dict(hello.extensions)
    is_offered = _PRE_SHARED_KEY in extensions or extensions.get(_SESSION_TICKET)
    return "offered, with a ticket" if is_offered else ""


def _protocol(name: bytes) -> str:
    # RFC 8701 §3.1: as a protocol, GREASE is two equal octets, each with "A" as its last digit.
    is_grease = len(name) == 2 and name[0] == name[1] and name[0] & 0x0F == 0x0A
    return "GREASE" if is_grease else name.decode("ascii", "backslashreplace")


def _extensions(extensions: Extensions) -> str:
    return listed(extension_name(number) for number, _ in extensions)


def _duration(seconds: int) -> str:
    hours, rest = divmod(seconds, 3600)
    return f"{hours} h" if hours and not rest else f"{seconds} s"
