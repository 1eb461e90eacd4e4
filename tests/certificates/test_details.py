"""Details as OpenSSL's command tells them, which is the oracle."""

import re
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from trio_https.certificates.details import (
    describe_chain,
    find_key_file,
    fits,
    parse_chain,
    read_chain,
    read_key,
)
from trio_https.certificates.local_ca import open_local_ca
from trio_https.errors import ConfigError

from ..programs import require_program
from .test_ssl_conf import EXTENSIONS, NOTE, make_with_openssl


def openssl_x509(path: Path, *options: str) -> str:
    command = [require_program("openssl"), "x509", "-in", str(path), "-noout", *options]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize(
    ("options", "signature"),
    [
        ((), "RSA with SHA-256"),
        (("-sha384",), "RSA with SHA-384"),
        (("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"), "ECDSA with SHA-256"),
        (("-newkey", "ed25519"), "Ed25519"),
    ],
)
def test_details_are_those_of_openssl(
    options: tuple[str, ...], signature: str, tmp_path: Path
) -> None:
    make_with_openssl(tmp_path, NOTE, *options)
    path = tmp_path / "server.crt"
    [details] = describe_chain(read_chain(path))
    assert details.signature == signature
    shown = openssl_x509(path, "-serial", "-fingerprint", "-sha1")
    assert f"serial={details.serial_number.replace(':', '')}\n" in shown
    assert f"Fingerprint={details.sha1}\n" in shown
    assert (details.purposes, details.is_authority) == ((), False)
    assert details.description.subject.startswith("CN=localhost,emailAddress=admin@example.com,")


def test_purposes_and_authority_are_told(tmp_path: Path) -> None:
    make_with_openssl(tmp_path, EXTENSIONS)
    [details] = describe_chain(read_chain(tmp_path / "server.crt"))
    assert details.purposes == ("TLS clients", "TLS servers")
    assert (details.is_authority, details.permitted_names) == (True, ())


def test_the_constraints_of_an_authority_are_told(tmp_path: Path) -> None:
    ca = open_local_ca(tmp_path, now=datetime.now(UTC), hostname="workbench")
    [details] = describe_chain(read_chain(ca.path))
    assert {"localhost", "workbench", "10.0.0.0/8", "::1/128"} <= set(details.permitted_names)


def test_a_common_name_that_is_long_in_octets_is_no_warning(tmp_path: Path) -> None:
    """RFC 5280 counts 64 characters, and so does OpenSSL; warnings are errors here."""
    make_with_openssl(tmp_path, NOTE.replace("CN = localhost", "CN = " + "例" * 40))
    [details] = describe_chain(read_chain(tmp_path / "server.crt"))
    assert f"CN={'例' * 40}," in details.description.subject


def test_the_key_is_found_beside_the_certificate_or_with_it(tmp_path: Path) -> None:
    make_with_openssl(tmp_path, NOTE)
    path, key_path = tmp_path / "server.crt", tmp_path / "server.key"
    assert find_key_file(path) == key_path
    assert fits(read_key(key_path, None), read_chain(path))
    together = tmp_path / "together.pem"
    together.write_bytes(path.read_bytes() + key_path.read_bytes())
    assert find_key_file(together) == together
    key_path.unlink()
    assert find_key_file(path) is None


def test_another_key_does_not_fit(tmp_path: Path) -> None:
    make_with_openssl(tmp_path, NOTE)
    chain = read_chain(tmp_path / "server.crt")
    make_with_openssl(tmp_path, NOTE)
    assert not fits(read_key(tmp_path / "server.key", None), chain)


@pytest.mark.filterwarnings("ignore:.*serial number.*")
def test_a_serial_number_of_old_has_its_sign(tmp_path: Path) -> None:
    make_with_openssl(tmp_path, NOTE, "-set_serial", "-513")
    [details] = describe_chain(read_chain(tmp_path / "server.crt"))
    assert details.serial_number == "-02:01"


def test_what_is_no_certificate_is_told() -> None:
    with pytest.raises(ConfigError, match=re.escape("localhost:1: what it shows is no certif")):
        parse_chain("localhost:1", [b"no"])
