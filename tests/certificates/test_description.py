import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256

from trio_https.certificates.description import describe_certificate

from ..programs import require_program
from .times import NOW


def openssl(*arguments: str | Path) -> str:
    command = [require_program("openssl"), *arguments]
    result = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30)
    return result.stdout


def make_with_openssl(folder: Path, *arguments: str) -> x509.Certificate:
    key, certificate = folder / "key.pem", folder / "cert.pem"
    openssl("req", "-x509", "-nodes", *arguments, "-keyout", key, "-out", certificate)
    return x509.load_pem_x509_certificate(certificate.read_bytes())


def test_a_certificate_of_the_openssl_command_is_described(tmp_path: Path) -> None:
    names = "subjectAltName=DNS:*.localhost,DNS:localhost,IP:172.31.96.101,IP:::1,email:a@b.example"
    certificate = make_with_openssl(
        tmp_path,
        *("-newkey", "rsa:2048", "-sha256", "-days", "3650"),
        *("-subj", "/C=KY/O=ARTERY, Büro/CN=localhost", "-utf8", "-addext", names),
    )
    described = describe_certificate(certificate)
    assert described.names == ("*.localhost", "localhost", "172.31.96.101", "::1")
    assert described.subject == described.issuer == "CN=localhost,O=ARTERY\\, Büro,C=KY"
    assert described.not_after - described.not_before == timedelta(days=3650)
    assert abs(datetime.now(UTC) - described.not_before) < timedelta(minutes=5)
    assert described.key == "RSA 2048"
    assert described.self_signed
    said = openssl("x509", "-in", tmp_path / "cert.pem", "-noout", "-fingerprint", "-sha256")
    assert said.endswith(f"Fingerprint={described.sha256}\n")


def test_a_self_signed_certificate_of_old_is_one_too(tmp_path: Path) -> None:
    certificate = make_with_openssl(tmp_path, "-newkey", "rsa:2048", "-sha1", "-subj", "/CN=x")
    assert describe_certificate(certificate).self_signed


@pytest.mark.parametrize(
    ("algorithm", "name"),
    [
        (["ec", "-pkeyopt", "ec_paramgen_curve:P-256"], "ECDSA P-256"),
        (["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], "ECDSA P-384"),
        (["ec", "-pkeyopt", "ec_paramgen_curve:P-521"], "ECDSA P-521"),
        (["ec", "-pkeyopt", "ec_paramgen_curve:secp256k1"], "ECDSA secp256k1"),
        (["ed25519"], "Ed25519"),
        (["ed448"], "Ed448"),
    ],
)
def test_keys_have_the_names_that_users_know(
    tmp_path: Path, algorithm: list[str], name: str
) -> None:
    certificate = make_with_openssl(tmp_path, "-newkey", *algorithm, "-subj", "/CN=x")
    described = describe_certificate(certificate)
    assert described.key == name
    assert described.names == ()


def test_the_same_name_does_not_make_a_certificate_self_signed() -> None:
    key, other = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = x509.Name([])
    alternative_name = x509.SubjectAlternativeName([x509.IPAddress(ip_address("::1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW)
    builder = builder.add_extension(alternative_name, critical=True)
    assert not describe_certificate(builder.sign(other, SHA256())).self_signed
    described = describe_certificate(builder.sign(key, SHA256()))
    assert described.self_signed
    assert (described.subject, described.issuer, described.names) == ("", "", ("::1",))
    assert described.not_before == described.not_after == NOW
