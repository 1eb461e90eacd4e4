"""The names of TLS's numbers, held against those that OpenSSL knows."""

import re
import subprocess

import pytest

from trio_https.rules.tls_registry import (
    alert_name,
    cipher_suite_name,
    extension_name,
    group_name,
    signature_scheme_name,
    version_name,
)

from .programs import require_program


def test_cipher_suites_have_the_names_that_openssl_has_for_them() -> None:
    command = [require_program("openssl"), "ciphers", "-V", "-stdname", "ALL:@SECLEVEL=0"]
    listing = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rows = re.findall(r"0x(\w\w),0x(\w\w) - (TLS_\w+)", listing)
    assert len(rows) > 30
    known = 0
    for high, low, name in rows:
        told = cipher_suite_name(int(high + low, 16))
        assert told in (name, f"0x{high}{low}")
        known += told == name
    assert known >= 42


@pytest.mark.parametrize(
    ("told", "name"),
    [
        (version_name(0x0304), "TLS 1.3"),  # RFC 8446 §4.2.1
        (version_name(0x0303), "TLS 1.2"),
        (group_name(29), "x25519"),  # RFC 8446 §4.2.7
        (group_name(23), "secp256r1"),
        (group_name(4588), "X25519MLKEM768"),  # as Chromium and OpenSSL 3.5 offer it
        (signature_scheme_name(0x0403), "ecdsa_secp256r1_sha256"),  # RFC 8446 §4.2.3
        (signature_scheme_name(0x0804), "rsa_pss_rsae_sha256"),
        (extension_name(0), "server_name"),  # RFC 6066
        (extension_name(16), "application_layer_protocol_negotiation"),  # RFC 7301
        (alert_name(48), "unknown_ca"),  # RFC 8446 §6
        (cipher_suite_name(0x00FF), "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"),  # RFC 5746 §3.3
    ],
)
def test_a_number_has_its_name_from_the_registry(told: str, name: str) -> None:
    assert told == name


@pytest.mark.parametrize("number", [0x0A0A, 0x1A1A, 0x7A7A, 0xFAFA])
def test_grease_is_told_from_what_is_not_known(number: int) -> None:
    """RFC 8701 §2."""
    assert group_name(number) == extension_name(number) == cipher_suite_name(number) == "GREASE"


@pytest.mark.parametrize("number", [0x0A1A, 0x0B0B, 0xABCD])
def test_what_has_no_name_is_shown_as_its_number(number: int) -> None:
    assert group_name(number) == f"0x{number:04X}"


def test_an_alert_without_a_name_is_shown_as_its_number() -> None:
    assert alert_name(200) == "alert 200"
