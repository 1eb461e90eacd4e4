"""TLS clients that break the rules, each in one way, made of tlslite-ng: its messages can be bent.

Each is a function of a fresh ``Client``; ``what_came_back`` tells how the server took it.
"""

import socket
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import Any, NamedTuple

from tlslite.constants import AlertDescription, ContentType, ExtensionType
from tlslite.errors import TLSAbruptCloseError, TLSLocalAlert, TLSRemoteAlert
from tlslite.extensions import TLSExtension
from tlslite.handshakesettings import HandshakeSettings
from tlslite.messages import ClientHello, ClientKeyExchange, Finished, Message
from tlslite.tlsconnection import TLSConnection

__all__ = ["MISBEHAVIOURS", "Act", "Client", "Misbehaviour", "altered", "edit", "what_came_back"]

Alter = Callable[[Any], Iterable[Any]]


class Client(TLSConnection):  # type: ignore[misc]
    """A client whose messages go through ``alter`` before they are sent."""

    def __init__(self, connected: socket.socket) -> None:
        super().__init__(connected)
        self.wire = connected
        self.alter: Alter = lambda message: [message]

    def _sendMsg(self, msg: Any, *arguments: Any, **named: Any) -> Iterator[Any]:  # noqa: N802
        for altered in self.alter(msg):
            yield from super()._sendMsg(altered, *arguments, **named)

    def shake_hands(
        self,
        version: tuple[int, int] = (3, 4),
        credentials: tuple[Any, Any] = (None, None),
        **settings: Any,
    ) -> None:
        """Shake hands, with a certificate chain and its key if asked for one."""
        chosen = HandshakeSettings()
        chosen.minVersion, chosen.maxVersion = min((3, 3), version), version
        chosen.certificate_compression_send = []  # it would compress unasked
        for name, value in settings.items():
            setattr(chosen, name, value)
        self.handshakeClientCert(*credentials, settings=chosen, serverName="localhost")

    def say(self, content_type: int, content: bytes) -> None:
        """Send a record, encrypted if there are keys."""
        for _ in self._sendMsgThroughSocket(Message(content_type, bytearray(content))):
            pass


def what_came_back(act: "Act", connected: socket.socket) -> str:
    """Return the name of the alert; else "an answer", or "the end", a reset being one too."""
    client = Client(connected)
    try:
        act(client)
        if client.session is None:  # it has not even tried a handshake
            return _alert_without_keys(connected)
        client.alter = lambda message: [message]
        return "an answer" if client.read(max=1) else "the end"
    except TLSRemoteAlert as alert:
        return str(AlertDescription.toStr(alert.description))
    except TLSLocalAlert as alert:
        return f"an answer that tlslite-ng refuses: {alert}"
    except (TLSAbruptCloseError, ConnectionError):
        return "the end"
    finally:
        connected.close()


def _alert_without_keys(connected: socket.socket) -> str:
    received = b""
    while piece := connected.recv(4096):
        received += piece
    if len(received) == 7 and received[0] == ContentType.alert:
        return str(AlertDescription.toStr(received[6]))
    return "an answer" if received else "the end"


Act = Callable[[Client], None]


class Misbehaviour(NamedTuple):
    act: Act
    answer: str
    source: str
    nginx: str | None = None
    """What nginx answers, where that is something else."""


TLS12, TLS13 = (3, 3), (3, 4)
REQUEST = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


# What can be bent


def raw(content: bytes) -> Act:
    """These bytes are all that is sent."""

    def act(client: Client) -> None:
        client.wire.sendall(content)

    return act


def hello(change: Callable[[ClientHello], Any], **settings: Any) -> Act:
    """The ClientHello is changed, in place or for other bytes."""
    return altered(ClientHello, change, **settings)


def altered(kind: type, change: Callable[[Any], Any], **settings: Any) -> Act:
    """A message of ``kind`` is changed: in place, for other bytes, or for other messages."""

    def act(client: Client) -> None:
        def alter(message: Any) -> Iterable[Any]:
            if not isinstance(message, kind):
                return [message]
            changed = change(message)
            if changed is None:
                return [message]
            if isinstance(changed, bytes | bytearray):
                return [Message(ContentType.handshake, bytearray(changed))]
            assert isinstance(changed, list)
            return changed

        client.alter = alter
        client.shake_hands(**settings)

    return act


