"""How the others on its network reach this machine: by which names and addresses.

The addresses are those of the interfaces, as the system lists them. The resolver is not asked: for
this machine's own name it knows 127.0.1.1 (Debian), or asks the network. Nothing is sent.
"""

import ipaddress
import socket
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv6Address,
    IPv6Interface,
)

from .local_names import PERMITTED_NETWORKS, SubjectName, is_permitted

__all__ = ["LocalNetwork", "find_local_network", "lan_names"]

Interface = IPv4Interface | IPv6Interface
IPAddress = IPv4Address | IPv6Address

# In networks for documentation (RFC 5737, RFC 3849), so that the default route leads there. The
# port is that of discard (RFC 863).
_ELSEWHERE = ((socket.AF_INET, "198.51.100.1"), (socket.AF_INET6, "2001:db8::1"))
_DISCARD_PORT = 9


@dataclass(frozen=True, slots=True)
class LocalNetwork:
    """How this machine is reached by the others on its network."""

    names: tuple[str, ...] = ()
    """Its name for multicast DNS, "vm.local" (RFC 6762); none where it has no name."""
    addresses: tuple[IPAddress, ...] = ()
    """Private ones, the one that others most likely reach first."""
    public_addresses: tuple[IPAddress, ...] = ()
    """Those that it is reached by, too, but that a local CA may not sign for."""

    @property
    def subject_names(self) -> tuple[SubjectName, ...]:
        """What a certificate has to name, in an order that does not change with the routes."""
        ordered = sorted(self.addresses, key=lambda address: (address.version, int(address)))
        return (*self.names, *ordered)


def lan_names() -> tuple[SubjectName, ...]:
    """Return what a certificate for this machine's network has to name now.

    They change when the machine moves. Raises ``OSError`` where the system lists no interfaces.
    """
    return find_local_network().subject_names


def find_local_network() -> LocalNetwork:
    """Look at the interfaces of this machine.

    Raises ``OSError`` where the system does not list them.
    """
    return describe_local_network(socket.gethostname(), _interfaces(), _own_addresses_elsewhere())


def describe_local_network(
    hostname: str, interfaces: Iterable[Interface], preferred: Iterable[IPAddress]
) -> LocalNetwork:
    """Sort out what the interfaces have; ``preferred`` are the addresses of the default route."""
    favourites = set(preferred)

    def rank(interface: Interface) -> tuple[bool, bool, bool, int]:
        # Last: a tunnel, at whose other end is one machine only, and what a machine gives itself
        # where nobody gives it an address (RFC 3927). IPv4 first: easier to read out and to type.
        is_tunnel = interface.network.prefixlen == interface.max_prefixlen
        is_favourite = interface.ip in favourites
        return is_tunnel, interface.ip.is_link_local, not is_favourite, interface.version

    reachable = [each for each in interfaces if _is_reached_by_others(each)]
    addresses = list(dict.fromkeys(each.ip for each in sorted(reachable, key=rank)))
    private = tuple(each for each in addresses if is_permitted(each, (), PERMITTED_NETWORKS))
    return LocalNetwork(
        names=_multicast_names(hostname),
        addresses=private,
        public_addresses=tuple(each for each in addresses if each not in private),
    )


def _is_reached_by_others(interface: Interface) -> bool:
    if interface.ip.is_loopback or interface.ip.is_unspecified or interface.ip.is_multicast:
        return False
    # A link-local address of IPv6 needs its zone, for which a URL has no place (RFC 9844).
    return not (interface.version == 6 and interface.ip.is_link_local)


def _multicast_names(hostname: str) -> tuple[str, ...]:
    name = f"{hostname.partition('.')[0].lower()}.local"
    # "localhost.local" would be the name of every machine that has none of its own.
    is_usable = is_permitted(name, ("local",), ()) and name != "localhost.local"
    return (name,) if is_usable else ()


def _interfaces() -> list[Interface]:
    import ifaddr  # here, because only --lan needs it

    interfaces = []
    for adapter in ifaddr.get_adapters():
        for each in adapter.ips:
            # An address of IPv6 comes with its flow label and its zone.
            address = each.ip if isinstance(each.ip, str) else each.ip[0]
            interfaces.append(ipaddress.ip_interface(f"{address}/{each.network_prefix}"))
    return interfaces


def _own_addresses_elsewhere() -> list[IPAddress]:
    """Return the addresses that this machine would use towards other networks."""
    found = []
    for family, address in _ELSEWHERE:
        # To "connect" a datagram socket chooses a route, and sends nothing.
        with suppress(OSError), socket.socket(family, socket.SOCK_DGRAM) as unsent:
            unsent.connect((address, _DISCARD_PORT))
            found.append(ipaddress.ip_address(unsent.getsockname()[0]))
    return found
