"""The border to ``ssl``: certificate files -> SSLContext, a transport -> an encrypted stream.

Only this module touches ``ssl`` and ``trio.SSLStream``; but ``tls_contexts`` has several
certificates in one, and what a client learns of a server is asked in ``served_certificate``. It
decides what TLS is offered and how a connection begins and ends; what is said in between is not its
business. No cryptography of our own: keys, random numbers and checks are OpenSSL's, seeded by the
operating system.
"""

import hashlib
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NoReturn, cast

import trio

from .alerts import AlertingContext
from .config import TLSSettings
from .errors import ClientGone, ConfigError
from .flights import FlightRecorder, Side
from .hello_check import Fault, HelloCheck
from .keylog import log_secrets
from .messages import ClientCertificate, TLSInfo
from .rules.client_hello import is_cut_off
from .rules.distinguished_name import format_alternative_names, format_distinguished_name
from .rules.first_bytes import may_become_http
from .rules.handshake_failures import client_failure_in_words, refused_certificate_in_words
from .rules.tls_policy import GOOD_GROUPS, TLS_POLICIES, TLSPolicy
from .transports import LingeringTransport, abort_transport, lingering_transport

__all__ = [
    "ALPN_PROTOCOLS",
    "abort",
    "close",
    "describe",
    "finish_handshake",
    "forget",
    "in_words",
    "new_server_context",
    "open_server_context",
    "receive_opening",
    "shake_hands",
    "too_slow",
]

_DEFAULT_SETTINGS = TLSSettings()
# RFC 7301: exactly what is served. curl --http1.0 asks for the second, and for nothing else.
ALPN_PROTOCOLS = ["http/1.1", "http/1.0"]
_OPENING_BYTES = 4096  # of a first read: a ClientHello has up to 2 KiB
_ALERT_SECONDS = 1.0  # for an alert to arrive before the connection ends: a few round trips


class _ServerContext(ssl.SSLContext):
    """A context that knows what it offers; OpenSSL keeps that to itself."""

    alpn_protocols: frozenset[bytes] = frozenset()
    groups: frozenset[int] | None = None
    """For key exchange, as far as OpenSSL could not be told; None: it knows."""

    def set_alpn_protocols(self, alpn_protocols: Iterable[str]) -> None:
        names = list(alpn_protocols)
        super().set_alpn_protocols(names)
        self.alpn_protocols = frozenset(name.encode("ascii") for name in names)

    def set_ecdh_curve(self, name: str, /) -> None:
        super().set_ecdh_curve(name)
        self.groups = None


def open_server_context(
    certificate: Path,
    key: Path | None = None,
    password: bytes | None = None,
    *,
    settings: TLSSettings = _DEFAULT_SETTINGS,
) -> ssl.SSLContext:
    """Return a server's context with a certificate chain and its key.

    Files are PEM; ``key`` None means that it lies in ``certificate`` too. Raises ``ConfigError``
    where OpenSSL can't use them, or the file for the secrets can't be written.
    """
    context = new_server_context(settings)
    try:
        # Without a password OpenSSL would ask for one on the terminal.
        context.load_cert_chain(certificate, key, password or b"")
    except (ssl.SSLError, OSError, ValueError) as exc:  # ValueError: an endless password
        raise ConfigError(
            f"{certificate}: OpenSSL can't use this certificate with {key or 'the key in it'}:"
            f" {_why_unusable(exc)}. Give a PEM chain, leaf first, and the key it was made with."
        ) from exc
    return context


def new_server_context(settings: TLSSettings = _DEFAULT_SETTINGS) -> ssl.SSLContext:
    """Return a server's context without a certificate yet.

    Raises ``ConfigError`` where the file for the secrets can't be written.
    """
    # Not ssl.create_default_context: it would write session keys to a file named by the
    # environment (SSLKEYLOGFILE).
    context = _ServerContext(ssl.PROTOCOL_TLS_SERVER)
    _apply_policy(context, TLS_POLICIES[settings.policy])
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.options |= ssl.OP_NO_RENEGOTIATION  # RFC 9325 §3.5
    context.set_alpn_protocols(ALPN_PROTOCOLS)
    if settings.keylog is not None:
        log_secrets(context, settings.keylog)
    return context


def _apply_policy(context: _ServerContext, policy: TLSPolicy) -> None:
    context.minimum_version = ssl.TLSVersion[policy.minimum_version]
    if policy.cipher_suites:
        context.set_ciphers(":".join(policy.cipher_suites))
    # Before Python 3.15 there is set_ecdh_curve only, for one group. OpenSSL's own choice begins
    # with X25519, and from 3.5 on with X25519MLKEM768 before it; HelloCheck does the rest.
    if hasattr(context, "set_groups"):
        context.set_groups(":".join(policy.groups))
    else:
        context.groups = GOOD_GROUPS


