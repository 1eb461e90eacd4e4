"""A step of a handshake, told to a reader: what the terminal, the page and JSON show alike."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = ["Fact", "Party", "Step", "fact", "hexadecimal", "listed"]

Party = Literal["client", "server", "both"]


@dataclass(frozen=True, slots=True)
class Fact:
    """A value with its name: ``cipher suite``, ``TLS_AES_128_GCM_SHA256``."""

    name: str
    value: str
    is_good: bool | None = None
    """What came out of a check; None: there was nothing to check."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A message, or what is done without one."""

    party: Party
    """Who sends it; who does it, where it is no message."""
    is_message: bool
    title: str
    meaning: str
    facts: tuple[Fact, ...] = ()
    is_sealed: bool = False
    """Whether it is encrypted on the wire."""
    size: int | None = None
    """Octets; None: not known, or no message."""
    at: float | None = None
    """Seconds since the first message; None: not known."""


def fact(name: str, value: str | None) -> Iterable[Fact]:
    """Return the fact, or nothing where there is no value."""
    return (Fact(name, value),) if value else ()


def listed(names: Iterable[str]) -> str:
    """Return names in a line, each once: "TLS 1.3, TLS 1.2"."""
    return ", ".join(dict.fromkeys(names))


def hexadecimal(octets: bytes, most: int = 32) -> str:
    """Return octets as digits, of a long value the first ones and its size."""
    if len(octets) <= most:
        return octets.hex()
    return f"{octets[: most // 2].hex()}… ({len(octets)} bytes)"
