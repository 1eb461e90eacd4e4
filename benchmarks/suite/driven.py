"""The clients of ``clients/``: they get ready, wait for the word, and tell what they have done."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .subjects import CLIENT, LeftOutError

__all__ = ["DrivenClient", "driven"]

_CLIENTS = Path(__file__).parent / "clients"


class DrivenClient:
    """A client that is ready."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process

    def work(self, seconds: float) -> int:
        """Have it work for so long. Return how much it got done, which is something."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()
        done = self.read()
        if not done:
            raise LeftOutError("no request was answered")
        return done

    def read(self) -> int:
        """Return the next number that it tells."""
        return int(json.loads(self._read_line()))

    def wait_until_ready(self) -> None:
        """Return when it has said so."""
        self._read_line()

    def _read_line(self) -> str:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        if line := self._process.stdout.readline():
            return line
        complaint = self._process.stderr.read().strip().rpartition("\n")[2]
        raise LeftOutError(complaint or "the client has ended")


@contextmanager
def driven(name: str, *arguments: str) -> Iterator[DrivenClient]:
    """Run a client on the processor of clients. The block begins when it is ready."""
    with subprocess.Popen(
        [*CLIENT, sys.executable, str(_CLIENTS / f"{name}.py"), *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            client = DrivenClient(process)
            client.wait_until_ready()
            yield client
        finally:
            process.kill()
