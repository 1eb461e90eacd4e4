"""How a folder is served: each row of the tables, in memory and by the command over TLS.

In memory, requests are made and answers read by h11, which is not ours; over TLS by http.client.
Each row has a connection of its own. What stands in a table is what RFCs and other servers say: a
row that fails is a fault of the server until the opposite is shown.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trio_https import Headers, Pages
from trio_https.testing import open_connection

from ..command import RunningCommand, start_server
from ..peer import Peer
from .clients import Address, ask_all
from .folder import apply_edit, restored
from .row import Answer, Ask, Row, fill, judge
from .tables import ROWS, TABLES


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS.keys())
async def test_a_row_holds_in_memory(row: Row, site: Path) -> None:
    options: dict[str, Any] = row.options
    with restored(site, row):
        async with open_connection(Pages(site, **options)) as stream:
            answers = await ask_in_memory(Peer(stream), row, site)
    judge(row, answers)


async def ask_in_memory(peer: Peer, row: Row, site: Path) -> list[Answer]:
    answers: list[Answer] = []
    for step in row.steps:
        if not isinstance(step, Ask):
            apply_edit(site, step)
            continue
        method, target, fields = fill(step, answers[0] if answers else None)
        reply = await peer.ask(target, method, fields)
        answers.append(Answer(reply.status, Headers(reply.headers), reply.body))
    return answers


@pytest.fixture(scope="module")
def server(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCommand]:
    with start_server(site, folder=tmp_path_factory.mktemp("server")) as server:
        yield server


WITHOUT_OPTIONS = {name: row for name, row in ROWS.items() if not row.options}


@pytest.mark.parametrize("row", WITHOUT_OPTIONS.values(), ids=WITHOUT_OPTIONS.keys())
def test_a_row_holds_over_tls(row: Row, site: Path, server: RunningCommand) -> None:
    judge(row, ask_all(row, Address(server.port, server.ca_file), site))


def test_no_two_rows_have_the_same_name() -> None:
    assert len(ROWS) == sum(map(len, TABLES.values()))
