"""A handshake of our own with a server, kept message by message.

OpenSSL tells each message before it is encrypted and after it is decrypted, but no key, by the
callback that Python keeps for debugging; without it, only the octets of the wire are known. What
the messages mean is not known here.
"""

import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal, TypeVar

import trio

from ..errors import ConfigError
from ..flights import Side
from ..rules.handshake_failures import ServerFailure, server_alert
from ..rules.tls_records import Alert, ChangeCipherSpec, HandshakeMessage
from ..rules.tls_registry import alert_name
from ..served_certificate import why_no_handshake
from .transcript import Entry

__all__ = ["Dialogue", "NoHandshake", "Offer", "hold_dialogue", "open_client_context"]

T = TypeVar("T")

_CHANGE_CIPHER_SPEC, _ALERT, _HANDSHAKE = 20, 21, 22  # RFC 8446 §5.1
# Private in name, and the one way to the messages; in Python since 3.8, for debugging.
_CALLBACK = "_msg_callback"
_RECORD_HEADER = 256  # SSL3_RT_HEADER of OpenSSL
_MESSAGE_HEADER_BYTES = 4
_CLOSE_NOTIFY = b"\x00"
_RECEIVE_BYTES = 16 * 1024
_MAX_ANSWER_BYTES = 64 * 1024
_ANSWER_TIMEOUT = 2.0  # seconds; what speaks TLS need not speak HTTP
_END_OF_HEAD = b"\r\n\r\n"

# The suites of TLS 1.2 in which the client sends the secret (RFC 5246 §7.4.7.1).
_RSA_CIPHERS = "kRSA+AESGCM:kRSA+AES"


class NoHandshake(Exception):  # noqa: N818 -- a finding, and not a fault of ours
    """There was no handshake; the message says why, in words."""

    def __init__(self, failure: ServerFailure) -> None:
        super().__init__(failure.text)
        self.failure = failure


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What the client is to offer; by default all that OpenSSL has."""

    version: Literal["1.2", "1.3"] | None = None
    """None: both."""
    rsa_key_exchange: bool = False
    """Only the suites in which the client sends the secret, encrypted: TLS 1.2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialogue:
    """What was said on a connection, and what came of it."""

    transcript: tuple[Entry, ...]
    distrust: str | None
    """Why the client does not trust the certificate, and has ended the handshake; None: it does,
    or was not asked to."""
    version: str
    """"TLSv1.3", "" where nothing was agreed on; so the two that follow."""
    cipher_suite: str
    alpn: str | None
    is_resumed: bool
    session: ssl.SSLSession | None
    """To come back with."""
    round_trips: int
    """How often the client had to wait for the server before it could send its request."""
    seconds: float
    """From the ClientHello to the moment in which it could."""
    answer: bytes
    """The beginning of what the server answered to the request; b"" for nothing."""


def open_client_context(offer: Offer, *, check: bool) -> ssl.SSLContext:
    """Return a client's context, which trusts what this machine's clients trust.

    For a look at a server, and for nothing else: the name in the certificate is not checked, and
    with ``check`` False any certificate is accepted.
    """
    context = ssl.create_default_context()
    context.check_hostname = False  # else a wrong name would hide what else is wrong
    if not check:
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    if offer.version == "1.2" or offer.rsa_key_exchange:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
    elif offer.version == "1.3":
        context.minimum_version = ssl.TLSVersion.TLSv1_3
    if offer.rsa_key_exchange:
        context.set_ciphers(_RSA_CIPHERS)
    return context


async def hold_dialogue(
    stream: trio.abc.Stream,
    context: ssl.SSLContext,
    server_name: str,
    *,
    request: bytes,
    session: ssl.SSLSession | None = None,
) -> Dialogue:
    """Shake hands over ``stream``, send ``request``, read what comes, say goodbye.

    The stream stays open. Raises ``NoHandshake``; a certificate that is not trusted is no such
    case. Raises ``ConfigError`` where this Python does not tell messages, or can't ask for such a
    name. Deadlines are the caller's. If cancelled, the stream can't be used any more.
    """
    if not hasattr(context, _CALLBACK):
        raise ConfigError("this Python does not tell what OpenSSL says. Use CPython.")
    client = _Client(stream, context, server_name, session)
    distrust = None
    began_at = trio.current_time()
    try:
        await client.run(client.tls.do_handshake)
    except ssl.SSLCertVerificationError as exc:
        distrust = exc.verify_message
    except (ssl.SSLError, OSError, trio.BrokenResourceError) as exc:
        raise NoHandshake(_why(exc, client.transcript)) from exc
    seconds, round_trips = trio.current_time() - began_at, client.waits
    answer = b"" if distrust else await _ask(client, request)
    cipher = client.tls.cipher()
    return Dialogue(
        transcript=tuple(client.transcript),
        distrust=distrust,
        version=(client.tls.version() or "") if cipher else "",
        cipher_suite=cipher[0] if cipher else "",
        alpn=client.tls.selected_alpn_protocol(),
        is_resumed=bool(client.tls.session_reused),
        session=None if distrust else client.tls.session,  # half a session can't be had
        round_trips=round_trips,
        seconds=seconds,
        answer=answer,
    )


