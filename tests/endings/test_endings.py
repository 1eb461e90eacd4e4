"""What happens when: each row of the table, with each kind of handler, without TLS and with it."""

import pytest

from .ending import Ending
from .expectations import TABLES
from .play import play
from .situations import SITUATIONS

KINDS_OF = {
    "A plain response": ["plain"],
    "A streamed body": ["generated", "written"],
    "Server-sent events": ["events"],
    "WebSocket": ["websocket"],
}
CASES = [
    (kind, happens, ending, tls)
    for heading, table in TABLES.items()
    for kind in KINDS_OF[heading]
    for happens, ending in table.items()
    for tls in SITUATIONS[happens].over_tls
]


def name_of(case: object) -> str | None:
    if isinstance(case, bool):
        return "tls" if case else "bare"
    return "" if isinstance(case, Ending) else None


@pytest.mark.parametrize(("kind", "happens", "ending", "tls"), CASES, ids=name_of)
async def test_it_ends_as_the_table_says(
    kind: str, happens: str, ending: Ending, tls: bool, autojump_clock: object
) -> None:
    handler = ending.handler
    if kind == "written" and ending.if_written:
        handler = ending.if_written
    assert await play(happens, kind, tls=tls) == ending._replace(handler=handler, if_written="")


def test_each_table_tells_them_in_the_same_order() -> None:
    order = list(SITUATIONS)
    for table in TABLES.values():
        assert list(table) == sorted(table, key=order.index)


def test_no_situation_is_in_no_table() -> None:
    assert set(SITUATIONS) == {happens for table in TABLES.values() for happens in table}
