"""The border to ``ssl``: certificate files -> SSLContext, a transport -> an encrypted stream.

Only this module touches ``ssl`` and ``trio.SSLStream``; but ``tls_contexts`` has several
certificates in one, and what a client learns of a server is asked in ``served_certificate``. It
decides what TLS is offered and how a connection begins and ends; what is said in between is not its
business. No cryptography of our own: keys, random numbers and checks are OpenSSL's, seeded by the
operating system.
"""

import hashlib
import socket
import ssl
import struct
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

import trio

from .errors import ClientGone, ConfigError
from .messages import ClientCertificate, TLSInfo
from .rules.distinguished_name import format_alternative_names, format_distinguished_name

__all__ = [
    "abort",
    "close",
    "describe",
    "forget",
    "new_server_context",
    "offered_versions",
    "open_server_context",
    "shake_hands",
    "why_untrusted",
]

_LINGER_NOT = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)  # struct linger
_MAX_FLIGHTS = 10  # of a handshake; two are the rule, and three with HelloRetryRequest
_ALPN_PROTOCOLS = ["http/1.1"]  # RFC 7301: exactly what is served


def open_server_context(
    certificate: Path, key: Path | None = None, password: bytes | None = None
) -> ssl.SSLContext:
    """Return a server's context for TLS 1.2 and 1.3 with a certificate chain and its key.

    Files are PEM; ``key`` None means that it lies in ``certificate`` too. Raises ``ConfigError``
    where OpenSSL can't use them.
    """
    context = new_server_context()
    try:
        # Without a password OpenSSL would ask for one on the terminal.
        context.load_cert_chain(certificate, key, password or b"")
    except (ssl.SSLError, OSError, ValueError) as exc:  # ValueError: an endless password
        raise ConfigError(
            f"{certificate}: OpenSSL can't use this certificate with {key or 'the key in it'}:"
            f" {_why_unusable(exc)}. Give a PEM chain, leaf first, and the key it was made with."
        ) from exc
    return context


def new_server_context() -> ssl.SSLContext:
    """Return a server's context for TLS 1.2 and 1.3, without a certificate yet."""
    # Not ssl.create_default_context: it would write session keys to a file named by the
    # environment (SSLKEYLOGFILE).
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.options |= ssl.OP_NO_RENEGOTIATION  # RFC 9325 §3.5
    context.set_alpn_protocols(_ALPN_PROTOCOLS)
    return context


async def shake_hands(
    transport: trio.abc.Stream, context: ssl.SSLContext, *, timeout: float
) -> trio.SSLStream[trio.abc.Stream]:
    """Return ``transport`` encrypted, once the handshake is done.

    Raises ``ClientGone`` with the reason in words where there was none within ``timeout`` seconds
    or it failed; the transport is closed then, and also when this is cancelled.
    """
    # https_compatible=False: close_notify is sent on close (RFC 9112 §9.8).
    stream: trio.SSLStream[trio.abc.Stream] = trio.SSLStream(
        _LingeringTransport(transport), context, server_side=True
    )
    try:
        await _do_handshake(stream, timeout)
    except BaseException:
        # Not aclose of the SSLStream: before the handshake that would begin one.
        forget(stream)
        await trio.aclose_forcefully(transport)
        raise
    return stream


async def _do_handshake(stream: trio.SSLStream[trio.abc.Stream], timeout: float) -> None:
    try:
        with trio.fail_after(timeout):
            await stream.do_handshake()
    except trio.TooSlowError:
        raise ClientGone(f"no TLS handshake within {timeout:.3g} s") from None
    except (trio.BrokenResourceError, trio.ClosedResourceError) as exc:
        raise ClientGone(f"the TLS handshake failed: {_why_broken(exc)}") from exc


def describe(stream: trio.SSLStream[trio.abc.Stream]) -> TLSInfo:
    """Return what the handshake of ``stream`` agreed on."""
    cipher = stream.cipher()
    return TLSInfo(
        version=stream.version() or "",
        cipher_suite=cipher[0] if cipher else "",
        alpn=stream.selected_alpn_protocol(),
        resumed=bool(stream.session_reused),
        server_name=stream.server_hostname,
        client=_describe_client(stream),
    )


def _describe_client(stream: trio.SSLStream[trio.abc.Stream]) -> ClientCertificate | None:
    # Empty where nobody asked OpenSSL to verify what there is.
    verified = stream.getpeercert()
    if not verified:
        return None
    not_after = ssl.cert_time_to_seconds(verified["notAfter"])
    return ClientCertificate(
        subject=format_distinguished_name(verified["subject"]),
        names=format_alternative_names(verified.get("subjectAltName", ())),
        sha256=hashlib.sha256(stream.getpeercert(binary_form=True)).hexdigest(),
        serial_number=verified["serialNumber"],
        not_after=datetime.fromtimestamp(not_after, UTC),
    )


