"""A client for servers on sockets: ``http.client`` of the standard library, which is not ours."""

import ssl
from contextlib import closing
from http.client import HTTPConnection, HTTPSConnection, RemoteDisconnected
from pathlib import Path
from typing import NamedTuple

from trio_https import Headers

from .folder import apply_edit, restored
from .row import Answer, Ask, Row, fill

__all__ = ["Address", "ask_all"]

_TIMEOUT = 20.0  # seconds, for a machine that is busy with other things
_MAX_BYTES = 16 * 2**20  # no row asks for more, but a server may send more


class Address(NamedTuple):
    """Where a server is, on this machine."""

    port: int
    ca_file: Path | None = None
    """Whom to trust; None: it speaks no TLS."""


def ask_all(row: Row, address: Address, site: Path, *, timeout: float = _TIMEOUT) -> list[Answer]:
    """Send the requests of a row on one connection, and return the answers.

    Files of ``site`` that it edits are put back. Raises ``OSError`` and ``HTTPException``.
    """
    answers: list[Answer] = []
    with restored(site, row), closing(_connect(address, timeout)) as connection:
        for step in row.steps:
            if isinstance(step, Ask):
                answers.append(_ask(connection, fill(step, answers[0] if answers else None)))
            else:
                apply_edit(site, step)
    return answers


def _connect(address: Address, timeout: float) -> HTTPConnection:
    if address.ca_file is None:
        return HTTPConnection("localhost", address.port, timeout=timeout)
    context = ssl.create_default_context(cafile=address.ca_file)
    return HTTPSConnection("localhost", address.port, timeout=timeout, context=context)


def _ask(connection: HTTPConnection, ask: Ask) -> Answer:
    if connection.sock is None:
        return _send(connection, ask)
    try:
        return _send(connection, ask)
    except RemoteDisconnected:  # RFC 9112 §9.3.1: a server may close at any time; then again
        connection.close()
        return _send(connection, ask)


def _send(connection: HTTPConnection, ask: Ask) -> Answer:
    connection.putrequest(ask.method, ask.target, skip_accept_encoding=True, skip_host=True)
    connection.putheader("Host", f"localhost:{connection.port}")
    for name, value in ask.fields:
        connection.putheader(name, value)
    connection.endheaders()
    with connection.getresponse() as response:
        body = response.read(_MAX_BYTES)
        return Answer(response.status, Headers(response.getheaders()), body)
