import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from trio_https.certificates.local_names import (
    PERMITTED_NETWORKS,
    SubjectName,
    default_names,
    permitted_domains,
)
from trio_https.certificates.profiles import sign_ca_certificate, sign_leaf_certificate

from .times import NOW
from .verification import run_handshake, verify_with_openssl

CA_KEY = ec.generate_private_key(ec.SECP256R1())
LEAF_KEY = ec.generate_private_key(ec.SECP256R1())
DAY = timedelta(days=1)


def make_ca(common_name: str = "a CA", *, now: datetime = NOW) -> x509.Certificate:
    return sign_ca_certificate(CA_KEY, common_name, permitted_domains("vm"), now=now)


def make_leaf(*names: SubjectName, now: datetime = NOW) -> x509.Certificate:
    ca = make_ca(now=now)
    return sign_leaf_certificate(ca, CA_KEY, LEAF_KEY.public_key(), names, now=now)


def common_name(certificate: x509.Certificate) -> str:
    (attribute,) = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    assert isinstance(attribute.value, str)
    return attribute.value


class TestTheCA:
    def test_is_valid_for_ten_years_from_the_day_before(self) -> None:
        ca = make_ca(now=NOW + timedelta(microseconds=700_000))
        assert ca.not_valid_before_utc == NOW - DAY
        assert ca.not_valid_after_utc == NOW - DAY + 3650 * DAY

    def test_signs_certificates_but_no_other_ca(self) -> None:
        extensions = make_ca().extensions
        constraints = extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical
        assert constraints.value == x509.BasicConstraints(ca=True, path_length=0)
        usage = extensions.get_extension_for_class(x509.KeyUsage)
        assert usage.critical
        assert usage.value.key_cert_sign
        assert usage.value.crl_sign
        assert not usage.value.digital_signature

    def test_is_constrained_to_this_machine_and_its_network(self) -> None:
        constraints = make_ca().extensions.get_extension_for_class(x509.NameConstraints)
        assert constraints.critical
        permitted = constraints.value.permitted_subtrees
        assert permitted is not None
        names = {str(subtree.value) for subtree in permitted}
        assert names == {
            *("localhost", "local", "test", "internal", "home.arpa", "vm"),
            *map(str, PERMITTED_NETWORKS),
        }
        assert constraints.value.excluded_subtrees is None

    def test_has_a_name_of_64_characters_at_most_and_all_of_them_printable(self) -> None:
        assert common_name(make_ca("CA (ana@büro)")) == "CA (ana@büro)"
        assert common_name(make_ca("CA (\udcff\n\x1b[0m@vm)")) == "CA (???[0m@vm)"
        assert common_name(make_ca("x" * 65)) == "x" * 64

    def test_has_a_serial_number_of_its_own(self) -> None:
        assert make_ca().serial_number != make_ca().serial_number


