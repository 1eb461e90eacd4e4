"""The file with those who sign for clients, as it changes and as it breaks."""

from pathlib import Path

import pytest
import trustme

from trio_https import ConfigError
from trio_https.identities.client_authorities import ClientAuthorities


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "clients.pem"
    trustme.CA().cert_pem.write_to_path(path)
    return path


def test_what_has_changed_is_read_when_it_has_come_to_rest(path: Path) -> None:
    clients = ClientAuthorities(path)
    before = path.read_text()
    assert clients.pem == before
    trustme.CA().cert_pem.write_to_path(path)
    clients.look(at_once=False)
    assert clients.pem == before
    clients.look(at_once=False)
    assert clients.pem == path.read_text()


def test_it_is_read_at_once_where_that_is_asked_for(path: Path) -> None:
    clients = ClientAuthorities(path)
    trustme.CA().cert_pem.write_to_path(path)
    clients.look(at_once=True)
    assert clients.pem == path.read_text()


@pytest.mark.parametrize("content", [b"", b"broken", None])
def test_what_does_not_serve_changes_nothing_and_is_read_again_and_again(
    content: bytes | None, path: Path
) -> None:
    clients = ClientAuthorities(path)
    before = path.read_bytes()
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    clients.look(at_once=False)
    for _ in range(2):
        with pytest.raises(ConfigError, match=r"clients\.pem: .+ are trusted\.$"):
            clients.look(at_once=False)
    assert clients.pem == before.decode()
    path.write_bytes(before)
    for _ in range(2):
        clients.look(at_once=False)


def test_at_the_start_it_has_to_serve(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"missing\.pem: no such file\."):
        ClientAuthorities(tmp_path / "missing.pem")
