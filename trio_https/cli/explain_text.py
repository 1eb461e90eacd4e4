"""A handshake as a sequence diagram in the terminal: the client's line left, the server's right."""

import textwrap
from collections.abc import Iterable, Iterator, Sequence

import click

from ..handshake.explanation import Effort, Explanation, Outcome
from ..handshake.steps import Fact, Step
from ..handshake.verdict import Verdict
from .console import paint
from .explain_advice import no_handshake_in_words
from .layout import finding, indented, labelled, printable, report_width

__all__ = ["print_explanation", "print_side_by_side"]

_MAX_ITEMS = 6  # of a list: a client offers thirty cipher suites, which JSON has in full
_LABEL_WIDTH = 18
# What differs between versions, and fits into half a line.
_MAIN_FACTS = {"cipher suite", "key share", "group", "scheme", "lifetime"}
_MARKS = {True: "ok, ", False: "no, ", None: ""}
_FACT_COLOURS = {True: "green", False: "red", None: "bright_black"}
_COLOURS = {"client": "cyan", "server": "magenta", "both": "green"}


def print_explanation(place: str, outcome: Outcome) -> None:
    """Print a handshake step by step, what was agreed on, and what would stop a browser."""
    explanation = outcome.explanation
    lines = _failure(place, outcome) if explanation is None else _whole(place, explanation)
    for line in ("", *lines, ""):
        click.echo(line)


def _failure(place: str, outcome: Outcome) -> Iterator[str]:
    yield f"  {paint(printable(place), 'cyan', bold=True)}"
    yield ""
    yield from finding("problem", no_handshake_in_words(outcome))


def _whole(place: str, explanation: Explanation) -> Iterator[str]:
    width = report_width()
    client = paint("Client", _COLOURS["client"], bold=True)
    yield f"  {client}{printable(place).rjust(width - 8)}"
    for number, step in enumerate(explanation.steps, 1):
        yield from _step_lines(number, step, width)
    yield ""
    for label, value in _summary(explanation):
        yield from labelled(f"  {label:<{_LABEL_WIDTH + 2}}", value, columns=_LABEL_WIDTH + 4)
    yield ""
    yield from _judgement(explanation.verdict)


def print_side_by_side(place: str, outcomes: Sequence[Outcome]) -> None:
    """Print handshakes beside each other: messages, main values, round trips."""
    width = (report_width() - 2) // len(outcomes) - 2
    columns = [list(_column(outcome, width)) for outcome in outcomes]
    click.echo()
    click.echo(f"  {paint(printable(place), 'cyan', bold=True)}")
    click.echo()
    for row in range(max(map(len, columns))):
        cells = [column[row] if row < len(column) else "" for column in columns]
        click.echo("  " + "  ".join(f"{cell:<{width}}" for cell in cells).rstrip())
    click.echo()


def _step_lines(number: int, step: Step, width: int) -> Iterator[str]:
    """Yield a step between the two lines of life."""
    inner = width - 4
    yield _row("", inner)
    yield _row(_heading(number, step, inner), inner, colour=_COLOURS[step.party], bold=True)
    for line in textwrap.wrap(step.meaning, inner - 8):
        yield _row(f"       {line}", inner)
    for fact in step.facts:
        for line in _fact_lines(fact, inner):
            yield _row(line, inner, colour=_FACT_COLOURS[fact.is_good])


def _row(text: str, inner: int, *, colour: str = "", bold: bool = False) -> str:
    padded = f"{text:<{inner}}"
    return f"  │{paint(padded, colour, bold=bold) if colour else padded}│"


def _heading(number: int, step: Step, inner: int) -> str:
    """Return the arrow of a message, from line to line, or the name of what is done."""
    if not step.is_message:
        return f"   {number:>2}  {step.title} "
    dash = "═" if step.is_sealed else "─"
    note = "encrypted, " if step.is_sealed else ""
    name, size = f"{number:>2}  {step.title} ", f" {note}{step.size} bytes "
    line = dash * (inner - len(name) - len(size) - 6)
    if step.party == "client":
        return f"{dash * 2} {name}{line}{size}{dash * 2}▶"
    return f"◀{dash} {name}{line}{size}{dash * 3}"


def _fact_lines(fact: Fact, inner: int) -> Iterator[str]:
    value = _MARKS[fact.is_good] + printable(_shorten(fact.value))
    room = inner - 8 - _LABEL_WIDTH
    lines = textwrap.wrap(value, room - room % 3) or [""]  # fingerprints end with a whole pair
    yield f"       {printable(fact.name):<{_LABEL_WIDTH}}{lines[0]}"
    for line in lines[1:]:
        yield f"       {'':<{_LABEL_WIDTH}}{line}"


def _shorten(value: str) -> str:
    items = value.split(", ")
    if len(items) <= _MAX_ITEMS + 1:
        return value
    return f"{', '.join(items[:_MAX_ITEMS])} and {len(items) - _MAX_ITEMS} more"


def _summary(explanation: Explanation) -> Iterable[tuple[str, str]]:
    agreed = [explanation.version, explanation.cipher_suite]
    if explanation.alpn:
        agreed.append(explanation.alpn)
    yield "agreed on", ", ".join(agreed)
    yield "before the request", _effort(explanation.effort)
    yield "answer", explanation.answer or "none"
    back = explanation.resumption
    if back is None:
        yield "coming back", "the server gave no ticket for that"
    elif back.is_resumed:
        yield "coming back", f"resumed, without a certificate: {_effort(back.effort)}"
    else:
        yield "coming back", f"not resumed, though there was a ticket: {_effort(back.effort)}"


def _effort(effort: Effort) -> str:
    trips = "1 round trip" if effort.round_trips == 1 else f"{effort.round_trips} round trips"
    return f"{trips}, {effort.seconds * 1000:.1f} ms, {effort.size:,} bytes of messages"


def _judgement(verdict: Verdict | None) -> Iterator[str]:
    """Yield what clients object to, and whether those of this machine go on, as doctor does."""
    goes_on = verdict is None or verdict.is_trusted
    for objection in _objections(verdict) if verdict else ():
        text = f"{objection[:1].upper()}{objection[1:]}"
        yield from finding("note" if goes_on else "problem", text)
    if goes_on:
        yield from finding("ok", "This machine's clients go on.")
        return
    yield ""
    yield from indented(
        "This machine's clients end the handshake at the check. This one went on without trust, to"
        " show the rest."
    )


def _objections(verdict: Verdict) -> Iterator[str]:
    yield from verdict.objections
    if verdict.distrust is not None:
        yield verdict.distrust_in_words


def _column(outcome: Outcome, width: int) -> Iterator[str]:
    """Yield a handshake in short, in lines of no more than ``width``."""
    explanation = outcome.explanation
    yield f"TLS {outcome.offer.version}"
    yield "─" * width
    if explanation is None:
        yield from textwrap.wrap(printable(no_handshake_in_words(outcome)), width)
        return
    for step in explanation.steps:
        yield _cut(_short_heading(step), width)
        for fact in step.facts:
            if fact.name in _MAIN_FACTS:
                yield _cut(f"      {printable(fact.name)}: {printable(fact.value)}", width)
    yield "─" * width
    for _label, value in _summary(explanation):
        yield from textwrap.wrap(printable(value), width)


def _short_heading(step: Step) -> str:
    if not step.is_message:
        return f"  ·  {step.title}"
    line = "══" if step.is_sealed else "──"
    return f" {line}▶ {step.title}" if step.party == "client" else f" ◀{line} {step.title}"


def _cut(line: str, width: int) -> str:
    return line if len(line) <= width else f"{line[: width - 1]}…"
