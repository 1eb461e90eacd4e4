"""The ClientHello, what a TLS client says first (RFC 8446 §4.1.2, RFC 5246 §7.4.1.2).

From the content of the message to a value, without a verdict: whether what it offers makes sense,
OpenSSL judges, and the alert that a malformed one deserves is OpenSSL's too. An extension with
malformed content counts as absent. Numbers are those of IANA's TLS registries. Of the records that
it comes in, only the question is answered here whether more are to be waited for.
"""

import struct
from collections.abc import Callable, Container
from dataclasses import dataclass
from typing import TypeVar

from .octet_reader import Malformed, OctetReader

__all__ = [
    "ALPN",
    "KEY_SHARE",
    "MAX_HELLO_BYTES",
    "SERVER_NAME",
    "SUPPORTED_GROUPS",
    "ClientHello",
    "is_cut_off",
    "parse_client_hello_content",
]

# With post-quantum key shares it is 1.7 KiB. OpenSSL takes 128 KiB, but nobody sends that.
MAX_HELLO_BYTES = 16 * 1024

# One is the rule. A bound for the work on a client that cuts it up and sends it in drops.
_MAX_RECORDS = 8

_RECORD_HEADER_BYTES = 5
_HANDSHAKE_RECORD = 22  # RFC 8446 §5.1
_MAX_RECORD_BYTES = 2**14
_MESSAGE_HEADER_BYTES = 4
_CLIENT_HELLO = 1  # RFC 8446 §4

SERVER_NAME = 0
SUPPORTED_GROUPS = 10
_SIGNATURE_ALGORITHMS = 13
ALPN = 16
_SUPPORTED_VERSIONS = 43
KEY_SHARE = 51

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientHello:
    """What a client offers, all of it in the client's own order of preference."""

    legacy_version: int
    """0x0303 (TLS 1.2) from every client of today; see ``versions``."""
    random: bytes
    session_id: bytes
    cipher_suites: tuple[int, ...]
    compression_methods: bytes
    extensions: tuple[tuple[int, bytes], ...]
    """Type and content of each."""

    @property
    def server_names(self) -> tuple[bytes, ...]:
        """The host names that the client asks for, of which there should be one (RFC 6066 §3)."""
        return self._read(SERVER_NAME, _read_server_names)

    @property
    def server_name(self) -> str | None:
        """The host name that the client asks for; it may hold anything."""
        names = self.server_names
        return names[0].decode("ascii", "backslashreplace") if names else None

    @property
    def alpn_protocols(self) -> tuple[bytes, ...]:
        """The application protocols that it can speak (RFC 7301 §3.1)."""
        return self._read(ALPN, _read_protocols)

    @property
    def versions(self) -> tuple[int, ...]:
        """The versions that it can speak (RFC 8446 §4.2.1): 0x0304 is TLS 1.3."""
        return self._read(_SUPPORTED_VERSIONS, _read_versions) or (self.legacy_version,)

    @property
    def groups(self) -> tuple[int, ...]:
        """The groups that it can exchange keys in (RFC 8446 §4.2.7)."""
        return self._read(SUPPORTED_GROUPS, _read_numbers)

    @property
    def key_shares(self) -> tuple[tuple[int, bytes], ...]:
        """Groups with the public key that it has sent for them already (RFC 8446 §4.2.8)."""
        return self._read(KEY_SHARE, _read_key_shares)

    @property
    def signature_algorithms(self) -> tuple[int, ...]:
        """The signature schemes that it accepts (RFC 8446 §4.2.3)."""
        return self._read(_SIGNATURE_ALGORITHMS, _read_numbers)

    def _read(self, number: int, read: Callable[[bytes], tuple[T, ...]]) -> tuple[T, ...]:
        for found, content in self.extensions:
            if found == number:
                try:
                    return read(content)
                except Malformed:
                    return ()
        return ()


