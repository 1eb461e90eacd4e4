"""What connections cost that are only there: memory, and processor time for the others."""

import time
from contextlib import ExitStack
from functools import partial

from memory import WARM_UP, exchanging, shake_hands

from .checks import ask, expect
from .driven import driven
from .site import BIG, SMALL
from .subjects import LeftOutError, RunningServer, Subject

__all__ = ["measure_held", "measure_idle", "measure_live", "measure_unread"]

HELD = 10_000
_IDLE = 400
_UNREAD = 16
_UNREAD_BYTES = 1024 * 1024  # that were read, before the client stops
_SETTLE_SECONDS = 1.0


def measure_idle(subject: Subject, _seconds: float) -> float:
    """Return KiB a connection that had a page of 1 KiB, over the second half of many."""
    with subject.running() as server, ExitStack() as opened:
        expect(ask(server, subject.site, SMALL), 200, subject.site.content(SMALL))
        open_one = exchanging(f"GET {SMALL} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", 1024)
        with ExitStack() as warming:
            for _ in range(WARM_UP):
                warming.enter_context(open_one(server.port))
        held = []
        for _ in range(2):
            for _ in range(_IDLE // 2):
                opened.enter_context(open_one(server.port))
            held.append(_settled_kib(server))
        return (held[1] - held[0]) / (_IDLE // 2)


def measure_unread(subject: Subject, _seconds: float) -> float:
    """Return MiB a client that is in the middle of the big file."""
    request = f"GET {BIG} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    with subject.running() as server, ExitStack() as opened:
        expect(ask(server, subject.site, BIG), 200, subject.site.content(BIG))
        before = _settled_kib(server)
        for _ in range(_UNREAD):
            client = opened.enter_context(shake_hands(server.port))
            client.sendall(request)
            left = _UNREAD_BYTES
            while left > 0:
                left -= len(client.recv(65536)) or left
        return (_settled_kib(server) - before) / _UNREAD / 1024


def _settled_kib(server: RunningServer) -> int:
    time.sleep(_SETTLE_SECONDS)
    return server.memory_kib()


def measure_live(subject: Subject, seconds: float, connections: int) -> float:
    """Return µs a request, over each of the connections in turn."""
    return _cost_in_crowd(subject, seconds, connections, asking=connections)


def measure_held(subject: Subject, seconds: float) -> float:
    """Return µs a request over ten connections, while all others are held and answer later."""
    return _cost_in_crowd(subject, seconds, HELD, asking=10)


def _cost_in_crowd(subject: Subject, seconds: float, connections: int, *, asking: int) -> float:
    with subject.running() as server:
        expect(ask(server, subject.site, SMALL), 200, subject.site.content(SMALL))
        crowd = partial(driven, "crowd", str(connections), str(asking))
        with crowd(str(server.port), SMALL) as client:
            before = server.cpu_seconds()
            requests = client.work(seconds)
            cost = (server.cpu_seconds() - before) / requests * 1e6
            if (held := client.read()) < connections:
                raise LeftOutError(f"{held} of {connections} connections were held")
            return cost
