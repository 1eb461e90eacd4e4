"""What a ClientHello must not hold, for Python would not handle it as the RFCs want.

A client says more than one where the server asks for another (RFC 8446 §4.1.4), and each in as many
records as it likes. All are looked at before OpenSSL sees them, until the server's answer asks for
no other. What else may be wrong with them, OpenSSL finds; how an alert is sent is not known here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .alerts import HANDSHAKE_FAILURE, NO_APPLICATION_PROTOCOL, UNRECOGNIZED_NAME
from .operate.access_log import escape
from .rules.client_hello import (
    ALPN,
    KEY_SHARE,
    SERVER_NAME,
    SUPPORTED_GROUPS,
    ClientHello,
    parse_client_hello_content,
)
from .rules.octet_reader import Malformed
from .rules.tls_records import Event, FlightReader, HandshakeMessage, read_single_message
from .rules.tls_registry import group_name

__all__ = ["Fault", "HelloCheck"]

_CLIENT_HELLO = 1  # RFC 8446 §4
# RFC 8446 §4.1.3: the Random of a ServerHello that asks for another ClientHello, and where that
# stands in what is sent first: behind the headers of a record and a message, and the version.
_ASKS_FOR_ANOTHER = bytes.fromhex(
    "cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"
)
_RANDOM = slice(5 + 4 + 2, 5 + 4 + 2 + len(_ASKS_FOR_ANOTHER))
_LOOKED_AT = frozenset([SERVER_NAME, SUPPORTED_GROUPS, ALPN, KEY_SHARE])  # of a dozen extensions
_MAX_NAMES_TOLD = 5  # of protocols or groups that a client offers


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a handshake is refused."""

    alert: bytes
    """The record that tells the client."""
    reason: str


class HelloCheck:
    """Looks for what is wrong in all that a client sends in its handshake."""

    def __init__(
        self, alpn_protocols: frozenset[bytes] | None, groups: frozenset[int] | None
    ) -> None:
        """Take the protocols and the groups, by number, that the server offers; None: any will do.

        Of the groups of a client, one that is offered is enough; OpenSSL chooses.
        """
        self._alpn_protocols = alpn_protocols
        self._groups = groups
        self._reader: FlightReader | None = None  # as long as each message was a record
        self._is_over = False

    def find_fault(self, octets: bytes | bytearray) -> Fault | None:
        """Return what is wrong in the octets that come next; None: nothing, or it is OpenSSL's."""
        if self._is_over:
            return None
        try:
            for event in self._read(octets):
                if isinstance(event, HandshakeMessage) and event.kind == _CLIENT_HELLO:
                    hello = parse_client_hello_content(event.content, only=_LOOKED_AT)
                    fault = self._judge(hello)
                    if fault is not None:
                        return fault
        except Malformed:
            self._is_over = True
        return None

    def _read(self, octets: bytes | bytearray) -> Iterable[Event]:
        """Return what is complete now."""
        if self._reader is None:
            message = read_single_message(octets)
            if message is not None:
                return (message,)
            self._reader = FlightReader()
        return self._reader.receive(octets)

    def note_answer(self, octets: bytes | bytearray | memoryview) -> None:
        """Look at nothing any more, unless the octets that the server sends ask for another hello.

        OpenSSL sends that request by itself, and takes no other hello (RFC 8446 §4.1.2).
        """
        if octets[_RANDOM] != _ASKS_FOR_ANOTHER:
            self._is_over = True

    def _judge(self, hello: ClientHello) -> Fault | None:
        # RFC 6066 §3: ASCII. Python can't decode another, and prints a traceback for each.
        if not all(map(bytes.isascii, hello.server_names)):
            return Fault(UNRECOGNIZED_NAME, "the server name that was asked for is not ASCII")
        return self._judge_protocols(hello) or self._judge_groups(hello)

    def _judge_protocols(self, hello: ClientHello) -> Fault | None:
        # RFC 7301 §3.2. Python has OpenSSL go on without a protocol.
        offered, ours = hello.alpn_protocols, self._alpn_protocols
        if offered and ours is not None and ours.isdisjoint(offered):
            names = ", ".join(escape(name.decode("latin-1")) for name in offered[:_MAX_NAMES_TOLD])
            return Fault(NO_APPLICATION_PROTOCOL, f"no protocol of ours is offered, but {names}")
        return None

    def _judge_groups(self, hello: ClientHello) -> Fault | None:
        # RFC 8446 §4.1.1. Python before 3.15 can't tell OpenSSL more groups than one.
        offered, ours = hello.groups, self._groups
        if not offered or ours is None or not ours.isdisjoint(offered):
            return None
        first_share = [group for group, _key in hello.key_shares[:1]]
        if not set(first_share) <= set(offered):  # §4.2.8: OpenSSL has another alert for that
            return None
        names = ", ".join(map(group_name, offered[:_MAX_NAMES_TOLD]))
        return Fault(
            HANDSHAKE_FAILURE, f"no group of ours for key exchange is offered, but {names}"
        )
