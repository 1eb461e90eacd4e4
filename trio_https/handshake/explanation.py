"""A server's handshake, explained: one with the checks of a client, and one that comes back.

Where the client does not trust the certificate, it ends the handshake; then there is another that
accepts any, so that the rest can be told too. How the server is reached is not known here.
"""

import ssl
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import trio

from ..certificates.details import describe_chain, parse_chain
from ..rules.handshake_failures import ServerFailure
from ..rules.tls_records import HandshakeMessage
from .dialogue import Dialogue, Offer, hold_dialogue, open_client_context
from .steps import Step
from .story import find_plot, tell_story
from .verdict import Verdict, find_chain, judge_chain

__all__ = ["Connect", "Effort", "Explanation", "Outcome", "Resumption", "explain_handshake"]

Connect = Callable[[], AbstractAsyncContextManager[trio.abc.Stream]]

_REQUEST = (
    "HEAD / HTTP/1.1\r\nHost: {authority}\r\nUser-Agent: trio-https explain\r\n"
    "Connection: close\r\n\r\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """What a handshake took, before the client could send its request."""

    round_trips: int
    seconds: float
    size: int
    """Octets of all messages, tickets among them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption:
    """What became of the client's coming back with a ticket."""

    is_resumed: bool
    effort: Effort


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A handshake, told."""

    version: str
    """"TLSv1.3"."""
    cipher_suite: str
    alpn: str | None
    steps: tuple[Step, ...]
    verdict: Verdict | None
    """None: no certificate was sent."""
    effort: Effort
    answer: str
    """The first line of the answer to a request; "" for none."""
    resumption: Resumption | None
    """None: the server gave no ticket to come back with."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an offer: an explanation, or the failure why there is none."""

    offer: Offer
    explanation: Explanation | None
    failure: ServerFailure | None = None


async def explain_handshake(
    connect: Connect, host: str, authority: str, offer: Offer, *, now: datetime
) -> Explanation:
    """Shake hands with a server, three times at most, and return what was said.

    ``connect`` opens a connection for a block; ``host`` is what the client asks for, ``authority``
    the same with the port; ``now`` is aware. Raises ``NoHandshake``, and what ``connect`` raises;
    ``ConfigError`` for a damaged certificate. Deadlines are the caller's.
    """
    request = _REQUEST.format(authority=authority).encode("ascii", "replace")
    talk = partial(_talk, connect, host, request)
    context = open_client_context(offer, check=True)
    checked = dialogue = await talk(context)
    if checked.distrust is not None:
        context = open_client_context(offer, check=False)
        dialogue = await talk(context)
    chain = find_chain(dialogue.transcript, authority)
    verdict = judge_chain(chain, host, distrust=checked.distrust, now=now) if chain else None
    plot = find_plot(dialogue.transcript)
    steps = tell_story(
        dialogue.transcript,
        plot,
        describe=lambda der: describe_chain(parse_chain(authority, [der]))[0],
        checks=verdict.checks if verdict else (),
    )
    resumption = None
    if dialogue.session is not None and dialogue.session.has_ticket:
        again = await talk(context, session=dialogue.session)
        resumption = Resumption(is_resumed=again.is_resumed, effort=_measure(again))
    return Explanation(
        version=dialogue.version,
        cipher_suite=dialogue.cipher_suite,
        alpn=dialogue.alpn,
        steps=tuple(steps),
        verdict=verdict,
        effort=_measure(dialogue),
        answer=_first_line(dialogue.answer),
        resumption=resumption,
    )


async def _talk(
    connect: Connect,
    host: str,
    request: bytes,
    context: ssl.SSLContext,
    *,
    session: ssl.SSLSession | None = None,
) -> Dialogue:
    async with connect() as stream:
        return await hold_dialogue(stream, context, host, request=request, session=session)


def _measure(dialogue: Dialogue) -> Effort:
    events = [entry.event for entry in dialogue.transcript]
    return Effort(
        round_trips=dialogue.round_trips,
        seconds=dialogue.seconds,
        size=sum(event.size for event in events if isinstance(event, HandshakeMessage)),
    )


def _first_line(answer: bytes) -> str:
    return answer.partition(b"\n")[0].rstrip(b"\r").decode("ascii", "backslashreplace")
