"""Listening sockets: host and port -> TCP listeners, all on the same port; and who is at each end.

``localhost`` means both loopback addresses, whatever the resolver says of it, so that no client
waits for one of them in vain. What can't be bound is the operator's to hear, with the remedy.
"""

import errno
import os
import socket
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import trio

from .errors import ConfigError
from .messages import Address

__all__ = [
    "AnyListener",
    "bind_sockets",
    "listening_address",
    "listening_place",
    "open_listeners",
    "peer_address",
    "reachable_urls",
    "wrap_sockets",
]

AnyListener = trio.abc.Listener[trio.abc.Stream]

_BACKLOG = 1024  # connections that wait to be accepted; the system may cut it (somaxconn)
_LAST_PORT = 65535
_INTERNET = (socket.AF_INET, socket.AF_INET6)
_LOOPBACK = ("127.0.0.1", "::1")
_WILDCARDS = ("0.0.0.0", "::")  # noqa: S104 -- only where it is asked for
_LOOPBACK_FOR = dict(zip(_WILDCARDS, _LOOPBACK, strict=True))
_TRIES_FOR_A_COMMON_PORT = 16
_NO_SUCH_FAMILY = {errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL, errno.EPROTONOSUPPORT}


async def open_listeners(host: str, port: int) -> list[trio.SocketListener]:
    """Return a listener for each address of ``host``, all on ``port``; the caller closes them.

    Port 0 takes any port that is free on all of them. Raises ``ConfigError``: the port is taken, is
    not allowed, or ``host`` is not an address of this machine. If cancelled, nothing stays open.
    """
    addresses = _addresses_by_name(host, port)
    if not addresses:
        with _telling_unknown(host):
            found = await trio.socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        addresses = _distinct(found)
    return wrap_sockets(_bind_on_one_port(addresses, host, port))


def bind_sockets(host: str, port: int) -> list[socket.socket]:
    """Return what ``open_listeners`` wraps, without Trio: for processes that are to share them.

    Waits for the resolver where ``host`` is a name. The caller closes them. Raises ``ConfigError``.
    """
    addresses = _addresses_by_name(host, port)
    if not addresses:
        with _telling_unknown(host):
            found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
        addresses = _distinct(found)
    return _bind_on_one_port(addresses, host, port)


def wrap_sockets(sockets: Iterable[socket.socket]) -> list[trio.SocketListener]:
    """Return sockets that listen as Trio's listeners, which own them from then on."""
    return [trio.SocketListener(trio.socket.from_stdlib_socket(bound)) for bound in sockets]


def reachable_urls(scheme: str, addresses: Iterable[Address]) -> list[str]:
    """Return the URLs under which these addresses are reached on this machine."""
    return [f"{scheme}://{_reachable(address)}/" for address in addresses]


def _reachable(address: Address) -> Address:
    """Return ``address``, or loopback for a wildcard: not every system can connect to that."""
    return Address(_LOOPBACK_FOR.get(address.host, address.host), address.port)


def listening_address(listener: trio.SocketListener) -> Address:
    """Return the address that a TCP ``listener`` is bound to."""
    return Address(*listener.socket.getsockname()[:2])


def listening_place(listener: AnyListener) -> Address | str:
    """Return where ``listener`` listens: an address, the path of a Unix socket, or what it is."""
    if isinstance(listener, trio.SSLListener):
        return listening_place(listener.transport_listener)
    if not isinstance(listener, trio.SocketListener):
        return type(listener).__name__
    if listener.socket.family in _INTERNET:
        return listening_address(listener)
    return os.fsdecode(listener.socket.getsockname()) or "a Unix socket without a name"


def peer_address(stream: trio.abc.Stream) -> Address | None:
    """Return the address of who is at the other end; None where there is none that tells it."""
    if isinstance(stream, trio.SSLStream):
        return peer_address(stream.transport_stream)
    if not isinstance(stream, trio.SocketStream):
        return None
    try:
        peer = stream.socket.getpeername()
    except OSError:  # reset before it was accepted
        return None
    # Not by the family, for which Python makes two enumeration members each time: of an address
    # of the Internet the first is text, of a Unix socket all is.
    return Address(peer[0], peer[1]) if isinstance(peer, tuple) else None


