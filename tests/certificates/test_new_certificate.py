"""What is made for names, and by the local CA: judged by OpenSSL and by a handshake."""

import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import get_args

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from trio_https.certificates.local_ca import LocalCA, open_local_ca
from trio_https.certificates.new_certificate import (
    KEY_TYPES,
    KeyType,
    NewCertificate,
    issue_by_local_ca,
    issue_self_signed,
)
from trio_https.certificates.ssl_conf import parse_ssl_conf
from trio_https.certificates.template import CertificateTemplate, template_for_names
from trio_https.errors import ConfigError

from ..programs import require_program
from .test_ssl_conf import CHINESE, NOTE
from .times import NOW
from .verification import run_handshake, verify_with_openssl

NAMES = ("localhost", ip_address("127.0.0.1"))
DAYS = timedelta(days=30)


@pytest.fixture
def ca(tmp_path: Path) -> LocalCA:
    return open_local_ca(tmp_path / "home", now=now(), hostname="box")


def now() -> datetime:
    return datetime.now(UTC)


def parsed(made: NewCertificate) -> x509.Certificate:
    return x509.load_pem_x509_certificate(made.certificate)


def write(folder: Path, made: NewCertificate) -> Path:
    (folder / "both.pem").write_bytes(made.key + made.certificate)
    (folder / "server.crt").write_bytes(made.certificate)
    return folder / "both.pem"


def from_conf(text: str) -> CertificateTemplate:
    return parse_ssl_conf("ssl.conf", text.encode())


@pytest.mark.parametrize("key_type", KEY_TYPES)
def test_keys_of_each_type_work(key_type: KeyType, tmp_path: Path) -> None:
    template = template_for_names(NAMES)
    made = issue_self_signed(template, key_type, lifetime=DAYS, now=now())
    identity = write(tmp_path, made)
    assert run_handshake(tmp_path / "server.crt", identity, "localhost") == "TLSv1.3"
    kind, _, size = made.description.key.replace("P-", "p").partition(" ")
    assert key_type in (f"{kind}{size}".lower(), f"{kind}-{size}".lower())


def test_the_types_of_keys_are_those_that_are_typed() -> None:
    assert get_args(KeyType) == KEY_TYPES


def test_a_certificate_for_names_has_what_clients_want() -> None:
    made = parsed(issue_self_signed(template_for_names(NAMES), lifetime=DAYS, now=NOW))
    extensions = made.extensions
    usages = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [ExtendedKeyUsageOID.SERVER_AUTH]
    assert not extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert extensions.get_extension_for_class(x509.KeyUsage).value.digital_signature
    assert not extensions.get_extension_for_class(x509.SubjectAlternativeName).critical
    assert made.subject.rfc4514_string() == "CN=localhost"
    assert (made.not_valid_before_utc, made.not_valid_after_utc) == (NOW, NOW + DAYS)


def test_a_certificate_for_addresses_only_has_no_subject() -> None:
    """RFC 5280 §4.2.1.6: the subjectAltName is critical then."""
    template = template_for_names([ip_address("10.0.0.1")])
    made = parsed(issue_self_signed(template, lifetime=DAYS, now=NOW))
    assert list(made.subject) == []
    assert made.extensions.get_extension_for_class(x509.SubjectAlternativeName).critical


# By the local CA


@pytest.mark.parametrize("key_type", [None, "ecdsa-p256"])
@pytest.mark.parametrize(
    "template",
    [
        template_for_names(NAMES),
        template_for_names([ip_address("127.0.0.1")]),
        from_conf(NOTE),
        from_conf(CHINESE),
    ],
    ids=["names", "an address", "the note's file", "Chinese"],
)
def test_openssl_accepts_what_the_local_ca_signs(
    template: CertificateTemplate, key_type: KeyType | None, ca: LocalCA, tmp_path: Path
) -> None:
    made = issue_by_local_ca(template, ca, key_type, lifetime=DAYS, now=now())
    identity = write(tmp_path, made)
    assert verify_with_openssl(ca.path, tmp_path / "server.crt") == ""
    host = next(name for name in map(str, template.names) if "*" not in name)
    assert run_handshake(ca.path, identity, host) == "TLSv1.3"
    assert parsed(made).subject == template.subject


def test_a_name_that_the_ca_may_not_sign_for_is_an_error(ca: LocalCA) -> None:
    template = template_for_names(["localhost", "example.org", ip_address("8.8.8.8")])
    with pytest.raises(ConfigError, match=r"may not sign for example\.org, 8\.8\.8\.8, and"):
        issue_by_local_ca(template, ca, lifetime=DAYS, now=now())


def test_names_are_compared_without_case(ca: LocalCA) -> None:
    template = from_conf(NOTE.replace("DNS.2 = localhost", "DNS.2 = Web.LocalHost"))
    assert (
        "Web.LocalHost"
        in issue_by_local_ca(template, ca, lifetime=DAYS, now=now()).description.names
    )


def test_a_common_name_that_openssl_takes_for_a_host_is_held_to_the_constraints(
    ca: LocalCA, tmp_path: Path
) -> None:
    """Where the subjectAltName has no DNS name, that is: so OpenSSL refuses it, and so do we."""
    addresses = NOTE.replace("DNS.1 = *.localhost\nDNS.2 = localhost\n", "")
    template = from_conf(addresses.replace("CN = localhost", "CN = example.org"))
    with pytest.raises(ConfigError, match=r"may not sign for example\.org"):
        issue_by_local_ca(template, ca, lifetime=DAYS, now=now())
    made = issue_by_local_ca(from_conf(addresses), ca, lifetime=DAYS, now=now())
    write(tmp_path, made)
    assert verify_with_openssl(ca.path, tmp_path / "server.crt") == ""


def test_the_local_ca_signs_no_other_ca(ca: LocalCA) -> None:
    template = from_conf(NOTE.replace("[alt_names]", "basicConstraints = CA:TRUE\n[alt_names]"))
    with pytest.raises(ConfigError, match="signs no other, and the template says CA:TRUE"):
        issue_by_local_ca(template, ca, lifetime=DAYS, now=now())


def test_a_certificate_ends_with_its_ca_at_the_latest(ca: LocalCA) -> None:
    lifetime = timedelta(days=9000)
    made = issue_by_local_ca(template_for_names(NAMES), ca, lifetime=lifetime, now=now())
    assert made.description.not_after == ca.certificate.not_valid_after_utc


def test_openssl_reads_the_key(tmp_path: Path) -> None:
    made = issue_self_signed(template_for_names(NAMES), lifetime=DAYS, now=now())
    path = str(write(tmp_path, made))
    command = [require_program("openssl"), "pkey", "-in", path, "-check", "-noout"]
    assert b"Key is valid" in subprocess.run(command, check=True, capture_output=True).stdout