async def receive_opening(transport: trio.abc.ReceiveStream) -> bytes:
    """Return what a client says first: enough to tell HTTP from TLS, and all of its ClientHello.

    Of a ClientHello that is very long, or in many pieces, the beginning. b"" where the client has
    ended its side. Raises ``ClientGone`` when the connection broke; ``transport`` is closed then,
    and also when this is cancelled.
    """
    received = b""
    try:
        with _failing_as_client_gone():
            while data := await transport.receive_some(_OPENING_BYTES):
                received += data
                if not may_become_http(received) and not is_cut_off(received):
                    break
    except BaseException:
        await trio.aclose_forcefully(transport)
        raise
    return received


async def shake_hands(
    transport: trio.abc.Stream,
    context: ssl.SSLContext,
    *,
    received: bytes = b"",
    recorder: FlightRecorder | None = None,
) -> trio.SSLStream[trio.abc.Stream]:
    """Return ``transport`` encrypted, once the handshake is done.

    ``received`` is what has come from it already. What is sent and received until the handshake is
    done goes to ``recorder``, too. Raises ``ClientGone`` with the reason in words where the
    handshake failed; the client was sent the alert then that says so, where there is one, and the
    transport is closed. It is closed, and at once, also when this is cancelled: how long a client
    may take is the caller's to say.
    """
    if recorder is not None:
        recorder.record("client", received, at=trio.current_time())
    alerting = AlertingContext(context, received)
    check = _check_for(context)
    # https_compatible=False: close_notify is sent on close (RFC 9112 §9.8).
    lingering = lingering_transport(transport, alerting)
    stream: trio.SSLStream[trio.abc.Stream] = trio.SSLStream(
        _HandshakeTransport(lingering, alerting, recorder, check),
        cast("ssl.SSLContext", alerting),
        server_side=True,
    )
    try:
        with _failing_as_client_gone():
            if fault := check.find_fault(received):
                await _refuse(transport, alerting, fault)
            await stream.do_handshake()
        stream.transport_stream = lingering
    except BaseException:
        # Not aclose of the SSLStream: before the handshake that would begin one.
        forget(stream)
        await _close_after_alert(transport, alerting)
        raise
    return stream


async def finish_handshake(stream: trio.SSLStream[trio.abc.Stream], *, timeout: float) -> None:
    """Complete the handshake of a stream that somebody else has made.

    Raises ``ClientGone`` where that is not done within ``timeout`` seconds, or fails.
    """
    with _failing_as_client_gone(), trio.move_on_after(timeout):
        await stream.do_handshake()
        return
    raise too_slow(timeout)


def too_slow(timeout: float) -> ClientGone:
    """Return the error of a client that took longer than ``timeout`` seconds."""
    return ClientGone(f"no TLS handshake within {timeout:.3g} s")


def _check_for(context: ssl.SSLContext) -> HelloCheck:
    if isinstance(context, _ServerContext):
        return HelloCheck(context.alpn_protocols, context.groups)
    return HelloCheck(None, None)  # what a context of the user's offers is not known here


@contextmanager
def _failing_as_client_gone() -> Iterator[None]:
    try:
        yield
    except (trio.BrokenResourceError, trio.ClosedResourceError) as exc:
        raise ClientGone(f"the TLS handshake failed: {_why_broken(exc)}") from exc


async def _refuse(transport: trio.abc.Stream, alerting: AlertingContext, fault: Fault) -> NoReturn:
    alerting.has_alerted = True
    await transport.send_all(fault.alert)
    raise ClientGone(f"the TLS handshake failed: {fault.reason}")


def describe(
    stream: trio.SSLStream[trio.abc.Stream], recorder: FlightRecorder | None = None
) -> TLSInfo:
    """Return what the handshake of ``stream`` agreed on, and what was recorded of it."""
    agreed = _ssl_object_of(stream)
    cipher = agreed.cipher()
    return TLSInfo(
        version=agreed.version() or "",
        cipher_suite=cipher[0] if cipher else "",
        alpn=agreed.selected_alpn_protocol(),
        resumed=bool(agreed.session_reused),
        server_name=agreed.server_hostname,
        client=_describe_client(agreed),
        flights=recorder.flights if recorder else (),
    )


def _ssl_object_of(stream: trio.SSLStream[trio.abc.Stream]) -> Any:
    """Return what ``stream`` would pass each question on to, by way of two errors."""
    transport = stream.transport_stream
    if isinstance(transport, LingeringTransport) and transport.alerting is not None:
        return transport.alerting.ssl_object
    return stream  # of the user's: it answers as well


