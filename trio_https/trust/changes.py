"""To change a trust store, or to see how it stands, and what came of it.

Nothing is raised here: a store that can't be changed is an outcome, with the reason and with what
the user can do. Whether a change has come about is seen in the store, not believed of a program.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum, auto

from .authority import Authority
from .programs import run_program
from .store import Command, Store, StoreError

__all__ = ["Outcome", "Standing", "Status", "add_authority", "ask_stores", "remove_authority"]


class Status(Enum):
    """How a change went."""

    DONE = auto()
    NEEDLESS = auto()
    """The store was as it should be."""
    PLANNED = auto()
    """It would have been done, if it were not for a trial."""
    FAILED = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What came of a change to a store."""

    store: Store
    status: Status
    commands: tuple[Command, ...] = ()
    """What was to be run; of a change that failed, what the user can run."""
    reason: str = ""
    """Why it failed."""
    remedy: str = ""
    """What to do about it, where commands are not the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a store trusts a CA."""

    store: Store
    trusted: bool | None
    """None where that can't be known."""
    reason: str = ""
    """Why it can't."""


def ask_stores(authority: Authority, stores: Iterable[Store]) -> list[Standing]:
    """Return which of the stores trust a CA. Changes nothing; takes some tens of milliseconds."""
    return [_ask(authority, store) for store in stores]


def add_authority(authority: Authority, store: Store, *, trial: bool = False) -> Outcome:
    """Have a store trust a CA; with ``trial``, only say what would be done.

    A store that could not be brought to trust it is left without it.
    """
    present = _has_something(authority, store)
    outcome = _change(store, lambda: store.adding(authority), trial=trial)
    if outcome.status is Status.FAILED and not store.needs_root and not present:
        _change(store, lambda: store.removing(authority), trial=False)
    return outcome


def remove_authority(authority: Authority, store: Store, *, trial: bool = False) -> Outcome:
    """Take a CA out of a store; with ``trial``, only say what would be done."""
    return _change(store, lambda: store.removing(authority), trial=trial)


def _ask(authority: Authority, store: Store) -> Standing:
    try:
        return Standing(store=store, trusted=not store.adding(authority))
    except StoreError as error:
        return Standing(store=store, trusted=None, reason=error.reason)


def _has_something(authority: Authority, store: Store) -> bool:
    with suppress(StoreError):
        return bool(store.removing(authority))
    return True  # as far as one can know


def _change(store: Store, plan: Callable[[], Sequence[Command]], *, trial: bool) -> Outcome:
    commands: tuple[Command, ...] = ()
    try:
        commands = tuple(plan())
        if not commands:
            return Outcome(store=store, status=Status.NEEDLESS)
        if trial:
            return Outcome(store=store, status=Status.PLANNED, commands=commands)
        if store.needs_root:
            raise StoreError("only root may change it")
        for command in commands:
            run_program(command, store.timeout)
        if plan():
            raise StoreError(f"{commands[-1][0]} reports success, but nothing has changed")
    except StoreError as error:
        return Outcome(
            store=store,
            status=Status.FAILED,
            commands=commands,
            reason=error.reason,
            remedy=error.remedy,
        )
    return Outcome(store=store, status=Status.DONE, commands=commands)
