from pathlib import Path

import pytest

from trio_https.trust.known_stores import KINDS, find_stores
from trio_https.trust.system_store import SystemStore

from .conftest import MakeProgram


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home folder of a user who has no browser."""
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PATH", "/nowhere")
    return tmp_path


def make_database(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "cert9.db").touch()


def browser_stores(*kinds: str) -> list[tuple[str, str]]:
    stores = find_stores(kinds, system="Linux")
    return [(store.kind, store.place) for store in stores if store.kind != "system"]


# Where each is: Chromium's cert_management.md and NSS's nsssysinit.c; Firefox 147's release notes;
# snapcraft's and Flatpak's folders of an application's own data.
@pytest.mark.parametrize(
    ("kind", "folder"),
    [
        ("chromium", ".pki/nssdb"),
        ("chromium", ".local/share/pki/nssdb"),
        ("chromium", "snap/chromium/current/.pki/nssdb"),
        ("chromium", "snap/chromium/current/.local/share/pki/nssdb"),
        ("chromium", ".var/app/org.chromium.Chromium/.pki/nssdb"),
        ("chromium", ".var/app/com.google.Chrome/data/pki/nssdb"),
        ("firefox", ".mozilla/firefox/abc.default-release"),
        ("firefox", ".config/mozilla/firefox/abc.default-release"),
        ("firefox", "snap/firefox/common/.mozilla/firefox/abc.default"),
        ("firefox", ".var/app/org.mozilla.firefox/.mozilla/firefox/abc.default"),
        ("firefox", ".var/app/org.mozilla.firefox/config/mozilla/firefox/abc.default"),
    ],
)
def test_the_databases_of_browsers_are_found(kind: str, folder: str, home: Path) -> None:
    assert browser_stores() == []
    make_database(home / folder)
    assert browser_stores() == [(kind, str(home / folder))]


def test_the_xdg_folders_are_where_the_environment_says(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(home / "data"))
    monkeypatch.setenv("XDG_CONFIG_HOME", "relative")  # which the specification has ignored
    make_database(home / "data/pki/nssdb")
    make_database(home / ".config/mozilla/firefox/x.default")
    assert [kind for kind, _ in browser_stores()] == ["chromium", "firefox"]


def test_each_profile_of_firefox_is_a_store(home: Path) -> None:
    for name in ("a.default", "b.work"):
        make_database(home / ".mozilla/firefox" / name)
    (home / ".mozilla/firefox/Crash Reports").mkdir()
    assert [Path(place).name for _, place in browser_stores()] == ["a.default", "b.work"]


def test_chromium_that_never_ran_has_the_store_that_all_its_versions_read(
    home: Path, make_program: MakeProgram
) -> None:
    make_program("google-chrome", "exit")
    assert browser_stores() == [("chromium", str(home / ".pki/nssdb"))]
    make_database(home / ".local/share/pki/nssdb")  # in use since it ran
    assert browser_stores() == [("chromium", str(home / ".local/share/pki/nssdb"))]


def test_chromiums_store_can_be_asked_for_without_a_chromium(home: Path) -> None:
    assert browser_stores("chromium") == [("chromium", str(home / ".pki/nssdb"))]
    assert browser_stores("firefox") == []


@pytest.mark.parametrize("system", ["Darwin", "Windows"])
def test_elsewhere_browsers_look_into_the_systems_store(system: str, home: Path) -> None:
    make_database(home / ".mozilla/firefox/a.default")
    assert [store.kind for store in find_stores(system=system)] == ["system"]
    assert find_stores(["firefox"], system=system) == []


def test_the_kinds_are_those_of_the_stores(home: Path, make_program: MakeProgram) -> None:
    make_program("update-ca-certificates", "exit")
    make_program("update-ca-trust", "exit")
    make_program("chromium", "exit")
    make_database(home / ".mozilla/firefox/a.default")
    found = find_stores(system="Linux")
    assert {store.kind for store in found} <= set(KINDS)
    for store in found:
        assert store in find_stores([store.kind], system="Linux")
        assert isinstance(store, SystemStore) == (store.kind == "system")