async def _ask(client: "_Client", request: bytes) -> bytes:
    """Return the head of what the server answers, if it does. Tickets come along with it."""
    answer = b""
    with (
        trio.move_on_after(_ANSWER_TIMEOUT),
        suppress(ssl.SSLError, trio.BrokenResourceError),
    ):
        await client.run(lambda: client.tls.write(request))
        while _END_OF_HEAD not in answer and len(answer) < _MAX_ANSWER_BYTES:
            received = await client.run(lambda: client.tls.read(_RECEIVE_BYTES))
            if not received:
                break
            answer += received
        await client.run(client.tls.unwrap)
    return answer


class _Client:
    """OpenSSL in the middle, between a Trio stream and who listens to its messages."""

    def __init__(
        self,
        stream: trio.abc.Stream,
        context: ssl.SSLContext,
        server_name: str,
        session: ssl.SSLSession | None,
    ) -> None:
        self.transcript: list[Entry] = []
        self.waits = 0
        self._now = trio.current_time()
        self._has_sent = False
        self._stream = stream
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        setattr(context, _CALLBACK, self._take_message)
        try:
            self.tls = context.wrap_bio(
                self._incoming, self._outgoing, server_hostname=server_name, session=session
            )
        except ValueError as exc:
            raise ConfigError(f"{server_name}: no server has such a name ({exc}).") from exc

    async def run(self, action: Callable[[], T]) -> T:
        """Do what OpenSSL does, as often as it wants to read more. Raises what it raises."""
        while True:
            self._now = trio.current_time()
            try:
                result = action()
            except ssl.SSLWantReadError:
                await self._send()
                await self._receive()
            except ssl.SSLError:
                with suppress(OSError, trio.BrokenResourceError):  # it is not what went wrong first
                    await self._send()  # an alert
                raise
            else:
                await self._send()
                return result

    async def _send(self) -> None:
        if octets := self._outgoing.read():
            self._has_sent = True
            await self._stream.send_all(octets)

    async def _receive(self) -> None:
        self.waits += self._has_sent  # what comes in pieces is waited for once
        self._has_sent = False
        if octets := await self._stream.receive_some(_RECEIVE_BYTES):
            self._incoming.write(octets)
        else:
            self._incoming.write_eof()

    def _take_message(
        self,
        _connection: object,
        direction: str,
        _version: int,
        content_type: int,
        _message_type: int,
        octets: bytes,
    ) -> None:
        event = _event(content_type, octets)
        if event is not None:
            sender: Side = "client" if direction == "write" else "server"
            self.transcript.append(Entry(sender, self._now, event))


def _event(content_type: int, octets: bytes) -> HandshakeMessage | ChangeCipherSpec | Alert | None:
    if content_type == _HANDSHAKE and len(octets) >= _MESSAGE_HEADER_BYTES:
        return HandshakeMessage(octets[0], octets[_MESSAGE_HEADER_BYTES:])
    # What is received of these is told by the header of the record only.
    if content_type == _RECORD_HEADER and octets[0] == _CHANGE_CIPHER_SPEC:
        return ChangeCipherSpec()
    # The goodbye at the end is no part of the handshake.
    if content_type == _ALERT and octets[1:] != _CLOSE_NOTIFY:
        return Alert(octets[-1])
    return None


def _why(exc: Exception, transcript: Sequence[Entry]) -> ServerFailure:
    last = transcript[-1] if transcript else None
    if last is not None and last.sender == "server" and isinstance(last.event, Alert):
        return server_alert(alert_name(last.event.description))
    return why_no_handshake(exc)
