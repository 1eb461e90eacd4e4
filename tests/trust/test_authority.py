import hashlib
import ssl
from base64 import b64encode
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis.strategies import binary, integers, sampled_from

from trio_https import ConfigError
from trio_https.trust.authority import Authority, read_authority

SOME = Authority(path=Path("ca.crt"), der=bytes(range(256)) * 2)


def test_the_fingerprints_are_those_of_the_certificate(authority: Authority) -> None:
    assert authority.der == ssl.PEM_cert_to_DER_cert(authority.path.read_text())
    sha256 = hashlib.sha256(authority.der).hexdigest()
    assert authority.sha256.replace(":", "").lower() == sha256
    assert sha256.startswith(authority.short_name)
    assert authority.thumbprint.lower() == hashlib.sha1(authority.der).hexdigest()


# How stores write down certificates: with line ends of Windows, in lines of whatever length (RFC
# 7468 §2 wants them read), with words about them, in DER, among others.
@pytest.mark.parametrize("form", ["PEM", "CRLF", "one line", "among others", "DER"])
def test_it_is_found_in_a_file_of_any_form(
    form: str, authority: Authority, other: Authority
) -> None:
    pem = authority.path.read_bytes()
    contents = {
        "PEM": pem,
        "CRLF": pem.replace(b"\n", b"\r\n"),
        "one line": b"".join(pem.split(b"\n")),
        "among others": other.path.read_bytes() + b"# a comment\n" + pem,
        "DER": authority.der,
    }
    assert authority.is_in(contents[form])


@given(before=binary(), width=integers(1, 200), line_end=sampled_from([b"\n", b"\r\n"]))
def test_it_is_found_whatever_the_lines_are_and_stand_between(
    before: bytes, width: int, line_end: bytes
) -> None:
    text = b64encode(SOME.der)
    lines = [text[start : start + width] for start in range(0, len(text), width)]
    assert SOME.is_in(b"-----".join((before, line_end.join(lines), before)))
    assert not SOME.is_in(b"-----".join((before, line_end.join(lines[:-1]), before)))


def test_it_is_not_taken_for_another_of_the_same_name(
    authority: Authority, other: Authority
) -> None:
    assert not authority.is_in(other.path.read_bytes())
    assert not authority.is_in(other.der)
    assert not authority.is_in(b"")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (None, "no such file"),
        (b"", "nothing in PEM"),
        (b"-----BEGIN CERTIFICATE-----\nMIIB\n", "no END line"),
        (b"-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----\n", "no certificate"),
    ],
)
def test_a_file_without_a_certificate_is_refused_with_the_reason(
    content: bytes | None, reason: str, tmp_path: Path
) -> None:
    path = tmp_path / "ca.crt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigError, match=reason) as caught:
        read_authority(path)
    assert str(path) in str(caught.value)
