"""Proxies and files as a user may have them."""

from pathlib import Path

import pytest

from trio_https.doctor.surroundings import look_at_files, look_at_proxies

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")


@pytest.fixture(autouse=True)
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


def test_without_a_proxy_there_is_nothing_to_tell() -> None:
    assert list(look_at_proxies("localhost")) == []


@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY"])
def test_a_proxy_is_in_the_way_of_programs_only_where_the_server_is_this_machine(
    variable: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, "http://proxy.test:3128")
    for name in ("localhost", "127.0.0.1", "::1", "site.localhost"):
        [finding] = look_at_proxies(name)
        assert finding.kind == "note"
        assert f"Add {name} to NO_PROXY" in finding.text


def test_a_proxy_is_in_the_way_of_browsers_too_where_it_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    [finding] = look_at_proxies("laptop.local")
    assert finding.kind == "problem"


def test_a_name_that_the_proxy_is_not_for_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.test:3128")
    monkeypatch.setenv("NO_PROXY", "localhost,.local")
    assert list(look_at_proxies("localhost")) == []
    assert list(look_at_proxies("laptop.local")) == []


def test_the_password_of_a_proxy_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://me:hunter2@proxy.test:3128")
    [finding] = look_at_proxies("localhost")
    assert "hunter2" not in finding.text
    assert "proxy.test:3128" in finding.text


def make_home(folder: Path) -> Path:
    home = folder / "home"
    (home / "ca").mkdir(parents=True, mode=0o700)
    home.chmod(0o755)
    key = home / "ca" / "ca.key"
    key.write_bytes(b"")
    key.chmod(0o600)
    return home


def test_private_files_that_are_private_are_nothing_to_tell(tmp_path: Path) -> None:
    assert list(look_at_files(make_home(tmp_path))) == []


def test_a_home_that_is_not_there_is_nothing_to_tell(tmp_path: Path) -> None:
    assert list(look_at_files(tmp_path / "none")) == []


@pytest.mark.parametrize(
    ("path", "mode", "remedy"),
    [
        ("ca/ca.key", 0o644, "chmod go="),
        ("ca", 0o755, "chmod go="),
        (".", 0o777, "chmod go-w"),
    ],
)
def test_private_files_that_are_open_are_told_with_what_closes_them(
    path: str, mode: int, remedy: str, tmp_path: Path
) -> None:
    home = make_home(tmp_path)
    (home / path).chmod(mode)
    [finding] = look_at_files(home)
    assert finding.kind == "problem"
    assert remedy in finding.text
