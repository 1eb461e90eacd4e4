"""A pair of a certificate and its key that outlives its files."""

import os
import ssl
from pathlib import Path

import pytest
import trustme

from trio_https.identities.kept_pair import KeptPair, keep_pair

from .key_files import write_pair


@pytest.fixture(params=["in memory", "in a folder"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "in a folder":
        monkeypatch.delattr(os, "memfd_create", raising=False)
    elif not hasattr(os, "memfd_create"):
        pytest.skip("this system has no files in memory")


@pytest.mark.usefixtures("system")
def test_a_context_is_opened_when_the_files_are_gone(authority: trustme.CA, tmp_path: Path) -> None:
    pair = write_pair(authority, tmp_path, "a", "a.test")
    assert pair.key is not None
    kept = keep_pair(pair.certificate, pair.key, None)
    pair.certificate.unlink()
    pair.key.unlink()
    with kept.as_files() as (certificate, key):
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
    assert not certificate.exists()
    assert key is not None
    assert not key.exists()


@pytest.mark.usefixtures("system")
def test_a_key_in_the_file_of_its_certificate_needs_no_file_of_its_own(
    authority: trustme.CA, tmp_path: Path
) -> None:
    path = tmp_path / "pair.pem"
    authority.issue_cert("a.test").private_key_and_cert_chain_pem.write_to_path(path)
    with keep_pair(path, None, None).as_files() as (certificate, key):
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key)
        assert key is None


@pytest.mark.usefixtures("system")
def test_nobody_else_can_read_the_files() -> None:
    with KeptPair(b"certificate", b"key", None).as_files() as (_, key):
        assert key is not None
        assert key.read_bytes() == b"key"
        # A file in memory has no name that others could open, and a folder keeps them out.
        is_in_memory = os.fspath(key).startswith("/proc/self/fd/")
        assert is_in_memory or key.parent.stat().st_mode & 0o077 == 0


def test_no_secret_is_in_what_stands_in_a_log() -> None:
    assert "secret" not in repr(KeptPair(b"certificate", b"secret", b"secret"))
