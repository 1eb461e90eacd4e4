"""From the command to the first answer; and what Python loads before it does anything."""

import os
import statistics
import subprocess
import sys
import time

from processes import pinned_to

from .checks import ask, expect
from .own_peers import CEILING, OURS
from .site import SMALL
from .subjects import SERVER_PROCESSOR, LeftOutError, Subject

__all__ = ["measure_help", "measure_import", "measure_ready"]

_TIMES = 7
_IMPORTS = {
    OURS: "import sys, trio_https; sys.exit(not {'click', 'cryptography'}.isdisjoint(sys.modules))",
    CEILING: "import ssl, h11, trio",
}


def measure_ready(subject: Subject, _seconds: float) -> float:
    """Return the seconds from the start of the process to the end of its first response."""
    started = time.monotonic()
    with subject.running(settled=False) as server:
        answer = ask(server, subject.site, SMALL)
        elapsed = time.monotonic() - started
        expect(answer, 200, subject.site.content(SMALL))
        return elapsed


def measure_import(subject: Subject, _seconds: float) -> float:
    """Return ms of CPU above those of Python itself. Neither click nor cryptography is loaded."""
    return _above_python(["-c", _IMPORTS[subject.peer.name]])


def measure_help(_subject: Subject, _seconds: float) -> float:
    """Return ms of CPU above those of Python itself."""
    return _above_python(["-m", "trio_https", "--help"])


def _above_python(arguments: list[str]) -> float:
    pairs = [(_cpu_ms(arguments), _cpu_ms(["-c", "pass"])) for _ in range(_TIMES)]
    return statistics.median(ours - python for ours, python in pairs)


def _cpu_ms(arguments: list[str]) -> float:
    process = subprocess.Popen(
        [*pinned_to(SERVER_PROCESSOR), sys.executable, *arguments], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise LeftOutError(f"python {' '.join(arguments)} ended with {process.returncode}")
    return (usage.ru_utime + usage.ru_stime) * 1000
