"""Many requests over many connections, some of which break off: nothing may be left of them.

The same load goes to the server of the command line, a process whose descriptors, threads and
memory are counted from outside, and to one in this process, where its tasks can be counted too.
How much a client asks for, and how and when it leaves, is drawn at random, from a seed.
"""

import logging
import os
import random
import re
import signal
import socket
import ssl
import struct
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import NamedTuple

import pytest
import trio
import trio.testing

import trio_https

from .command import UNMEASURED, start_server

pytestmark = [
    pytest.mark.no_cover,  # the same lines, thousands of times
    pytest.mark.timeout(300),
    pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="needs Linux's /proc"),
]

logger = logging.getLogger(__name__)

CONNECTIONS_AT_A_TIME = 50
DEADLINE = 60.0  # seconds, for a machine that is busy with other things
# Measured: 4 to 6 MiB; 14 while closed connections waited for the garbage collector (tls.forget).
RSS_MARGIN_KIB = 10 * 1024

SMALL, MIDDLE, MISSING = "/", "/middle.bin", "/missing"
# As often as they are asked for. What is in the middle is streamed, the others are sent at once.
TARGETS = (SMALL,) * 14 + (MISSING,) * 4 + (MIDDLE,) * 2
CONTENTS = {SMALL: b"<p>small</p>" * 80, MIDDLE: bytes(200 * 1024), MISSING: b"<p>missing</p>"}
LINGER_0 = struct.pack("ii", 1, 0)  # struct linger: closing is a reset


class Ending(Enum):
    """How a client leaves."""

    CLEAN = auto()
    """With close_notify of both sides, when the server has sent the last answer."""
    IN_HANDSHAKE = auto()
    """When it has sent a piece of its ClientHello."""
    IN_HEAD = auto()
    """When it has sent a piece of a request."""
    IN_RESPONSE = auto()
    """When it has read a piece of a response."""
    RESET = auto()
    """By a reset, when it has sent a request."""


class Plan(NamedTuple):
    """What a client does with its connection: so many requests with their answers, and an end."""

    requests: int
    ending: Ending
    seed: int


def draw_plans(requests: int, connections: int, *, seed: int) -> list[Plan]:
    """Return plans for so many requests in all; one client in five breaks off."""
    draw = random.Random(seed)
    plans = []
    for ending in (ending for ending in Ending if ending is not Ending.CLEAN):
        most = 0 if ending is Ending.IN_HANDSHAKE else requests // connections
        plans += [
            Plan(draw.randint(0, most), ending, draw.getrandbits(64))
            for _ in range(connections // 20)
        ]
    while clean := connections - len(plans):  # these share what is left
        share = (requests - sum(plan.requests for plan in plans)) // clean
        plans.append(Plan(share, Ending.CLEAN, draw.getrandbits(64)))
    draw.shuffle(plans)
    return plans


def apply_load(plans: Sequence[Plan], port: int, context: ssl.SSLContext) -> None:
    """Have the plans carried out, so many at a time; each answer is checked."""
    with ThreadPoolExecutor(CONNECTIONS_AT_A_TIME) as pool:
        clients = [pool.submit(carry_out, plan, port, context) for plan in plans]
    for client in clients:
        client.result()


def carry_out(plan: Plan, port: int, context: ssl.SSLContext) -> None:
    draw = random.Random(plan.seed)
    with socket.create_connection(("127.0.0.1", port), timeout=DEADLINE) as transport:
        if plan.ending is Ending.IN_HANDSHAKE:
            transport.sendall(cut(client_hello(context), draw))
            return
        # At the end of its block it is closed, without a word in TLS.
        with context.wrap_socket(
            transport, server_hostname="localhost", suppress_ragged_eofs=False
        ) as client:
            for left in reversed(range(plan.requests)):
                is_last = plan.ending is Ending.CLEAN and left == 0
                ask(client, draw.choice(TARGETS), is_last=is_last)
            leave(client, plan.ending, draw)


def leave(client: ssl.SSLSocket, ending: Ending, draw: random.Random) -> None:
    match ending:
        case Ending.CLEAN:
            assert client.recv(1) == b""  # close_notify: any other end raises
            client.unwrap()
        case Ending.IN_HEAD:
            client.sendall(cut(request(SMALL), draw))
        case Ending.IN_RESPONSE:
            client.sendall(request(MIDDLE))
            client.recv(draw.randint(1, 65536))
        case Ending.RESET:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, LINGER_0)
            client.sendall(request(draw.choice(TARGETS)))


