"""Handshakes in memory: real TLS on both sides, over Trio's memory streams."""

import ssl
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime

import trio

from trio_https import Request, Response
from trio_https.errors import without_groups
from trio_https.handshake.dialogue import Offer
from trio_https.handshake.explanation import Explanation, explain_handshake
from trio_https.handshake.steps import Step
from trio_https.testing import open_connection


async def greet(_request: Request, /) -> Response:
    return Response.text("Hello")


def connect(context: ssl.SSLContext) -> AbstractAsyncContextManager[trio.abc.Stream]:
    return open_connection(greet, server_context=context)


async def explain(
    context: ssl.SSLContext, offer: Offer | None = None, *, host: str = "localhost"
) -> Explanation:
    try:
        return await explain_handshake(
            lambda: connect(context), host, host, offer or Offer(), now=datetime.now(UTC)
        )
    except BaseExceptionGroup as group:  # of the server's nurseries
        raise without_groups(group) from None


def titles(explanation: Explanation) -> list[str]:
    """Return who says what, in order: "> ClientHello", "< ServerHello"; "·" for what is done."""
    return [title(step) for step in explanation.steps]


def title(step: Step) -> str:
    if not step.is_message:
        return f"· {step.title}"
    return f"{'>' if step.party == 'client' else '<'} {step.title}"


def value(explanation: Explanation, message: str, name: str) -> str:
    """Return the value of a fact in the first message with that title."""
    [step, *_more] = [step for step in explanation.steps if step.title == message]
    [found] = [fact.value for fact in step.facts if fact.name == name]
    return found
