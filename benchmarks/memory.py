"""Memory of the server for a connection: idle, active, and stalled in each phase.

    python benchmarks/memory.py [ROUNDS] [CONNECTIONS]

For each state a server of its own: it is warmed up with connections that come and go, then the
connections are opened, and the figure is the growth of its resident memory (VmRSS) over their
second half, for each of them. Beside it stands what they hold in buffers of the kernel, at both
ends, on the whole machine: other programs that talk over TCP meanwhile spoil that column. Medians
over the rounds. Needs Linux.
"""

import json
import socket
import ssl
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import NamedTuple

from processes import Resources, free_port, make_certificate, running, socket_buffer_bytes

HERE = Path(__file__).parent
WARM_UP = 50
SETTLE_SECONDS = 1.0
ROOM = ("max_connections", "max_connections_per_client", "max_handshakes")
WAITS = (
    *("handshake_timeout", "head_timeout", "first_head_timeout", "idle_timeout"),
    *("receive_timeout", "send_timeout"),
)
# None leaves while it is counted, however slow the machine is.
LIMITS = dict.fromkeys(ROOM, 10_000) | dict.fromkeys(WAITS, 600)
HEAD_END = "Host: 127.0.0.1\r\n\r\n"
SMALL, MIDDLE, BIG = 1024, 100 * 1024, 10 * 1024 * 1024

CLIENT_CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
CLIENT_CONTEXT.check_hostname = False
CLIENT_CONTEXT.verify_mode = ssl.CERT_NONE  # who the server is makes no difference to its memory

Open = Callable[[int], socket.socket]


def connect(port: int) -> socket.socket:
    client = socket.create_connection(("127.0.0.1", port), timeout=20)
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return client


def shake_hands(port: int) -> ssl.SSLSocket:
    return CLIENT_CONTEXT.wrap_socket(connect(port))


def stall_after_hello(port: int) -> socket.socket:
    hello = ssl.MemoryBIO()
    with suppress(ssl.SSLWantReadError):
        CLIENT_CONTEXT.wrap_bio(ssl.MemoryBIO(), hello).do_handshake()
    client = connect(port)
    client.sendall(hello.read())
    return client


def sending(text: str) -> Open:
    """Shake hands and send, reading nothing."""

    def open_one(port: int) -> socket.socket:
        client = shake_hands(port)
        client.sendall(text.encode())
        return client

    return open_one


def exchanging(text: str, response_bytes: int) -> Open:
    """Send a request and read its response."""

    def open_one(port: int) -> socket.socket:
        client = sending(text)(port)
        received = b""
        while b"\r\n\r\n" not in received:
            received += client.recv(65536) or sys.exit(f"no response to {text[:40]!r}")
        head, _, body = received.partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            sys.exit(f"{head.decode()} to {text[:40]!r}")
        left = response_bytes - len(body)
        while left > 0:
            left -= len(client.recv(65536)) or sys.exit(f"cut off: {text[:40]!r}")
        return client

    return open_one


def upload(size: int, sent: int) -> str:
    return f"POST /upload HTTP/1.1\r\nContent-Length: {size}\r\n{HEAD_END}{'x' * sent}"


class State(NamedTuple):
    """A state to measure."""

    name: str
    open_one: Open
    server: str = "target.py"


GET_SMALL = exchanging(f"GET /small HTTP/1.1\r\n{HEAD_END}", SMALL)
STATES = (
    State("idle, ceiling.py", GET_SMALL, "ceiling.py"),
    State("idle", GET_SMALL),
    State("idle, had 100 KiB", exchanging(f"GET /middle HTTP/1.1\r\n{HEAD_END}", MIDDLE)),
    State("idle, had 10 MiB", exchanging(f"GET /big HTTP/1.1\r\n{HEAD_END}", BIG)),
    State("idle, sent 1 MiB", exchanging(upload(1024 * 1024, 1024 * 1024), len("1048576 bytes\n"))),
    State("handler at work", sending(f"GET /wait HTTP/1.1\r\n{HEAD_END}")),
    State("10 MiB, not read", sending(f"GET /big HTTP/1.1\r\n{HEAD_END}")),
    State("TCP only", connect),
    State("ClientHello only", stall_after_hello),
    State("TLS only", sending("")),
    State("half a head", sending("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Dripping: ")),
    State("half a 30 KiB head", sending(f"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX: {'x' * 30000}")),
    State("half a body", sending(upload(1024 * 1024, 64 * 1024))),
)


def main(rounds: int = 3, connections: int = 400) -> None:
    figures: dict[str, list[tuple[float, float]]] = {state.name: [] for state in STATES}
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = make_certificate(folder)
        site = folder / "site"
        site.mkdir()
        for name, size in (("small", SMALL), ("middle", MIDDLE), ("big", BIG)):
            (site / name).write_bytes(b"x" * size)
        for number in range(rounds):
            for state in STATES:
                resident, kernel = measure(state, files, site, connections)
                figures[state.name].append((resident, kernel))
                print(
                    f"round {number + 1}  {state.name:<20}{resident:8.1f} KiB"
                    f"{kernel:10.1f} KiB in the kernel",
                    flush=True,
                )
    report(figures)


def measure(
    state: State, files: tuple[str, str], site: Path, connections: int
) -> tuple[float, float]:
    """Return the KiB for a connection: resident in the server, and in the kernel's buffers."""
    port = free_port()
    arguments = [str(HERE / state.server), *files, str(port)]
    if state.server == "target.py":
        arguments += [str(site), json.dumps(LIMITS)]
    with running(arguments, port) as process, ExitStack() as opened:
        with ExitStack() as warming:
            for _ in range(WARM_UP):
                warming.enter_context(state.open_one(port))
            time.sleep(SETTLE_SECONDS)
        half = connections // 2
        resident, kernel = [], []
        for _ in range(2):
            for _ in range(half):
                opened.enter_context(state.open_one(port))
            time.sleep(SETTLE_SECONDS)
            held = Resources.of(process.pid)
            resident.append(held.resident_kib)
            kernel.append(socket_buffer_bytes() / 1024)
            if held.descriptors < half * len(resident):
                print(f"{state.name}: only {held.descriptors} descriptors are open", flush=True)
        return (resident[1] - resident[0]) / half, (kernel[1] - kernel[0]) / half


def report(figures: dict[str, list[tuple[float, float]]]) -> None:
    print(f"\n{'KiB for a connection':<22}{'resident':>10}{'(range)':>16}{'kernel':>10}")
    for name, pairs in figures.items():
        resident, kernel = zip(*pairs, strict=True)
        spread = f"({min(resident):.1f} to {max(resident):.1f})"
        medians = statistics.median(resident), statistics.median(kernel)
        print(f"{name:<22}{medians[0]:>10.1f}{spread:>16}{medians[1]:>10.1f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
