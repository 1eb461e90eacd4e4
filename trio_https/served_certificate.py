"""The client's side of the border to ``ssl``: which certificate a server shows, and who trusts it.

A handshake as this machine's clients do it, and where they refuse the certificate, another that
looks at nothing. Nothing is sent but the handshake; what a certificate says is not known here.
"""

import os
import socket
import ssl
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

import trio

from .errors import ConfigError, without_groups
from .rules.handshake_failures import ServerFailure, find_server_failure

__all__ = ["ServedCertificate", "fetch_certificate", "why_no_handshake", "why_unreachable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedCertificate:
    """What a server showed in a handshake."""

    place: str
    """The server, as in a URL: "[::1]:8443"."""
    chain: tuple[bytes, ...]
    """Certificates in DER, the server's own first."""
    is_whole: bool
    """Whether the chain is all that was sent; before Python 3.13, only the first can be had."""
    distrust: str | None
    """Why a client with this machine's trusted CAs refuses it; None: it does not."""
    version: str
    """"TLSv1.3"."""


async def fetch_certificate(host: str, port: int, *, timeout: float) -> ServedCertificate:
    """Return what the server at ``host`` and ``port`` shows to a client that asks for ``host``.

    Within ``timeout`` seconds in all. Raises ConfigError, with the reason in words, where there is
    no server, or none that speaks TLS. On cancellation the connection is closed at once.
    """
    place = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        with trio.fail_after(timeout):
            return await _fetch(place, host, port)
    except trio.TooSlowError:
        reason = f"no answer within {timeout:.3g} s. Is it a TLS server, and is the way to it open?"
        raise ConfigError(f"{place}: {reason}") from None
    except ssl.SSLError as error:
        failure = why_no_handshake(error)
        remedy = f"trio-https explain {place} may tell more."
        if failure.obstacle in ("no TLS", "end"):
            remedy = "Name a server and a port that speak TLS."
        raise ConfigError(f"{place}: {failure.text}. {remedy}") from error
    except (OSError, trio.BrokenResourceError) as error:
        reason = why_unreachable(error)
        raise ConfigError(
            f"{place}: {reason}. Name a server that is running, as HOST:PORT."
        ) from error


async def _fetch(place: str, host: str, port: int) -> ServedCertificate:
    distrust = None
    try:
        tls = await _connect(host, port, ssl.create_default_context())
    except ssl.SSLCertVerificationError as error:
        distrust = error.verify_message
        careless = ssl.create_default_context()
        careless.check_hostname = False
        careless.verify_mode = ssl.CERT_NONE
        tls = await _connect(host, port, careless)
    chain = _sent_chain(tls)
    return ServedCertificate(
        place=place,
        chain=tuple(chain or [tls.getpeercert(binary_form=True) or b""]),
        is_whole=chain is not None,
        distrust=distrust,
        version=tls.version() or "",
    )


async def _connect(host: str, port: int, context: ssl.SSLContext) -> ssl.SSLObject:
    """Return the client's side after a handshake; the connection is closed by then."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname=host)
    async with await trio.open_tcp_stream(host, port) as stream:
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await _exchange(stream, incoming, outgoing)
                continue
            finally:
                # Also the alert where it failed (RFC 8446 §6.2). That nobody reads it is no matter.
                with suppress(trio.BrokenResourceError):
                    await _send(stream, outgoing)
            return tls


async def _exchange(
    stream: trio.abc.Stream, incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO
) -> None:
    await _send(stream, outgoing)
    if data := await stream.receive_some():
        incoming.write(data)
    else:
        incoming.write_eof()


async def _send(stream: trio.abc.Stream, outgoing: ssl.MemoryBIO) -> None:
    if data := outgoing.read():
        await stream.send_all(data)


def _sent_chain(tls: ssl.SSLObject) -> Sequence[bytes] | None:
    if sys.version_info >= (3, 13):
        return tls.get_unverified_chain()
    return None


def why_no_handshake(error: Exception) -> ServerFailure:
    """Return why a connection led to no handshake: the error is of OpenSSL's or of the network."""
    if isinstance(error, ssl.SSLEOFError):
        text = "the server closed the connection in the middle of the handshake"
        return ServerFailure("end", text)
    if isinstance(error, ssl.SSLError):
        return find_server_failure(error.reason or str(error))
    text = "the server broke the connection off in the middle of the handshake"
    return ServerFailure("end", text)


def why_unreachable(error: Exception) -> str:
    """Return why no connection came about, or why it broke, as words: "connection refused"."""
    cause = without_groups(error.__cause__ or error)
    while isinstance(cause, BaseExceptionGroup):
        cause = without_groups(cause.exceptions[0])
    if isinstance(cause, socket.gaierror):
        text = cause.strerror or str(cause)  # its numbers are not those of the operating system
    elif isinstance(cause, OSError) and cause.errno:
        text = os.strerror(cause.errno)
    else:
        return "the connection broke"
    return text[:1].lower() + text[1:]
