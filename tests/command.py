"""The command ``trio-https`` in a process of its own, as a user starts it.

``run_command`` is for a run that ends by itself, ``start_server`` for one that serves. Both give
the process a folder, a home for its certificates, a clean environment and a free port, wait with
deadlines, and leave no process behind. Of what the command says, only the announcement of its
URLs is known here.
"""

import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple
from urllib.parse import urlsplit

from .programs import require_program

__all__ = [
    "BIG_BYTES",
    "DEADLINE",
    "MODULE",
    "UNMEASURED",
    "Ended",
    "RunningCommand",
    "make_site",
    "run_command",
    "start_command",
    "start_command_in_terminal",
    "start_server",
    "start_server_in_terminal",
    "without_rights",
]

MODULE = (sys.executable, "-m", "trio_https")

# More than the buffers of a connection take.
BIG_BYTES = 32 * 1024 * 1024

# In seconds, for a machine that is busy with other things.
DEADLINE = 40.0

# An environment for a server whose memory or speed counts: coverage.py lets it alone.
UNMEASURED = {"COVERAGE_PROCESS_CONFIG": "", "COVERAGE_PROCESS_START": ""}

# It ends in an empty line, behind what is said of trust.
_ANNOUNCEMENT = r"rusted by this machine's clients.*\n(?:  .*\n)*\n"
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")

# What no run may leave on standard error.
_FAULTS = re.compile(r"Traceback|Exception ignored|Warning")

# What decides about settings, trust and colour: a test sets it, or nobody does.
_NOT_INHERITED = ("TRIO_HTTPS_", "SSL_CERT_", "NO_COLOR")


def make_site(folder: Path) -> Path:
    """Make a folder of pages in ``folder``, with one that is long, and return it."""
    site = folder / "site"
    site.mkdir()
    (site / "index.html").write_text("<p>my own page</p>")
    with (site / "big.bin").open("wb") as file:
        file.truncate(BIG_BYTES)
    return site


class Ended(NamedTuple):
    """A run of the command that is over."""

    code: int
    stdout: str
    stderr: str


class RunningCommand:
    """A command that is running; ``start_command`` ends it.

    ``urls`` and what follows it are known once it serves.
    """

    def __init__(
        self, process: subprocess.Popen[bytes], stdout: "_Output", stderr: "_Output"
    ) -> None:
        self._process = process
        self._stdout = stdout
        self._stderr = stderr
        self.pid = process.pid
        self.urls: list[str] = []
        self.url = ""
        self.port = 0
        self.ca_file = Path()

    @property
    def stdout(self) -> str:
        """What it wrote so far: the access log."""
        return self._stdout.text

    @property
    def stderr(self) -> str:
        """What it wrote so far: steps, announcement, faults."""
        return self._stderr.text

    def wait_until_serving(self) -> None:
        """Wait for the announcement and take from it where the server is and whom to trust."""
        self.wait_for_stderr(_ANNOUNCEMENT)
        announcement = _COLOUR.sub("", self.stderr)
        self.urls = re.findall(r"^  (https://\S+)$", announcement, re.MULTILINE)
        self.url = self.urls[0]
        self.port = urlsplit(self.url).port or 443
        if found := re.search(r"^    file     (.+)$", announcement, re.MULTILINE):
            self.ca_file = Path(found[1])

    def wait_for_stdout(self, pattern: str) -> re.Match[str]:
        """Wait until standard output matches a regular expression, ^ and $ being those of lines."""
        return self._stdout.wait_for(pattern)

    def wait_for_stderr(self, pattern: str) -> re.Match[str]:
        """Wait until standard error matches a regular expression, ^ and $ being those of lines."""
        return self._stderr.wait_for(pattern)

    def wait_for_end_of_stdout(self) -> None:
        """Wait until nobody can write to standard output any more."""
        self._stdout.join()

    def send_signal(self, number: signal.Signals) -> None:
        """Send a signal to the process."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Wait for the end of the process and of its output, and return its exit code."""
        code = self._process.wait(DEADLINE)
        self._stdout.join()
        self._stderr.join()
        return code


def run_command(
    *arguments: str | Path,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    program: Sequence[str | Path] = MODULE,
) -> Ended:
    """Run the command in ``folder`` until it ends; it is killed at the deadline.

    ``environment`` is added to what the command gets anyway.
    """
    process = subprocess.run(
        [*program, *arguments],
        cwd=folder,
        env=_environment(folder, environment),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=DEADLINE,
    )
    return Ended(process.returncode, process.stdout, process.stderr)


