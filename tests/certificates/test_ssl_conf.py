"""``certs/ssl.conf``: the certificate of OpenSSL's command, and each mistake by its line."""

import re
import subprocess
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from trio_https.certificates.description import is_self_signed
from trio_https.certificates.new_certificate import issue_self_signed
from trio_https.certificates.ssl_conf import parse_ssl_conf, read_ssl_conf
from trio_https.errors import ConfigError

from ..programs import require_program

OURS = Path(__file__).parents[2] / "certs" / "ssl.conf"

# The application note's file, §2.2, with other names.
NOTE = """\
[req]
prompt = no
default_md = sha256
default_bits = 2048
distinguished_name = dn
x509_extensions = v3_req

[dn]
C = KY
ST = Cayman Islands
L = George Town
O = Example
OU = SW Department
emailAddress = admin@example.com
CN = localhost

[v3_req]
subjectAltName = @alt_names

[alt_names]
DNS.1 = *.localhost
DNS.2 = localhost
IP.1 = 172.31.96.101
"""
CHINESE = (
    NOTE.replace("= KY", "= CN")
    .replace("Cayman Islands", "重庆市")
    .replace("George Town", "重庆")
    .replace("= Example", "= 示例科技有限公司")
    .replace("SW Department", "软件部")
    .replace("CN = localhost", "CN = 本地服务器")
)
EXTENSIONS = NOTE.replace(
    "subjectAltName = @alt_names",
    "basicConstraints = critical, CA:true , pathlen : 0\n"
    "subjectKeyIdentifier = hash\n"
    "subjectAltName = critical,DNS:a.test, IP.1 : 10.0.0.1,IP:::1\n"
    "keyUsage = critical, digitalSignature,nonRepudiation, keyEncipherment , keyCertSign, cRLSign\n"
    "extendedKeyUsage = clientAuth,serverAuth",
).partition("[alt_names]")[0]
MORE = (
    NOTE.replace("OU = SW Department", "0.OU = one\n1.OU = two")
    .replace("CN = localhost", "commonName = localhost # the host")
    .replace("IP.1", "IP.first = ::1\nIP.1")
    .replace("prompt = no", "prompt = no\nutf8 = yes\nstring_mask = utf8only\nencrypt_key = no")
)


def make_with_openssl(folder: Path, config: str, *options: str) -> x509.Certificate:
    """Run the application note's command."""
    (folder / "ssl.conf").write_text(config, "utf-8")
    command = "req -x509 -new -nodes -sha256 -utf8 -days 3650 -newkey rsa:2048 -keyout server.key"
    arguments = [*command.split(), *options, "-out", "server.crt", "-config", "ssl.conf"]
    openssl = require_program("openssl")
    subprocess.run([openssl, *arguments], cwd=folder, check=True, capture_output=True, timeout=30)
    return x509.load_pem_x509_certificate((folder / "server.crt").read_bytes())


def make_with_us(config: str) -> x509.Certificate:
    template = parse_ssl_conf("ssl.conf", config.encode())
    made = issue_self_signed(template, lifetime=timedelta(days=3650), now=datetime.now(UTC))
    return x509.load_pem_x509_certificate(made.certificate)


def content(certificate: x509.Certificate) -> dict[str, object]:
    """Return each field of RFC 5280 §4.1, but for what is new in each certificate."""
    key = certificate.public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    key_identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    return {
        "version": certificate.version,
        "serial number": 0 < certificate.serial_number < 2**160,
        "signature": certificate.signature_algorithm_oid,
        "signature parameters": type(certificate.signature_algorithm_parameters),
        "issuer": certificate.issuer.public_bytes(),  # with the type of each string
        "subject": certificate.subject.public_bytes(),
        "lifetime": certificate.not_valid_after_utc - certificate.not_valid_before_utc,
        "begins now": abs(datetime.now(UTC) - certificate.not_valid_before_utc)
        < timedelta(hours=1),
        "key": (key.key_size, key.public_numbers().e),
        "extensions": {
            extension.oid: (
                extension.critical,
                "of the key" if extension.value == key_identifier else extension.value,
            )
            for extension in certificate.extensions
        },
        "signed by itself": is_self_signed(certificate),
    }


