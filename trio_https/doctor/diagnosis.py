"""From visits to findings: what would stop a browser, and what to do about it.

No network and no clock: what was met, and the time, come as arguments.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

from ..errors import ConfigError
from ..handshake.dialogue import Dialogue
from ..handshake.verdict import find_chain, judge_chain
from ..rules.http_dates import parse_http_date
from .findings import Finding, note, ok, problem
from .visits import Visit

__all__ = ["diagnose_visits"]

_CLOCK_TOLERANCE = timedelta(minutes=5)  # more is no slow network, but a wrong clock


def diagnose_visits(visits: Sequence[Visit], *, now: datetime) -> list[Finding]:
    """Return what was found on visits to one name, each once; ``now`` is aware."""
    findings: list[Finding] = []
    is_reached = any(visit.refusal is None for visit in visits)
    for visit in visits:
        if visit.refusal is not None:
            findings.append(_diagnose_refusal(visit, is_reached=is_reached))
        elif visit.dialogue is None:
            findings.append(
                problem(f"{visit.place}: {visit.no_handshake}. Does another program listen there?")
            )
        else:
            findings += _diagnose_dialogue(visit, visit.dialogue, now)
    return list(dict.fromkeys(findings))


def _diagnose_refusal(visit: Visit, *, is_reached: bool) -> Finding:
    if not is_reached:
        return problem(
            f"{visit.place}: {visit.refusal}. Start trio-https, or say where it is with --host and"
            " --port."
        )
    family = "IPv6" if ":" in visit.address else "IPv4"
    return note(
        f"{visit.place}: {visit.refusal}. Browsers take the other address, but some programs try"
        f" {family} only."
    )


def _diagnose_dialogue(visit: Visit, dialogue: Dialogue, now: datetime) -> Iterator[Finding]:
    try:
        chain = find_chain(dialogue.transcript, visit.place)
        if chain is None:
            yield problem(f"{visit.place}: the server has shown no certificate.")
            return
        verdict = judge_chain(chain, visit.name, distrust=visit.distrust, now=now)
    except ConfigError as exc:
        yield problem(str(exc))
        return
    for objection in verdict.objections:
        # With name and dates right, it is other clients that are stopped by it.
        yield (note if verdict.suits else problem)(f"{visit.url}: {objection}")
    if verdict.distrust is not None:
        yield problem(verdict.distrust_in_words)
    yield from _diagnose_answer(visit, dialogue.answer)
    yield from _diagnose_clock(dialogue.answer, now)
    if verdict.is_trusted:
        yield ok(f"{visit.place}: trusted; {dialogue.version}, {dialogue.cipher_suite}.")


def _diagnose_answer(visit: Visit, answer: bytes) -> Iterator[Finding]:
    status = answer.partition(b"\r\n")[0].decode("ascii", "backslashreplace")
    if not answer:
        yield problem(f"{visit.place}: the server says nothing to an HTTP request.")
    elif not status.startswith("HTTP/1."):
        yield problem(f"{visit.place}: what answers there is not HTTP.")
    elif " 421 " in status:
        yield problem(
            f"{visit.url}: the server is not known by that name. Start it with --allow-host"
            f" {visit.name}."
        )
    elif " 403 " in status:
        yield note(f"{visit.place}: the server lets no such client in: it may want a certificate.")
    elif _field(answer, "content-type") != "application/json":
        yield note(
            f"{visit.place}: what answers is another program than trio-https, or one that has it"
            " as a library."
        )


def _diagnose_clock(answer: bytes, now: datetime) -> Iterator[Finding]:
    """Yield whether server and client have the same time: certificates are judged by it."""
    sent_at = _date_of(answer, now)
    if sent_at is None or abs(sent_at - now) < _CLOCK_TOLERANCE:
        return
    yield problem(
        f"the server's clock says {sent_at:%Y-%m-%d %H:%M} UTC, and the one here"
        f" {now.astimezone(UTC):%Y-%m-%d %H:%M}: one of them is wrong. Set it."
    )


def _date_of(answer: bytes, now: datetime) -> datetime | None:
    seconds = parse_http_date(_field(answer, "date"), now=now.timestamp())
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def _field(answer: bytes, wanted: str) -> str:
    """Return the value of a header field, "" where there is none."""
    head = answer.partition(b"\r\n\r\n")[0].decode("latin-1")
    for line in head.split("\r\n")[1:]:
        name, _, value = line.partition(":")
        if name.lower() == wanted:
            return value.strip()
    return ""
