"""A handshake as its messages, in the order in which they were sent.

It comes from the octets on the wire, where TLS 1.3 encrypts all that follows the ServerHello; or,
where we are the client, from the messages themselves. Nothing is explained here.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from ..flights import Flight, Side
from ..rules.handshake_messages import parse_server_hello
from ..rules.octet_reader import Malformed
from ..rules.tls_records import ChangeCipherSpec, Event, FlightReader, HandshakeMessage

__all__ = ["TLS_1_3", "Entry", "MessageKind", "read_transcript"]

TLS_1_3 = 0x0304


class MessageKind(IntEnum):
    """The kinds of handshake messages that are told (RFC 8446 §4, RFC 5246 §7.4)."""

    CLIENT_HELLO = 1
    SERVER_HELLO = 2
    NEW_SESSION_TICKET = 4
    ENCRYPTED_EXTENSIONS = 8
    CERTIFICATE = 11
    SERVER_KEY_EXCHANGE = 12
    CERTIFICATE_REQUEST = 13
    SERVER_HELLO_DONE = 14
    CERTIFICATE_VERIFY = 15
    CLIENT_KEY_EXCHANGE = 16
    FINISHED = 20


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was sent."""

    sender: Side
    at: float
    """Seconds, of whatever clock."""
    event: Event


def read_transcript(flights: Iterable[Flight]) -> list[Entry]:
    """Return what can be read of a recorded handshake; it ends before what is not TLS."""
    readers = {"client": FlightReader(), "server": FlightReader()}
    transcript: list[Entry] = []
    tls13 = False
    for flight in flights:
        reader = readers[flight.sender]
        try:
            for event in reader.receive(flight.octets):
                transcript.append(Entry(flight.sender, flight.at, event))
                tls13 = tls13 or _chooses_tls13(event)
                if isinstance(event, ChangeCipherSpec) and not tls13:
                    reader.seal()
        except Malformed:
            break
    return transcript


def _chooses_tls13(event: Event) -> bool:
    if not isinstance(event, HandshakeMessage) or event.kind != MessageKind.SERVER_HELLO:
        return False
    return parse_server_hello(event.content).version == TLS_1_3