@pytest.mark.parametrize(
    "config",
    [NOTE, OURS.read_text("utf-8"), CHINESE, EXTENSIONS, MORE],
    ids=["the note's", "ours", "Chinese", "all extensions", "other ways to write"],
)
def test_a_file_gives_the_same_certificate_as_by_openssl(config: str, tmp_path: Path) -> None:
    assert content(make_with_us(config)) == content(make_with_openssl(tmp_path, config))


def test_the_certificate_has_what_the_file_says() -> None:
    """What both could have wrong together."""
    made = content(make_with_us(CHINESE))
    subject = made["subject"]
    assert isinstance(subject, bytes)
    for text in ("CN", "重庆市", "重庆", "示例科技有限公司", "软件部", "本地服务器"):
        assert text.encode() in subject
    assert made["key"] == (2048, 65537)
    assert made["lifetime"] == timedelta(days=3650)


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("bits", [2048, 3072])
def test_digest_and_length_are_those_of_the_file_where_the_command_leaves_them_open(
    digest: str, bits: int, tmp_path: Path
) -> None:
    config = NOTE.replace("= sha256", f"= {digest}").replace("= 2048", f"= {bits}")
    options = (f"-{digest}", "-newkey", f"rsa:{bits}")
    assert content(make_with_us(config)) == content(make_with_openssl(tmp_path, config, *options))


def test_our_file_is_read_from_where_it_lies() -> None:
    template = read_ssl_conf(OURS)
    assert [str(name) for name in template.names] == [
        "*.localhost",
        "localhost",
        "127.0.0.1",
        "::1",
    ]
    assert template.common_names == ("localhost",)
    assert not template.is_authority


@pytest.mark.parametrize(
    ("name", "matches"), [("localhost", True), ("site.localhost", False), ("more.localhost", True)]
)
def test_what_our_file_says_of_its_wildcard_holds_for_openssl(
    name: str, matches: bool, tmp_path: Path
) -> None:
    config = OURS.read_text("utf-8").replace("IP.1", "DNS.3 = more.localhost\nIP.1")
    make_with_openssl(tmp_path, config)
    openssl, certificate = require_program("openssl"), str(tmp_path / "server.crt")
    command = [openssl, "x509", "-in", certificate, "-noout", "-checkhost", name]
    said = subprocess.run(command, check=True, capture_output=True, text=True, timeout=30).stdout
    assert ("does match" in said) == matches


