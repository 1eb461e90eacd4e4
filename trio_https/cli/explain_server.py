"""``trio-https explain``: handshakes with a server on the network, or with one in memory."""

import json
import ssl
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import click
import trio

from ..certificates.home import certificates_home, write_private_file
from ..certificates.local_ca import open_local_ca
from ..certificates.local_certificate import open_local_certificate
from ..certificates.new_certificate import issue_by_local_ca
from ..certificates.profiles import LEAF_LIFETIME
from ..certificates.template import template_for_names
from ..errors import ConfigError, without_groups
from ..handshake.dialogue import NoHandshake, Offer
from ..handshake.explanation import Connect, Explanation, Outcome, explain_handshake
from ..messages import Address, Request, Response
from ..rules.handshake_failures import ServerFailure
from ..served_certificate import why_unreachable
from ..testing import open_connection
from ..tls import open_server_context
from .explain_advice import no_handshake_in_words
from .explain_text import print_explanation, print_side_by_side

__all__ = ["explain_in_memory", "explain_server"]

_TIMEOUT = 10.0  # seconds, for all connections that one offer takes
_STOPPED = 1


def explain_server(host: str, port: int, offers: Sequence[Offer], *, as_json: bool) -> int:
    """Explain the handshake with a server on the network, for each offer; return the exit code.

    Raises ``ConfigError`` where no connection can be made.
    """
    place = str(Address(host, port))
    connect = partial(_connect, host, port, place)
    outcomes = [_explain(connect, host, place, offer) for offer in offers]
    return _show(place, outcomes, as_json=as_json)


def explain_in_memory(offers: Sequence[Offer], *, as_json: bool) -> int:
    """Explain the handshake with a server in memory, which has the local certificate.

    Raises ``ConfigError`` where that can't be made.
    """
    outcomes = []
    for offer in offers:
        context = _open_rsa_context() if offer.rsa_key_exchange else _open_local_context()
        connect = partial(open_connection, _answer, server_context=context)
        outcomes.append(_explain(connect, "localhost", "localhost", offer))
    return _show("localhost, in memory", outcomes, as_json=as_json)


def _explain(connect: Connect, host: str, place: str, offer: Offer) -> Outcome:
    explain = partial(explain_handshake, connect, host, place, offer, now=datetime.now(UTC))
    try:
        return Outcome(offer, trio.run(_within_time, explain))
    except NoHandshake as exc:
        return Outcome(offer, None, exc.failure)


async def _within_time(explain: Callable[[], Awaitable[Explanation]]) -> Explanation:
    try:
        with trio.fail_after(_TIMEOUT):
            return await explain()
    except trio.TooSlowError:
        text = f"the server came to no end with it within {_TIMEOUT:.3g} s"
        raise NoHandshake(ServerFailure("end", text)) from None
    except BaseExceptionGroup as group:
        raise without_groups(group) from None


@asynccontextmanager
async def _connect(host: str, port: int, place: str) -> AsyncIterator[trio.abc.Stream]:
    try:
        stream = await trio.open_tcp_stream(host, port)
    except OSError as exc:
        raise ConfigError(
            f"{place}: {why_unreachable(exc)}. Is the server running, and are host and port right?"
            " Without them, trio-https explain has a server in memory."
        ) from exc
    except UnicodeError as exc:  # of Trio's IDNA
        raise ConfigError(f"{place}: no server has such a name. Write HOST:PORT.") from exc
    async with stream:
        yield stream


async def _answer(_request: Request, /) -> Response:
    return Response.text("This is what the handshake was for.\n")


def _open_local_context() -> ssl.SSLContext:
    local = open_local_certificate(certificates_home(), now=datetime.now(UTC))
    return open_server_context(local.path)


def _open_rsa_context() -> ssl.SSLContext:
    """Return the context of a server of old: an RSA key, and no ephemeral key exchange."""
    now = datetime.now(UTC)
    ca = open_local_ca(certificates_home(), now=now)
    template = template_for_names(["localhost"])
    made = issue_by_local_ca(template, ca, "rsa2048", lifetime=LEAF_LIFETIME, now=now)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rsa.pem"
        write_private_file(path, made.key + made.certificate)
        context = open_server_context(path)
    context.set_ciphers("AES256-GCM-SHA384:AES128-GCM-SHA256")
    return context


def _show(place: str, outcomes: Sequence[Outcome], *, as_json: bool) -> int:
    if as_json:
        facts = {"server": place, "handshakes": [_facts(outcome) for outcome in outcomes]}
        click.echo(json.dumps(facts, indent=2))
    elif len(outcomes) > 1:
        print_side_by_side(place, outcomes)
    else:
        print_explanation(place, outcomes[0])
    return 0 if _goes_on(outcomes) else _STOPPED


def _goes_on(outcomes: Sequence[Outcome]) -> bool:
    """Whether a browser would: one version is enough for it, but a bad certificate is not."""
    explained = [outcome.explanation for outcome in outcomes if outcome.explanation]
    return bool(explained) and all(
        explanation.verdict is None or explanation.verdict.is_trusted for explanation in explained
    )


def _facts(outcome: Outcome) -> dict[str, object]:
    offer = asdict(outcome.offer)
    if outcome.explanation is None:
        return {"offer": offer, "failure": no_handshake_in_words(outcome)}
    verdict = outcome.explanation.verdict
    facts = {"offer": offer, **asdict(outcome.explanation)}
    return facts | {"is_trusted": verdict is None or verdict.is_trusted}