def afterwards(version: tuple[int, int], *records: tuple[int, bytes]) -> Act:
    """After the handshake these records are sent."""

    def act(client: Client) -> None:
        client.shake_hands(version)
        # Who refuses the first ones closes before the last one was sent; what it said has come.
        with suppress(ConnectionError):
            for content_type, content in records:
                client.say(content_type, content)

    return act


def corrupted(version: tuple[int, int]) -> Act:
    """The last byte of a record, of its authentication tag that is, is changed on its way."""

    def act(client: Client) -> None:
        client.shake_hands(version)
        ours, theirs = socket.socketpair()
        with ours, theirs:
            wire, client._recordLayer._recordSocket.sock = client.sock, ours
            client.say(ContentType.application_data, REQUEST)
            client._recordLayer._recordSocket.sock = wire
            record = bytearray(theirs.recv(4096))
        record[-1] ^= 1
        client.wire.sendall(record)

    return act


def edit(position: int, value: int) -> Callable[[Any], bytes]:
    """One byte of the message is another."""

    def change(message: Any) -> bytes:
        content = bytearray(message.write())
        content[position] = value
        return bytes(content)

    return change


def with_extension(number: int, content: bytes) -> Callable[[ClientHello], None]:
    """An extension has this content, in the place of what it had."""

    def change(message: ClientHello) -> None:
        wrong = TLSExtension(extType=number).create(bytearray(content))
        kept = [found for found in message.extensions if found.extType != number]
        last = [found for found in kept if found.extType == ExtensionType.pre_shared_key]
        message.extensions = [found for found in kept if found not in last] + [wrong] + last

    return change


def without_extension(number: int) -> Callable[[ClientHello], None]:
    def change(message: ClientHello) -> None:
        message.extensions = [found for found in message.extensions if found.extType != number]

    return change


def with_suites(*suites: int) -> Callable[[ClientHello], None]:
    def change(message: ClientHello) -> None:
        message.cipher_suites = list(suites)

    return change


def with_compression(*methods: int) -> Callable[[ClientHello], None]:
    def change(message: ClientHello) -> None:
        message.compression_methods = list(methods)

    return change


def doubled(message: ClientHello) -> None:
    message.extensions.append(message.extensions[0])


def with_wrong_size(message: ClientHello) -> bytes:
    """An extension claims more than there is."""
    content = bytearray(message.write())
    content[-1:] = b""
    content[1:4] = (len(content) - 4).to_bytes(3, "big")
    return bytes(content)


def with_wrong_checksum(message: Finished) -> bytes:
    return edit(6, message.write()[6] ^ 1)(message)


def twice(message: Any) -> list[Any]:
    return [message, message]


def fallback(message: ClientHello) -> None:
    message.cipher_suites.append(0x5600)  # TLS_FALLBACK_SCSV


def empty_key(message: ClientKeyExchange) -> bytes:
    return bytes([16, 0, 0, 1, 0])


def bad_point(message: ClientKeyExchange) -> bytes:
    """A point that is on no curve (RFC 8422 §5.11)."""
    return bytes([16, 0, 0, 66, 65, 4]) + bytes([1]) * 64


def offering(*groups: str, shares: list[str]) -> Act:
    """These groups are offered, with a key share of some of them, and then a request is sent."""

    def act(client: Client) -> None:
        client.shake_hands(eccCurves=list(groups), dhGroups=[], keyShares=shares)

    return with_a_request(act)


def other_groups_after_a_retry(client: Client) -> None:
    """Only the second ClientHello offers P-521, and nothing else (RFC 8446 §4.1.2)."""
    hellos: list[ClientHello] = []

    def change(message: ClientHello) -> None:
        hellos.append(message)
        if len(hellos) == 2:
            with_extension(10, b"\x00\x02" + P521.to_bytes(2, "big"))(message)
            with_extension(51, key_share(P521, b"\x04" + bytes(132)))(message)

    hello(change, eccCurves=["secp256r1"], dhGroups=[], keyShares=[])(client)


def as_server_hello(message: Any) -> bytes:
    return bytes([2, 0, 0, 38]) + bytes(message.write()[4:42])


def together(*changes: Callable[[ClientHello], None]) -> Callable[[ClientHello], None]:
    def change(message: ClientHello) -> None:
        for each in changes:
            each(message)

    return change


def in_records_of(size: int) -> Act:
    """The ClientHello comes in small records, which is allowed (RFC 8446 §5.1)."""

    def act(client: Client) -> None:
        client.recordSize = size
        client.shake_hands()
        client.say(ContentType.application_data, REQUEST)

    return act


