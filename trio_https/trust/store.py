"""What a trust store is to this package: it knows which commands change it, and runs none.

The same commands are then run, shown beforehand, or left to a user who may run them. That there is
none to be run is also how a store says that it trusts a CA, or that it has nothing of it.
"""

from collections.abc import Sequence
from typing import Protocol

from .authority import Authority

__all__ = ["Command", "Store", "StoreError"]

Command = tuple[str, ...]
"""A program and its arguments; no shell reads them."""


class Store(Protocol):
    """A place where clients look for the CAs they trust."""

    @property
    def kind(self) -> str:
        """What users call it: "system", "chromium" or "firefox"."""

    @property
    def place(self) -> str:
        """Where it is, as users are told."""

    @property
    def readers(self) -> str:
        """Who looks there, as users are told."""

    @property
    def timeout(self) -> float:
        """Seconds that a command may take: some ask the user before they do anything."""

    @property
    def needs_root(self) -> bool:
        """Whether only root may change it, and we are not."""

    def adding(self, authority: Authority) -> Sequence[Command]:
        """Return the commands that make it trust a CA, none where it does already.

        Raises StoreError where that can't be known.
        """

    def removing(self, authority: Authority) -> Sequence[Command]:
        """Return the commands that take all of a CA out of it, none where nothing is in there.

        Raises StoreError where that can't be known, or where others would go with it.
        """


class StoreError(Exception):
    """A store can't be read or changed: the reason, and what to do about it where that is known."""

    def __init__(self, reason: str, remedy: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy
