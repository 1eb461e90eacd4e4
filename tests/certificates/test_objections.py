"""What each client would object to, one thing wrong at a time; the sources stand in the module."""

import subprocess
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from trio_https.certificates.local_names import SubjectName
from trio_https.certificates.objections import find_objections

from ..programs import require_program
from .chains import Made, issue, rsa_key
from .test_ssl_conf import NOTE, make_with_us
from .times import NOW

DAY = timedelta(days=1)
CA = issue("ca", is_ca=True)


def texts(certificate: x509.Certificate, *names: SubjectName, serious: bool = True) -> list[str]:
    found = find_objections(certificate, "server.crt", names, now=NOW)
    return [objection.text for objection in found if objection.is_serious == serious]


def dns(*names: str) -> list[x509.GeneralName]:
    return [x509.DNSName(name) for name in names]


def test_a_good_certificate_is_left_in_peace() -> None:
    for made in (issue(), issue(issuer=CA), issue(key=rsa_key(2048))):
        assert texts(made.certificate, "web.test") == []
        assert texts(made.certificate, serious=False) == []


@pytest.mark.parametrize(
    ("made", "objection"),
    [
        (issue("web.test", names=[]), "there is no subjectAltName, and clients look at no other"),
        (issue("10.0.0.1", names=[]), "(the common name is 10.0.0.1)"),
        (issue(end=NOW - DAY), "the certificate has expired, on 2026-11-22"),
        (issue(start=NOW + DAY), "the certificate is valid only from 2026-11-24"),
        (
            issue(start=NOW - 60 * DAY, end=NOW + 13 * DAY),
            "it ends on 2026-12-06 12:00 UTC, in 13 days. Renew it.",
        ),
        (issue(end=NOW + 816 * DAY), "826 days in all, and iPhones, iPads and Macs refuse more"),
        (issue(purpose=None), "it has no extended key usage, and iPhones, iPads and Macs want"),
        (issue(purpose=ExtendedKeyUsageOID.CLIENT_AUTH), "is for something else than servers"),
        (issue(usages=["key_encipherment"]), "its key usage lacks digitalSignature"),
        (issue(is_ca=True), "it is the certificate of an authority (CA:TRUE)"),
        (issue(key=rsa_key(1024)), "the key of certificate number 1 is too short"),
        (issue(key=ec.generate_private_key(ec.SECP521R1())), "don't take a key of this kind"),
        (issue(key=ed25519.Ed25519PrivateKey.generate()), "don't take a key of this kind"),
        (issue(key=ec.generate_private_key(ec.SECP256K1())), "browsers know no TLS with a key of"),
        (issue(names=dns("*.localhost")), "*.localhost matches nothing in browsers and OpenSSL"),
    ],
)
def test_what_clients_refuse_is_a_problem(made: Made, objection: str) -> None:
    [text] = texts(made.certificate)
    assert objection in text
    assert ". " in text  # a remedy follows
    assert not text.startswith("server.crt")


@pytest.mark.parametrize(
    ("made", "note"),
    [
        (issue(names=dns("localhost", "*.localhost")), "*.localhost matches nothing"),
        (
            issue(issuer=CA, names=dns("www.example.org"), end=NOW + 500 * DAY),
            "it is valid for 510 days in all: if its authority is one that comes with the system",
        ),
    ],
)
def test_what_may_do_no_harm_is_a_note(made: Made, note: str) -> None:
    assert texts(made.certificate) == []
    [text] = texts(made.certificate, serious=False)
    assert text.startswith(note)


@pytest.mark.parametrize(
    "made",
    [
        issue(end=NOW + 815 * DAY),
        issue(issuer=CA, end=NOW + 500 * DAY),  # web.test can't be a public site's
        issue(usages=None),
        # A life of six days has no fourteen of them left.
        issue(start=NOW - DAY, end=NOW + 5 * DAY),
        issue(names=dns("*.example.test")),
        issue(key=ec.generate_private_key(ec.SECP384R1())),
    ],
)
def test_what_clients_take_is_no_objection(made: Made) -> None:
    assert texts(made.certificate) == texts(made.certificate, serious=False) == []


NAMES: list[x509.GeneralName] = [
    *dns("Web.test", "*.sub.test", "*.localhost"),
    x509.IPAddress(ip_address("fd00::1")),
]


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("web.test", True),
        ("a.sub.test", True),
        ("sub.test", False),
        ("a.b.sub.test", False),
        ("site.localhost", False),
        ("other.test", False),
        (ip_address("fd00::1"), True),
        (ip_address("fd00::2"), False),
    ],
)
def test_names_are_matched_as_openssl_matches_them(
    name: SubjectName, fits: bool, tmp_path: Path
) -> None:
    made = issue(names=NAMES, start=NOW - DAY)
    objections = [text for text in texts(made.certificate, name) if "is not for" in text]
    assert (objections == []) == fits
    path = tmp_path / "server.crt"
    path.write_bytes(made.certificate.public_bytes(Encoding.PEM))
    option = "-checkhost" if isinstance(name, str) else "-checkip"
    command = [require_program("openssl"), "x509", "-in", str(path), "-noout", option, str(name)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert ("does match" in said) == fits


def test_the_notes_own_certificate_has_its_problems_told() -> None:
    found = find_objections(make_with_us(NOTE), "server.crt", (), now=datetime.now(UTC))
    serious = [objection.text for objection in found if objection.is_serious]
    assert [text.partition(",")[0] for text in serious] == [
        "it is valid for 3650 days in all",
        "it has no extended key usage",
    ]