class TestALeaf:
    def test_is_for_servers_only(self) -> None:
        extensions = make_leaf("localhost").extensions
        constraints = extensions.get_extension_for_class(x509.BasicConstraints)
        assert constraints.critical
        assert constraints.value == x509.BasicConstraints(ca=False, path_length=None)
        usage = extensions.get_extension_for_class(x509.KeyUsage)
        assert usage.critical
        assert usage.value.digital_signature
        assert not usage.value.key_cert_sign
        purposes = extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        assert list(purposes.value) == [ExtendedKeyUsageOID.SERVER_AUTH]

    def test_names_the_key_that_signed_it_and_its_own(self) -> None:
        leaf, ca = make_leaf("localhost"), make_ca()
        own = leaf.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        assert own.value == x509.SubjectKeyIdentifier.from_public_key(LEAF_KEY.public_key())
        authority = leaf.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
        of_ca = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
        assert authority.value.key_identifier == of_ca.value.digest
        assert leaf.issuer == ca.subject

    def test_is_valid_for_90_days_in_all_its_last_second_included(self) -> None:
        leaf = make_leaf("localhost", now=NOW + timedelta(microseconds=1))
        assert leaf.not_valid_before_utc == NOW - DAY
        assert leaf.not_valid_after_utc == NOW + 89 * DAY - timedelta(seconds=1)

    def test_does_not_outlive_the_ca_nor_precede_it(self) -> None:
        ca = make_ca()
        key = LEAF_KEY.public_key()
        late = sign_leaf_certificate(ca, CA_KEY, key, ["vm"], now=NOW + 3640 * DAY)
        assert late.not_valid_after_utc == ca.not_valid_after_utc
        early = sign_leaf_certificate(ca, CA_KEY, key, ["vm"], now=NOW - DAY / 2)
        assert early.not_valid_before_utc == ca.not_valid_before_utc

    @pytest.mark.parametrize(
        ("names", "expected"),
        [
            (["localhost", "vm"], "localhost"),
            (["*.localhost"], "*.localhost"),
            ([ip_address("127.0.0.1"), "vm"], "vm"),
        ],
    )
    def test_has_the_first_dns_name_as_common_name(
        self, names: list[SubjectName], expected: str
    ) -> None:
        leaf = make_leaf(*names)
        assert common_name(leaf) == expected
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        assert not extension.critical
        assert [name.value for name in extension.value] == names

    @pytest.mark.parametrize("name", [ip_address("127.0.0.1"), "a" * 63 + ".local"])
    def test_has_an_empty_subject_where_no_name_is_fit_for_a_common_name(
        self, name: SubjectName
    ) -> None:
        leaf = make_leaf(name)
        assert not list(leaf.subject)
        extension = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        assert extension.critical


class TestClients:
    """The clock of this machine counts here: it is what clients look at."""

    def write(self, folder: Path, *names: SubjectName) -> tuple[Path, Path]:
        ca, leaf = folder / "ca.crt", folder / "leaf.pem"
        now = datetime.now(UTC)
        ca_certificate = make_ca(now=now)
        public_key = LEAF_KEY.public_key()
        # Not LocalCA.issue, which refuses names that the CA may not sign for.
        certificate = sign_leaf_certificate(ca_certificate, CA_KEY, public_key, names, now=now)
        key = LEAF_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        ca.write_bytes(ca_certificate.public_bytes(Encoding.PEM))
        leaf.write_bytes(key + certificate.public_bytes(Encoding.PEM))
        return ca, leaf

    @pytest.mark.parametrize(
        ("names", "host"),
        [
            (default_names("vm"), "localhost"),
            (default_names("vm"), "127.0.0.1"),
            (default_names("vm"), "::1"),
            (default_names("vm"), "vm"),
            (["*.apps.localhost"], "a.apps.localhost"),
            (["printer.local"], "printer.local"),
            ([ip_address("127.0.0.1")], "127.0.0.1"),
            ([ip_address("192.168.1.7"), ip_address("fd00::7")], "fd00::7"),
            (["a" * 63 + ".local"], "a" * 63 + ".local"),
        ],
    )
    def test_accept_names_of_this_machine_and_its_network(
        self, tmp_path: Path, names: list[SubjectName], host: str
    ) -> None:
        ca, leaf = self.write(tmp_path, *names)
        assert verify_with_openssl(ca, leaf) == ""
        assert run_handshake(ca, leaf, host) == "TLSv1.3"

    @pytest.mark.parametrize(
        ("names", "host"),
        [
            (["example.com"], "example.com"),
            (["localhost", "example.com"], "localhost"),
            (["localhost.example.com"], "localhost.example.com"),
            (["xlocalhost"], "xlocalhost"),
            ([ip_address("8.8.8.8")], "8.8.8.8"),
            (["localhost", ip_address("8.8.8.8")], "localhost"),
            (["localhost", ip_address("2001:db8::1")], "localhost"),
        ],
    )
    def test_refuse_other_names_although_the_ca_has_signed(
        self, tmp_path: Path, names: list[SubjectName], host: str
    ) -> None:
        ca, leaf = self.write(tmp_path, *names)
        assert "permitted subtree violation" in verify_with_openssl(ca, leaf)
        with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
            run_handshake(ca, leaf, host)

    def test_refuse_a_name_that_is_not_in_the_certificate(self, tmp_path: Path) -> None:
        ca, leaf = self.write(tmp_path, "localhost")
        with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
            run_handshake(ca, leaf, "vm")
