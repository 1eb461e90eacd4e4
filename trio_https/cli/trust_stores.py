"""From the local CA to the stores that trust it, or no more, and what is said of each."""

import os
import platform
import shlex
import subprocess
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from ..certificates.home import certificates_home
from ..certificates.local_ca import open_local_ca
from ..errors import ConfigError
from ..trust.authority import Authority, read_authority
from ..trust.by_hand import steps_by_hand
from ..trust.changes import Outcome, Status, add_authority, remove_authority
from ..trust.known_stores import find_stores
from ..trust.record import forget, known_authorities, remember
from ..trust.store import Command, Store
from .console import paint, say
from .layout import indented

__all__ = ["trust_authority", "untrust_authorities"]

_ADDING = {
    Status.DONE: ("done", "green"),
    Status.NEEDLESS: ("already", "green"),
    Status.PLANNED: ("to do", "cyan"),
    Status.FAILED: ("not done", "red"),
}
_REMOVING = _ADDING | {Status.NEEDLESS: ("not there", "green")}

_DETAILS_COLUMN = 23
_BROWSERS = ("chromium", "firefox")


def trust_authority(kinds: Sequence[str], *, dry_run: bool, steps: bool) -> int:
    """Have the stores trust the local CA, which is made if need be; return the exit code.

    With ``steps``, those for other devices are told even where nothing was to be done. Raises
    ``ConfigError`` for what the user got wrong.
    """
    stores = _find_stores(kinds)
    home = certificates_home()
    path = home / "ca" / "ca.crt"
    if dry_run and not path.exists():
        say(f"There is no certificate authority yet; without --dry-run, one is made: {path}")
        return 0
    made = open_local_ca(home, now=datetime.now(UTC)).made
    authority = read_authority(path)
    if not dry_run:
        remember(home, authority)
    say(f"Your certificate authority{', made now' if made else ''}:")
    _say_identity(authority)
    outcomes = [add_authority(authority, store, trial=dry_run) for store in stores]
    _say_outcomes(outcomes, _ADDING)
    if not stores:
        say("  No trust store of a known kind is on this machine.")
    _say_advice(outcomes)
    if steps or not (dry_run or _is_needless(outcomes)):
        _say_steps(authority)
    elif _is_needless(outcomes):
        say()
        say("Nothing is left to do here. For phones and other devices: trio-https trust --steps")
    return _exit_code(outcomes) if stores else 1


def untrust_authorities(kinds: Sequence[str], *, dry_run: bool) -> int:
    """Take the local CA, and those before it, out of the stores; return the exit code.

    Raises ``ConfigError`` for what the user got wrong.
    """
    stores = _find_stores(kinds)
    home = certificates_home()
    authorities = known_authorities(home)
    if not authorities:
        say(f"There is no certificate authority in {home}, and so none to be trusted no more.")
        return 0
    everything: list[Outcome] = []
    for authority in authorities:
        say("Your certificate authority:" if authority is authorities[0] else "One before it:")
        _say_identity(authority)
        outcomes = [remove_authority(authority, store, trial=dry_run) for store in stores]
        _say_outcomes(outcomes, _REMOVING)
        if not (kinds or dry_run or _exit_code(outcomes)):
            forget(home, authority)
        everything += outcomes
    _say_advice(everything)
    say()
    say("Where you imported it by hand, on a phone say, remove it by hand too.")
    return _exit_code(everything)


def _find_stores(kinds: Sequence[str]) -> list[Store]:
    stores = find_stores(kinds)
    for kind in kinds:
        if not any(store.kind == kind for store in stores):
            raise ConfigError(
                f"--store {kind}: there is no such store on this machine, or none that trio-https"
                " knows. Leave it out, or import the file by hand."
            )
    return stores


def _exit_code(outcomes: Iterable[Outcome]) -> int:
    return 1 if any(outcome.status is Status.FAILED for outcome in outcomes) else 0


def _is_needless(outcomes: Sequence[Outcome]) -> bool:
    return bool(outcomes) and all(outcome.status is Status.NEEDLESS for outcome in outcomes)


def _say_identity(authority: Authority) -> None:
    say(f"  file     {authority.path}")
    say(f"  SHA-256  {authority.sha256}")
    say()


def _say_outcomes(outcomes: Iterable[Outcome], words: dict[Status, tuple[str, str]]) -> None:
    for outcome in outcomes:
        word, colour = words[outcome.status]
        store = outcome.store
        say(f"  {paint(f'{word:<9}', colour)}  {store.kind:<8}  {store.place}")
        _say_details(f"for {store.readers}")
        if outcome.reason:
            _say_details(f"{outcome.reason}.")
        if outcome.remedy:
            _say_details(f"{outcome.remedy}.")
        elif outcome.commands and outcome.status in (Status.FAILED, Status.PLANNED):
            _say_details("By hand:" if outcome.status is Status.FAILED else "By running:")
            for command in outcome.commands:
                say(f"    {_command_line(command, as_root=store.needs_root)}")


def _say_details(text: str) -> None:
    for line in indented(text, _DETAILS_COLUMN):
        say(line)


def _say_advice(outcomes: Iterable[Outcome]) -> None:
    changed = {outcome.store.kind for outcome in outcomes if outcome.status is Status.DONE}
    if changed.intersection(_BROWSERS):
        say()
        say("Restart the browsers that are running: they look only when they start.")
    # Each user has a CA of one's own, and root is one.
    if (user := os.environ.get("SUDO_USER")) and user != "root":
        say()
        say(
            f"This is root's certificate authority. For the servers that {user} starts, run this"
            " without sudo."
        )


def _say_steps(authority: Authority) -> None:
    say()
    say("Elsewhere, by hand, with that file; the fingerprint tells that it is the right one:")
    for client, steps in steps_by_hand(authority, platform.system()):
        say()
        say(f"  {client}")
        for step in steps:
            say(f"    - {step}")  # in one line, for there are commands among them


def _command_line(command: Command, *, as_root: bool) -> str:
    if platform.system() == "Windows":
        return subprocess.list2cmdline(command)
    return shlex.join(("sudo", *command) if as_root else command)
