"""Why there was no handshake, in words: the tables, and OpenSSL's reasons in real handshakes."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import trustme
from hypothesis import given
from hypothesis import strategies as st

from trio_https.rules.handshake_failures import (
    client_failure_in_words,
    find_server_failure,
    refused_certificate_in_words,
    server_alert,
)
from trio_https.served_certificate import why_no_handshake
from trio_https.tls import in_words

# As they are called since OpenSSL 1.1.1, and as Python tells them.
ALERTS = {
    "TLSV1_ALERT_UNKNOWN_CA": "trio-https trust",
    "SSLV3_ALERT_BAD_CERTIFICATE": "trio-https trust",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "trio-https trust",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "renew it",
    "TLSV1_ALERT_DECRYPT_ERROR": "on the way",
}


@pytest.mark.parametrize("reason", ALERTS)
def test_what_a_client_says_of_the_certificate_is_told_with_what_to_do(reason: str) -> None:
    told = client_failure_in_words(reason)
    assert ALERTS[reason] in told
    assert f"({reason.partition('ALERT_')[2].lower()})" in told  # to be searched for


def test_what_is_rare_stays_in_openssls_words() -> None:
    assert client_failure_in_words("TLSV1_ALERT_USER_CANCELLED") == "tlsv1 alert user cancelled"
    assert client_failure_in_words("KEY_VALUES_MISMATCH") == "key values mismatch"
    assert find_server_failure("DH_KEY_TOO_SMALL").text == "the handshake failed: dh key too small"


@pytest.mark.parametrize(
    ("reason", "obstacle", "text"),
    [
        ("WRONG_VERSION_NUMBER", "no TLS", "what answers there is not TLS"),
        ("RECORD_LAYER_FAILURE", "no TLS", "what answers there is not TLS"),
        ("UNSUPPORTED_PROTOCOL", "no version", "none of the versions of TLS that were offered"),
        ("TLSV1_ALERT_PROTOCOL_VERSION", "no version", "the alert protocol_version: it speaks"),
        ("SSLV3_ALERT_HANDSHAKE_FAILURE", "refusal", "the alert handshake_failure: nothing"),
        ("TLSV1_UNRECOGNIZED_NAME", "demand", "the alert unrecognized_name: it does not know"),
        ("TLSV1_ALERT_USER_CANCELLED", "refusal", "the alert user_cancelled"),
    ],
)
def test_what_a_server_does_is_told_by_what_stands_in_the_way(
    reason: str, obstacle: str, text: str
) -> None:
    failure = find_server_failure(reason)
    assert failure.obstacle == obstacle
    assert text in failure.text


def test_an_alert_of_a_server_is_told_the_same_by_its_name() -> None:
    assert server_alert("protocol_version") == find_server_failure("TLSV1_ALERT_PROTOCOL_VERSION")


@given(st.text(st.characters(categories=["Lu"], include_characters="_")))
def test_any_reason_is_told_in_one_line_without_a_full_stop(reason: str) -> None:
    for told in (client_failure_in_words(reason), find_server_failure(reason).text):
        assert "_" not in told or f"({told.partition('(')[2].partition(')')[0]})" in told
        assert not told.endswith(".")


def test_a_certificate_that_has_expired_is_to_be_renewed() -> None:
    told = refused_certificate_in_words("certificate has expired")
    assert told == "the client's certificate is refused, certificate has expired; have it renewed"


# Real handshakes

Change = Callable[[ssl.SSLContext], object]


def fail(client: ssl.SSLContext, server: ssl.SSLContext) -> list[ssl.SSLError]:
    """Return what OpenSSL raises in the client and in the server."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    sides = [
        client.wrap_bio(to_client, to_server, server_hostname="localhost"),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    failures: dict[int, ssl.SSLError] = {}
    for turn in range(20):
        side = turn % 2
        if side in failures:
            continue
        try:
            sides[side].do_handshake()
            sides[side].read(1)  # in TLS 1.3, the client may be done before the server is
        except ssl.SSLWantReadError:
            continue
        except ssl.SSLError as exc:
            failures[side] = exc
    return [failures[0], failures[1]]


