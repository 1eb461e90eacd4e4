"""Clients that mean no good: hundreds that stall at once, thousands that reset. See attacks.py.

    python benchmarks/attackers.py ATTACK PORT ADDRESSES SECONDS

They come from 127.0.0.2 and the ADDRESSES - 1 addresses after it: on Linux all of 127.0.0.0/8 is
loopback. Whom the server cuts off comes again. At the end, which is after SECONDS at the latest, a
line of JSON, after one when they are ready, tells what became of them.
"""

import json
import random
import socket
import ssl
import statistics
import struct
import sys
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import trio

STALLING = 500  # at a time
RESETTING = 5_000  # in all
OPENED_PER_SECOND = {"resets": 250}
OPENED_PER_SECOND_BY_OTHERS = 100
MAX_OPENED = 5_000
HOST = "Host: 127.0.0.1\r\n"
CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
CONTEXT.check_hostname = False
CONTEXT.verify_mode = ssl.CERT_NONE

Transport = trio.SocketStream


@dataclass
class Tally:
    """What became of the attackers."""

    opened: int = 0
    held: list[float] = field(default_factory=list)
    ends: Counter[str] = field(default_factory=Counter)
    next_start: float = 0.0

    def note(self, end: str, held: float) -> None:
        """Note how a connection ended, and how long the server had held it, in seconds."""
        self.ends[end] += 1
        if end not in ("503", "refused"):
            self.held.append(held)

    def report(self) -> dict[str, object]:
        """Return the sums."""
        held = sorted(self.held)
        return {
            "opened": self.opened,
            "ends": dict(self.ends.most_common(6)),
            "held_median": round(statistics.median(held), 1) if held else None,
            "held_max": round(held[-1], 1) if held else None,
        }


async def connect(address: str, port: int) -> Transport:
    client = trio.socket.socket()
    try:
        await client.bind((address, 0))
        await client.connect(("127.0.0.1", port))
    except BaseException:
        client.close()
        raise
    return Transport(client)


async def shake_hands(transport: Transport) -> "trio.SSLStream[Transport]":
    stream = trio.SSLStream(transport, CONTEXT, https_compatible=True)
    await stream.do_handshake()
    return stream


def client_hello() -> bytes:
    hello = ssl.MemoryBIO()
    try:
        CONTEXT.wrap_bio(ssl.MemoryBIO(), hello).do_handshake()
    except ssl.SSLWantReadError:
        return hello.read()
    raise AssertionError("a handshake takes two")


async def stall_in_handshake(transport: Transport) -> tuple[str, float]:
    """Say nothing, or a ClientHello and no more."""
    started = trio.current_time()
    if random.random() < 0.5:
        await transport.send_all(client_hello())
    while await transport.receive_some():
        pass
    return "closed", trio.current_time() - started


async def drip_head(transport: Transport) -> tuple[str, float]:
    return await drip(transport, f"GET /small HTTP/1.1\r\n{HOST}X-Slow: ")


async def drip_body(transport: Transport) -> tuple[str, float]:
    return await drip(transport, f"POST / HTTP/1.1\r\n{HOST}Content-Length: 100000\r\n\r\n")


async def drip(transport: Transport, text: str) -> tuple[str, float]:
    """Send ``text``, then a byte a second, until the server has closed the connection."""
    stream = await shake_hands(transport)
    started = trio.current_time()
    await stream.send_all(text.encode())
    received = b""
    while not received:
        with trio.move_on_after(1):
            received = bytes(await stream.receive_some())
            break
        await stream.send_all(b"x")
    end = status_in(received)
    while received:
        received = bytes(await stream.receive_some())
    return end, trio.current_time() - started


async def leave_unread(transport: Transport) -> tuple[str, float]:
    """Ask for a big file, read one byte of its head, and no more."""
    stream = await shake_hands(transport)
    await stream.send_all(f"GET /big HTTP/1.1\r\n{HOST}\r\n".encode())
    started = trio.current_time()
    received = b""
    while len(received) < 12:
        piece = await stream.receive_some(12 - len(received))
        if not piece:
            return "refused", 0.0
        received += piece
    if status_in(received) == "200":
        await trio.sleep_forever()
    return status_in(received), trio.current_time() - started


def status_in(received: bytes) -> str:
    return received[9:12].decode("ascii") if received.startswith(b"HTTP/1.1 ") else "closed"


async def reset_somewhere(transport: Transport) -> tuple[str, float]:
    """Go some of the way of a request, and reset the connection."""
    steps = random.randrange(6)
    if steps == 1:
        hello = client_hello()
        await transport.send_all(hello[: random.randrange(1, len(hello))])
    elif steps > 1:
        stream = await shake_hands(transport)
        if steps == 3:
            await stream.send_all(b"GET / HTTP/1.1\r\nHo")
        if steps > 3:
            await stream.send_all(f"GET /big HTTP/1.1\r\n{HOST}\r\n".encode())
        if steps > 4:
            await stream.receive_some()
    # No lingering, so close is a reset.
    transport.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return "reset by us", 0.0


Attack = Callable[[Transport], Awaitable[tuple[str, float]]]
ATTACKS: dict[str, Attack] = {
    "handshake": stall_in_handshake,
    "head": drip_head,
    "body": drip_body,
    "unread": leave_unread,
    "resets": reset_somewhere,
}


async def attack_once(attack: Attack, address: str, port: int, tally: Tally) -> None:
    tally.opened += 1
    try:
        transport = await connect(address, port)
    except OSError as exc:
        tally.note(type(exc).__name__, 0.0)
        return
    try:
        tally.note(*await attack(transport))
    except trio.BrokenResourceError:
        tally.note("refused", 0.0)  # in the handshake
    finally:
        await trio.aclose_forcefully(transport)


async def wait_for_turn(tally: Tally, per_second: int) -> None:
    tally.next_start = max(tally.next_start, trio.current_time()) + 1 / per_second
    await trio.sleep_until(tally.next_start)


async def main(name: str, port: int, addresses: int, seconds: float) -> None:
    tally = Tally()
    attack, per_second = ATTACKS[name], OPENED_PER_SECOND.get(name, OPENED_PER_SECOND_BY_OTHERS)

    async def attack_again(address: str, times: int) -> None:
        for _ in range(times):
            if tally.opened >= MAX_OPENED:
                break
            await wait_for_turn(tally, per_second)
            await attack_once(attack, address, port, tally)

    times = RESETTING // STALLING if name == "resets" else MAX_OPENED
    print("ready", flush=True)
    with trio.move_on_after(seconds):
        async with trio.open_nursery() as nursery:
            for number in range(STALLING):
                address = f"127.0.0.{2 + number % addresses}"
                nursery.start_soon(attack_again, address, times)
    print(json.dumps(tally.report()))


if __name__ == "__main__":
    trio.run(main, sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]))
