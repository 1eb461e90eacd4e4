"""What a WebSocket costs: the echo of a message, and the memory of an idle connection.

    python benchmarks/websocket.py [ROUNDS] [SECONDS]

Beside this server stands trio-websocket's own ``serve_websocket``, over TLS too. The figure is the
server's own CPU time (user and system, from /proc) for a message there and back, its median over
interleaved rounds; and the resident memory (VmRSS) for each of many connections that have had one
message. The client sends frames that were made before, so it is never the slower one. Needs Linux.
"""

import socket
import ssl
import statistics
import struct
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from processes import Resources, cpu_seconds, free_port, make_certificate, pinned_to, running

HERE = Path(__file__).parent
KINDS = ("trio-websocket", "ours", "compressed")
SIZES = {"100 bytes": 100, "1 MiB": 1024 * 1024}
WARM_UP_SECONDS = 0.5
SETTLE_SECONDS = 1.0
CONNECTIONS = 400

CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
CONTEXT.check_hostname = False
CONTEXT.verify_mode = ssl.CERT_NONE  # who the server is makes no difference to its work

HANDSHAKE = (
    "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"


def frame(size: int) -> bytes:
    """Return a binary frame of a client's, masked as a client must."""
    head = (
        struct.pack("!BB", 0x82, 0x80 | size)
        if size < 126
        else struct.pack("!BBQ", 0x82, 255, size)
    )
    return head + b"\x01\x02\x03\x04" + b"x" * size


def open_one(port: int, *, offer: bool) -> ssl.SSLSocket:
    client = CONTEXT.wrap_socket(socket.create_connection(("127.0.0.1", port), timeout=60))
    client.sendall((HANDSHAKE + (OFFER if offer else "") + "\r\n").encode())
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        head += client.recv(1)
    assert head.startswith(b"HTTP/1.1 101 "), head
    assert (b"permessage-deflate" in head) == offer
    return client


def echo(client: ssl.SSLSocket, sent: bytes) -> None:
    """Send a message and read it back."""
    client.sendall(sent)
    length = read(client, 2)[1]
    if length > 125:
        length = int.from_bytes(read(client, 2 if length == 126 else 8), "big")
    read(client, length)


def read(client: ssl.SSLSocket, size: int) -> bytes:
    data = bytearray()
    while len(data) < size:
        received = client.recv(size - len(data))
        assert received, "the server has closed the connection"
        data += received
    return bytes(data)


def main(rounds: int = 5, seconds: int = 4) -> None:
    costs: dict[tuple[str, str], list[float]] = {(s, k): [] for s in SIZES for k in KINDS}
    memory: dict[str, list[float]] = {kind: [] for kind in KINDS}
    with tempfile.TemporaryDirectory() as temporary:
        files = make_certificate(Path(temporary))
        for number in range(rounds):
            for kind in KINDS:
                for name, size in SIZES.items():
                    costs[name, kind].append(measure_cost(kind, files, size, seconds))
                memory[kind].append(measure_memory(kind, files))
            print(f"round {number + 1} of {rounds}", flush=True)
    report(costs, memory)


def measure_cost(kind: str, files: tuple[str, str], size: int, seconds: float) -> float:
    """Return the microseconds of CPU that a message cost the server."""
    port, sent = free_port(), frame(size)
    with (
        running(arguments(kind, files, port), port, prefix=pinned_to(0)) as process,
        open_one(port, offer=kind == "compressed") as client,
    ):
        repeat(client, sent, WARM_UP_SECONDS)
        before = cpu_seconds(process.pid)
        messages = repeat(client, sent, seconds)
        return (cpu_seconds(process.pid) - before) / messages * 1e6


def repeat(client: ssl.SSLSocket, sent: bytes, seconds: float) -> int:
    end, messages = time.monotonic() + seconds, 0
    while time.monotonic() < end:
        echo(client, sent)
        messages += 1
    return messages


def measure_memory(kind: str, files: tuple[str, str]) -> float:
    """Return the KiB that a connection takes which has had a message and is idle now."""
    port, sent = free_port(), frame(100)
    with running(arguments(kind, files, port), port) as process, ExitStack() as opened:
        resident = []
        for _ in range(3):  # the first time, for what all connections share
            for _ in range(CONNECTIONS // 2):
                echo(opened.enter_context(open_one(port, offer=kind == "compressed")), sent)
            time.sleep(SETTLE_SECONDS)
            resident.append(Resources.of(process.pid).resident_kib)
        return (resident[2] - resident[1]) / (CONNECTIONS // 2)


def arguments(kind: str, files: tuple[str, str], port: int) -> list[str]:
    return [str(HERE / "websocket_target.py"), kind, *files, str(port)]


def report(costs: dict[tuple[str, str], list[float]], memory: dict[str, list[float]]) -> None:
    for size in SIZES:
        baseline = statistics.median(costs[size, KINDS[0]])
        for kind in KINDS:
            median = statistics.median(costs[size, kind])
            spread = f"({min(costs[size, kind]):.0f} to {max(costs[size, kind]):.0f})"
            print(f"{size:<10}{kind:<16}{median:>9.1f} µs {spread:<16}{median / baseline:6.2f} x")
    for kind, figures in memory.items():
        print(f"{'idle':<10}{kind:<16}{statistics.median(figures):>9.1f} KiB")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
