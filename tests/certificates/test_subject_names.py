from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.certificates.subject_names import (
    parse_address,
    parse_dns_name,
    parse_subject_name,
)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("localhost", "localhost"),
        ("Web.Example.ORG.", "web.example.org"),
        ("*.example.org", "*.example.org"),
        ("xn--fsqu00a.test", "xn--fsqu00a.test"),
        ("192.168.1.20", ip_address("192.168.1.20")),
        ("FD00::20", ip_address("fd00::20")),
        (" ::1 ", ip_address("::1")),
    ],
)
def test_what_is_a_name_and_what_an_address_shows_by_itself(text: str, name: object) -> None:
    assert parse_subject_name(text) == name


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is no name"),
        ("例え.test", "its ASCII form, which begins with xn--"),
        ("https://localhost", "without a scheme or a port"),
        ("localhost:8443", "without a scheme or a port"),
        ("a_b.test", "no name of a host"),
        ("-a.test", "no name of a host"),
        ("a..test", "no name of a host"),
        ("*", "write a * for the whole first label"),
        ("www*.test", "write a * for the whole first label"),
        ("a.*.test", "write a * for the whole first label"),
        ("192.168.1.0/24", "no name of a host"),
        # WHATWG URL, "ends in a number checker": no browser gets as far as the certificate.
        ("300.1.1.1", "an address of four numbers up to 255"),
        ("192.168.1", "ends in a number"),
        ("printer.0xA", "ends in a number"),
        ("fe80::1%eth0", "without a zone"),
    ],
)
def test_what_no_client_could_match_is_refused(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=r"^.+: write .+$") as caught:
        parse_subject_name(text)
    assert reason in str(caught.value)


def test_each_kind_refuses_the_other() -> None:
    with pytest.raises(ValueError, match="is an address and no name"):
        parse_dns_name("10.0.0.1")
    with pytest.raises(ValueError, match="is no IP address"):
        parse_address("localhost")


def test_a_name_for_a_file_keeps_its_case() -> None:
    """As OpenSSL writes it; clients compare without case (RFC 4343)."""
    assert parse_dns_name("Web.Example.ORG") == "Web.Example.ORG"


@given(st.ip_addresses())
def test_every_address_is_read_back(address: object) -> None:
    assert parse_subject_name(str(address)) == address