async def close(stream: trio.abc.Stream, *, timeout: float) -> None:
    """Close ``stream`` so that what was sent last arrives, within ``timeout`` seconds.

    With TLS: close_notify (RFC 8446 §6.1). Then the end of our side, and reading until the client
    has closed its own: to close with unread bytes is a reset, and a reset makes the client forget
    what it has not read yet (RFC 9112 §9.6). On cancellation the stream is closed at once.
    """
    try:
        with (
            trio.move_on_after(timeout),
            # The client may have been faster.
            suppress(trio.BrokenResourceError, trio.ClosedResourceError),
        ):
            if isinstance(stream, trio.SSLStream):
                await stream.aclose()  # closes the transport below, which lingers
            else:
                await _LingeringTransport(stream).aclose()
    finally:
        await trio.aclose_forcefully(stream)


def forget(stream: trio.abc.Stream) -> None:
    """Let go of what a closed stream holds.

    An ``SSLStream`` refers to itself, by a bound method that it keeps; so the 100 KiB of OpenSSL's
    below it would wait for the garbage collector, while new connections come.
    """
    if isinstance(stream, trio.SSLStream):
        vars(stream).clear()


async def abort(transport: trio.abc.Stream) -> None:
    """Close ``transport`` at once, without close_notify: what was sent must not look whole.

    What the client has not taken is dropped. The system would keep it otherwise, and for as long as
    the client likes: some 100 KiB for each that stopped reading. On cancellation the same.
    """
    if isinstance(transport, trio.SocketStream):
        with suppress(OSError):  # closed already
            transport.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
    await trio.aclose_forcefully(transport)


class _LingeringTransport(trio.abc.Stream):
    """A transport that, when it is closed, waits for the other side to close too."""

    def __init__(self, transport: trio.abc.Stream) -> None:
        self._transport = transport

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        await self._transport.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        await self._transport.wait_send_all_might_not_block()

    async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
        return await self._transport.receive_some(max_bytes)

    async def aclose(self) -> None:
        try:
            # It may have been reset by the client, or closed by us before.
            with suppress(trio.BrokenResourceError, trio.ClosedResourceError):
                if isinstance(self._transport, trio.abc.HalfCloseableStream):
                    await self._transport.send_eof()
                    while await self._transport.receive_some():
                        pass
        finally:
            await self._transport.aclose()


def why_untrusted(server: ssl.SSLContext, name: str) -> str | None:
    """Return why a client with this machine's trusted CAs refuses the certificate; None: it won't.

    A handshake in memory, as OpenSSL's clients would do it with ``name`` (a host name or an IP
    address) in the URL. Browsers with a store of their own may judge in another way.
    """
    try:
        _shake_hands_in_memory(ssl.create_default_context(), server, name)
    except ssl.SSLCertVerificationError as exc:
        return exc.verify_message
    except ssl.SSLError as exc:
        return _in_words(exc)
    return None


def offered_versions(server: ssl.SSLContext) -> list[str]:
    """Return the TLS versions in which a handshake with ``server`` succeeds: ["1.2", "1.3"].

    Found out by handshakes in memory, each with a client that speaks that version only, wants
    ALPN "http/1.1", and does not look at the certificate.
    """
    offered = []
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        client.check_hostname = False
        client.verify_mode = ssl.CERT_NONE
        client.minimum_version = client.maximum_version = version
        client.set_alpn_protocols(_ALPN_PROTOCOLS)
        with suppress(ssl.SSLError):
            agreed = _shake_hands_in_memory(client, server, "localhost")
            if agreed.selected_alpn_protocol() in _ALPN_PROTOCOLS:
                offered.append(version.name.removeprefix("TLSv").replace("_", "."))
    return offered


def _shake_hands_in_memory(
    client: ssl.SSLContext, server: ssl.SSLContext, name: str
) -> ssl.SSLObject:
    """Return the client's side after a handshake; raise what OpenSSL raises on either side."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=name)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(_MAX_FLIGHTS):
        try:
            ours.do_handshake()
        except ssl.SSLWantReadError:
            with suppress(ssl.SSLWantReadError):
                theirs.do_handshake()
        else:
            return ours
    raise ssl.SSLError("the TLS handshake comes to no end")


def _why_unusable(exc: Exception) -> str:
    if isinstance(exc, ssl.SSLError):
        return _in_words(exc) if exc.reason else "there is none in it that it can read"
    return (isinstance(exc, OSError) and exc.strerror) or str(exc)


def _why_broken(exc: BaseException) -> str:
    cause = exc.__cause__
    if isinstance(cause, ssl.SSLError):
        return _in_words(cause)
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror.lower()
    return "the connection broke"


def _in_words(exc: ssl.SSLError) -> str:
    """Return OpenSSL's reason as words: TLSV1_ALERT_UNKNOWN_CA -> "tlsv1 alert unknown ca"."""
    if isinstance(exc, ssl.SSLEOFError):
        return "the client closed the connection"
    if exc.reason == "HTTP_REQUEST":
        return "the client spoke plain HTTP to the TLS port"
    return (exc.reason or str(exc)).replace("_", " ").lower()