def at_most_tls_1_2(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2


def at_least_tls_1_3(context: ssl.SSLContext) -> None:
    context.minimum_version = ssl.TLSVersion.TLSv1_3


def with_suites_of_rsa(context: ssl.SSLContext) -> None:
    at_most_tls_1_2(context)
    context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")


def with_p521(context: ssl.SSLContext) -> None:
    context.set_ecdh_curve("secp521r1")


def with_p384(context: ssl.SSLContext) -> None:
    context.set_ecdh_curve("secp384r1")


def demanding(context: ssl.SSLContext) -> None:
    context.verify_mode = ssl.CERT_REQUIRED


def unchanged(_context: ssl.SSLContext) -> None:
    pass


@pytest.mark.parametrize(
    ("change_client", "change_server", "of_client", "of_server"),
    [
        pytest.param(
            *(at_most_tls_1_2, at_least_tls_1_3),
            *("no TLS 1.3, nor 1.2 where that is offered", "it speaks none of the versions"),
            id="no version in common",
        ),
        pytest.param(
            *(with_suites_of_rsa, unchanged),
            *("use a certificate with an RSA key", "nothing that was offered suits it"),
            id="no suite in common",
        ),
        pytest.param(
            *(with_p521, with_p384),
            *("no group for key exchange in common", "nothing that was offered suits it"),
            id="no group in common",
        ),
        pytest.param(
            *(unchanged, demanding),
            *("the client has shown no certificate", "it wants a certificate of the client"),
            id="no certificate of the client",
        ),
    ],
)
def test_each_side_is_told_what_is_wrong_with_the_other(
    change_client: Change,
    change_server: Change,
    of_client: str,
    of_server: str,
    client_context: ssl.SSLContext,
    authority: trustme.CA,
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", key_type=trustme.KeyType.ECDSA).configure_cert(server)
    change_client(client_context)
    change_server(server)
    in_client, in_server = fail(client_context, server)
    assert of_client in in_words(in_server)
    assert of_server in why_no_handshake(in_client).text


def issue(authority: trustme.CA, *, days: int) -> trustme.LeafCert:
    """Return a certificate that ends in so many days."""
    end = datetime.now(UTC) + timedelta(days=days)
    return authority.issue_cert("localhost", not_before=end - timedelta(days=9), not_after=end)


@pytest.mark.parametrize(
    ("days", "is_foreign", "told"),
    [
        pytest.param(1, True, "behind the certificate (unknown_ca)", id="an unknown authority"),
        pytest.param(-1, False, "(certificate_expired); renew it", id="expired"),
    ],
)
def test_what_a_client_has_against_the_certificate_is_told(
    days: int, is_foreign: bool, told: str, client_context: ssl.SSLContext, authority: trustme.CA
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issue(trustme.CA() if is_foreign else authority, days=days).configure_cert(server)
    _in_client, in_server = fail(client_context, server)
    assert told in in_words(in_server)


@pytest.mark.parametrize(
    ("days", "is_foreign", "told", "alert"),
    [
        pytest.param(
            1, True, "give the client one by an authority", "unknown_ca", id="an unknown authority"
        ),
        pytest.param(-1, False, "have it renewed", "certificate_expired", id="expired"),
    ],
)
def test_what_the_server_has_against_a_clients_certificate_is_told(
    days: int,
    is_foreign: bool,
    told: str,
    alert: str,
    client_context: ssl.SSLContext,
    authority: trustme.CA,
) -> None:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issue(authority, days=1).configure_cert(server)
    authority.configure_trust(server)
    server.verify_mode = ssl.CERT_REQUIRED
    issue(trustme.CA() if is_foreign else authority, days=days).configure_cert(client_context)
    in_client, in_server = fail(client_context, server)
    assert told in in_words(in_server)
    assert alert in why_no_handshake(in_client).text
