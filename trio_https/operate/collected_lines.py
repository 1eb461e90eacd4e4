"""A log whose lines are written together, as many as come before the program waits.

Each by itself would cost a call of the system, and a turn where others write to the same pipe.
Trio runs all tasks that can go on, one after the other, and then waits for events: what they have
logged until then is written as one. So a line is late by what the tasks after it do, milliseconds
as a rule, and it is lost where the process is killed in that time.
"""

import logging
from contextlib import suppress
from typing import Protocol

import trio

__all__ = ["CollectedLines", "Output"]


class Output(Protocol):
    """Where lines go to: a text stream, or what writes like one."""

    def write(self, text: str, /) -> object:
        """Write ``text``, at once or when ``flush`` is called."""

    def flush(self) -> object:
        """Write what was not written yet."""


class CollectedLines(logging.Handler, trio.abc.Instrument):
    """Writes records to ``output`` when Trio is about to wait; at once where it does not run.

    As an instrument it adds itself to the run that the records come from.
    """

    def __init__(self, output: Output) -> None:
        super().__init__()
        self._output = output
        self._lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Take a line, to be written with others."""
        try:
            self._lines.append(self.format(record))
        except Exception:
            self.handleError(record)
            return
        if len(self._lines) == 1:
            try:
                trio.lowlevel.add_instrument(self)  # once for each run: then it does nothing
            except RuntimeError:  # no task has logged this
                self.flush()

    def flush(self) -> None:
        """Write the lines that were taken."""
        self.acquire()
        try:
            lines, self._lines = self._lines, []
            # Whoever has closed the other end of a pipe knows it.
            with suppress(OSError, ValueError):
                if lines:
                    self._output.write("\n".join((*lines, "")))
                self._output.flush()
        finally:
            self.release()

    def before_io_wait(self, timeout: float) -> None:  # noqa: ARG002 -- Trio's signature
        """Write what the tasks have logged that have just run."""
        if self._lines:
            self.flush()

    def after_run(self) -> None:
        """Write what the last tasks have logged."""
        self.flush()
