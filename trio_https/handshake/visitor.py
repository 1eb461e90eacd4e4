"""The handshake of a visitor's own connection, from the octets that the server has recorded.

In TLS 1.3 all that follows the ServerHello is encrypted on the wire. What was in it the server
knows, for it has said it: those steps are told from what it has to say.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict

from ..certificates.description import CertificateDescription
from ..certificates.details import CertificateDetails, describe_chain, parse_chain
from ..flights import Flight
from ..messages import TLSInfo
from ..rules.tls_records import Sealed
from . import meanings
from .message_facts import certificate_facts
from .steps import Fact, Party, Step, fact
from .story import check_step, find_plot, keys_step, tell_story
from .transcript import Entry, MessageKind, read_transcript

__all__ = ["Shown", "describe_visit"]

_ACCEPTED = (Fact("outcome", "your browser went on, or you would not see this page"),)


Shown = Callable[[str | None], CertificateDescription]


def describe_visit(tls: TLSInfo, shown: Shown) -> dict[str, object]:
    """Return the steps of a connection's handshake, and what they came to, ready for JSON.

    ``shown`` gives the certificate for a client that indicated this server name (SNI), or none.
    """
    transcript = read_transcript(tls.flights)
    plot = find_plot(transcript, is_resumed=tls.resumed)
    steps = tell_story(transcript, plot, describe=_describe, checks=_ACCEPTED)
    if plot.is_tls13:
        steps += _sealed_steps(tls, shown(tls.server_name), transcript)
    return {
        "version": tls.version,
        "cipher_suite": tls.cipher_suite,
        "resumed": tls.resumed,
        "round_trip": _round_trip(tls.flights),
        "steps": [asdict(step) for step in steps],
    }


def _describe(der: bytes) -> CertificateDetails:
    return describe_chain(parse_chain("the certificate", [der]))[0]


def _sealed_steps(
    tls: TLSInfo, certificate: CertificateDescription, transcript: Sequence[Entry]
) -> Iterator[Step]:
    sealed = sum(entry.event.size for entry in transcript if isinstance(entry.event, Sealed))
    on_wire = (Fact("on the wire", f"{sealed} bytes, which only the two ends can read"),)
    tell = _sealed_step
    yield tell(MessageKind.ENCRYPTED_EXTENSIONS, (*fact("protocol (ALPN)", tls.alpn), *on_wire))
    if not tls.resumed:
        yield tell(MessageKind.CERTIFICATE, certificate_facts(certificate))
        yield tell(MessageKind.CERTIFICATE_VERIFY)
    yield tell(MessageKind.FINISHED)
    if not tls.resumed:
        yield check_step(_ACCEPTED)
    yield tell(MessageKind.FINISHED, party="client")
    yield keys_step(meanings.TRAFFIC_KEYS)


def _sealed_step(
    kind: MessageKind, facts: tuple[Fact, ...] = (), *, party: Party = "server"
) -> Step:
    meaning = meanings.CLIENT_FINISHED if party == "client" else meanings.TLS13[kind]
    return Step(
        party=party,
        is_message=True,
        title=meanings.TITLES[kind],
        meaning=meaning,
        facts=facts,
        is_sealed=True,
    )


def _round_trip(flights: Sequence[Flight]) -> float | None:
    """Return the seconds from what the server sent first to what the client answered."""
    sent_at = next((flight.at for flight in flights if flight.sender == "server"), None)
    if sent_at is None:
        return None
    answers = (flight.at for flight in flights if flight.sender == "client" and flight.at > sent_at)
    answered_at = next(answers, None)
    return None if answered_at is None else answered_at - sent_at
