"""Attacks on the real server, and what well-behaved visitors notice of them.

    python benchmarks/attacks.py [SECONDS [ATTACK...]]

For each configuration one server, on which one attack follows the other, each for SECONDS (25). All
the while two visitors ask for a page of 1 KiB about every 20 ms, one over a connection that it
keeps, one over a new one for each request. Afterwards everybody leaves, and the server must be
back to the descriptors that it had, and to the memory that it had when it was fresh, give or take
32 MiB. How busy the machine is with other things, the share of time tells in which the server was
ready to run and had no processor. Needs Linux.
"""

import json
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from processes import (
    Resources,
    cpu_seconds,
    free_port,
    make_certificate,
    processor_wait_seconds,
    running,
    socket_buffer_bytes,
)

HERE = Path(__file__).parent
ATTACKS = ("none", "handshake", "head", "body", "unread", "resets")
PAUSE_SECONDS = 0.02
SETTLE_SECONDS = 75.0  # more than any deadline in Limits
TRIM_SECONDS = 6.0  # a crowd that has left is given 5 to come back, then the heap is trimmed
RSS_MARGIN_KIB = 32 * 1024
REQUEST = b"GET /small HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
PAGE_BYTES = 1024


class Configuration(NamedTuple):
    """From where the attack comes, and the limits that are not the default."""

    name: str
    addresses: int
    limits: dict[str, float]


CONFIGURATIONS = (
    Configuration("1 address, default limits", 1, {}),
    Configuration("3 addresses, default limits", 3, {}),
    Configuration("250 addresses, default limits", 250, {}),
    Configuration(
        "250 addresses, room for 2,000",
        250,
        {"max_connections": 2000, "max_handshakes": 1000},
    ),
)


@dataclass
class Visitor:
    """A well-behaved client: asks, reads, waits a moment, asks again."""

    name: str
    port: int
    keeps_connection: bool
    waits: list[float] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    unanswered: float = 0.0
    """How long the last request had waited when the attack ended."""

    def ask_until(self, end: float) -> None:
        """Ask again and again, until ``end`` on the monotonic clock."""
        client: ssl.SSLSocket | None = None
        while (started := time.monotonic()) < end:
            try:
                client = client or self._connect(end)
                ask(client, end)
                self.waits.append(time.monotonic() - started)
            except TimeoutError:
                self.unanswered = time.monotonic() - started
                break
            except OSError as exc:
                self.failures.append(str(exc))
                leave(client)
                client = None
            if not self.keeps_connection:
                leave(client)
                client = None
            time.sleep(PAUSE_SECONDS)
        leave(client)

    def _connect(self, end: float) -> ssl.SSLSocket:
        left = max(0.001, end - time.monotonic())
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=left)
        try:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # as browsers do
            return CONTEXT.wrap_socket(connection)
        except BaseException:
            connection.close()
            raise

    def __str__(self) -> str:
        asked = len(self.waits) + len(self.failures)
        if not self.waits:
            return f"{self.name}: 0 of {asked} answered, the last waited {self.unanswered:.1f} s"
        p50, p99 = quantile(self.waits, 50), quantile(self.waits, 99)
        text = (
            f"{self.name}: {len(self.waits)} of {asked} answered, p50 {p50 * 1000:.0f} ms,"
            f" p99 {p99 * 1000:.0f} ms, max {max(self.waits) * 1000:.0f} ms"
        )
        if self.unanswered:
            text += f"; the last waited {self.unanswered:.1f} s"
        if self.failures:
            text += f"; {self.failures[0]}"
        return text


def leave(client: ssl.SSLSocket | None) -> None:
    if client is not None:
        client.close()


def quantile(values: list[float], percent: int) -> float:
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=100, method="inclusive")[percent - 1]


def make_client_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # what is measured is the server
    return context


CONTEXT = make_client_context()


def ask(client: ssl.SSLSocket, end: float) -> None:
    """Send a request and read the response. Raises ``OSError`` where it is not the page."""
    client.settimeout(max(0.001, end - time.monotonic()))
    client.sendall(REQUEST)
    received = b""
    while len(received.partition(b"\r\n\r\n")[2]) < PAGE_BYTES:
        piece = client.recv(65536)
        if not piece:
            raise ConnectionError("closed in place of a response")
        received += piece
        if not received.startswith(b"HTTP/1.1 200"):
            raise ConnectionError(received.partition(b"\r\n")[0].decode("latin-1"))


