"""A row of the tables: what a client asks of a folder of pages, and what the answer must be.

The tables are data. A row ends in the request that it is about; what a client has to do before
that, to learn a validator say, stands before it. ``judge`` says whether the answers are right. How
requests are sent, and to which server, is not known here.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from trio_https import Headers

__all__ = [
    "OWN",
    "Answer",
    "Ask",
    "Check",
    "Edit",
    "Row",
    "convention",
    "fill",
    "get",
    "head",
    "judge",
    "row",
]

OWN = "own conventions"
"""What a row needs if it is about an option or a convention of ours: no other server has those."""


class Ask(NamedTuple):
    """A request. In its fields, "{etag}" and its like stand for those of the first answer."""

    method: str
    target: str
    fields: tuple[tuple[str, str], ...] = ()


class Edit(NamedTuple):
    """A change of a file, between two requests."""

    name: str
    content: bytes
    modified: float
    """Seconds since the epoch; what is negative counts from now."""


class Answer(NamedTuple):
    """A response as a client reads it."""

    status: int
    fields: Headers
    body: bytes


Check = Callable[[Answer, Answer], None]
"""Raises ``AssertionError`` for an answer that is wrong; gets the first answer of the row, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Requests, and what the last of them must be answered with."""

    source: str
    """A section of an RFC; or whose behaviour it is, where no RFC decides."""
    name: str
    steps: tuple[Ask | Edit, ...]
    statuses: tuple[int, ...]
    """Each of them is right."""
    checks: tuple[Check, ...]
    needs: frozenset[str] = frozenset()
    """What a server must be able to do for the row to apply."""
    options: dict[str, object] = field(default_factory=dict)
    """Arguments of ``Pages``."""

    def __str__(self) -> str:
        return f"{self.source}: {self.name}"


def row(
    source: str,
    name: str,
    steps: Ask | Sequence[Ask | Edit],
    status: int | tuple[int, ...],
    *checks: Check,
    needs: Sequence[str] = (),
) -> Row:
    """Return a row that applies to each server that has what it ``needs``."""
    return Row(
        source=source,
        name=name,
        steps=(steps,) if isinstance(steps, Ask) else tuple(steps),
        statuses=status if isinstance(status, tuple) else (status,),
        checks=checks,
        needs=frozenset(needs),
    )


def convention(
    source: str,
    name: str,
    steps: Ask | Sequence[Ask | Edit],
    status: int | tuple[int, ...],
    *checks: Check,
    **options: object,
) -> Row:
    """Return a row that is about our conventions, or about ``Pages`` with these options."""
    told = row(source, name, steps, status, *checks, needs=(OWN,))
    return replace(told, options=options)


def get(target: str, **fields: str | Sequence[str]) -> Ask:
    """Return a GET request; ``if_none_match`` is If-None-Match, several values several lines."""
    return Ask("GET", target, _field_lines(fields))


def head(target: str, **fields: str | Sequence[str]) -> Ask:
    """Return a HEAD request, with fields as ``get`` takes them."""
    return Ask("HEAD", target, _field_lines(fields))


def _field_lines(fields: dict[str, str | Sequence[str]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name.replace("_", "-").title(), value)
        for name, values in fields.items()
        for value in ([values] if isinstance(values, str) else values)
    )


def fill(ask: Ask, first: Answer | None) -> Ask:
    """Return the request with what its fields take from the first answer of the row."""
    if first is None:
        return ask
    fields = tuple((name, _fill_value(value, first)) for name, value in ask.fields)
    return ask._replace(fields=fields)


def _fill_value(text: str, first: Answer) -> str:
    etag = first.fields.get("ETag") or "nothing"
    opaque_tag = etag.removeprefix("W/")
    return (
        text.replace("{etag}", etag)
        .replace("{weak_etag}", f"W/{opaque_tag}")
        .replace("{opaque_tag}", opaque_tag.strip('"'))
        .replace("{last_modified}", first.fields.get("Last-Modified") or "nothing")
    )


def judge(tested: Row, answers: Sequence[Answer]) -> None:
    """Raise ``AssertionError``, with what is wrong, unless the last answer is right."""
    first, last = answers[0], answers[-1]
    assert last.status in tested.statuses, f"status {last.status}, not {tested.statuses}"
    for check in tested.checks:
        check(last, first)
