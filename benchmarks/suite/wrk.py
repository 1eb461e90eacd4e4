"""The load of wrk: as many requests as go, over connections that are kept."""

import re
import subprocess
from collections.abc import Mapping
from pathlib import Path

from .subjects import CLIENT, LeftOutError, RunningServer

__all__ = ["cost_by_wrk", "requests_in"]

CONNECTIONS = 32
WARM_UP_SECONDS = 1


def cost_by_wrk(
    server: RunningServer,
    target: str,
    seconds: float,
    *,
    fields: Mapping[str, str] | None = None,
    script: Path | None = None,
) -> float:
    """Return the microseconds of CPU that a request cost the server."""
    command = [*CLIENT, "wrk", "-t1", f"-c{CONNECTIONS}"]
    for name, value in (fields or {}).items():
        command += ["-H", f"{name}: {value}"]
    if script is not None:
        command += ["-s", str(script)]
    command.append(f"https://127.0.0.1:{server.port}{target}")
    _run([*command, f"-d{WARM_UP_SECONDS}"])
    before = server.cpu_seconds()
    requests = requests_in(_run([*command, f"-d{max(1, round(seconds))}"]))
    return (server.cpu_seconds() - before) / requests * 1e6


def _run(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def requests_in(output: str) -> int:
    """Return how many requests were answered, by what wrk has printed.

    Raises ``LeftOutError`` where not all of them were, or were errors.
    """
    found = re.search(r"^ *(\d+) requests in ", output, re.MULTILINE)
    if found is None or found[1] == "0":
        raise LeftOutError("no request was answered")
    # It counts timeouts too, which belong to a machine that is busy; the rest is the server's.
    errors = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+)", output)
    if "Non-2xx" in output or (errors and errors.groups() != ("0", "0", "0")):
        raise LeftOutError(f"not all requests were answered: {' '.join(output.split())}")
    return int(found[1])