def ask(client: ssl.SSLSocket, target: str, *, is_last: bool) -> None:
    client.sendall(request(target, is_last=is_last))
    received = receive(client)
    while (end := received.find(b"\r\n\r\n") + 4) < 4:
        received += receive(client)
    content = received[end:]
    while len(content) < len(CONTENTS[target]):
        content += receive(client)
    assert received.startswith(b"HTTP/1.1 404 " if target == MISSING else b"HTTP/1.1 200 ")
    assert content == CONTENTS[target]


def receive(client: ssl.SSLSocket) -> bytearray:
    data = client.recv(65536)
    assert data, "the server has left"
    return bytearray(data)


def request(target: str, *, is_last: bool = False) -> bytes:
    close = "Connection: close\r\n" if is_last else ""
    return f"GET {target} HTTP/1.1\r\nHost: localhost\r\n{close}\r\n".encode()


def client_hello(context: ssl.SSLContext) -> bytes:
    outgoing = ssl.MemoryBIO()
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="localhost")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


def cut(data: bytes, draw: random.Random) -> bytes:
    return data[: draw.randrange(1, len(data))]


class Usage(NamedTuple):
    """What a process has of the system."""

    descriptors: int
    threads: int
    rss_kib: int


def usage(pid: int) -> Usage:
    process = Path(f"/proc/{pid}")
    rss = re.search(r"^VmRSS:\s+(\d+) kB$", (process / "status").read_text(), re.MULTILINE)
    assert rss is not None
    descriptors, threads = (len([*(process / name).iterdir()]) for name in ("fd", "task"))
    return Usage(descriptors, threads, int(rss[1]))


def usage_at_rest(pid: int, rest: Usage) -> Usage:
    """Return what the process has once it has no more than at ``rest``, or at the deadline.

    Of clients that broke off it learns by and by, and it tells nobody.
    """
    end = time.monotonic() + DEADLINE
    while (now := usage(pid))[:2] > rest[:2] and time.monotonic() < end:
        time.sleep(0.05)
    return now


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("site")
    for target, name in ((SMALL, "index.html"), (MIDDLE, "middle.bin"), (MISSING, "404.html")):
        (site / name).write_bytes(CONTENTS[target])
    return site


def test_the_plans_are_for_as_many_requests_and_connections_as_wanted() -> None:
    plans = draw_plans(20_000, 200, seed=2)
    assert (sum(plan.requests for plan in plans), len(plans)) == (20_000, 200)
    assert {plan.ending for plan in plans} == set(Ending)


def test_after_20_000_requests_the_server_is_as_it_was_before(site: Path, tmp_path: Path) -> None:
    with start_server(site, folder=tmp_path, environment=UNMEASURED) as server:
        context = ssl.create_default_context(cafile=server.ca_file)
        fresh = usage(server.pid)
        # One thread looks at the certificates from time to time, and may be there or not.
        fresh = fresh._replace(threads=2)
        apply_load(draw_plans(4_000, 100, seed=1), server.port, context)
        warm = usage_at_rest(server.pid, fresh)
        apply_load(draw_plans(20_000, 200, seed=2), server.port, context)
        after = usage_at_rest(server.pid, fresh)
        logger.info("fresh %s, warm %s, after %s", fresh, warm, after)
        assert after.descriptors == fresh.descriptors
        assert after.threads <= fresh.threads
        assert after.rss_kib - warm.rss_kib < RSS_MARGIN_KIB
        apply_load([Plan(1, Ending.CLEAN, seed=0)], server.port, context)
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 0
    # And some lines more, of requests whose answers nobody waited for.
    assert len(server.stdout.splitlines()) >= 24_001


async def test_after_2_000_requests_no_task_is_left(
    site: Path, server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    plans = draw_plans(2_000, 100, seed=3)
    before = holds()
    async with trio.open_nursery() as nursery:
        serve = partial(trio_https.serve, trio_https.Pages(site), port=0, tls=server_context)
        server: trio_https.Server = await nursery.start(serve)
        idle = holds()
        await trio.to_thread.run_sync(apply_load, plans, server.port, client_context)
        # The clients have left: all that the server has to do for them, it can do now.
        await trio.testing.wait_all_tasks_blocked(0.1)
        assert holds() == idle
        await server.stop()
    assert holds() == before


def holds() -> tuple[int, int]:
    """Return how many tasks and descriptors this process has."""
    return trio.lowlevel.current_statistics().tasks_living, usage(os.getpid()).descriptors
