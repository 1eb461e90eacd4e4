"""What ``lifetimes.py`` starts and asks: servers that tell of themselves, clients that misbehave.

A server is ``lifetimes_target.py`` in a process of its own. All waits are bounded.
"""

import json
import os
import signal
import socket
import ssl
import struct
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from processes import free_port

__all__ = ["Client", "Event", "Got", "Server", "running_target"]

TARGET = Path(__file__).parent / "lifetimes_target.py"
ROOT = Path(__file__).parent.parent
START_SECONDS = 20.0
POLL_SECONDS = 0.002
KIB = 1024

CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
CONTEXT.check_hostname = False
CONTEXT.verify_mode = ssl.CERT_NONE  # who the server is makes no difference here
CONTEXT.minimum_version = ssl.TLSVersion.TLSv1_3
CONTEXT.set_alpn_protocols(["http/1.1"])

HANDSHAKE = (
    "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)
CLOSE = 0x8


class Event(NamedTuple):
    """What a server told, and when, by the machine's monotonic clock."""

    name: str
    at: float
    more: dict[str, Any]


class Server:
    """A target that is running."""

    def __init__(self, process: "subprocess.Popen[bytes]", port: int, told: Path) -> None:
        self.port = port
        self._process = process
        self._told = told
        self._seen = 0

    def wait_for(self, name: str, *, within: float) -> Event | None:
        """Return the next event of this name, and skip those before it; None if there is none."""
        deadline = time.monotonic() + within
        while True:
            is_last = time.monotonic() > deadline or self._process.poll() is not None
            lines = self._told.read_text().split("\n")[self._seen : -1]
            for line in lines:
                self._seen += 1
                told = json.loads(line)
                if told["event"] == name:
                    return Event(name, told["at"], told)
            if is_last:
                return None
            time.sleep(POLL_SECONDS)

    def count_tasks(self) -> int:
        """Return how many tasks the process has."""
        os.kill(self._process.pid, signal.SIGUSR1)
        event = self.wait_for("tasks", within=START_SECONDS)
        assert event, "the server does not answer"
        return int(event.more["number"])

    def ask_to_stop(self) -> float:
        """Send SIGTERM, and return when."""
        self._process.send_signal(signal.SIGTERM)
        return time.monotonic()

    def has_exited(self, *, within: float) -> bool:
        """Wait for the end of the process."""
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            return False
        return True


@contextmanager
def running_target(
    python: str, kind: str, files: tuple[str, str], folder: Path
) -> Iterator[Server]:
    """Run a target until the end of the block; it begins when clients can connect."""
    port, told = free_port(), folder / "told"
    command = [python, str(TARGET), kind, *files, str(port)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with (
        told.open("wb") as stdout,
        (folder / f"{kind}.log").open("ab") as stderr,
        subprocess.Popen(command, stdout=stdout, stderr=stderr, env=environment) as process,
    ):
        try:
            server = Server(process, port, told)
            if server.wait_for("ready", within=START_SECONDS) is None:
                raise SystemExit((folder / f"{kind}.log").read_text())
            yield server
        finally:
            process.kill()


class Got(NamedTuple):
    """What a client got until the end, or until it stopped waiting."""

    data: bytes
    end: str
    after: float
    """The time of the end."""


class Client:
    """A client over TLS 1.3, which reads nothing unless it is told to."""

    def __init__(self, port: int, *, window: int | None = None) -> None:
        plain = socket.socket()
        if window is not None:
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        plain.settimeout(START_SECONDS)
        plain.connect(("127.0.0.1", port))
        self._socket = CONTEXT.wrap_socket(plain, suppress_ragged_eofs=False)

    def ask(self, path: str) -> None:
        """Send a request."""
        self._socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())

    def open_websocket(self, path: str) -> None:
        """Send a handshake, and read its answer."""
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n{HANDSHAKE}\r\n"
        self._socket.sendall(head.encode())
        answer = self.read_head()
        assert answer.startswith(b"HTTP/1.1 101 "), answer

    def read_head(self) -> bytes:
        """Read the head of a response, and not more."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            received = self._socket.recv(1)
            assert received, head
            head += received
        return head

    def read_answer(self) -> bytes:
        """Read a response whose length is told."""
        head = self.read_head().lower()
        length = int(head.partition(b"content-length:")[2].split(b"\r\n")[0])
        body = b""
        while len(body) < length:
            body += self._socket.recv(length - len(body))
        return body

    def leave(self, *, by_reset: bool) -> None:
        """Go away: by close_notify and FIN, or by a reset."""
        if by_reset:
            linger = struct.pack("ii", 1, 0)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        else:
            self._socket.setblocking(False)
            with suppress(OSError):  # there is no more, or the server was the first to close
                while self._socket.recv(64 * KIB):
                    pass  # what is left unread would make the kernel send a reset
            with suppress(OSError):  # close_notify is sent; the server's is not waited for
                self._socket.unwrap()
        self._socket.close()

    def read_to_end(self, *, within: float, closes: bool = True) -> Got:
        """Read until the server ends the connection, and close it then, as clients do."""
        data, end = bytearray(), ""
        deadline = time.monotonic() + within
        while not end:
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                received = self._socket.recv(64 * KIB)
            except TimeoutError:
                end = "still open"
            except ssl.SSLEOFError:
                end = "FIN without close_notify"
            except OSError:
                end = "reset"
            else:
                data += received
                end = "" if received else "close_notify"
        if closes and end != "still open":
            self._socket.close()
        return Got(bytes(data), end, time.monotonic())

    def read_close(self, *, within: float, answers: bool) -> Got:
        """Read frames to a close frame, which may be answered, and on to the end.

        What was got is the code of the close frame, as text.
        """
        self._socket.settimeout(within)
        try:
            code = self._read_close_frame()
            if answers:
                body = struct.pack("!H", code)
                self._socket.sendall(b"\x88\x82\x00\x00\x00\x00" + body)
        except TimeoutError:
            return Got(b"", "still open", time.monotonic())
        except OSError as exc:
            end = "FIN without close_notify" if isinstance(exc, ssl.SSLEOFError) else "reset"
            return Got(b"", end, time.monotonic())
        except EOFError:
            return Got(b"", "close_notify", time.monotonic())
        return self.read_to_end(within=within, closes=answers)._replace(data=str(code).encode())

    def _read_close_frame(self) -> int:
        while True:
            first, length = self._read(2)
            payload = self._read(length)
            if first & 0xF == CLOSE:
                return int.from_bytes(payload[:2], "big")

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            received = self._socket.recv(size - len(data))
            if not received:
                raise EOFError
            data += received
        return data
