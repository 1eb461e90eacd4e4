"""Subjects and alternative names as text: the RFC's examples, and what `cryptography` writes."""

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from trio_https.rules.distinguished_name import (
    RelativeNames,
    format_alternative_names,
    format_distinguished_name,
)


@pytest.mark.parametrize(
    ("subject", "text"),
    [
        # RFC 4514 §4. The certificate has the parts in the other order.
        (
            [
                [("domainComponent", "net")],
                [("domainComponent", "example")],
                [("userId", "jsmith")],
            ],
            "UID=jsmith,DC=example,DC=net",
        ),
        (
            [
                [("domainComponent", "net")],
                [("organizationalUnitName", "Sales"), ("commonName", "J.  Smith")],
            ],
            "OU=Sales+CN=J.  Smith,DC=net",
        ),
        (
            [[("domainComponent", "net")], [("commonName", 'James "Jim" Smith, III')]],
            r"CN=James \"Jim\" Smith\, III,DC=net",
        ),
        ([[("commonName", "Lučić")]], "CN=Lučić"),
        # §2.4
        ([[("commonName", "#1")]], r"CN=\#1"),
        ([[("commonName", " a ")]], r"CN=\ a\ "),
        ([[("commonName", " ")]], r"CN=\ "),
        ([[("commonName", "a=b")]], "CN=a=b"),
        ([[("commonName", "a+b;c<d>e\\f")]], r"CN=a\+b\;c\<d\>e\\f"),
        ([[("commonName", "a\0b")]], r"CN=a\00b"),
        ([[("commonName", "a\n")]], "CN=a\n"),
        # A type without a short name keeps OpenSSL's.
        ([[("emailAddress", "ada@example.org")]], "emailAddress=ada@example.org"),
        ([], ""),
    ],
)
def test_a_subject_is_written_as_rfc_4514_says(subject: RelativeNames, text: str) -> None:
    assert format_distinguished_name(subject) == text


TYPES = {
    "commonName": NameOID.COMMON_NAME,
    "organizationName": NameOID.ORGANIZATION_NAME,
    "organizationalUnitName": NameOID.ORGANIZATIONAL_UNIT_NAME,
    "localityName": NameOID.LOCALITY_NAME,
    "stateOrProvinceName": NameOID.STATE_OR_PROVINCE_NAME,
    "streetAddress": NameOID.STREET_ADDRESS,
    "domainComponent": NameOID.DOMAIN_COMPONENT,
    "userId": NameOID.USER_ID,
}
PARTS = st.tuples(st.sampled_from(sorted(TYPES)), st.text(min_size=1, max_size=8))


@given(parts=st.lists(PARTS, max_size=5))
def test_cryptography_writes_the_same(parts: list[tuple[str, str]]) -> None:
    name = x509.Name(
        x509.RelativeDistinguishedName([x509.NameAttribute(TYPES[kind], value)])
        for kind, value in parts
    )
    assert format_distinguished_name([[part] for part in parts]) == name.rfc4514_string()


def test_an_alternative_name_is_told_with_its_kind() -> None:
    given_names: list[tuple[str, object]] = [
        ("DNS", "a.example"),
        ("email", "ada@example.org"),
        ("URI", "spiffe://example.org/ada"),
        ("IP Address", "192.0.2.1"),
        ("DirName", ((("commonName", "Ada"),),)),
        ("othername", "<unsupported>"),
    ]
    assert format_alternative_names(given_names) == (
        "DNS:a.example",
        "email:ada@example.org",
        "URI:spiffe://example.org/ada",
        "IP:192.0.2.1",
    )
