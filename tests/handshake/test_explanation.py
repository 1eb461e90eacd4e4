"""Handshakes between two OpenSSLs, told step by step, for both versions and all their turns."""

import ssl
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from trio_https.handshake.dialogue import NoHandshake, Offer
from trio_https.handshake.explanation import Explanation

from .talking import explain, titles, value

TLS12 = Offer(version="1.2")
TLS13 = Offer(version="1.3")

CHECK = "· The client checks the certificate"
KEYS = "· Both sides make the keys"


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The clients of this machine trust the authority, and no other."""
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))


@pytest.fixture
def rsa_context(authority: trustme.CA) -> ssl.SSLContext:
    """A server with an RSA key, which takes any cipher suite."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate = authority.issue_cert("localhost", key_type=trustme.KeyType.RSA)
    certificate.configure_cert(context)
    context.set_ciphers("ALL")
    return context


async def test_tls_13_is_told_in_the_order_of_the_rfc(server_context: ssl.SSLContext) -> None:
    """RFC 8446 §2, figure 1."""
    explanation = await explain(server_context)
    assert titles(explanation) == [
        "> ClientHello",
        "< ServerHello",
        KEYS,
        "< EncryptedExtensions",
        "< Certificate",
        "< CertificateVerify",
        "< Finished",
        CHECK,
        "> Finished",
        KEYS,
        "< NewSessionTicket",
        "< NewSessionTicket",
    ]
    sealed = {step.title for step in explanation.steps if step.is_sealed}
    assert {"ClientHello", "ServerHello"}.isdisjoint(sealed)
    assert {"EncryptedExtensions", "Certificate", "CertificateVerify", "Finished"} <= sealed
    assert explanation.effort.round_trips == 1


async def test_tls_12_is_told_in_the_order_of_the_rfc(server_context: ssl.SSLContext) -> None:
    """RFC 5246 §7.3, figure 1, with a ticket (RFC 5077 §3.1)."""
    explanation = await explain(server_context, TLS12)
    assert titles(explanation) == [
        "> ClientHello",
        "< ServerHello",
        "< Certificate",
        "< ServerKeyExchange",
        "< ServerHelloDone",
        CHECK,
        "> ClientKeyExchange",
        KEYS,
        "> ChangeCipherSpec",
        "> Finished",
        "< NewSessionTicket",
        "< ChangeCipherSpec",
        "< Finished",
    ]
    assert [step.title for step in explanation.steps if step.is_sealed] == ["Finished"] * 2
    assert explanation.effort.round_trips == 2


async def test_the_values_are_those_of_the_connection(
    server_context: ssl.SSLContext, authority: trustme.CA
) -> None:
    explanation = await explain(server_context)
    assert explanation.version == "TLSv1.3"
    assert explanation.cipher_suite == value(explanation, "ServerHello", "cipher suite")
    assert explanation.cipher_suite in value(explanation, "ClientHello", "cipher suites")
    assert value(explanation, "ClientHello", "versions") == "TLS 1.3, TLS 1.2"
    assert value(explanation, "ClientHello", "server name (SNI)") == "localhost"
    assert explanation.alpn == value(explanation, "EncryptedExtensions", "protocol (ALPN)")
    assert value(explanation, "Certificate", "names") == "localhost, 127.0.0.1, ::1"
    assert value(explanation, "Certificate", "key") == "ECDSA P-256"
    assert value(explanation, "CertificateVerify", "scheme") == "ecdsa_secp256r1_sha256"
    assert explanation.answer == "HTTP/1.1 200 OK"


async def test_the_key_shares_are_of_one_group(server_context: ssl.SSLContext) -> None:
    explanation = await explain(server_context)
    offered = value(explanation, "ClientHello", "key shares").split()
    chosen = value(explanation, "ServerHello", "key share").split()
    assert chosen[0] in offered
    assert chosen[1] not in offered


