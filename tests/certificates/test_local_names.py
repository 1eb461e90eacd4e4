from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.certificates.local_names import (
    PERMITTED_NETWORKS,
    SubjectName,
    default_names,
    is_permitted,
    is_public_name,
    permitted_domains,
)

ALWAYS = ("localhost", "*.localhost", ip_address("127.0.0.1"), ip_address("::1"))
RESERVED = ("localhost", "local", "test", "internal", "home.arpa")


@pytest.mark.parametrize(
    ("hostname", "name"),
    [
        ("vm", "vm"),
        ("DESKTOP-AB12CD3", "desktop-ab12cd3"),
        ("box7.lan.", "box7.lan"),
        ("web.example.com", "web.example.com"),
        ("4f2a9c8d7e1b", "4f2a9c8d7e1b"),
        ("a" * 63, "a" * 63),
    ],
)
def test_the_host_name_is_a_name_and_a_domain_of_its_own(hostname: str, name: str) -> None:
    assert default_names(hostname) == (*ALWAYS, name)
    assert permitted_domains(hostname) == (*RESERVED, name)


@pytest.mark.parametrize(
    "hostname", ["Annas-MacBook.local", "ip-10-0-0-5.ec2.internal", "app.localhost", "x.home.arpa"]
)
def test_a_host_name_under_a_reserved_domain_needs_no_domain_of_its_own(hostname: str) -> None:
    assert default_names(hostname) == (*ALWAYS, hostname.lower())
    assert permitted_domains(hostname) == RESERVED


@pytest.mark.parametrize(
    "hostname",
    [
        *("", ".", "localhost", "LOCALHOST.", "under_score", "-x", "x-", "a..b", "büro", "a b"),
        *("a\n", "a" * 64, ".".join(["a" * 49] * 6), "*.local", "\udcff"),
    ],
)
def test_what_is_no_dns_name_is_left_out(hostname: str) -> None:
    assert default_names(hostname) == ALWAYS
    assert permitted_domains(hostname) == RESERVED


@pytest.mark.parametrize("hostname", ["1234", "10.0.0.1", "a.7", "0x7f", "a.0x"])
def test_what_browsers_read_as_an_address_is_left_out(hostname: str) -> None:
    assert default_names(hostname) == ALWAYS
    assert permitted_domains(hostname) == RESERVED


@pytest.mark.parametrize("hostname", ["com", "dev", "APP", "Cloud"])
def test_a_machine_called_like_a_top_level_domain_gives_the_ca_no_right_to_it(
    hostname: str,
) -> None:
    assert default_names(hostname) == ALWAYS
    assert permitted_domains(hostname) == RESERVED


@pytest.mark.parametrize(
    "name",
    [
        *("localhost", "a.b.localhost", "*.localhost", "printer.local", "*.test", "x.home.arpa"),
        *("vm", "www.vm", "*.vm"),
        *map(ip_address, ("127.0.0.1", "127.255.255.255", "10.1.2.3", "172.16.0.0")),
        *map(ip_address, ("172.31.96.101", "192.168.178.20", "169.254.1.1")),
        *map(ip_address, ("::1", "fe80::1", "febf::1", "fd00::1", "fcff::1")),
    ],
)
def test_names_of_this_machine_and_its_network_are_permitted(name: SubjectName) -> None:
    assert is_permitted(name, permitted_domains("vm"), PERMITTED_NETWORKS)


@pytest.mark.parametrize(
    "name",
    [
        *("example.com", "xlocalhost", "localhost.com", "*", "", "*.com", "notvm", "vm.com"),
        *("arpa", "*.*.localhost", "a..localhost", "LOCALHOST", "127.0.0.1"),
        *map(ip_address, ("8.8.8.8", "128.0.0.1", "11.0.0.1", "172.32.0.1", "192.169.0.1")),
        *map(ip_address, ("::2", "fec0::1", "fe00::1", "2001:db8::1", "::ffff:127.0.0.1")),
    ],
)
def test_other_names_are_not_permitted(name: SubjectName) -> None:
    assert not is_permitted(name, permitted_domains("vm"), PERMITTED_NETWORKS)


host_names = st.text() | st.from_regex(r"[A-Za-z0-9.-]{1,70}", fullmatch=True)


@given(host_names)
def test_all_default_names_are_permitted_on_the_machine_that_they_are_of(hostname: str) -> None:
    domains = permitted_domains(hostname)
    assert domains[:5] == RESERVED
    for name in default_names(hostname):
        assert is_permitted(name, domains, PERMITTED_NETWORKS)


@given(host_names, host_names)
def test_a_host_name_adds_nothing_but_itself_and_what_is_under_it(hostname: str, name: str) -> None:
    if is_permitted(name, permitted_domains(hostname), ()):
        assert f".{name}".endswith(tuple(f".{domain}" for domain in permitted_domains(hostname)))


@pytest.mark.parametrize(
    ("name", "public"),
    [
        ("example.org", True),
        ("*.example.org", True),
        ("WWW.Example.org.", True),
        ("localhost", False),
        ("*.localhost", False),
        ("laptop", False),
        ("laptop.local", False),
        ("laptop.home.arpa", False),
        ("127.0.0.1", False),
        ("::1", False),
        ("", False),
    ],
)
def test_a_public_name_is_none_of_this_machine(name: str, public: bool) -> None:
    assert is_public_name(name) is public
