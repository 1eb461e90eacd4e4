"""Where the logs of a serving command go, and how they look."""

import logging
import sys
from collections.abc import Callable
from typing import TextIO

from ..operate.access_log import JSONFormatter, TextFormatter, access_logger
from ..operate.collected_lines import CollectedLines, Output
from ..operate.throttle import Throttle

__all__ = ["configure_logs"]


def configure_logs(*, access_log: bool, json: bool, several_processes: bool = False) -> None:
    """Send the access log to standard output, as text or JSON, and all else to standard error.

    With ``several_processes``, what they write does not mix, and events tell the process.
    """
    logging.raiseExceptions = False  # whoever closed the other end of a pipe knows it
    _leave_out_what_no_line_tells(several_processes=several_processes)
    output = _whole_lines() if several_processes else _as_it_is
    requests = CollectedLines(output(sys.stdout))
    requests.setFormatter(JSONFormatter() if json else TextFormatter())
    access_logger.addHandler(requests)
    access_logger.setLevel(logging.INFO if access_log else logging.CRITICAL)
    access_logger.propagate = False
    events = logging.StreamHandler(output(sys.stderr))
    process = " [%(process)d]" if several_processes else ""
    events.setFormatter(logging.Formatter(f"%(asctime)s %(levelname)s{process} %(message)s"))
    events.addFilter(Throttle())
    logger = logging.getLogger("trio_https")
    logger.addHandler(events)
    logger.setLevel(logging.INFO)


def _leave_out_what_no_line_tells(*, several_processes: bool) -> None:
    """Have Python find out less for each record. For a process of the command's own only."""
    logging.logThreads = False
    logging.logMultiprocessing = False
    logging.logProcesses = several_processes


def _as_it_is(stream: TextIO) -> Output:
    return stream


def _whole_lines() -> Callable[[TextIO], Output]:
    from ..operate.whole_lines import Turn, WholeLines  # here: Windows has no such thing

    turn = Turn()
    return lambda stream: WholeLines(stream, turn)
