"""Worker processes as their supervisor has them: forked, told what to do, and waited for.

A fork copies the process as it is: contexts of TLS with the keys of their session tickets, and the
sockets. It copies one thread only, so the supervisor must have no other.
"""

import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NoReturn

from ..errors import ConfigError
from .orders import READY, Order

__all__ = ["IN_ORDER", "StartFailed", "WorkerProcess", "fork_worker"]

logger = logging.getLogger("trio_https")

IN_ORDER = "ended with exit code 0"
_START_SECONDS = 30.0  # it takes some hundredths; on a machine that swaps, more


class StartFailed(Exception):  # noqa: N818 -- said as it is
    """A worker did not come to serve; the text says how it ended."""


class WorkerProcess:
    """A worker that was started and not waited for yet."""

    def __init__(self, pid: int, orders: socket.socket, state: object) -> None:
        self.pid = pid
        self.state = state
        """What it serves by."""
        self.told: Order | None = None
        """What it was told last; each order ends it."""
        self._orders = orders

    def __str__(self) -> str:
        return f"worker {self.pid}"

    def wait_until_ready(self) -> None:
        """Wait until it accepts clients. Raises ``StartFailed``; it has ended then."""
        self._orders.settimeout(_START_SECONDS)
        try:
            is_ready = self._orders.recv(1) == READY
            how = ""
        except OSError:
            is_ready = False
            how = f"did not serve after {_START_SECONDS:.0f} s, and was killed"
            self.kill()
        if not is_ready:
            _pid, status = os.waitpid(self.pid, 0)
            raise StartFailed(f"{self} {how or how_it_ended(status)}")

    def tell(self, order: Order) -> None:
        """Give an order; it may have ended meanwhile."""
        self.told = order
        with suppress(OSError):
            self._orders.send(order.value)

    def kill(self) -> None:
        """End it, whatever it does."""
        os.kill(self.pid, signal.SIGKILL)  # not waited for yet: the number is still its own

    def find_end(self) -> str | None:
        """Return how it ended, and take it out of the table of processes; None: it has not."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return how_it_ended(status) if pid else None

    def close(self) -> None:
        """Let go of the way to it; it stops, if it has not been told to."""
        self._orders.close()


def fork_worker(
    work: Callable[[socket.socket], None], state: object, others: Iterable[WorkerProcess]
) -> WorkerProcess:
    """Start a worker that does ``work`` with its end of a socket pair, then ends.

    Signals must be blocked, and are in the worker. Raises ``StartFailed`` where the system can't.
    """
    sys.stdout.flush()  # what is in a buffer now would be written by both
    sys.stderr.flush()
    try:
        ours, theirs = socket.socketpair()
    except OSError as exc:
        raise StartFailed(f"no worker can be started ({exc.strerror})") from exc
    try:
        pid = os.fork()
    except OSError as exc:
        ours.close()
        theirs.close()
        raise StartFailed(f"no worker can be started ({exc.strerror})") from exc
    if pid == 0:
        ours.close()
        for other in others:  # or they would not notice that the supervisor has ended
            other.close()
        _work_and_end(work, theirs)
    theirs.close()
    return WorkerProcess(pid, ours, state)


def _work_and_end(work: Callable[[socket.socket], None], orders: socket.socket) -> NoReturn:
    """Do the work of a worker; what called ``fork_worker`` is the supervisor's to go on with."""
    code = 1
    try:
        work(orders)
        code = 0
    except ConfigError as exc:
        logger.error("%s", exc)
    except BaseException:
        logger.exception("worker %d: has to end for a bug of its own", os.getpid())
    finally:
        for output in (sys.stdout, sys.stderr):
            with suppress(OSError, ValueError):
                output.flush()
        os._exit(code)


def how_it_ended(status: int) -> str:
    """Return in words what ``os.waitpid`` tells."""
    code = os.waitstatus_to_exitcode(status)
    if code == 0:
        return IN_ORDER
    if code > 0:
        return f"ended with exit code {code}"
    try:
        name = signal.Signals(-code).name
    except ValueError:  # a real-time signal
        name = f"signal {-code}"
    return f"was ended by {name}"