def _describe_client(agreed: Any) -> ClientCertificate | None:
    # Empty where nobody asked OpenSSL to verify what there is.
    verified = agreed.getpeercert()
    if not verified:
        return None
    not_after = ssl.cert_time_to_seconds(verified["notAfter"])
    return ClientCertificate(
        subject=format_distinguished_name(verified["subject"]),
        names=format_alternative_names(verified.get("subjectAltName", ())),
        sha256=hashlib.sha256(agreed.getpeercert(binary_form=True)).hexdigest(),
        serial_number=verified["serialNumber"],
        not_after=datetime.fromtimestamp(not_after, UTC),
    )


async def close(stream: trio.abc.Stream, *, timeout: float) -> None:
    """Close ``stream`` so that what was sent last arrives, within ``timeout`` seconds.

    With TLS: close_notify (RFC 8446 §6.1). Then the end of our side, and reading until the client
    has closed its own: to close with unread bytes is a reset, and a reset makes the client forget
    what it has not read yet (RFC 9112 §9.6). On cancellation the stream is closed at once.
    """
    with (
        trio.move_on_after(timeout),
        # The client may have been faster.
        suppress(trio.BrokenResourceError, trio.ClosedResourceError),
    ):
        # Whatever becomes of these, they close what they close (``trio.abc.AsyncResource``).
        if isinstance(stream, trio.SSLStream):
            await stream.aclose()  # closes the transport below, which lingers
        else:
            await lingering_transport(stream).aclose()


def forget(stream: trio.abc.Stream) -> None:
    """Let go of what a closed stream holds.

    An ``SSLStream`` refers to itself, by a bound method that it keeps; so the 100 KiB of OpenSSL's
    below it would wait for the garbage collector, while new connections come.
    """
    if isinstance(stream, trio.SSLStream):
        vars(stream).clear()


async def abort(stream: trio.abc.Stream) -> None:
    """Close ``stream`` at once, without close_notify: what was sent must not look whole.

    What the client has not taken is dropped. The system would keep it otherwise, and for as long as
    the client likes: some 100 KiB for each that stopped reading. But where it was sent an alert, it
    has a second to read that. On cancellation it is closed at once, too.
    """
    transport = stream
    if isinstance(stream, trio.SSLStream):
        transport = stream.transport_stream
    if isinstance(transport, LingeringTransport):
        if transport.alerting is not None and transport.alerting.has_alerted:
            await _close_after_alert(transport.transport, transport.alerting)
            return
        transport = transport.transport
    await abort_transport(transport)


async def _close_after_alert(transport: trio.abc.Stream, alerting: AlertingContext) -> None:
    try:
        if alerting.has_alerted:
            # A reset would make the client forget what it has not read yet, see close.
            with trio.move_on_after(_ALERT_SECONDS):
                await lingering_transport(transport).aclose()
    finally:
        await trio.aclose_forcefully(transport)


class _HandshakeTransport(LingeringTransport):
    """What is below TLS until the handshake is done: all that is received is looked at before."""

    def __init__(
        self,
        transport: LingeringTransport,
        alerting: AlertingContext,
        recorder: FlightRecorder | None,
        check: HelloCheck,
    ) -> None:
        super().__init__(transport, alerting)
        self._alerting = alerting
        self._recorder = recorder
        self._check = check

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self._record("server", data)
        self._check.note_answer(data)
        await self.transport.send_all(data)

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        data = await self.transport.receive_some(max_bytes)
        self._record("client", data)
        if fault := self._check.find_fault(data):
            await _refuse(self.transport, self._alerting, fault)
        return data

    def _record(self, sender: Side, data: bytes | bytearray | memoryview) -> None:
        if self._recorder is not None:
            self._recorder.record(sender, data, at=trio.current_time())


def _why_unusable(exc: Exception) -> str:
    if isinstance(exc, ssl.SSLError):
        return in_words(exc) if exc.reason else "there is none in it that it can read"
    return (isinstance(exc, OSError) and exc.strerror) or str(exc)


def _why_broken(exc: BaseException) -> str:
    cause = exc.__cause__
    if isinstance(cause, ssl.SSLError):
        return in_words(cause)
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    return "the connection broke"


def in_words(exc: ssl.SSLError) -> str:
    """Return why a handshake with a client failed, with what to do about it where that is known."""
    if isinstance(exc, ssl.SSLEOFError):
        return "the client closed the connection"
    if isinstance(exc, ssl.SSLCertVerificationError):
        return refused_certificate_in_words(exc.verify_message)
    return client_failure_in_words(exc.reason or str(exc))