def _addresses_by_name(host: str, port: int) -> Sequence[str]:
    """Return what ``host`` means whatever the resolver says; none: that is to be asked."""
    if not 0 <= port <= _LAST_PORT:
        raise ConfigError(f"port {port}: there is none. Give one from 0 to {_LAST_PORT}.")
    if host.lower() == "localhost":  # RFC 6761 §6.3
        return _LOOPBACK
    if host == "*":
        return _WILDCARDS
    if not host:  # an empty variable, rather than a wish to be reached from everywhere
        raise ConfigError("the host is empty. Give a name or an address, or * for every interface.")
    return ()


@contextmanager
def _telling_unknown(host: str) -> Iterator[None]:
    try:
        yield
    except (OSError, UnicodeError) as exc:
        raise ConfigError(
            f"{host}: no such host name or address. Give one of this machine, such as localhost,"
            " or * for all."
        ) from exc


def _distinct(found: Iterable[tuple[Any, ...]]) -> list[str]:
    return list(dict.fromkeys(_with_zone(address) for *_, address in found))


def _with_zone(address: tuple[object, ...]) -> str:
    host = str(address[0])
    zone = address[3] if len(address) == 4 else 0
    return f"{host}%{zone}" if zone and "%" not in host else host


def _bind_on_one_port(addresses: Sequence[str], host: str, port: int) -> list[socket.socket]:
    for _ in range(_TRIES_FOR_A_COMMON_PORT):
        try:
            return _bind_all(addresses, port)
        except OSError as exc:
            # A port that was free on the first address may be taken on the second.
            if port or exc.errno != errno.EADDRINUSE:
                raise _config_error(exc, host, port) from exc
    raise ConfigError(f"{host}: found no port that is free on {', '.join(addresses)}. Give one.")


def _bind_all(addresses: Sequence[str], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    try:
        for address in addresses:
            try:
                bound = _bind(address, port)
            except OSError as exc:
                # A machine without IPv6 still has a localhost.
                if exc.errno in _NO_SUCH_FAMILY and len(addresses) > 1:
                    continue
                raise _at(exc, address, port) from exc
            sockets.append(bound)
            port = bound.getsockname()[1]
        if not sockets:
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
    except BaseException:
        for bound in sockets:
            bound.close()
        raise
    return sockets


def _bind(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform == "win32":
            # There SO_REUSEADDR would let another program take the port away.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
        else:
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind(_socket_address(address, port))
        bound.listen(_BACKLOG)
    except BaseException:
        bound.close()
        raise
    return bound


def _socket_address(address: str, port: int) -> tuple[object, ...]:
    """Return what ``bind`` takes, with the zone of a link-local address (RFC 4007 §11)."""
    host, _, zone = address.partition("%")
    if not zone:
        return address, port
    return host, port, 0, int(zone) if zone.isdigit() else socket.if_nametoindex(zone)


def _at(exc: OSError, address: str, port: int) -> OSError:
    return OSError(exc.errno, exc.strerror, str(Address(address, port)))


def _config_error(exc: OSError, host: str, port: int) -> ConfigError:
    where = exc.filename or f"{host}, port {port}"
    if exc.errno == errno.EADDRINUSE:
        return ConfigError(
            f"{where}: another program listens there. Stop it, or choose another port"
            " (0 takes any that is free)."
        )
    if exc.errno == errno.EACCES:
        return ConfigError(
            f"{where}: this user may not listen there. Choose a port from 1024 on, such as 8443 or"
            " 8080, or give the program the right (CAP_NET_BIND_SERVICE)."
        )
    if exc.errno == errno.EADDRNOTAVAIL:
        return ConfigError(
            f"{where}: no interface of this machine has that address. Choose one that has,"
            " or * for all."
        )
    if exc.errno == errno.EINVAL and host.lower().startswith("fe80:"):
        return ConfigError(f"{where}: no zone is given. Add the interface, as in {host}%eth0.")
    return ConfigError(f"{where}: can't listen there: {exc.strerror}. Choose another address.")
