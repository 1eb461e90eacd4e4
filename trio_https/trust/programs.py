"""Programs of the operating system: found, run with a deadline, and ended with all they started.

No shell is in between, they speak English, and they are given nothing to read: what would ask the
user at the terminal fails instead, and says so. Which programs there are is not known here.
"""

import os
import shutil
import signal
import subprocess
import sys

from .store import Command, StoreError

__all__ = ["find_program", "run_program", "succeeds"]

# Where Debian keeps what root needs; others do not have them in their PATH.
_ROOT_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")

_MAX_WORDS = 200  # characters of what a program said


def find_program(name: str) -> str | None:
    """Return the path of a program, None where it is not installed."""
    folders = os.environ.get("PATH", os.defpath)
    return shutil.which(name, path=os.pathsep.join((folders, *_ROOT_FOLDERS)))


def run_program(command: Command, timeout: float) -> bytes:
    """Run a command and return what it wrote to its standard output.

    ``timeout`` is in seconds. Raises StoreError where it is missing, fails or does not end.
    """
    finished = _finish(command, timeout)
    if finished.returncode != 0:
        raise StoreError(f"{command[0]} failed: {_last_words(finished)}")
    return finished.stdout


def succeeds(command: Command, timeout: float) -> bool:
    """Run a command whose exit code is an answer; 0 is yes. Raises StoreError as above."""
    return _finish(command, timeout).returncode == 0


def _finish(command: Command, timeout: float) -> subprocess.CompletedProcess[bytes]:
    path = find_program(command[0])
    if path is None:
        raise StoreError(f"{command[0]} is not installed")
    try:
        process = subprocess.Popen(  # noqa: S603 -- the commands are those of our stores
            (path, *command[1:]),
            env=os.environ | {"LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,  # away from the terminal, and a group to end as a whole
        )
    except OSError as error:
        raise StoreError(f"{command[0]} can't be run: {error.strerror}") from error
    try:
        stdout, stderr = process.communicate(timeout=timeout)
    except subprocess.TimeoutExpired as error:
        _end(process)
        raise StoreError(f"{command[0]} did not end within {timeout:.0f} s") from error
    except BaseException:  # an interrupt: it does not reach a session of its own
        _end(process)
        raise
    return subprocess.CompletedProcess(command, process.returncode, stdout, stderr)


def _end(process: subprocess.Popen[bytes]) -> None:
    if sys.platform == "win32":
        process.kill()
    else:
        # Not yet waited for, so that the number is still its own.
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def _last_words(finished: subprocess.CompletedProcess[bytes]) -> str:
    """Return the last line that a program said of its failure, fit for a terminal."""
    for output in (finished.stderr, finished.stdout):
        for line in reversed(output.decode("utf-8", "replace").splitlines()):
            words = "".join(filter(str.isprintable, line)).strip()
            if words:
                return words[:_MAX_WORDS]
    return f"exit code {finished.returncode}"