def main(seconds: float, attacks: tuple[str, ...]) -> None:
    is_back = True
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        files = make_certificate(folder)
        (folder / "site").mkdir()
        (folder / "site" / "small").write_bytes(b"x" * PAGE_BYTES)
        (folder / "site" / "big").write_bytes(b"x" * 10 * 1024 * 1024)
        for configuration in CONFIGURATIONS:
            print(f"\n== {configuration.name}", flush=True)
            port, log = free_port(), folder / f"{configuration.addresses}.log"
            limits = json.dumps(configuration.limits)
            arguments = [str(HERE / "target.py"), *files, str(port), str(folder / "site"), limits]
            with running(arguments, port, log=log) as process:
                warm_up(port)
                fresh = Resources.of(process.pid)
                for attack in attacks:
                    print(f"\n{attack}", flush=True)  # "none": what the visitors see in peace
                    after = withstand(attack, configuration.addresses, port, process.pid, seconds)
                    is_back &= after.descriptors == fresh.descriptors
                    is_back &= after.resident_kib <= fresh.resident_kib + RSS_MARGIN_KIB
            print(f"\nlog: {describe_log(log)}", flush=True)
    if not is_back:
        sys.exit("the server was not back to what it held before")


def warm_up(port: int) -> None:
    for keeps_connection in (True, False):
        Visitor("", port, keeps_connection).ask_until(time.monotonic() + 1)
    time.sleep(1)


def withstand(attack: str, addresses: int, port: int, pid: int, seconds: float) -> Resources:
    """Report on an attack. Return what the server holds when it is over."""
    before, kernel_before = Resources.of(pid), socket_buffer_bytes()
    visitors = [Visitor("keep-alive", port, True), Visitor("new connections", port, False)]
    peak, kernel_peak = before, kernel_before
    with attacking(attack, port, addresses, seconds) as attackers:
        end = time.monotonic() + seconds
        cpu_before, wait_before = cpu_seconds(pid), processor_wait_seconds(pid)
        with visiting(visitors, end):
            while time.monotonic() < end:
                time.sleep(0.5)
                peak = Resources(*map(max, peak, Resources.of(pid)))
                kernel_peak = max(kernel_peak, socket_buffer_bytes())
        cpu = (cpu_seconds(pid) - cpu_before) / seconds
        wait = (processor_wait_seconds(pid) - wait_before) / seconds
    if attackers is not None:
        print(f"  attackers        {attackers.communicate()[0].decode().strip()}")
    for visitor in visitors:
        print(f"  {visitor}")
    after, resident_at_end, settled = settle(pid, before)
    peak = peak._replace(resident_kib=max(peak.resident_kib, resident_at_end))
    print(f"  descriptors      {before.descriptors} -> {peak.descriptors} -> {after.descriptors}")
    print(f"  threads          {before.threads} -> {peak.threads} -> {after.threads}")
    resident = (f"{held.resident_kib / 1024:.1f}" for held in (before, peak, after))
    print(f"  resident MiB     {' -> '.join(resident)}")
    print(f"  kernel MiB       {(kernel_peak - kernel_before) / 2**20:.1f} more at the peak")
    print(f"  back after       {settled:.1f} s (descriptors)")
    print(f"  processor        {cpu:.0%} of one, {wait:.0%} waiting for one", flush=True)
    return after


@contextmanager
def visiting(visitors: list[Visitor], end: float) -> Iterator[None]:
    threads = [threading.Thread(target=visitor.ask_until, args=(end,)) for visitor in visitors]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()


@contextmanager
def attacking(
    attack: str, port: int, addresses: int, seconds: float
) -> Iterator["subprocess.Popen[bytes] | None"]:
    if attack == "none":
        yield None
        return
    options = [attack, str(port), str(addresses), str(seconds)]
    command = [sys.executable, str(HERE / "attackers.py"), *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    try:
        process.stdout.readline()  # they are ready
        yield process
        process.wait(timeout=60)
    finally:
        process.kill()


def settle(pid: int, before: Resources) -> tuple[Resources, int, float]:
    """Wait until nothing is left of the attack.

    Return what the server holds then, the most KiB that were resident meanwhile, and after how
    many seconds its descriptors were back.
    """
    started, most = time.monotonic(), 0
    while (waited := time.monotonic() - started) < SETTLE_SECONDS:
        now = Resources.of(pid)
        most = max(most, now.resident_kib)
        if now.descriptors <= before.descriptors:
            time.sleep(TRIM_SECONDS)
            # An attacker may still have waited in the backlog.
            if Resources.of(pid).descriptors <= before.descriptors:
                break
        time.sleep(0.1)
    return Resources.of(pid), most, waited


def describe_log(log: Path) -> str:
    lines = log.read_text().splitlines()
    errors = [line for line in lines if " ERROR " in line or " WARNING " in line]
    return f"{len(lines)} lines, {len(errors)} of them errors or warnings {errors[:3] or ''}"


if __name__ == "__main__":
    main(float(sys.argv[1]) if sys.argv[1:] else 25.0, tuple(sys.argv[2:]) or ATTACKS)
