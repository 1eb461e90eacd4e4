"""Handshakes in memory: who would trust the server, and what it offers."""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import trustme

from trio_https import tls
from trio_https.rehearsal import offered_versions, why_untrusted

versions_spoken = pytest.mark.parametrize(
    "version",
    [
        pytest.param(ssl.TLSVersion.TLSv1_2, id="TLS 1.2"),
        pytest.param(ssl.TLSVersion.TLSv1_3, id="TLS 1.3"),
    ],
)


def make_context(authority: trustme.CA, folder: Path, **validity: Any) -> ssl.SSLContext:
    path = folder / "leaf.pem"
    leaf = authority.issue_cert("localhost", "127.0.0.1", "::1", **validity)
    leaf.private_key_and_cert_chain_pem.write_to_path(path)
    return tls.open_server_context(path)


@pytest.fixture
def trusted(
    authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """This machine trusts the authority, as far as OpenSSL's clients are concerned."""
    with authority.cert_pem.tempfile(dir=str(tmp_path)) as path:
        monkeypatch.setenv("SSL_CERT_FILE", path)
        yield


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1"])
@versions_spoken
def test_a_trusted_certificate_is_refused_for_no_reason(
    name: str, version: ssl.TLSVersion, authority: trustme.CA, tmp_path: Path, trusted: None
) -> None:
    context = make_context(authority, tmp_path)
    context.maximum_version = version
    assert why_untrusted(context, name) is None


@pytest.mark.parametrize("name", ["localhost", "::1"])
def test_the_certificate_of_an_unknown_authority_is_untrusted(
    name: str, tmp_path: Path, trusted: None
) -> None:
    reason = why_untrusted(make_context(trustme.CA(), tmp_path), name)
    assert reason == "unable to get local issuer certificate"


@versions_spoken
@pytest.mark.parametrize(
    ("name", "reason"),
    [("other.example", "Hostname mismatch"), ("192.0.2.7", "IP address mismatch")],
)
def test_a_certificate_for_another_name_is_untrusted(
    name: str,
    reason: str,
    version: ssl.TLSVersion,
    authority: trustme.CA,
    tmp_path: Path,
    trusted: None,
) -> None:
    context = make_context(authority, tmp_path)
    context.maximum_version = version
    assert reason in (why_untrusted(context, name) or "trusted")


@pytest.mark.parametrize(
    ("days", "reason"), [(-1, "certificate has expired"), (2, "certificate is not yet valid")]
)
def test_a_certificate_out_of_its_time_is_untrusted(
    days: int, reason: str, authority: trustme.CA, tmp_path: Path, trusted: None
) -> None:
    end = datetime.now(UTC) + timedelta(days=days)
    context = make_context(authority, tmp_path, not_before=end - timedelta(days=1), not_after=end)
    assert why_untrusted(context, "localhost") == reason


def test_the_verdict_is_waited_for_after_a_hello_retry_request(tmp_path: Path) -> None:
    """RFC 8446 §4.1.4: the server asks for another key share, and the hellos come twice."""
    context = make_context(trustme.CA(), tmp_path)
    context.set_ecdh_curve("secp384r1")
    assert why_untrusted(context, "localhost") is not None


@pytest.mark.parametrize(
    ("lowest", "highest", "offered"),
    [
        (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3, ["1.2", "1.3"]),
        (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3, ["1.3"]),
        (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2, ["1.2"]),
    ],
)
def test_the_versions_told_are_those_that_work(
    lowest: ssl.TLSVersion, highest: ssl.TLSVersion, offered: list[str], tmp_path: Path
) -> None:
    context = make_context(trustme.CA(), tmp_path)
    context.minimum_version, context.maximum_version = lowest, highest
    assert offered_versions(context) == offered


def test_a_context_that_offers_other_protocols_offers_nothing(tmp_path: Path) -> None:
    context = make_context(trustme.CA(), tmp_path)
    context.set_alpn_protocols(["h2"])
    assert offered_versions(context) == []
    assert offered_versions(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)) == []