def replaced(old: str, new: str) -> bytes:
    assert NOTE.count(old) == 1
    return NOTE.replace(old, new).encode()


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (b"\xef\xbb\xbf" + NOTE.encode(), "line 1: there is a byte order mark"),
        (NOTE.encode("utf-16"), "line 1: this text is in UTF-16"),
        (CHINESE.encode("gbk"), "line 10: this text is not in UTF-8. Save it as UTF-8 without"),
        (b"#" * 300_000, "this is too long for a configuration"),
        (b"", "there is no section [req]. Write it as in certs/ssl.conf"),
        (replaced("prompt = no\n", ""), "line 1: OpenSSL would ask for each field"),
        (replaced("prompt = no", "prompt = yes"), "line 2: prompt = yes: write no"),
        (replaced("= sha256", "= sha1"), "line 3: default_md = sha1: write sha256 or sha384"),
        (replaced("= 2048", "= 1024"), "line 4: default_bits = 1024: write 2048 or 3072"),
        (replaced("default_md", "default_mx"), "line 3: default_mx is not known"),
        (replaced("x509_extensions = v3_req\n", ""), "line 1: x509_extensions is missing"),
        (replaced("= v3_req", "= v3"), "line 6: there is no section [v3]: add it"),
        (replaced("= v3_req", "= v3"), "line 17: nothing leads to [v3_req]: take it out"),
        (NOTE.encode() + b"[more]\n", "line 24: nothing leads to [more]"),
        (replaced("CN = localhost\n", ""), "line 8: there is no CN"),
        (replaced("CN = localhost", "CN = "), "line 15: CN is empty"),
        (replaced("= KY", "= KYX"), "line 9: C = KYX is no country"),
        (replaced("= KY", "= 中国"), "line 9: C = 中国 is no country"),
        (replaced("admin@", "管理@"), "line 14: an emailAddress in a certificate is ASCII"),
        (replaced("Example", "E" * 65), "line 12: O has 65 characters: write at most 64"),
        (replaced("CN = localhost", "CN = " + "例" * 22), "line 15: CN has 66 bytes"),
        (replaced("OU =", "unit ="), "line 13: unit is no field of a subject that is known"),
        (replaced("OU =", "O ="), "line 13: O is in line 12 already"),
        (replaced("subjectAltName = @alt_names", ""), "line 17: browsers look at no other name"),
        (replaced("@alt_names", "@names"), "line 18: there is no section [names]"),
        (replaced("@alt_names", "localhost"), "line 18: 'localhost' has no kind"),
        (replaced("@alt_names", "DNS:a,,DNS:b"), "line 18: there is nothing before or after"),
        (replaced("@alt_names", "@alt_names\nkeyUsage = x"), "line 19: 'x' is not known"),
        (replaced("@alt_names", "@alt_names\nnsComment = x"), "line 19: trio-https does not know"),
        (
            replaced("@alt_names", "@alt_names\nauthorityKeyIdentifier = keyid,issuer"),
            "line 19: OpenSSL's versions make different things of authorityKeyIdentifier",
        ),
        (
            replaced("@alt_names", "@alt_names\nsubjectKeyIdentifier = none"),
            "line 19: trio-https knows subjectKeyIdentifier = hash only",
        ),
        (
            replaced("@alt_names", "@alt_names\nbasicConstraints = CA:perhaps"),
            "line 19: 'CA:perhaps' is not understood",
        ),
        (
            replaced("@alt_names", "@alt_names\nbasicConstraints = CA:FALSE,pathlen:1"),
            "line 19: pathlen is for authorities",
        ),
        (
            replaced("IP.1 = 172.31.96.101", "IP.1 = 172.31.96.256"),
            "line 23: '172.31.96.256' is no",
        ),
        (replaced("IP.1 = 172.31.96.101", "IP.1 = fe80::1%eth0"), "line 23: 'fe80::1%eth0' is no"),
        (replaced("IP.1 = 172.31.96.101", "DNS.3 = 10.0.0.1"), "line 23: 10.0.0.1 is an address"),
        (replaced("IP.1 = 172.31.96.101", "DNS.3 = 例え.test"), "line 23: 例え.test is not as"),
        (replaced("IP.1 = 172.31.96.101", "DNS.3 = a b"), "line 23: 'a b' is no name of a host"),
        (replaced("IP.1 = 172.31.96.101", "DNS.3 = a.*.b"), "line 23: a.*.b matches nothing"),
        (replaced("IP.1 = 172.31.96.101", "DNS.3 ="), "line 23: there is no name"),
        (replaced("IP.1 = 172.31.96.101", "URI.1 = x"), "line 23: URI.1 is no kind of name"),
    ],
)
def test_a_mistake_is_told_with_file_line_reason_and_remedy(config: bytes, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_ssl_conf("ssl.conf", config)
    said = str(caught.value)
    assert said.startswith("ssl.conf")
    assert message in said
    assert re.search(r": (write|take|add|keep) .*\.$|\. (Save|Name|Write) .+\.$", said, re.DOTALL)


def test_a_section_of_alternative_names_without_any_is_a_mistake() -> None:
    empty = NOTE.partition("[alt_names]")[0] + "[alt_names]\n"
    with pytest.raises(ConfigError, match="line 18: there is no name in it"):
        parse_ssl_conf("ssl.conf", empty.encode())


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no such file or directory\. Name the file with --conf"):
        read_ssl_conf(tmp_path / "ssl.conf")


@given(st.binary(max_size=60), st.integers(0, len(NOTE)))
def test_any_change_of_the_file_is_read_or_refused_in_words(change: bytes, where: int) -> None:
    raw = NOTE.encode()
    with suppress(ConfigError):
        parse_ssl_conf("ssl.conf", raw[:where] + change + raw[where + len(change) :])
