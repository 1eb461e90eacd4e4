"""From a transcript to steps: each message with its values, and what both sides do in between.

The order is that of the transcript. What is done without a message stands where Figure 1 of the
application note has it: keys as soon as both halves of the exchange are there, the check of the
certificate when all was said that it needs.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..rules.handshake_messages import parse_server_hello
from ..rules.octet_reader import Malformed
from ..rules.tls_records import Alert, ChangeCipherSpec, HandshakeMessage
from ..rules.tls_registry import alert_name, cipher_suite_name
from . import meanings
from .message_facts import Describe, message_facts
from .steps import Fact, Step
from .transcript import TLS_1_3, Entry, MessageKind

__all__ = ["Plot", "check_step", "find_plot", "keys_step", "tell_story"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plot:
    """What a handshake comes to; it decides what its messages mean."""

    version: int = 0
    """0: the server has not chosen."""
    cipher_suite: str = ""
    is_resumed: bool = False
    began_at: float = 0.0

    @property
    def is_tls13(self) -> bool:
        """Whether the server chose TLS 1.3."""
        return self.version == TLS_1_3

    @property
    def uses_rsa_key_exchange(self) -> bool:
        """Whether the client sends the pre-master secret, encrypted."""
        return self.cipher_suite.startswith("TLS_RSA_")


def find_plot(transcript: Sequence[Entry], *, is_resumed: bool | None = None) -> Plot:
    """Return what a handshake comes to.

    Where the certificate would be encrypted, only the connection knows whether a session
    ``is_resumed``; None: the transcript tells.
    """
    messages = [entry.event for entry in transcript if isinstance(entry.event, HandshakeMessage)]
    kinds = {message.kind for message in messages}
    if is_resumed is None:
        is_resumed = MessageKind.FINISHED in kinds and MessageKind.CERTIFICATE not in kinds
    began_at = transcript[0].at if transcript else 0.0
    hellos = [message.content for message in messages if message.kind == MessageKind.SERVER_HELLO]
    try:
        hello = parse_server_hello(hellos[-1])
    except (IndexError, Malformed):
        return Plot(is_resumed=is_resumed, began_at=began_at)
    return Plot(
        version=hello.version,
        cipher_suite=cipher_suite_name(hello.cipher_suite),
        is_resumed=is_resumed,
        began_at=began_at,
    )


def tell_story(
    transcript: Sequence[Entry], plot: Plot, *, describe: Describe, checks: Sequence[Fact] = ()
) -> list[Step]:
    """Return the steps of a handshake. A message that is malformed is told as that.

    ``describe`` reads a certificate in DER, and raises ``ConfigError`` for what it can't read;
    ``checks`` is what the client has found out about it.
    """
    steps: list[Step] = []
    for entry in transcript:
        match entry.event:
            case HandshakeMessage() as message:
                steps.append(_tell_message(plot, entry, message, describe))
                steps += _tell_what_follows(plot, entry, message, checks)
            case ChangeCipherSpec() if not plot.is_tls13:
                meaning = meanings.CHANGE_CIPHER_SPEC
                steps.append(_step(plot, entry, "ChangeCipherSpec", meaning, size=1))
            case Alert(description):
                title = f"Alert: {alert_name(description)}"
                steps.append(_step(plot, entry, title, meanings.ALERT, size=2))
            case _:  # encrypted, or without a meaning
                pass
    return steps


def check_step(checks: Sequence[Fact]) -> Step:
    """Return the check of the certificate by the client, with what came out of it."""
    return Step(
        party="client",
        is_message=False,
        title="The client checks the certificate",
        meaning=meanings.CHECK,
        facts=tuple(checks),
    )


def keys_step(meaning: str) -> Step:
    """Return the making of keys, which both sides do for themselves."""
    title = "Both sides make the keys"
    return Step(party="both", is_message=False, title=title, meaning=meaning)


def _tell_message(plot: Plot, entry: Entry, message: HandshakeMessage, describe: Describe) -> Step:
    try:
        facts = message_facts(
            message, tls13=plot.is_tls13, cipher_suite=plot.cipher_suite, describe=describe
        )
    except Malformed as exc:
        facts = (Fact("malformed", str(exc)),)
    title = meanings.TITLES.get(message.kind, f"message of kind {message.kind}")
    if _is_retry(message):
        title = "HelloRetryRequest"
    is_sealed = message.kind == MessageKind.FINISHED
    if plot.is_tls13:
        is_sealed = message.kind not in (MessageKind.CLIENT_HELLO, MessageKind.SERVER_HELLO)
    meaning = _meaning(plot, entry, message)
    return _step(plot, entry, title, meaning, facts, size=message.size, is_sealed=is_sealed)


def _meaning(plot: Plot, entry: Entry, message: HandshakeMessage) -> str:
    if _is_retry(message):
        return meanings.RETRY
    if message.kind == MessageKind.CLIENT_KEY_EXCHANGE and plot.uses_rsa_key_exchange:
        return meanings.RSA_KEY_EXCHANGE
    if not plot.is_tls13:
        return meanings.TLS12.get(message.kind, "")
    if message.kind == MessageKind.FINISHED and entry.sender == "client":
        return meanings.CLIENT_FINISHED
    return meanings.TLS13.get(message.kind, "")


def _tell_what_follows(
    plot: Plot, entry: Entry, message: HandshakeMessage, checks: Sequence[Fact]
) -> Iterator[Step]:
    """Yield what both sides do after a message, before the next."""
    match message.kind, entry.sender:
        case MessageKind.SERVER_HELLO, _ if not _is_retry(message):
            yield from _tell_keys_after_hello(plot)
        case MessageKind.SERVER_HELLO_DONE, _:
            yield check_step((*checks, *_proof_of_key(plot)))
        case MessageKind.CLIENT_KEY_EXCHANGE, _:
            rsa = plot.uses_rsa_key_exchange
            yield keys_step(meanings.KEYS_RSA if rsa else meanings.KEYS_TLS12)
        case MessageKind.FINISHED, "server" if plot.is_tls13 and not plot.is_resumed:
            yield check_step((*checks, *_proof_of_key(plot)))
        case MessageKind.FINISHED, "client" if plot.is_tls13:
            yield keys_step(meanings.TRAFFIC_KEYS)


def _proof_of_key(plot: Plot) -> Iterator[Fact]:
    if plot.uses_rsa_key_exchange:
        yield Fact("private key", "shown by what follows: nobody else can read the next message")
    else:  # OpenSSL has checked it, or there were no handshake to tell of
        yield Fact("private key", "the signature was made with it", is_good=True)


def _tell_keys_after_hello(plot: Plot) -> Iterator[Step]:
    if plot.is_tls13:
        yield keys_step(meanings.KEYS_RESUMED_TLS13 if plot.is_resumed else meanings.KEYS_TLS13)
    elif plot.is_resumed:
        yield keys_step(meanings.KEYS_RESUMED_TLS12)


def _is_retry(message: HandshakeMessage) -> bool:
    if message.kind != MessageKind.SERVER_HELLO:
        return False
    try:
        return parse_server_hello(message.content).is_retry
    except Malformed:
        return False


def _step(
    plot: Plot,
    entry: Entry,
    title: str,
    meaning: str,
    facts: tuple[Fact, ...] = (),
    *,
    size: int,
    is_sealed: bool = False,
) -> Step:
    return Step(
        party=entry.sender,
        is_message=True,
        title=title,
        meaning=meaning,
        facts=facts,
        is_sealed=is_sealed,
        size=size,
        at=entry.at - plot.began_at,
    )