def is_cut_off(received: bytes) -> bool:
    """Whether ``received`` is the beginning of a ClientHello, of which more is still to come.

    False as soon as it can be none, or is longer than ``MAX_HELLO_BYTES``.
    """
    message = b""
    start = 0
    for _ in range(_MAX_RECORDS):
        header = received[start : start + _RECORD_HEADER_BYTES]
        size = int.from_bytes(header[3:], "big")
        start += _RECORD_HEADER_BYTES
        message += received[start : start + size]
        start += size
        if not _may_be_header(header) or message[:1] not in (b"", bytes([_CLIENT_HELLO])):
            return False
        if start > len(received) or len(header) < _RECORD_HEADER_BYTES:
            return len(received) < MAX_HELLO_BYTES
        if _is_whole(message):
            return False
    return False


def _may_be_header(header: bytes) -> bool:
    """Whether these up to five bytes can begin a record with a piece of a handshake message."""
    if header[:1] not in (b"", bytes([_HANDSHAKE_RECORD])) or header[1:2] not in (b"", b"\x03"):
        return False
    size = int.from_bytes(header[3:], "big")
    return len(header) < _RECORD_HEADER_BYTES or 0 < size <= _MAX_RECORD_BYTES


def _is_whole(message: bytes) -> bool:
    size = int.from_bytes(message[1:_MESSAGE_HEADER_BYTES], "big")
    return len(message) >= _MESSAGE_HEADER_BYTES + size and len(message) >= _MESSAGE_HEADER_BYTES


def parse_client_hello_content(
    content: bytes, *, only: Container[int] | None = None
) -> ClientHello:
    """Return the ClientHello with this content, without records and the header of a message.

    With ``only`` those extensions that are of these types; None: all. Raises ``Malformed``.
    """
    hello = OctetReader(content)
    return ClientHello(
        legacy_version=hello.number(2),
        random=hello.take(32),
        session_id=hello.vector(1),
        cipher_suites=_numbers(hello.vector(2)),
        compression_methods=hello.vector(1),
        # RFC 5246 §7.4.1.2: the field may be missing as a whole.
        extensions=hello.extensions(only) if hello.has_more() else (),
    )


def _read_server_names(content: bytes) -> tuple[bytes, ...]:
    names, at, found = _all_of_list(content, 2), 0, []
    while at < len(names):
        start = at + 3
        if names[at] != 0:  # host_name; RFC 6066 knows no other
            raise Malformed("a server name of an unknown type")
        at = _end_within(names, start, int.from_bytes(names[at + 1 : start], "big"))
        found.append(names[start:at])
    return tuple(found)


def _read_protocols(content: bytes) -> tuple[bytes, ...]:
    names, at, found = _all_of_list(content, 2), 0, []
    while at < len(names):
        start = at + 1
        at = _end_within(names, start, names[at])
        found.append(names[start:at])
    return tuple(found)


def _read_key_shares(content: bytes) -> tuple[tuple[int, bytes], ...]:
    shares, at, found = _all_of_list(content, 2), 0, []
    while at < len(shares):
        start = at + 4
        group = int.from_bytes(shares[at : at + 2], "big")
        at = _end_within(shares, start, int.from_bytes(shares[at + 2 : start], "big"))
        found.append((group, shares[start:at]))
    return tuple(found)


def _read_versions(content: bytes) -> tuple[int, ...]:
    return _numbers(_all_of_list(content, 1))


def _read_numbers(content: bytes) -> tuple[int, ...]:
    return _numbers(_all_of_list(content, 2))


def _all_of_list(content: bytes, size: int) -> bytes:
    """Return what stands behind its own length, a number of ``size`` octets, and is all."""
    if int.from_bytes(content[:size], "big") != len(content) - size:
        raise Malformed("a list that is not as long as was announced")
    return content[size:]


def _end_within(octets: bytes, start: int, size: int) -> int:
    if start + size > len(octets):
        raise Malformed("more was announced than follows")
    return start + size


def _numbers(data: bytes) -> tuple[int, ...]:
    if len(data) % 2:
        raise Malformed("half a number is left")
    return struct.unpack(f">{len(data) // 2}H", data)
