"""One connection on memory streams, fed with any bytes, and judged by what must always hold.

The first four bytes of an input say how the client behaves: how it ends (see ``Ending``), whether
it pauses and may half-close; two sizes that the pieces it sends have in turn, 0 being all the rest;
and a seed for the order in which tasks outcome. What follows is what it sends. Time is Trio's mock
clock, and nothing is left to chance, so that each input has one outcome.
"""

import dataclasses
import logging
import math
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import trio
import trio.testing
from trio._core import _run as trio_run  # for _scheduled_by only: there is no public way

from trio_https import Limits
from trio_https.connection import serve_connection
from trio_https.departures import Departures
from trio_https.service import Service
from trio_https.stopping import Stopping
from trio_https.timeouts import Timeouts

from .handler import SLOW_SECONDS, handler_for
from .judgement import Ending, Outcome, judge

__all__ = ["run_one"]

_PLAN_BYTES = 4
_MAX_PIECES = 64  # byte by byte, but not for ever

# Small, so that short inputs reach them.
_LIMITS = Limits(
    max_head_bytes=1024,
    max_header_fields=12,
    max_target_bytes=200,
    max_body_bytes=1024,
    max_drain_bytes=200,
)
_PAUSE = 0.7  # of the client, between two pieces, in seconds of the mock clock


def run_one(data: bytes) -> None:
    """Serve one connection to the client that ``data`` describes; ``AssertionError``: a bug."""
    plan, payload = data[:_PLAN_BYTES].ljust(_PLAN_BYTES, b"\0"), data[_PLAN_BYTES:]
    outcome = Outcome(
        payload,
        Ending(plan[0] % 4),
        pauses=bool(plan[0] & 4),
        may_half_close=bool(plan[0] & 8),
    )
    clock = trio.testing.MockClock(autojump_threshold=0)
    with _recorded_logs(outcome.records), _scheduled_by(seed=plan[3]):
        trio.run(_serve_client, outcome, plan[1:3], clock=clock)
    judge(outcome)


class _Transport(trio.abc.HalfCloseableStream):
    """The server's end; unlike a plain memory stream, it can be reset by the client."""

    def __init__(self, send: trio.abc.SendStream, receive: trio.abc.ReceiveStream) -> None:
        self._send = send
        self._receive = receive
        self.is_reset = False

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        self._check()
        await self._send.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        self._check()
        await self._send.wait_send_all_might_not_block()

    async def send_eof(self) -> None:
        self._check()
        await self._send.aclose()

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        self._check()
        received = await self._receive.receive_some(max_bytes)
        self._check()
        return bytes(received)

    async def aclose(self) -> None:
        try:
            await self._send.aclose()
        finally:
            await self._receive.aclose()

    def _check(self) -> None:
        if self.is_reset:
            raise trio.BrokenResourceError("reset by the client")


async def _serve_client(outcome: Outcome, sizes: bytes) -> None:
    to_server, from_client = trio.testing.memory_stream_one_way_pair()
    pair = (
        trio.testing.lockstep_stream_one_way_pair
        if outcome.ending is Ending.NEVER_READING
        else trio.testing.memory_stream_one_way_pair
    )
    to_client, from_server = pair()
    transport = _Transport(to_client, from_client)
    limits = _limits(outcome)
    service = Service(
        handler=handler_for(outcome.exchanges),
        tls_context=None,
        limits=limits,
        handshakes=trio.Semaphore(1),
        stopping=Stopping(),
        departures=Departures(),
        timeouts=Timeouts(limits),
    )

    async def read() -> None:
        with suppress(trio.ClosedResourceError):  # by the reset
            while received := await from_server.receive_some():
                outcome.received += received

    async def be_a_client() -> None:
        await _send_pieces(to_server, outcome, sizes)
        if outcome.ending is Ending.HALF_CLOSE:
            await to_server.aclose()
        elif outcome.ending is Ending.RESET:
            transport.is_reset = True
            await to_server.aclose()
            await from_server.aclose()
        await trio.sleep(_patience(outcome))
        raise AssertionError("the connection does not end")

    async with trio.open_nursery() as server:
        for watch in service.watchers:
            server.start_soon(watch)
        await trio.testing.wait_all_tasks_blocked()
        tasks_before = trio.lowlevel.current_statistics().tasks_living
        async with trio.open_nursery() as client:
            if outcome.ending is not Ending.NEVER_READING:
                client.start_soon(read)
            client.start_soon(be_a_client)
            await serve_connection(transport, service)
            await trio.testing.wait_all_tasks_blocked()  # all is read, no exchange is watched
            client.cancel_scope.cancel()
        tasks_left = trio.lowlevel.current_statistics().tasks_living - tasks_before
        server.cancel_scope.cancel()
    assert tasks_left == 0, "a task is left"


async def _send_pieces(stream: trio.abc.SendStream, outcome: Outcome, sizes: bytes) -> None:
    payload, start = outcome.payload, 0
    for count in range(len(payload)):
        size = sizes[count % len(sizes)] if count < _MAX_PIECES else 0
        piece = payload[start : start + size] if size else payload[start:]
        start += len(piece)
        try:
            await stream.send_all(piece)
        except trio.BrokenResourceError:
            return
        if start == len(payload):
            return
        if outcome.pauses:
            await trio.sleep(_PAUSE)
        else:
            await trio.testing.wait_all_tasks_blocked()


def _limits(outcome: Outcome) -> Limits:
    return dataclasses.replace(_LIMITS, allow_half_close=outcome.may_half_close)


def _patience(outcome: Outcome) -> float:
    """Seconds after the client's last byte within which every deadline must have passed."""
    timeouts: list[float] = [
        getattr(_LIMITS, limit.name)
        for limit in dataclasses.fields(_LIMITS)
        if limit.name.endswith("_timeout")
    ]
    finite = sum(timeout for timeout in timeouts if timeout < math.inf)
    return finite + 2 * SLOW_SECONDS * (1 + outcome.payload.count(b"\r\n\r\n"))


@contextmanager
def _scheduled_by(seed: int) -> Iterator[None]:
    """Have Trio schedule tasks in an order that can be repeated, as hypothesis-trio does."""
    name, state = "_ALLOW_DETERMINISTIC_SCHEDULING", trio_run._r.getstate()
    before = getattr(trio_run, name)
    setattr(trio_run, name, True)
    trio_run._r.seed(seed)
    try:
        yield
    finally:
        setattr(trio_run, name, before)
        trio_run._r.setstate(state)


@contextmanager
def _recorded_logs(records: list[logging.LogRecord]) -> Iterator[None]:
    """Put what the server logs into ``records``, and nowhere else."""

    class Recorder(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    logger, recorder = logging.getLogger("trio_https"), Recorder()
    before = logger.level, logger.propagate
    logger.addHandler(recorder)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False
    try:
        yield
    finally:
        logger.removeHandler(recorder)
        logger.setLevel(before[0])
        logger.propagate = before[1]
