"""Whether a certificate is by the local authority: by its signature, whatever it says."""

from pathlib import Path

import pytest
import trustme
from cryptography.hazmat.primitives.serialization import Encoding

from trio_https.certificates.local_ca import LocalCA, open_local_ca
from trio_https.certificates.local_issuer import find_local_issuer

from .times import NOW


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def ca(home: Path) -> LocalCA:
    return open_local_ca(home, now=NOW, hostname="vm")


def issued(ca: LocalCA, folder: Path, *more: bytes) -> Path:
    key, certificate = ca.issue(["localhost"], now=NOW)
    path = folder / "server.pem"
    path.write_bytes(b"".join((key, certificate, *more)))
    return path


@pytest.mark.parametrize("with_root", [False, True])
def test_what_it_signed_is_found_with_what_devices_show_of_it(
    with_root: bool, ca: LocalCA, home: Path, tmp_path: Path
) -> None:
    root = [ca.certificate.public_bytes(Encoding.PEM)] if with_root else []
    issuer = find_local_issuer(issued(ca, tmp_path, *root), home)
    assert issuer is not None
    assert (issuer.path, issuer.name) == (home / "ca" / "ca.crt", ca.name)
    assert len(issuer.sha256.split(":")) == 32


def test_an_authority_of_the_same_name_is_another(ca: LocalCA, home: Path, tmp_path: Path) -> None:
    other = open_local_ca(tmp_path / "other", now=NOW, hostname="vm")
    assert other.certificate.subject == ca.certificate.subject
    assert find_local_issuer(issued(other, tmp_path), home) is None


def test_what_somebody_else_has_signed_is_not_its_own(
    ca: LocalCA, home: Path, tmp_path: Path, authority: trustme.CA
) -> None:
    path = tmp_path / "server.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(path)
    assert find_local_issuer(path, home) is None
    assert find_local_issuer(tmp_path / "missing.pem", home) is None


@pytest.mark.parametrize("content", [None, "", "broken"])
def test_without_an_authority_that_can_be_read_nothing_is_its_own(
    content: str | None, ca: LocalCA, home: Path, tmp_path: Path
) -> None:
    path = issued(ca, tmp_path)
    if content is None:
        ca.path.unlink()
    else:
        ca.path.write_text(content)
    assert find_local_issuer(path, home) is None
    assert ca.path.exists() == (content is not None)
