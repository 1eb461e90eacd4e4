"""A row of the conformance tables: bytes that a client sends, and the one thing that they mean.

The tables are data; ``test_sequences`` says how a row is run. In them ``POST`` and ``GET`` are the
beginning of a head that is valid so far, and ``SMUGGLED`` is a request that an attacker hides in
another one: no row lets it reach the handler.
"""

from dataclasses import dataclass
from typing import Literal, NamedTuple

from trio_https import Limits

__all__ = [
    "CHUNKED",
    "GET",
    "LIMITS",
    "POST",
    "SMUGGLED",
    "SMUGGLED_PATH",
    "Seen",
    "Sequence",
    "abandoned",
    "closing",
    "refused",
    "served",
]

# The limits of a server are its defaults, but for a body that is short enough to write down here.
LIMITS = Limits(max_body_bytes=1000)

GET = b"GET / HTTP/1.1\r\nHost: a\r\n"
POST = b"POST / HTTP/1.1\r\nHost: a\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"

SMUGGLED_PATH = "/smuggled"
SMUGGLED = b"GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n"


class Seen(NamedTuple):
    """What the handler sees of a request."""

    method: str = "GET"
    target: str = "/"
    authority: str = "a"
    body: bytes = b""
    raw_path: str | None = None
    """None: ``target`` up to its question mark."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sequence:
    """Bytes from a client, and what must become of them however they are cut."""

    name: str
    section: str
    sent: bytes
    statuses: tuple[int, ...]
    """Of all responses, in their order. 100 is left out where its content came with the head."""
    seen: tuple[Seen, ...]
    """By the handler, in whole: a request whose body is refused is not among them."""
    end: Literal["open", "closed", "abandoned"]
    """Whether one more request on the connection is answered; "abandoned": the client leaves in the
    middle of something, so there is nothing to answer."""

    def __str__(self) -> str:
        return f"{self.section}: {self.name}"


def served(section: str, name: str, sent: bytes, *seen: Seen, continues: bool = False) -> Sequence:
    """Requests that are answered on a connection that stays usable."""
    statuses = (100,) * continues + (200,) * len(seen)
    return Sequence(name=name, section=section, sent=sent, statuses=statuses, seen=seen, end="open")


def closing(section: str, name: str, sent: bytes, *seen: Seen) -> Sequence:
    """Requests that are answered, the last of them being the last on its connection."""
    statuses = (200,) * len(seen)
    return Sequence(
        name=name, section=section, sent=sent, statuses=statuses, seen=seen, end="closed"
    )


def refused(
    section: str,
    name: str,
    sent: bytes,
    status: int = 400,
    *before: Seen,
    continues: bool = False,
) -> Sequence:
    """Bytes that are no valid request, after some that are; refused, and the connection closed."""
    statuses = (*(200 for _ in before), *[100] * continues, status)
    return Sequence(
        name=name, section=section, sent=sent, statuses=statuses, seen=before, end="closed"
    )


def abandoned(section: str, name: str, sent: bytes, *before: Seen) -> Sequence:
    """The beginning of a request, whose client then leaves: no answer, and nothing to log."""
    statuses = (200,) * len(before)
    return Sequence(
        name=name, section=section, sent=sent, statuses=statuses, seen=before, end="abandoned"
    )
