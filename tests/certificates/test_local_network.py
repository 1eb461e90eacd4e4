"""By which names and addresses the others on a network reach a machine."""

import ipaddress
from ipaddress import ip_address, ip_interface

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.certificates.local_names import PERMITTED_NETWORKS, is_permitted
from trio_https.certificates.local_network import (
    LocalNetwork,
    describe_local_network,
    find_local_network,
    lan_names,
)


def describe(*interfaces: str, hostname: str = "vm", preferred: str = "") -> LocalNetwork:
    favourites = [ip_address(preferred)] if preferred else []
    return describe_local_network(hostname, map(ip_interface, interfaces), favourites)


def addresses(*interfaces: str, preferred: str = "") -> list[str]:
    return [str(address) for address in describe(*interfaces, preferred=preferred).addresses]


LOOPBACK = ("127.0.0.1/8", "::1/128")


@pytest.mark.parametrize(
    "address",
    [
        *("10.1.2.3/8", "172.16.0.1/12", "192.168.1.7/24"),  # RFC 1918
        "169.254.7.7/16",  # RFC 3927: what two machines with a cable between them have
        "fd12:3456::7/64",  # RFC 4193
    ],
)
def test_a_private_address_is_one_that_others_use(address: str) -> None:
    assert addresses(*LOOPBACK, address) == [address.partition("/")[0]]


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1/8", "127.0.1.1/8", "::1/128"),  # others have their own
        *("0.0.0.0/0", "::/0", "224.0.0.1/4", "ff02::1/16"),  # addresses of no machine
        "fe80::7/64",  # RFC 9844 §1: a URL has no place for the zone that it needs
    ],
)
def test_an_address_that_others_cannot_use_is_left_out(address: str) -> None:
    assert describe(address) == LocalNetwork(names=("vm.local",))


@pytest.mark.parametrize(
    "address",
    [
        *("203.0.113.7/24", "2001:db8::7/64", "8.8.8.8/32"),
        "100.64.0.7/10",  # RFC 6598: shared by the customers of a provider, who can't tell whose
    ],
)
def test_an_address_that_is_not_private_is_told_apart(address: str) -> None:
    network = describe(*LOOPBACK, "192.168.1.7/24", address)
    assert network.addresses == (ip_address("192.168.1.7"),)
    assert network.public_addresses == (ip_interface(address).ip,)


def test_the_address_of_the_default_route_is_the_first() -> None:
    found = addresses("172.17.0.1/16", "192.168.1.7/24", "fd00::7/64", preferred="192.168.1.7")
    assert found == ["192.168.1.7", "172.17.0.1", "fd00::7"]


def test_tunnels_and_addresses_that_nobody_gave_are_the_last() -> None:
    interfaces = ("10.8.0.2/32", "169.254.7.7/16", "fd00::7/64", "192.168.1.7/24")
    found = addresses(*interfaces, preferred="10.8.0.2")
    assert found == ["192.168.1.7", "fd00::7", "169.254.7.7", "10.8.0.2"]


def test_an_address_that_two_interfaces_have_is_one() -> None:
    assert addresses("192.168.1.7/24", "192.168.1.7/24") == ["192.168.1.7"]


@pytest.mark.parametrize(
    ("hostname", "names"),
    [
        ("vm", ("vm.local",)),
        ("Annas-MacBook.local", ("annas-macbook.local",)),
        ("web.example.com", ("web.local",)),  # as Avahi and Bonjour call it
        ("dev", ("dev.local",)),  # a top-level domain by itself, but not here
        ("1234", ("1234.local",)),
        ("under_score", ()),
        ("", ()),
        ("localhost", ()),
        ("localhost.localdomain", ()),
        ("\udcff", ()),
    ],
)
def test_the_name_is_the_one_of_multicast_dns(hostname: str, names: tuple[str, ...]) -> None:
    assert describe(hostname=hostname).names == names


def test_the_names_for_a_certificate_keep_their_order_when_the_route_changes() -> None:
    interfaces = ("192.168.1.7/24", "fd00::7/64", "10.0.0.7/8")
    expected = ("vm.local", *map(ip_address, ["10.0.0.7", "192.168.1.7", "fd00::7"]))
    for preferred in ("10.0.0.7", "192.168.1.7", "fd00::7"):
        assert describe(*interfaces, preferred=preferred).subject_names == expected


@given(st.lists(st.ip_addresses()), st.text(), st.data())
def test_whatever_there_is_a_local_ca_may_sign_for_it(
    found: list[ipaddress.IPv4Address | ipaddress.IPv6Address], hostname: str, data: st.DataObject
) -> None:
    interfaces = [
        ip_interface((address, data.draw(st.integers(0, address.max_prefixlen))))
        for address in found
    ]
    network = describe_local_network(hostname, interfaces, [])
    assert all(is_permitted(n, ("local",), PERMITTED_NETWORKS) for n in network.subject_names)
    assert {*network.addresses, *network.public_addresses} <= set(found)
    assert not {*network.addresses} & {*network.public_addresses}


def test_what_this_machine_has_is_no_loopback_and_stays_so() -> None:
    network = find_local_network()
    for address in (*network.addresses, *network.public_addresses):
        assert not address.is_loopback
        assert not address.is_unspecified
    assert lan_names() == network.subject_names
