"""What stands around a server and its browsers: proxies, trust stores, the files of the local CA.

Looked at, and never changed.
"""

import ipaddress
import os
import shlex
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.request import getproxies, proxy_bypass

from ..trust.authority import Authority
from ..trust.changes import ask_stores
from ..trust.known_stores import find_stores
from .findings import Finding, note, ok, problem

__all__ = ["look_at_files", "look_at_proxies", "look_at_stores"]


def look_at_proxies(name: str) -> Iterator[Finding]:
    """Yield what the proxies of this machine mean for a server of that name."""
    proxy = getproxies().get("https") or getproxies().get("all")
    if not proxy or proxy_bypass(name):
        return
    text = f"programs go to {name} through the proxy {_without_password(proxy)}"
    if _is_loopback(name):
        # Browsers leave a proxy out for it (Fetch has them do so), curl and others don't.
        yield note(f"{text}; browsers don't. Add {name} to NO_PROXY.")
    else:
        yield problem(f"{text}, and browsers may. Add {name} to NO_PROXY, or to their exceptions.")


def look_at_stores(authority: Authority) -> Iterator[Finding]:
    """Yield which trust stores of this machine have the CA of the server's certificate."""
    for standing in ask_stores(authority, find_stores()):
        store = standing.store
        place = f"{store.place} ({store.readers})"
        if standing.trusted:
            yield ok(f"your authority is trusted in {place}.")
        elif standing.trusted is None:
            yield note(
                f"whether your authority is trusted in {place} can't be known: {standing.reason}."
            )
        else:
            yield problem(f"your authority is not trusted in {place}. Run trio-https trust.")


def look_at_files(home: Path) -> Iterator[Finding]:
    """Yield whether the private files of the local CA are private."""
    if sys.platform == "win32":  # modes mean nothing there
        return
    folder = home / "ca"
    # Others may look into the home folder: what is private is below it.
    private = [(home, 0o022), (folder, 0o077), (folder / "ca.key", 0o077)]
    for path, forbidden in private:
        try:
            status = path.stat()
        except OSError:
            continue  # there is none yet, or whoever starts the server is told
        if status.st_uid not in (os.geteuid(), 0):
            yield problem(f"{path} belongs to another user. Take it back: chown {os.geteuid()}.")
        if stat.S_IMODE(status.st_mode) & forbidden:
            change = "go-w" if path == home else "go="
            command = f"chmod {change} {shlex.quote(str(path))}"
            yield problem(f"{path} is open to other users of this machine. Close it: {command}")


def _without_password(proxy: str) -> str:
    return proxy.rpartition("@")[2]


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")
