"""The loads by their names: what each asks, of which service, and in which unit it is told."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from .crowd_loads import HELD, measure_held, measure_idle, measure_live, measure_unread
from .own_peers import CEILING, OURS
from .page_loads import (
    measure_big_file,
    measure_full_handshake,
    measure_known_page,
    measure_middle_page,
    measure_range,
    measure_resumed,
    measure_small_page,
    measure_thousand_pages,
)
from .start_loads import measure_help, measure_import, measure_ready
from .subjects import Service, Subject
from .websocket_loads import measure_echo

__all__ = ["FEW", "LOADS", "MANY", "Load"]

FEW, MANY = 10, 5_000


@dataclass(frozen=True, kw_only=True)
class Load:
    """Work for servers."""

    title: str
    unit: str
    service: Service
    measure: Callable[[Subject, float], float]
    needs: tuple[str, ...] = ()
    """Programs, without which it is left out."""
    only: frozenset[str] = frozenset()
    """The servers that it is for, if not for all that offer the service."""
    max_rounds: int | None = None
    """For those that take long and vary little."""


_WRK = ("wrk",)
_IN_A_CROWD = frozenset({CEILING, OURS, "nginx"})
_MIB = 1024 * 1024

LOADS = {
    "small": Load(
        title="1 KiB page, kept connections",
        unit="µs a request",
        service="one page",
        measure=measure_small_page,
        needs=_WRK,
    ),
    "thousand": Load(
        title="1,000 pages of 1 KiB in turn",
        unit="µs a request",
        service="pages",
        measure=measure_thousand_pages,
        needs=_WRK,
    ),
    "middle": Load(
        title="100 KiB page",
        unit="µs a request",
        service="pages",
        measure=measure_middle_page,
        needs=_WRK,
    ),
    "big": Load(
        title="100 MiB file",
        unit="CPU s a GiB",
        service="pages",
        measure=measure_big_file,
        needs=("curl",),
    ),
    "unread": Load(
        title="Memory while a 100 MiB file is sent",
        unit="MiB a client",
        service="pages",
        measure=measure_unread,
    ),
    "known": Load(
        title="304 to If-None-Match",
        unit="µs a request",
        service="pages",
        measure=measure_known_page,
        needs=_WRK,
    ),
    "range": Load(
        title="Range of 64 KiB",
        unit="µs a request",
        service="pages",
        measure=measure_range,
        needs=_WRK,
    ),
    "new": Load(
        title="New connection, full handshake, one page",
        unit="µs a connection",
        service="one page",
        measure=measure_full_handshake,
    ),
    "resumed": Load(
        title="New connection, session resumed, one page",
        unit="µs a connection",
        service="one page",
        measure=measure_resumed,
    ),
    "idle": Load(
        title="Idle kept connection",
        unit="KiB",
        service="many clients",
        measure=measure_idle,
    ),
    "few": Load(
        title=f"1 KiB page, over {FEW} connections in turn",
        unit="µs a request",
        service="many clients",
        measure=partial(measure_live, connections=FEW),
        only=_IN_A_CROWD,
    ),
    "many": Load(
        title=f"1 KiB page, over {MANY:,} connections in turn",
        unit="µs a request",
        service="many clients",
        measure=partial(measure_live, connections=MANY),
        only=_IN_A_CROWD,
        max_rounds=3,
    ),
    "held": Load(
        title=f"1 KiB page, over {FEW} connections while {HELD:,} are held",
        unit="µs a request",
        service="many clients",
        measure=measure_held,
        only=_IN_A_CROWD,
        max_rounds=1,
    ),
    "echo": Load(
        title="WebSocket echo of 100 bytes",
        unit="µs a message",
        service="websocket",
        measure=partial(measure_echo, size=100),
    ),
    "big-echo": Load(
        title="WebSocket echo of 1 MiB",
        unit="µs a message",
        service="websocket",
        measure=partial(measure_echo, size=_MIB),
    ),
    "help": Load(
        title="trio-https --help, above Python's own start",
        unit="CPU ms",
        service="command",
        measure=measure_help,
        only=frozenset({OURS}),
    ),
    "import": Load(
        title="import trio_https, above Python's own start",
        unit="CPU ms",
        service="command",
        measure=measure_import,
    ),
    "ready": Load(
        title="From the start to the first response",
        unit="s",
        service="one page",
        measure=measure_ready,
    ),
    "log": Load(
        title="1 KiB page, with the access log in a file",
        unit="µs a request",
        service="access log",
        measure=measure_small_page,
        needs=_WRK,
    ),
}
