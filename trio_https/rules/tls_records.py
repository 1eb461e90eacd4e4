"""What one side of a TLS connection sends: records, and the messages in them (RFC 8446 §5.1).

A reader for each direction takes octets as they were sent, in whatever pieces, and gives what can
be read of them without a key; what is encrypted is no more than a size here. The content of a
message is not looked into.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from .octet_reader import Malformed

__all__ = [
    "Alert",
    "ChangeCipherSpec",
    "Event",
    "FlightReader",
    "HandshakeMessage",
    "Sealed",
    "read_single_message",
]

_CHANGE_CIPHER_SPEC, _ALERT, _HANDSHAKE, _APPLICATION_DATA = 20, 21, 22, 23
_HEADER_BYTES = 5
_MESSAGE_HEADER_BYTES = 4
# RFC 5246 §6.2.3: what encryption may add to the 2^14 octets of a record at most.
_MAX_RECORD_BYTES = 2**14 + 2048


@dataclass(frozen=True, slots=True)
class HandshakeMessage:
    """A message of the handshake (RFC 8446 §4)."""

    kind: int
    """1 is ClientHello, 2 ServerHello, and so on."""
    content: bytes
    """Without the four octets of kind and length."""

    @property
    def size(self) -> int:
        """Octets of all of it."""
        return _MESSAGE_HEADER_BYTES + len(self.content)


@dataclass(frozen=True, slots=True)
class ChangeCipherSpec:
    """In TLS 1.2: from here on encrypted. In TLS 1.3 without a meaning (RFC 8446 §D.4)."""


@dataclass(frozen=True, slots=True)
class Alert:
    """An alert that was sent in the clear (RFC 8446 §6)."""

    description: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """A record that is encrypted: of its content, only the size is known, in octets."""

    size: int


Event = HandshakeMessage | ChangeCipherSpec | Alert | Sealed


def read_single_message(octets: bytes | bytearray) -> HandshakeMessage | None:
    """Return the message of the handshake that is all of ``octets``, in a record of its own.

    A ClientHello mostly is, and so it takes a fifth of what a ``FlightReader`` does. None: it is
    not, and may be anything.
    """
    size = len(octets) - _HEADER_BYTES
    if octets[:2] != b"\x16\x03" or not _MESSAGE_HEADER_BYTES <= size <= _MAX_RECORD_BYTES:
        return None
    record_size = int.from_bytes(octets[3:5], "big")
    message_size = _MESSAGE_HEADER_BYTES + int.from_bytes(octets[6:9], "big")
    if record_size != size or message_size != size:
        return None
    return HandshakeMessage(octets[5], bytes(octets[_HEADER_BYTES + _MESSAGE_HEADER_BYTES :]))


class FlightReader:
    """What one side sends, read as far as it is not encrypted."""

    def __init__(self) -> None:
        # From the front of these, taking is cheap: of a client's many tiny records, too.
        self._received = bytearray()
        self._messages = bytearray()
        self._is_sealed = False

    def seal(self) -> None:
        """Take all records that follow for encrypted: in TLS 1.2 after ChangeCipherSpec."""
        self._is_sealed = True

    def receive(self, octets: bytes | bytearray) -> Iterator[Event]:
        """Yield what is complete now. It can be sealed in between.

        Raises ``Malformed`` for what is not TLS; then nothing more can be read.
        """
        self._received += octets
        while (record := self._next_record()) is not None:
            yield from self._open(*record)

    def _next_record(self) -> tuple[int, bytes] | None:
        header = self._received[:_HEADER_BYTES]
        if len(header) < _HEADER_BYTES:
            return None
        size = int.from_bytes(header[3:], "big")
        if not _CHANGE_CIPHER_SPEC <= header[0] <= _APPLICATION_DATA or header[1] != 3:
            raise Malformed(f"no TLS record begins with {header.hex(' ')}")
        if size > _MAX_RECORD_BYTES:
            raise Malformed(f"a record of {size} octets is too long")
        end = _HEADER_BYTES + size
        if len(self._received) < end:
            return None
        content = bytes(self._received[_HEADER_BYTES:end])
        del self._received[:end]
        return header[0], content

    def _open(self, content_type: int, content: bytes) -> Iterator[Event]:
        if self._is_sealed or content_type == _APPLICATION_DATA:
            yield Sealed(len(content))
        elif content_type == _CHANGE_CIPHER_SPEC:
            yield ChangeCipherSpec()
        elif content_type == _ALERT:
            if len(content) != 2:
                raise Malformed(f"an alert has 2 octets, not {len(content)}")
            yield Alert(content[1])
        else:
            self._messages += content
            yield from self._split_messages()

    def _split_messages(self) -> Iterator[HandshakeMessage]:
        """Yield the messages that are whole: one can be in several records, and several in one."""
        while len(self._messages) >= _MESSAGE_HEADER_BYTES:
            end = _MESSAGE_HEADER_BYTES + int.from_bytes(self._messages[1:4], "big")
            if len(self._messages) < end:
                return
            kind, content = self._messages[0], bytes(self._messages[_MESSAGE_HEADER_BYTES:end])
            del self._messages[:end]
            yield HandshakeMessage(kind, content)
