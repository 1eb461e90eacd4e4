"""Which trust stores this machine and this user have.

Firefox reads the system's store on macOS and Windows (since version 120), so it needs nothing of
its own there. On Linux it does so only where the distribution built it that way, which its profile
does not tell, so each profile is a store. Chromium reads the system's store nowhere on Linux.
"""

import os
import platform
from collections.abc import Collection, Iterator
from pathlib import Path

from .keychain_store import KeychainStore
from .nss_store import NssStore, has_database
from .programs import find_program
from .store import Store
from .system_store import find_system_store
from .windows_store import WindowsStore

__all__ = ["KINDS", "find_stores"]

KINDS = ("system", "chromium", "firefox")
"""What users call the kinds of stores there are."""

# Below the home folder, beside the two of NSS itself: inside of snaps and Flatpaks.
_CHROMIUM_FOLDERS = (
    "snap/*/current/.pki/nssdb",
    "snap/*/current/.local/share/pki/nssdb",
    ".var/app/*/.pki/nssdb",
    ".var/app/*/data/pki/nssdb",
)
_FIREFOX_FOLDERS = (
    ".mozilla/firefox/*",
    "snap/firefox/common/.mozilla/firefox/*",
    "snap/firefox/common/.config/mozilla/firefox/*",
    ".var/app/org.mozilla.firefox/.mozilla/firefox/*",
    ".var/app/org.mozilla.firefox/config/mozilla/firefox/*",
)

_CHROMIUM_PROGRAMS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"),
    *("brave-browser", "microsoft-edge", "microsoft-edge-stable", "vivaldi", "opera"),
)


def find_stores(kinds: Collection[str] = (), *, system: str | None = None) -> list[Store]:
    """Return the trust stores of these kinds, of all where none is named.

    Named, Chromium's is one even where no Chromium is found: the one that a user unpacked
    somewhere will look there. ``system`` is that of ``platform.system()`` by default.
    """
    system = system or platform.system()
    stores = [*_system_stores(system), *_browser_stores(system, kinds)]
    return [store for store in stores if not kinds or store.kind in kinds]


def _system_stores(system: str) -> Iterator[Store]:
    if system == "Darwin":
        yield KeychainStore(keychain=Path.home() / "Library" / "Keychains" / "login.keychain-db")
    elif system == "Windows":
        yield WindowsStore()
    elif (store := find_system_store()) is not None:
        yield store


def _browser_stores(system: str, kinds: Collection[str]) -> Iterator[Store]:
    if system in ("Darwin", "Windows"):
        return
    try:
        home = Path.home()
    except RuntimeError:  # a container's user without an entry in /etc/passwd
        return
    for folder in _chromium_folders(home, wanted="chromium" in kinds):
        yield NssStore(kind="chromium", readers="Chromium, Chrome, Edge, Brave", folder=folder)
    for folder in _firefox_folders(home):
        yield NssStore(kind="firefox", readers="Firefox", folder=folder)


def _chromium_folders(home: Path, *, wanted: bool) -> list[Path]:
    # Chromium takes the first one that is there, and from version 146 on, where neither is, the
    # second; before, the first. So the first is made, which all of them take then.
    own = [
        home / ".pki" / "nssdb",
        _xdg_folder(home, "XDG_DATA_HOME", ".local/share") / "pki/nssdb",
    ]
    there = [folder for folder in own if has_database(folder)]
    if not there and (wanted or any(map(find_program, _CHROMIUM_PROGRAMS))):
        there = own[:1]
    packed = (folder for pattern in _CHROMIUM_FOLDERS for folder in sorted(home.glob(pattern)))
    return [*there, *filter(has_database, packed)]


def _firefox_folders(home: Path) -> list[Path]:
    # Firefox 147 and newer follow the XDG base directory specification in a new home.
    own = _xdg_folder(home, "XDG_CONFIG_HOME", ".config") / "mozilla" / "firefox"
    profiles = [*own.glob("*"), *(path for each in _FIREFOX_FOLDERS for path in home.glob(each))]
    return sorted(filter(has_database, profiles))


def _xdg_folder(home: Path, variable: str, default: str) -> Path:
    # The specification: a path that is not absolute counts as not set.
    named = os.environ.get(variable, "")
    return Path(named) if Path(named).is_absolute() else home / default
