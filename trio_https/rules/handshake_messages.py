"""What the messages of a handshake say, but for the ClientHello (RFC 8446 §4, RFC 5246 §7.4).

From the content of a message to a value, without a verdict: whether it makes sense, OpenSSL judges.
Only what is public is taken: what a secret can be made from is left where it is. All functions
raise ``Malformed`` for what is not what it should be.
"""

from dataclasses import dataclass

from .octet_reader import Extensions, Malformed, OctetReader

__all__ = [
    "Certificates",
    "ServerHello",
    "ServerKeyExchange",
    "SessionTicket",
    "Signature",
    "parse_certificates",
    "parse_encrypted_extensions",
    "parse_server_hello",
    "parse_server_key_exchange",
    "parse_session_ticket",
    "parse_signature",
    "read_protocol",
]

Certificates = tuple[bytes, ...]

_ALPN = 16
_PRE_SHARED_KEY = 41
_SUPPORTED_VERSIONS = 43
_KEY_SHARE = 51
_NAMED_CURVE = 3  # RFC 8422 §5.4

# RFC 8446 §4.1.3: SHA-256 of "HelloRetryRequest".
_RETRY_RANDOM = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerHello:
    """What the server chose."""

    legacy_version: int
    random: bytes
    session_id: bytes
    cipher_suite: int
    extensions: Extensions

    @property
    def is_retry(self) -> bool:
        """Whether it is a HelloRetryRequest, which asks for a key share of another group."""
        return self.random == _RETRY_RANDOM

    @property
    def version(self) -> int:
        """0x0304 for TLS 1.3, which says 0x0303 at the place of old (RFC 8446 §4.2.1)."""
        content = self._content(_SUPPORTED_VERSIONS)
        return OctetReader(content).number(2) if content else self.legacy_version

    @property
    def key_share(self) -> tuple[int, bytes] | None:
        """Group and public key of the server; b"" for the key in a HelloRetryRequest."""
        content = self._content(_KEY_SHARE)
        if not content:
            return None
        reader = OctetReader(content)
        group = reader.number(2)
        return group, b"" if self.is_retry else reader.vector(2)

    @property
    def accepts_session(self) -> bool:
        """Whether it goes on with a session of before, in TLS 1.3 (RFC 8446 §4.2.11)."""
        return self._content(_PRE_SHARED_KEY) is not None

    @property
    def protocol(self) -> str | None:
        """The protocol chosen by ALPN, in TLS 1.2."""
        return read_protocol(self.extensions)

    def _content(self, number: int) -> bytes | None:
        return dict(self.extensions).get(number)


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature with its scheme; the signature itself tells a reader nothing."""

    scheme: int
    size: int
    """Octets."""


@dataclass(frozen=True, slots=True)
class ServerKeyExchange:
    """The server's part of an ephemeral key exchange in TLS 1.2, and its signature."""

    group: int | None
    """None for one with parameters of its own (RFC 5246 §7.4.3)."""
    public_key: bytes
    signature: Signature


@dataclass(frozen=True, slots=True)
class SessionTicket:
    """What a client may come back with. The ticket is the client's own business."""

    lifetime: int
    """Seconds."""
    size: int
    """Octets."""


def parse_server_hello(content: bytes) -> ServerHello:
    """Return what the server chose; a HelloRetryRequest has the same form."""
    reader = OctetReader(content)
    legacy_version, random, session_id = reader.number(2), reader.take(32), reader.vector(1)
    cipher_suite, _compression = reader.number(2), reader.number(1)
    hello = ServerHello(
        legacy_version=legacy_version,
        random=random,
        session_id=session_id,
        cipher_suite=cipher_suite,
        extensions=reader.extensions() if reader.has_more() else (),
    )
    _ = hello.version, hello.key_share, hello.protocol  # malformed here, or never
    return hello


def parse_encrypted_extensions(content: bytes) -> Extensions:
    """Return the extensions that the server answers in private (RFC 8446 §4.3.1)."""
    extensions = OctetReader(content).extensions()
    read_protocol(extensions)
    return extensions


def read_protocol(extensions: Extensions) -> str | None:
    """Return the protocol that the server chose by ALPN (RFC 7301 §3.1); it may hold anything."""
    content = dict(extensions).get(_ALPN)
    if content is None:
        return None
    protocol = OctetReader(content).inner(2).vector(1)
    return protocol.decode("ascii", "backslashreplace")


def parse_certificates(content: bytes, *, tls13: bool) -> Certificates:
    """Return the chain that was sent, in DER, that of the server first."""
    reader = OctetReader(content)
    if tls13:
        reader.vector(1)  # of a request by the server; empty from a server (RFC 8446 §4.4.2)
    entries = reader.inner(3)
    certificates = []
    while entries.has_more():
        certificates.append(entries.vector(3))
        if tls13:
            entries.vector(2)  # extensions
    return tuple(certificates)


def parse_signature(content: bytes) -> Signature:
    """Return what a CertificateVerify says (RFC 8446 §4.4.3)."""
    reader = OctetReader(content)
    signature = _read_signature(reader)
    reader.end()
    return signature


def parse_server_key_exchange(content: bytes, *, elliptic: bool) -> ServerKeyExchange:
    """Return the server's public key, on a curve (RFC 8422 §5.4) or not (RFC 5246 §7.4.3)."""
    reader = OctetReader(content)
    if elliptic:
        if reader.number(1) != _NAMED_CURVE:
            raise Malformed("the curve has no name")
        group: int | None = reader.number(2)
        public_key = reader.vector(1)
    else:
        group = None
        _prime, _generator, public_key = (reader.vector(2) for _ in range(3))
    signature = _read_signature(reader)
    reader.end()
    return ServerKeyExchange(group, public_key, signature)


def parse_session_ticket(content: bytes, *, tls13: bool) -> SessionTicket:
    """Return what a NewSessionTicket promises (RFC 8446 §4.6.1, RFC 5077 §3.3)."""
    reader = OctetReader(content)
    lifetime = reader.number(4)
    if tls13:
        reader.take(4)  # ticket_age_add
        reader.vector(1)  # ticket_nonce
    ticket = reader.vector(2)
    if tls13:
        reader.vector(2)  # extensions
    reader.end()
    return SessionTicket(lifetime, len(ticket))


def _read_signature(reader: OctetReader) -> Signature:
    return Signature(reader.number(2), len(reader.vector(2)))
