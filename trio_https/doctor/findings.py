"""A finding of the doctor's: what was looked at, and what came out of it."""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Finding", "note", "ok", "problem"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found out, in words, with a remedy where it is bad."""

    kind: Literal["ok", "note", "problem"]
    """A problem stops browsers; a note may stop some program, or one day."""
    text: str


def ok(text: str) -> Finding:
    """Return the finding that something is as it should be."""
    return Finding("ok", text)


def note(text: str) -> Finding:
    """Return the finding that something is worth a look."""
    return Finding("note", text)


def problem(text: str) -> Finding:
    """Return the finding that something stops browsers."""
    return Finding("problem", text)