async def test_a_chain_is_told_certificate_by_certificate() -> None:
    root = trustme.CA()
    middle = root.create_child_ca()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf = middle.issue_cert("localhost")
    leaf.configure_cert(context)
    explanation = await explain(context)
    [step] = [step for step in explanation.steps if step.title == "Certificate"]
    assert [f.value for f in step.facts if f.name == "certificate"] == ["1 of 2", "2 of 2"]
    told = [fact.value for fact in step.facts if fact.name == "SHA-256"]
    for pem, fingerprint in zip(leaf.cert_chain_pems, told, strict=True):
        certificate = x509.load_pem_x509_certificate(pem.bytes())
        assert certificate.fingerprint(SHA256()).hex(":").upper() == fingerprint


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize("offer", [TLS12, TLS13], ids=["1.2", "1.3"])
async def test_who_comes_back_with_a_ticket_is_resumed(
    server_context: ssl.SSLContext, offer: Offer
) -> None:
    explanation = await explain(server_context, offer)
    back = explanation.resumption
    assert back is not None
    assert back.is_resumed
    assert back.effort.round_trips == 1
    assert back.effort.size < explanation.effort.size


async def test_without_tickets_nobody_comes_back(authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    context.num_tickets = 0
    assert (await explain(context, TLS13)).resumption is None


async def test_a_server_that_wants_another_group_asks_again(authority: trustme.CA) -> None:
    """RFC 8446 §4.1.4."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    context.set_ecdh_curve("secp384r1")
    explanation = await explain(context)
    assert titles(explanation)[:5] == [
        "> ClientHello",
        "< HelloRetryRequest",
        "> ClientHello",
        "< ServerHello",
        KEYS,
    ]
    assert value(explanation, "HelloRetryRequest", "key share") == "secp384r1"
    assert explanation.effort.round_trips == 2


async def test_rsa_key_exchange_is_told_with_what_is_wrong_with_it(
    rsa_context: ssl.SSLContext,
) -> None:
    """Figure 1 of the application note; RFC 5246 §7.4.7.1."""
    explanation = await explain(rsa_context, Offer(rsa_key_exchange=True))
    assert "< ServerKeyExchange" not in titles(explanation)
    assert value(explanation, "ServerHello", "cipher suite").startswith("TLS_RSA_")
    [step] = [step for step in explanation.steps if step.title == "ClientKeyExchange"]
    assert "pre-master secret" in step.meaning


async def test_tls_12_is_marked_where_the_server_can_do_better(
    server_context: ssl.SSLContext,
) -> None:
    """RFC 8446 §4.1.3."""
    explanation = await explain(server_context, TLS12)
    assert "TLS 1.3" in value(explanation, "ServerHello", "downgrade mark")


async def test_a_client_certificate_that_is_asked_for_is_told(
    server_context: ssl.SSLContext, authority: trustme.CA
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_OPTIONAL
    told = titles(await explain(context))
    assert "< CertificateRequest" in told
    assert "> Certificate" in told


# What the client makes of the certificate


def checks(explanation: Explanation) -> dict[str, bool | None]:
    assert explanation.verdict is not None
    return {fact.name: fact.is_good for fact in explanation.verdict.checks}


@pytest.mark.usefixtures("trusted")
async def test_a_certificate_that_is_trusted_is_told_as_that(
    server_context: ssl.SSLContext,
) -> None:
    explanation = await explain(server_context)
    assert explanation.verdict is not None
    assert explanation.verdict.is_trusted
    assert checks(explanation) == {"name": True, "dates": True, "authority": True}


async def test_a_certificate_that_is_not_trusted_is_told_to_the_end(
    server_context: ssl.SSLContext,
) -> None:
    explanation = await explain(server_context)
    assert explanation.verdict is not None
    assert not explanation.verdict.is_trusted
    assert checks(explanation) == {"name": True, "dates": True, "authority": False}
    assert "> Finished" in titles(explanation)


@pytest.mark.usefixtures("trusted")
async def test_a_wrong_name_is_told_beside_a_right_authority(
    server_context: ssl.SSLContext,
) -> None:
    explanation = await explain(server_context, host="elsewhere.test")
    assert checks(explanation) == {"name": False, "dates": True, "authority": True}
    assert explanation.verdict is not None
    assert not explanation.verdict.is_trusted


# No handshake


@pytest.mark.parametrize(
    ("offer", "minimum", "maximum"),
    [
        (TLS13, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_2),
        (TLS12, ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_3),
    ],
    ids=["server with 1.2", "server with 1.3"],
)
async def test_a_version_that_the_server_lacks_is_told_in_words(
    authority: trustme.CA, offer: Offer, minimum: ssl.TLSVersion, maximum: ssl.TLSVersion
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    context.minimum_version, context.maximum_version = minimum, maximum
    with pytest.raises(NoHandshake, match="the server "):
        await explain(context, offer)
