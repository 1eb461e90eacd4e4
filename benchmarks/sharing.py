"""How workers come by their connections: one listening socket for all, or one each (SO_REUSEPORT).

    python benchmarks/sharing.py [ROUNDS]

For each way, in interleaved rounds: how 32 clients that keep their connections are spread over the
workers, what a new connection costs in CPU with 1 to 8 workers, and how many clients fail when a
worker hangs for half a second and dies. With one socket, all workers that wait for it are woken by
each connection, since Trio does not ask epoll for EPOLLEXCLUSIVE. Needs Linux.
"""

import itertools
import os
import signal
import socket
import ssl
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import trio
from processes import cpu_seconds, make_certificate

from trio_https import Limits, Request, Response, serve_listeners
from trio_https.tls import open_server_context

WAYS = ("one socket", "SO_REUSEPORT")
CLIENTS = 32
NEW_CONNECTIONS = 400
COUNTS = (1, 2, 8)
AT_A_TIME = 8
REQUEST = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"


def main(rounds: int = 5) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        certificate, key = make_certificate(Path(temporary))
        context = open_server_context(Path(certificate), Path(key))
        for number, way, count in itertools.product(range(rounds), WAYS, (2, 4)):
            with workers(way, count, context) as (port, pids):
                spread = trio.run(ask_all, port)
            tell(number, way, count, f"kept {shares(spread, pids)}")
        for number, way in itertools.product(range(rounds), WAYS):
            with workers(way, 4, context) as (port, pids):
                tell(number, way, 4, f"one killed, {trio.run(lose_one, port, pids[0])}")
        costs: dict[tuple[str, int], list[float]] = {}
        for number, count, way in itertools.product(range(rounds), COUNTS, WAYS):
            with workers(way, count, context) as (port, pids):
                cost = cost_of_new(port, pids)
            costs.setdefault((way, count), []).append(cost)
            tell(number, way, count, f"a new connection {cost:.0f} µs")
    print()
    for (way, count), values in costs.items():
        spread_of = f"{min(values):.0f} to {max(values):.0f}"
        print(f"{way:<14}{count} workers: {statistics.median(values):.0f} µs ({spread_of})")


def tell(number: int, way: str, count: int, text: str) -> None:
    print(f"round {number + 1}  {way:<14}{count} workers: {text}", flush=True)


@contextmanager
def workers(way: str, count: int, context: ssl.SSLContext) -> Iterator[tuple[int, list[int]]]:
    """Run so many workers, and yield their port and their process ids."""
    each = way == "SO_REUSEPORT"
    first = listening(0, shared=each)
    port = first.getsockname()[1]
    sockets = [first]
    pids = []
    for number in range(count):
        if each and number:
            sockets.append(listening(port, shared=True))
        pids.append(os.fork())
        if not pids[-1]:
            for other in sockets[:-1]:
                other.close()
            work(sockets[-1], context)
    for bound in sockets:
        bound.close()
    time.sleep(0.5)
    try:
        yield port, pids
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def listening(port: int, *, shared: bool) -> socket.socket:
    bound = socket.socket()
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if shared:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    bound.bind(("127.0.0.1", port))
    bound.listen(1024)
    return bound


def work(bound: socket.socket, context: ssl.SSLContext) -> None:
    name = str(os.getpid())

    async def handler(_request: Request, /) -> Response:
        return Response.text(name)

    async def serve() -> None:
        listener = trio.SocketListener(trio.socket.from_stdlib_socket(bound))
        limits = Limits(max_connections_per_client=500)
        await serve_listeners(handler, [listener], tls=context, limits=limits)

    try:
        trio.run(serve)
    finally:
        os._exit(1)


async def ask(port: int, answers: Counter[str], *, kept: trio.Event | None = None) -> None:
    """Ask once over a new connection, and keep it until ``kept``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    try:
        transport = await trio.open_tcp_stream("127.0.0.1", port)
        stream = trio.SSLStream(transport, context, https_compatible=True)
        async with stream:
            await stream.send_all(REQUEST)
            received = await stream.receive_some(65536)
            answers[bytes(received).rpartition(b"\r\n\r\n")[2].decode() or "failed"] += 1
            if kept is not None:
                await kept.wait()
    except (OSError, trio.BrokenResourceError):
        answers["failed"] += 1


async def ask_all(port: int) -> Counter[str]:
    answers: Counter[str] = Counter()
    done = trio.Event()
    async with trio.open_nursery() as nursery:
        for _ in range(CLIENTS):
            nursery.start_soon(partial(ask, port, answers, kept=done))
        while answers.total() < CLIENTS:  # noqa: ASYNC110 -- in a benchmark it does no harm
            await trio.sleep(0.05)
        done.set()
    return answers


async def ask_many(port: int, number: int, answers: Counter[str]) -> None:
    for _ in range(number):
        await ask(port, answers)


async def ask_new(port: int, answers: Counter[str]) -> None:
    async with trio.open_nursery() as nursery:
        for _ in range(AT_A_TIME):
            nursery.start_soon(ask_many, port, NEW_CONNECTIONS // AT_A_TIME, answers)


def cost_of_new(port: int, pids: list[int]) -> float:
    """Return the microseconds of CPU that a new connection with one request cost all workers."""
    answers: Counter[str] = Counter()
    before = sum(map(cpu_seconds, pids))
    trio.run(ask_new, port, answers)
    return (sum(map(cpu_seconds, pids)) - before) / NEW_CONNECTIONS * 1e6


async def lose_one(port: int, pid: int) -> str:
    """Have a worker hang for half a second amid new connections, and kill it.

    Return how many clients failed: those that it served, and those that wait for it alone.
    """
    answers: Counter[str] = Counter()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(ask_new, port, answers)
        while answers.total() < NEW_CONNECTIONS // 2:  # noqa: ASYNC110 -- nor does it here
            await trio.sleep(0.01)
        os.kill(pid, signal.SIGSTOP)
        await trio.sleep(0.5)
        os.kill(pid, signal.SIGKILL)
    return f"{answers['failed']} of {answers.total()} failed"


def shares(answers: Counter[str], pids: list[int]) -> str:
    return ", ".join(str(answers[str(pid)]) for pid in pids)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
