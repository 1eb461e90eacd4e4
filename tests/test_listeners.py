"""Listening sockets on loopback: the same port on all addresses, or a remedy and nothing left open.

Names are resolved by a resolver of the test's own; what a machine lacks is taken from Python's
``socket``, the only thing here that is not real.
"""

import errno
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
import trio

from trio_https import Address, ConfigError
from trio_https.listeners import bind_sockets, listening_address, open_listeners

from .command import DEADLINE

# TEST-NET-2 and TEST-NET-3 (RFC 5737): addresses of examples, of no machine.
NOT_OURS, NOT_OURS_EITHER = "203.0.113.1", "198.51.100.1"

RealSocket = socket.socket


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


needs_ipv6 = pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")


async def open_and_close(host: str, port: int = 0) -> list[Address]:
    """Return the addresses that listeners were opened on."""
    listeners = await open_listeners(host, port)
    addresses = [listening_address(listener) for listener in listeners]
    for listener in listeners:
        await listener.aclose()
    return addresses


@contextmanager
def occupied(host: str, port: int = 0) -> Iterator[int]:
    """Have another program listen; yield the port."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as other:
        other.bind((host, port))
        other.listen()
        yield other.getsockname()[1]


def is_free(host: str, port: int) -> bool:
    try:
        with occupied(host, port):
            return True
    except OSError:
        return False


class Resolver(trio.abc.HostnameResolver):
    """Knows the addresses of one name, as a hosts file does."""

    def __init__(self, name: str, *addresses: str) -> None:
        self.name = name
        self.addresses = addresses

    async def getaddrinfo(self, host: Any, *_hints: Any, **_more_hints: Any) -> Any:
        await trio.lowlevel.checkpoint()
        if host != self.name.encode():
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return [
            (
                socket.AF_INET6 if ":" in address else socket.AF_INET,
                socket.SOCK_STREAM,
                socket.IPPROTO_TCP,
                "",
                (address, 0, 0, 0) if ":" in address else (address, 0),
            )
            for address in self.addresses
        ]

    async def getnameinfo(self, *_arguments: Any, **_more: Any) -> Any:
        raise NotImplementedError


# Where it listens


@needs_ipv6
async def test_localhost_is_both_loopback_addresses_on_the_same_port() -> None:
    first, second = await open_and_close("localhost")
    assert (first.host, second.host) == ("127.0.0.1", "::1")
    assert first.port == second.port > 0


@needs_ipv6
async def test_localhost_is_loopback_whatever_the_resolver_says() -> None:
    trio.socket.set_custom_hostname_resolver(Resolver("localhost", NOT_OURS))
    addresses = await open_and_close("localhost")
    assert [address.host for address in addresses] == ["127.0.0.1", "::1"]


@needs_ipv6
async def test_a_port_that_is_given_is_the_one_on_all_addresses() -> None:
    [free, _] = await open_and_close("localhost")
    addresses = await open_and_close("localhost", free.port)
    assert addresses == [Address("127.0.0.1", free.port), Address("::1", free.port)]


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "0.0.0.0", *(pytest.param(host, marks=needs_ipv6) for host in ("::1", "::"))],
)
async def test_an_address_is_the_only_one(host: str) -> None:
    [address] = await open_and_close(host)
    assert address.host == host
    assert address.port > 0


@needs_ipv6
async def test_all_of_ipv6_leaves_ipv4_to_others() -> None:
    listeners = await open_listeners("::", 0)
    async with listeners[0]:
        assert is_free("0.0.0.0", listening_address(listeners[0]).port)


async def test_a_name_is_each_of_its_addresses_once() -> None:
    resolver = Resolver("pages.example", "127.0.0.1", "127.0.0.2", "127.0.0.1")
    trio.socket.set_custom_hostname_resolver(resolver)
    if not is_free("127.0.0.2", 0):
        pytest.skip("this machine has one loopback address only")
    addresses = await open_and_close("pages.example")
    assert [address.host for address in addresses] == ["127.0.0.1", "127.0.0.2"]
    assert addresses[0].port == addresses[1].port


async def test_an_address_of_a_name_that_is_not_ours_is_passed_over() -> None:
    trio.socket.set_custom_hostname_resolver(Resolver("pages.example", NOT_OURS, "127.0.0.1"))
    addresses = await open_and_close("pages.example")
    assert [address.host for address in addresses] == ["127.0.0.1"]


async def test_clients_connect_as_soon_as_there_is_a_listener() -> None:
    listeners = await open_listeners("localhost", 0)
    for listener in listeners:
        async with listener:
            client = await trio.open_tcp_stream(*listening_address(listener))
            async with client, await listener.accept() as accepted:
                await client.send_all(b"hello")
                assert await accepted.receive_some() == b"hello"


async def test_many_clients_may_wait_for_being_accepted() -> None:
    [listener] = await open_listeners("127.0.0.1", 0)
    async with listener, AsyncExitStack() as clients:
        with trio.fail_after(DEADLINE):
            for _ in range(150):  # more than the backlog of 128 that many systems choose
                client = await trio.open_tcp_stream(*listening_address(listener))
                await clients.enter_async_context(client)


@pytest.mark.skipif(sys.platform == "win32", reason="there, the port is exclusive")
async def test_a_port_can_be_taken_again_right_after_a_connection_on_it() -> None:
    [listener] = await open_listeners("127.0.0.1", 0)
    address = listening_address(listener)
    client = await trio.open_tcp_stream(*address)
    accepted = await listener.accept()
    await accepted.aclose()  # the side that closes first keeps the port in TIME_WAIT
    await client.aclose()
    await listener.aclose()
    assert await open_and_close(*address) == [address]


# Machines without IPv6


class SocketsWithoutIPv6(socket.socket):
    """The kernel does not know the family, as with ``ipv6.disable=1``."""

    def __init__(self, family: int = socket.AF_INET, *args: Any, **settings: Any) -> None:
        if family == socket.AF_INET6:
            raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))
        super().__init__(family, *args, **settings)


class SocketsWithoutIPv6Loopback(socket.socket):
    """The kernel knows the family, but no interface has an address, as in many containers."""

    def bind(self, address: Any) -> None:
        if self.family == socket.AF_INET6:
            raise OSError(errno.EADDRNOTAVAIL, os.strerror(errno.EADDRNOTAVAIL))
        super().bind(address)


class NoSockets(socket.socket):
    """No family at all."""

    def __init__(self, *_args: Any, **_settings: Any) -> None:
        raise OSError(errno.EAFNOSUPPORT, os.strerror(errno.EAFNOSUPPORT))


class SocketsWithARival(socket.socket):
    """Another program takes the first ports on ::1 that were free on 127.0.0.1."""

    max_rivals = 1
    rivals: ClassVar[list[socket.socket]] = []

    def bind(self, address: Any) -> None:
        if self.family == socket.AF_INET6 and len(self.rivals) < self.max_rivals:
            self.rivals.append(RealSocket(socket.AF_INET6))
            self.rivals[-1].bind(address)
            self.rivals[-1].listen()
        super().bind(address)


@pytest.mark.parametrize("sockets", [SocketsWithoutIPv6, SocketsWithoutIPv6Loopback])
async def test_a_machine_without_ipv6_still_has_a_localhost(
    sockets: type[socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", sockets)
    [address] = await open_and_close("localhost")
    assert address.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("sockets", "reason"),
    [
        (SocketsWithoutIPv6, os.strerror(errno.EAFNOSUPPORT)),
        (SocketsWithoutIPv6Loopback, "no interface of this machine has that address"),
    ],
)
async def test_who_asks_for_ipv6_is_told_that_there_is_none(
    sockets: type[socket.socket], reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "socket", sockets)
    with pytest.raises(ConfigError) as caught:
        await open_listeners("::1", 8443)
    assert str(caught.value).startswith("[::1]:8443: ")
    assert reason in str(caught.value)


async def test_a_machine_without_any_network_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", NoSockets)
    with pytest.raises(ConfigError, match=r"^localhost, port 8443: no interface of this machine"):
        await open_listeners("localhost", 8443)


# What can't be bound


async def test_a_port_that_is_taken_is_named_with_the_remedy() -> None:
    with occupied("127.0.0.1") as port, pytest.raises(ConfigError) as caught:
        await open_listeners("127.0.0.1", port)
    assert str(caught.value).startswith(f"127.0.0.1:{port}: another program listens there.")
    assert "choose another port" in str(caught.value)
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.EADDRINUSE


@needs_ipv6
async def test_a_port_that_is_taken_on_one_address_is_taken() -> None:
    with occupied("::1") as port:
        assert is_free("127.0.0.1", port)
        with pytest.raises(ConfigError) as caught:
            await open_listeners("localhost", port)
        assert is_free("127.0.0.1", port)
    assert str(caught.value).startswith(f"[::1]:{port}: another program listens there.")


@needs_ipv6
async def test_any_free_port_is_one_that_is_free_on_all_addresses(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SocketsWithARival, "rivals", [])
    monkeypatch.setattr(socket, "socket", SocketsWithARival)
    first, second = await open_and_close("localhost")
    [rival] = SocketsWithARival.rivals
    with rival:
        taken = rival.getsockname()[1]
        assert first.port == second.port != taken
        assert is_free("127.0.0.1", taken)


@needs_ipv6
async def test_where_no_port_is_free_on_all_addresses_the_search_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(SocketsWithARival, "rivals", [])
    monkeypatch.setattr(SocketsWithARival, "max_rivals", 1000)
    monkeypatch.setattr(socket, "socket", SocketsWithARival)
    with pytest.raises(ConfigError, match=r"no port that is free on 127\.0\.0\.1, ::1\. Give one"):
        await open_listeners("localhost", 0)
    assert 1 < len(SocketsWithARival.rivals) < 100
    for rival in SocketsWithARival.rivals:
        assert is_free("127.0.0.1", rival.getsockname()[1])
        rival.close()


def may_bind_below(port: int) -> bool:
    """Whether users without rights may listen on ``port`` here, as in many containers."""
    first = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    return not first.exists() or int(first.read_text()) <= port


@contextmanager
def without_rights() -> Iterator[None]:
    """Be nobody for a while. Only the effective user changes, so that it can change back."""
    if sys.platform == "win32" or os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(may_bind_below(1), reason="here, everybody may listen on every port")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_a_port_without_the_right_to_it_is_named_with_the_remedy(host: str) -> None:
    with without_rights(), pytest.raises(ConfigError) as caught:
        await open_listeners(host, 1)
    assert str(caught.value) == (
        "127.0.0.1:1: this user may not listen there. Choose a port from 1024 on, such as 8443 or"
        " 8080, or give the program the right (CAP_NET_BIND_SERVICE)."
    )


async def test_an_address_of_another_machine_is_named_with_the_remedy() -> None:
    with pytest.raises(ConfigError) as caught:
        await open_listeners(NOT_OURS, 8443)
    assert str(caught.value) == (
        "203.0.113.1:8443: no interface of this machine has that address. Choose one that has,"
        " or * for all."
    )


async def test_a_name_whose_addresses_are_all_of_other_machines_is_named() -> None:
    trio.socket.set_custom_hostname_resolver(Resolver("pages.example", NOT_OURS, NOT_OURS_EITHER))
    with pytest.raises(ConfigError, match=r"^pages\.example, port 0: no interface of this machine"):
        await open_listeners("pages.example", 0)


@pytest.mark.parametrize(
    "host",
    [
        pytest.param("no-such-name.example", id="unknown"),
        pytest.param("a..b", id="an empty label"),
        pytest.param("x" * 300, id="too long"),
        pytest.param("\u00fc" * 100, id="too long in IDNA"),
        pytest.param("\u2488com", id="not in IDNA"),
        pytest.param("1.2.3.4.5", id="nearly an address"),
        pytest.param("127.0.0.1:8443", id="with a port"),
        pytest.param("https://localhost", id="a URL"),
    ],
)
async def test_a_name_that_means_nothing_is_named_with_the_remedy(host: str) -> None:
    trio.socket.set_custom_hostname_resolver(Resolver("pages.example", "127.0.0.1"))
    with pytest.raises(ConfigError) as caught:
        await open_listeners(host, 0)
    assert str(caught.value).startswith(f"{host}: no such host name or address. Give one")


async def test_if_cancelled_it_opens_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "socket", NoSockets)  # would be a ConfigError
    trio.socket.set_custom_hostname_resolver(Resolver("pages.example", "127.0.0.1"))
    with trio.CancelScope() as scope:
        scope.cancel()
        await open_listeners("pages.example", 0)
    assert scope.cancelled_caught


@needs_ipv6
@pytest.mark.parametrize(
    "refuse",
    [
        pytest.param(partial(OSError, errno.EACCES, "Permission denied"), id="error"),
        pytest.param(KeyboardInterrupt, id="interrupt"),
    ],
)
@pytest.mark.parametrize("method", ["setsockopt", "bind", "listen", "getsockname"])
async def test_nothing_stays_open_wherever_it_fails(
    method: str, refuse: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[socket.socket] = []

    class Sockets(socket.socket):
        def __init__(self, *args: Any, **settings: Any) -> None:
            super().__init__(*args, **settings)
            opened.append(self)

    def refuse_ipv6(self: socket.socket, *args: Any) -> Any:
        if self.family == socket.AF_INET6:
            raise refuse()
        return getattr(socket.SocketType, method)(self, *args)

    setattr(Sockets, method, refuse_ipv6)
    monkeypatch.setattr(socket, "socket", Sockets)
    with pytest.raises((ConfigError, KeyboardInterrupt)):
        await open_listeners("localhost", 0)
    assert [sock.family for sock in opened] == [socket.AF_INET, socket.AF_INET6]
    assert [sock.fileno() for sock in opened] == [-1, -1]


@pytest.mark.parametrize("port", [-1, 65536])
async def test_a_port_that_does_not_exist_is_a_mistake(port: int) -> None:
    with pytest.raises(ConfigError, match=f"port {port}: there is none. Give one from 0 to 65535"):
        await open_listeners("localhost", port)


async def test_an_empty_host_is_a_mistake_and_not_every_interface() -> None:
    with pytest.raises(ConfigError, match="the host is empty"):
        await open_listeners("", 0)


@needs_ipv6
async def test_a_link_local_address_without_its_zone_is_a_mistake() -> None:
    with pytest.raises(ConfigError, match="Add the interface, as in fe80::1%eth0"):
        await open_listeners("fe80::1", 0)


@needs_ipv6
async def test_every_interface_is_listened_on_with_both_families() -> None:
    listeners = await open_listeners("*", 0)
    hosts = [listening_address(listener).host for listener in listeners]
    for listener in listeners:
        await listener.aclose()
    assert hosts == ["0.0.0.0", "::"]


async def test_localhost_is_localhost_in_any_case() -> None:
    listeners = await open_listeners("LocalHost", 0)
    hosts = {listening_address(listener).host for listener in listeners}
    for listener in listeners:
        await listener.aclose()
    assert hosts <= {"127.0.0.1", "::1"}


def test_sockets_are_bound_without_trio_on_the_same_port_for_processes_that_share_them() -> None:
    sockets = bind_sockets("localhost", 0)
    try:
        assert len({bound.getsockname()[1] for bound in sockets}) == 1
        for bound in sockets:
            socket.create_connection(bound.getsockname()[:2], timeout=40).close()
    finally:
        for bound in sockets:
            bound.close()


def test_what_trio_is_not_needed_for_is_told_as_with_it() -> None:
    with occupied("127.0.0.1") as port, pytest.raises(ConfigError, match="another program listens"):
        bind_sockets("127.0.0.1", port)
    with pytest.raises(ConfigError, match="no such host name or address"):
        bind_sockets("no.such.host.invalid", 0)
    with pytest.raises(ConfigError, match="port 70000: there is none"):
        bind_sockets("localhost", 70000)