def with_a_request(begin: Act) -> Act:
    """After all that, a request is sent."""

    def act(client: Client) -> None:
        begin(client)
        client.say(ContentType.application_data, REQUEST)

    return act


def key_share(group: int, key: bytes) -> bytes:
    entry = group.to_bytes(2, "big") + len(key).to_bytes(2, "big") + key
    return len(entry).to_bytes(2, "big") + entry


ALERT, CCS, DATA, HANDSHAKE = 21, 20, 23, 22
KEY_UPDATE = 24
X25519, P256, P521 = 29, 23, 25
HELLO_AGAIN = bytes([1, 0, 0, 43, 3, 3]) + bytes(32) + bytes([0, 0, 2, 0xC0, 0x2B, 1, 0, 0, 0])

NO_TLS = "an answer"  # in plain text: by the first byte it takes it for HTTP

MISBEHAVIOURS: dict[str, Misbehaviour] = {
    # The record layer
    "no TLS at all": Misbehaviour(
        raw(b"SSH-2.0-OpenSSH_9.2\r\n"), "the end", "no alert to who speaks none", NO_TLS
    ),
    "a record of version 2": Misbehaviour(
        raw(b"\x16\x02\x00\x00\x05\x01\x00\x00\x01\x00"), "the end", "no alert to who speaks none"
    ),
    "a record that is too long": Misbehaviour(
        raw(b"\x16\x03\x01\xff\xff" + bytes(100)), "record_overflow", "RFC 8446 §5.1"
    ),
    "data before the handshake": Misbehaviour(
        raw(b"\x17\x03\x03\x00\x01x"), "unexpected_message", "RFC 8446 §5", NO_TLS
    ),
    "an empty record of a handshake": Misbehaviour(
        raw(b"\x16\x03\x01\x00\x00" * 40), "unexpected_message", "RFC 8446 §5.1"
    ),
    "a record of no known type": Misbehaviour(
        raw(b"\x63\x03\x01\x00\x05hello"), "unexpected_message", "RFC 8446 §5", NO_TLS
    ),
    "a hello in the form of SSL 2": Misbehaviour(
        raw(bytes([0x80, 31, 1, 0, 2, 0, 6, 0, 0, 0, 16, 7, 0, 0xC0, 3, 0, 0x80]) + bytes(16)),
        "protocol_version",
        "RFC 8446 §D.5",
    ),
    "a hello in the smallest records": Misbehaviour(in_records_of(9), "an answer", "RFC 8446 §5.1"),
    # The ClientHello
    "TLS 1.1 at most": Misbehaviour(
        lambda client: client.shake_hands((3, 2), minVersion=(3, 2)),
        "protocol_version",
        "RFC 8446 §4.1.2, §D",
    ),
    "TLS 1.0 at most": Misbehaviour(
        lambda client: client.shake_hands((3, 1), minVersion=(3, 1)),
        "protocol_version",
        "RFC 8446 §4.1.2, §D",
    ),
    "a fallback that was not needed": Misbehaviour(
        hello(fallback, version=TLS12), "inappropriate_fallback", "RFC 7507 §3"
    ),
    "no common suite in TLS 1.2": Misbehaviour(
        hello(with_suites(0x0005), version=TLS12), "handshake_failure", "RFC 5246 §7.4.1.3"
    ),
    "suites of TLS 1.2 without forward secrecy": Misbehaviour(
        hello(with_suites(0x009C, 0x002F), version=TLS12), "handshake_failure", "RFC 9325 §4.1"
    ),
    "no common suite in TLS 1.3": Misbehaviour(
        hello(with_suites(0x1399)), "handshake_failure", "RFC 8446 §4.1.1"
    ),
    "no suites": Misbehaviour(hello(with_suites()), "illegal_parameter", "RFC 8446 §4.1.2"),
    "no common group": Misbehaviour(
        hello(together(with_extension(10, b"\x00\x02\x13\x37"), with_extension(51, bytes(2)))),
        "handshake_failure",
        "RFC 8446 §4.1.1",
    ),
    "no key share yet of a good group": Misbehaviour(
        offering("secp256r1", shares=[]), "an answer", "RFC 8446 §4.1.4"
    ),
    "a key share of another group than the good one": Misbehaviour(
        offering("secp521r1", "secp256r1", shares=["secp521r1"]), "an answer", "RFC 8446 §4.2.8"
    ),
    "a group that is not in the policy": Misbehaviour(
        offering("secp521r1", shares=["secp521r1"]),
        "handshake_failure",
        "RFC 8446 §4.1.1",
        nginx="an answer",
    ),
    "a group that is not in the policy, after a retry": Misbehaviour(
        other_groups_after_a_retry,
        "handshake_failure",
        "RFC 8446 §4.1.1",
        nginx="illegal_parameter",
    ),
    "a key share of a group that is not offered": Misbehaviour(
        hello(with_extension(10, b"\x00\x02\x13\x37")), "illegal_parameter", "RFC 8446 §4.2.8"
    ),
    "no signature algorithms in TLS 1.3": Misbehaviour(
        hello(without_extension(13)), "missing_extension", "RFC 8446 §9.2"
    ),
    "no common signature algorithm": Misbehaviour(
        hello(with_extension(13, b"\x00\x02\x13\x37")), "handshake_failure", "RFC 8446 §4.1.1"
    ),
    "a key share without groups": Misbehaviour(
        hello(without_extension(10)), "missing_extension", "RFC 8446 §9.2"
    ),
    "groups without a key share": Misbehaviour(
        hello(without_extension(51)), "missing_extension", "RFC 8446 §9.2"
    ),
    "a key share that is no point": Misbehaviour(
        hello(with_extension(51, key_share(P256, b"\x04" + b"\x01" * 64))),
        "illegal_parameter",
        "RFC 8446 §4.2.8.2",
    ),
    "a key share of X25519 that is too short": Misbehaviour(
        hello(with_extension(51, key_share(X25519, b"\x01" * 31))),
        "illegal_parameter",
        "RFC 8446 §4.2.8",
    ),
    "a key share of X25519 that is zero": Misbehaviour(
        hello(with_extension(51, key_share(X25519, bytes(32)))),
        "illegal_parameter",
        "RFC 8446 §7.4.2",
    ),
    "a malformed key share": Misbehaviour(
        hello(with_extension(51, b"\x00\x09\x00")), "decode_error", "RFC 8446 §6.2"
    ),
    "no null compression": Misbehaviour(
        hello(with_compression(1), version=TLS12),
        "decode_error",
        "RFC 5246 §7.4.1.2 names no alert; as nginx",
    ),
    "a compression in TLS 1.3": Misbehaviour(
        hello(with_compression(1, 0)), "illegal_parameter", "RFC 8446 §4.1.2"
    ),
    "an extension twice": Misbehaviour(hello(doubled), "illegal_parameter", "RFC 8446 §4.2"),
    "an extension that is cut off": Misbehaviour(
        hello(with_wrong_size), "decode_error", "RFC 8446 §6.2"
    ),
    "a session id that is too long": Misbehaviour(
        hello(edit(38, 33)), "decode_error", "RFC 8446 §4.1.2, §6.2"
    ),
    "a malformed server name": Misbehaviour(
        hello(with_extension(0, b"\x00\x05\x00")), "decode_error", "RFC 8446 §6.2"
    ),
    "an empty list of protocols": Misbehaviour(
        hello(with_extension(16, b"\x00\x00")), "decode_error", "RFC 7301 §3.1"
    ),
    "protocols that are not served": Misbehaviour(
        hello(with_extension(16, b"\x00\x03\x02h2")), "no_application_protocol", "RFC 7301 §3.2"
    ),
    "protocols with one that is": Misbehaviour(
        with_a_request(hello(with_extension(16, b"\x00\x0c\x02h2\x08http/1.1"))),
        "an answer",
        "RFC 7301 §3.2",
    ),
    # The rest of the handshake
    "a hello twice": Misbehaviour(
        hello(twice, version=TLS12), "unexpected_message", "RFC 5246 §7.4"
    ),
    "a ServerHello from the client": Misbehaviour(
        hello(as_server_hello), "unexpected_message", "RFC 8446 §4"
    ),
    "a wrong Finished in TLS 1.2": Misbehaviour(
        altered(Finished, with_wrong_checksum, version=TLS12), "decrypt_error", "RFC 5246 §7.4.9"
    ),
    "a wrong Finished in TLS 1.3": Misbehaviour(
        altered(Finished, with_wrong_checksum), "decrypt_error", "RFC 8446 §4.4.4"
    ),
    "a Finished that is too long": Misbehaviour(
        altered(Finished, lambda message: b"\x14\x00\x00\x21" + bytes(33)),
        "decode_error",
        "RFC 8446 §6.2",
    ),
    "no Finished": Misbehaviour(
        altered(Finished, lambda message: [Message(DATA, bytearray(REQUEST))]),
        "unexpected_message",
        "RFC 8446 §4.4.4",
    ),
    "an empty key exchange": Misbehaviour(
        altered(ClientKeyExchange, empty_key, version=TLS12),
        "illegal_parameter",
        "RFC 5246 §7.2.2 has decode_error too; as nginx",
    ),
    "a key exchange with no point": Misbehaviour(
        altered(ClientKeyExchange, bad_point, version=TLS12, eccCurves=["secp256r1"], keyShares=[]),
        "illegal_parameter",
        "RFC 8422 §5.11",
    ),
    "a key exchange twice": Misbehaviour(
        altered(ClientKeyExchange, twice, version=TLS12), "unexpected_message", "RFC 5246 §7.4"
    ),
    "no key exchange": Misbehaviour(
        altered(ClientKeyExchange, lambda message: [], version=TLS12),
        "unexpected_message",
        "RFC 5246 §7.4",
    ),
    # After the handshake
    "a wrong MAC in TLS 1.2": Misbehaviour(corrupted(TLS12), "bad_record_mac", "RFC 5246 §7.2.2"),
    "a wrong tag in TLS 1.3": Misbehaviour(corrupted(TLS13), "bad_record_mac", "RFC 8446 §5.2"),
    "too long a record in TLS 1.2": Misbehaviour(
        afterwards(TLS12, (DATA, bytes(2**14 + 1))), "record_overflow", "RFC 5246 §6.2.1"
    ),
    "too long a record in TLS 1.3": Misbehaviour(
        afterwards(TLS13, (DATA, bytes(2**14 + 1))), "record_overflow", "RFC 8446 §5.2"
    ),
    "empty records without end": Misbehaviour(
        afterwards(TLS12, *[(DATA, b"")] * 40), "unexpected_message", "OpenSSL: 32 at most"
    ),
    "some empty records": Misbehaviour(
        afterwards(TLS12, *[(DATA, b"")] * 5, (DATA, REQUEST)), "an answer", "RFC 5246 §6.2.1"
    ),
    "warnings without end": Misbehaviour(
        afterwards(TLS12, *[(ALERT, bytes([1, 90]))] * 10),
        "unexpected_message",
        "OpenSSL: 5 at most",
    ),
    "a malformed alert": Misbehaviour(
        afterwards(TLS12, (ALERT, bytes([7, 7]))), "illegal_parameter", "RFC 8446 §6"
    ),
    "a renegotiation": Misbehaviour(
        afterwards(TLS12, (HANDSHAKE, HELLO_AGAIN)), "no_renegotiation", "RFC 5246 §7.2.2"
    ),
    "a hello after TLS 1.3 began": Misbehaviour(
        afterwards(TLS13, (HANDSHAKE, HELLO_AGAIN)), "unexpected_message", "RFC 8446 §4.1.2"
    ),
    "a HelloRequest from the client": Misbehaviour(
        afterwards(TLS12, (HANDSHAKE, bytes(4))), "unexpected_message", "RFC 5246 §7.4.1.1"
    ),
    "a heartbeat that was not agreed on": Misbehaviour(
        afterwards(TLS12, (24, b"\x01\x00\x01x" + bytes(16))), "unexpected_message", "RFC 6520 §3"
    ),
    "a change of cipher again": Misbehaviour(
        afterwards(TLS12, (CCS, b"\x01")), "unexpected_message", "RFC 5246 §7.1"
    ),
    "a change of cipher after TLS 1.3 began": Misbehaviour(
        afterwards(TLS13, (CCS, b"\x01")), "unexpected_message", "RFC 8446 §5"
    ),
    "a key update to nothing": Misbehaviour(
        afterwards(TLS13, (HANDSHAKE, bytes([KEY_UPDATE, 0, 0, 1, 2]))),
        "illegal_parameter",
        "RFC 8446 §4.6.3",
    ),
    "a key update that is empty": Misbehaviour(
        afterwards(TLS13, (HANDSHAKE, bytes([KEY_UPDATE, 0, 0, 0]))),
        "decode_error",
        "RFC 8446 §6.2",
    ),
    "a certificate unasked": Misbehaviour(
        afterwards(TLS13, (HANDSHAKE, bytes([11, 0, 0, 4, 0, 0, 0, 0]))),
        "unexpected_message",
        "RFC 8446 §4.4.2",
    ),
    "a Finished again": Misbehaviour(
        afterwards(TLS13, (HANDSHAKE, b"\x14\x00\x00\x20" + bytes(32))),
        "unexpected_message",
        "RFC 8446 §4.4.4",
    ),
}