@contextmanager
def start_command(
    *arguments: str | Path,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    program: Sequence[str | Path] = MODULE,
) -> Generator[RunningCommand]:
    """Start the command in ``folder``; with the block it ends, by SIGTERM if it has not yet.

    ``environment`` is added to what the command gets anyway. A traceback or a warning on its
    standard error is a failure.
    """
    process = subprocess.Popen(
        [*program, *arguments],
        cwd=folder,
        env=_environment(folder, environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    with process:
        stdout, stderr = _Output(process.stdout), _Output(process.stderr)
        with _ended_with_block(process):
            yield RunningCommand(process, stdout, stderr)
        stdout.join()
        stderr.join()
    assert not _FAULTS.search(stderr.text), stderr.text


@contextmanager
def start_server(
    *arguments: str | Path,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    program: Sequence[str | Path] = MODULE,
) -> Generator[RunningCommand]:
    """Start the command as ``start_command`` does, and yield it as soon as it serves."""
    with start_command(
        *arguments, folder=folder, environment=environment, program=program
    ) as server:
        server.wait_until_serving()
        yield server


@contextmanager
def start_command_in_terminal(
    *arguments: str | Path, folder: Path, environment: Mapping[str, str] | None = None
) -> Generator[tuple[RunningCommand, int]]:
    """Start the command in a terminal of its own, and yield it and the terminal.

    The terminal is a file descriptor: what is written to it was typed. What the command writes to
    either output is in ``stdout`` and in ``stderr``.
    """
    import pty

    # setsid makes the terminal the controlling one, so that Ctrl-C in it is a SIGINT.
    command = [require_program("setsid"), "--ctty", *MODULE, *arguments]
    outer, inner = pty.openpty()
    with os.fdopen(outer, "r+b", buffering=0) as terminal:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=_environment(folder, environment),
                stdin=inner,
                stdout=inner,
                stderr=inner,
            )
        finally:
            os.close(inner)
        with _ended_with_block(process):
            output = _Output(terminal)
            yield RunningCommand(process, output, output), terminal.fileno()


@contextmanager
def start_server_in_terminal(
    *arguments: str | Path, folder: Path, environment: Mapping[str, str] | None = None
) -> Generator[tuple[RunningCommand, int]]:
    """Start the command in a terminal of its own, and yield both as soon as it serves."""
    with start_command_in_terminal(*arguments, folder=folder, environment=environment) as started:
        started[0].wait_until_serving()
        yield started


def without_rights() -> list[str]:
    """Return the beginning of a command line that runs the rest as a user who has no rights.

    It is empty where the tests are run by such a user. Root stays root by name, so that it finds
    its files, but without the capabilities that make it more than their owner.
    """
    if os.geteuid() != 0:
        return []
    return [require_program("setpriv"), "--bounding-set=-all", "--inh-caps=-all", "--"]


class _Output:
    """What a process writes, read by a thread so that the process never waits for a reader."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._received = bytearray()
        self._has_ended = False
        self._news = threading.Condition()
        self._thread = threading.Thread(target=self._read, args=(pipe.fileno(),), daemon=True)
        self._thread.start()

    @property
    def text(self) -> str:
        with self._news:
            return self._received.decode("utf-8", "replace").replace("\r\n", "\n")

    def wait_for(self, pattern: str) -> re.Match[str]:
        with self._news:
            while True:
                if found := re.search(pattern, self.text, re.MULTILINE):
                    return found
                if self._has_ended or not self._news.wait(DEADLINE):
                    raise AssertionError(f"no {pattern!r} in the output:\n{self.text}")

    def join(self) -> None:
        self._thread.join(DEADLINE)

    def _read(self, fd: int) -> None:
        while data := _read_some(fd):
            with self._news:
                self._received += data
                self._news.notify_all()
        with self._news:
            self._has_ended = True
            self._news.notify_all()


def _read_some(fd: int) -> bytes:
    try:
        return os.read(fd, 65536)
    except OSError:  # EIO: the other end of a terminal is closed (Linux)
        return b""


@contextmanager
def _ended_with_block(process: subprocess.Popen[bytes]) -> Generator[None]:
    try:
        yield
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(DEADLINE)
        finally:
            process.kill()
            process.wait()


def _environment(folder: Path, more: Mapping[str, str] | None) -> dict[str, str]:
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(_NOT_INHERITED)}
    ours = {
        "TRIO_HTTPS_HOME": str(folder / "home"),
        "TRIO_HTTPS_PORT": "0",
        "PYTHONWARNINGS": "default::ResourceWarning",
    }
    return inherited | ours | dict(more or {})
