"""The supervisor: it has as many workers as are wanted, all serving by what holds now.

It runs no Trio and starts no thread, so that it can be copied at any time (fork), and so that there
is little in it that could fail. It waits for signals, with a look at what is served in between:
where that has changed, workers that serve by it take the places of the others, one by one. What was
settled when a worker was forked it has in common with all others: that is how the keys of session
tickets come to be the same in all.
"""

import logging
import signal
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol

from .backoff import Backoff
from .orders import Order
from .processes import IN_ORDER, StartFailed, WorkerProcess, fork_worker
from .worker import GRACE_SECONDS

__all__ = ["StartFailed", "Supervisor", "Work"]

logger = logging.getLogger("trio_https")

_LOOK_SECONDS = 2.0
_PATIENCE_SECONDS = 5.0  # beyond what a worker was given; then it is killed
_STOP_SIGNALS = frozenset({signal.SIGINT, signal.SIGTERM})
_SIGNALS = _STOP_SIGNALS | {signal.SIGHUP, signal.SIGCHLD}


class Work(Protocol):
    """What the workers do, and by what. The methods are called in the supervisor, but ``work``."""

    def work(self, orders: socket.socket, /) -> None:
        """Serve until told to stop: see ``worker.serve_until_told``."""

    def look(self) -> None:
        """Look whether there is something new to serve by."""

    def reload(self) -> None:
        """Read anew all that it is served by."""

    @property
    def state(self) -> object:
        """By what workers serve that are forked now; another object after each change."""

    def outlives(self, state: object, /) -> bool:
        """Whether workers that serve by ``state`` may go on until others take their places."""

    def close(self) -> None:
        """Let go of the sockets: whoever connects after the workers have stopped is not heard."""


class Supervisor:
    """Starts workers, replaces and stops them."""

    def __init__(self, work: Work, count: int) -> None:
        self._work = work
        self._count = count
        self._serving: list[WorkerProcess] = []
        self._leaving: list[WorkerProcess] = []
        self._backoff = Backoff()
        self._next_look = time.monotonic() + _LOOK_SECONDS

    @property
    def pids(self) -> list[int]:
        """The processes that accept clients."""
        return [worker.pid for worker in self._serving]

    @contextmanager
    def ending_all(self) -> Iterator[None]:
        """Have no worker left when the block ends, and no signal heeded but by ``run``."""
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # ignored, nobody could be waited for
        try:
            yield
        finally:
            self._work.close()
            for worker in self._all:
                worker.tell(Order.END)
            self._wait_for_all(_PATIENCE_SECONDS, is_last=True)

    def start(self) -> None:
        """Start the workers, and return when all accept clients.

        One after the other: what keeps all of them from it is said once. Raises ``StartFailed``.
        """
        for _ in range(self._count):
            self._start_worker()

    def run(self, say: Callable[[str], None]) -> None:
        """Look after the workers until SIGINT or SIGTERM, and stop them.

        Requests have ten seconds then, or until a second signal; ``say`` tells it.
        """
        while (number := self._next_signal(self._idle_seconds())) not in _STOP_SIGNALS:
            self._note_ends()
            if number == signal.SIGHUP:
                self._work.reload()
            if time.monotonic() >= self._next_look:
                self._work.look()
                self._next_look = time.monotonic() + _LOOK_SECONDS
            self._dismiss_untrusted()
            if time.monotonic() >= self._backoff.until:
                self._fill()
        say(f"Stopping: requests have {GRACE_SECONDS:.0f} s to finish; Ctrl-C again stops at once.")
        self._work.close()
        for worker in self._all:
            worker.tell(Order.STOP)
        if self._wait_for_all(GRACE_SECONDS + _PATIENCE_SECONDS, is_last=False):
            say("Stopped.")

    @property
    def _all(self) -> list[WorkerProcess]:
        return [*self._serving, *self._leaving]

    def _next_signal(self, seconds: float) -> int | None:
        """Return the next signal, or None after so many seconds."""
        received = signal.sigtimedwait(_SIGNALS, max(0.0, seconds))
        return received.si_signo if received else None

    def _idle_seconds(self) -> float:
        due = self._next_look
        if len(self._serving) < self._count:
            due = min(due, self._backoff.until)
        return due - time.monotonic()

    def _start_worker(self) -> WorkerProcess:
        worker = fork_worker(self._work.work, self._work.state, self._all)
        try:
            worker.wait_until_ready()
        except StartFailed:
            worker.close()
            raise
        self._serving.append(worker)
        return worker

    def _fill(self) -> None:
        """Start workers for the places that are free, and for those that serve by what is old."""
        try:
            while len(self._serving) < self._count:
                logger.info("%s serves", self._start_worker())
            while outdated := self._find_outdated():
                logger.info("%s serves in place of %s", self._start_worker(), outdated)
                self._dismiss(outdated, Order.RETIRE)
        except StartFailed as exc:
            delay = self._backoff.note_failure(time.monotonic())
            logger.error("%s; the next try is in %.3g s", exc, delay)

    def _find_outdated(self) -> WorkerProcess | None:
        state = self._work.state
        return next((worker for worker in self._serving if worker.state is not state), None)

    def _dismiss_untrusted(self) -> None:
        """Have nobody served by what must not hold any more, even if none takes his place."""
        for worker in self._all:
            if not self._work.outlives(worker.state) and worker.told is not Order.REFUSE:
                self._dismiss(worker, Order.REFUSE)

    def _dismiss(self, worker: WorkerProcess, order: Order) -> None:
        worker.tell(order)
        if worker in self._serving:
            self._serving.remove(worker)
            self._leaving.append(worker)

    def _note_ends(self) -> None:
        for worker in self._all:
            if (how := worker.find_end()) is None:
                continue
            self._remove(worker)
            if worker.told is None:
                delay = self._backoff.note_failure(time.monotonic())
                logger.error("%s %s; another takes its place in %.3g s", worker, how, delay)
            elif how != IN_ORDER:
                logger.error("%s %s before it had stopped", worker, how)

    def _remove(self, worker: WorkerProcess) -> None:
        worker.close()
        (self._serving if worker in self._serving else self._leaving).remove(worker)

    def _wait_for_all(self, seconds: float, *, is_last: bool) -> bool:
        """Wait until no worker is left; what is left after so long is killed.

        A signal to stop ends all at once, unless they have to already (``is_last``). Return whether
        all have ended as they were told.
        """
        orderly = True
        deadline = time.monotonic() + seconds
        while self._all:
            number = self._next_signal(deadline - time.monotonic())
            self._note_ends()
            if number in _STOP_SIGNALS and not is_last:
                return False
            if time.monotonic() >= deadline:
                orderly = False
                for worker in self._all:
                    logger.error("%s does not end, and is killed", worker)
                    worker.kill()
                deadline = time.monotonic() + _PATIENCE_SECONDS
        return orderly
