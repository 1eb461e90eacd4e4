"""The Autobahn WebSocket test suite, asked over wss of ``examples/echo_websocket.py``.

    python -m tests.conformance.autobahn [--python FILE] [--compress] [CASE ...]

prints how many cases passed, and each that is not plainly OK; it exits with 1 if one failed. Cases
are named as the suite does: 6.4.1, or "7.*". Without any, it runs all but those on compression;
with --compress those on compression, which the example then agrees on.

The suite (https://github.com/crossbario/autobahn-testsuite) is a program for Python 2.7. FILE, or
the environment variable AUTOBAHN_PYTHON, is an interpreter that has it::

    pip install autobahntestsuite autobahn==0.10.9 Twisted==19.10.0 pyOpenSSL==19.1.0 \
        cryptography==3.3.2 wsaccel==0.6.3

wsaccel may be left out; the client then takes some times as long.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import trustme

__all__ = ["FAILURES", "Result", "fault_of", "run_cases"]

_ECHO = Path(__file__).parents[2] / "examples" / "echo_websocket.py"
_COMPRESSION = ("12.*", "13.*")

# Of what happened, and of how the connection then was closed. The worse of the two counts.
_FAILED_CLOSINGS = ("FAILED BY CLIENT", "WRONG CODE", "UNCLEAN", "FAILED")
FAILURES = frozenset(_FAILED_CLOSINGS)
_FROM_BEST_TO_WORST = ("OK", "INFORMATIONAL", "NON-STRICT", "UNIMPLEMENTED", *_FAILED_CLOSINGS)


class Result(NamedTuple):
    """What the suite says of a case."""

    behavior: str
    closing: str

    @property
    def verdict(self) -> str:
        """The worse of the two."""
        return max(self, key=_FROM_BEST_TO_WORST.index)


def fault_of(python: str) -> str:
    """Return why ``python`` can't run the suite, "" if it can."""
    if not python:
        return "AUTOBAHN_PYTHON names no Python 2.7 with autobahntestsuite"
    command = [python, "-c", "import autobahntestsuite.fuzzing"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except OSError as exc:
        return f"{python}: {exc.strerror}"
    return f"{python}: {found.stderr.splitlines()[-1]}" if found.returncode else ""


def run_cases(
    python: str,
    cases: Sequence[str],
    *,
    exclude: Sequence[str] = (),
    compress: bool = False,
    folder: Path,
    timeout: float,
) -> dict[str, Result]:
    """Return the result of each case; the suite's own report is left in ``folder``.

    Raises ``subprocess.TimeoutExpired`` after ``timeout`` seconds, and ``CalledProcessError``.
    """
    with _echo_server(folder, compress=compress) as url:
        specification = {
            "outdir": str(folder / "report"),
            "servers": [{"url": url, "agent": "trio_https"}],
            "cases": list(cases),
            "exclude-cases": list(exclude),
            "exclude-agent-cases": {},
        }
        (folder / "cases.json").write_text(json.dumps(specification))
        command = [python, "-m", "autobahntestsuite.wstest", "-m", "fuzzingclient"]
        with (folder / "client.log").open("w") as log:
            subprocess.run(
                [*command, "-s", str(folder / "cases.json")],
                stdout=log,
                stderr=subprocess.STDOUT,
                timeout=timeout,
                check=True,
            )
    return _read_report(folder / "report" / "index.json")


@contextmanager
def _echo_server(folder: Path, *, compress: bool) -> Iterator[str]:
    """Run the example, with a certificate of its own, and yield its URL."""
    certificate = folder / "server.pem"
    issued = trustme.CA().issue_cert("localhost")
    issued.private_key_and_cert_chain_pem.write_to_path(certificate)
    options = ["--port", "0", "--cert", str(certificate), *(["--compress"] if compress else [])]
    with (
        (folder / "server.log").open("w") as log,
        subprocess.Popen(
            [sys.executable, str(_ECHO), *options], stdout=subprocess.PIPE, stderr=log, text=True
        ) as process,
    ):
        try:
            assert process.stdout is not None
            yield process.stdout.readline().strip().replace("https:", "wss:")
        finally:
            process.kill()


def _read_report(path: Path) -> dict[str, Result]:
    report = json.loads(path.read_text())["trio_https"]
    found = {case: Result(told["behavior"], told["behaviorClose"]) for case, told in report.items()}
    return dict(sorted(found.items(), key=lambda item: [int(part) for part in item[0].split(".")]))


def _summary(results: Mapping[str, Result]) -> Iterator[str]:
    for case, result in results.items():
        if set(result) != {"OK"}:
            yield f"{case:<8}{result.behavior}, closing {result.closing}"
    counts = Counter(result.verdict for result in results.values())
    yield from (f"{counts[name]:>4} {name}" for name in _FROM_BEST_TO_WORST if counts[name])
    yield f"{len(results):>4} cases"


def main() -> int:
    """Run cases, and return the exit status."""
    parser = argparse.ArgumentParser(description="Ask the Autobahn test suite.")
    parser.add_argument("--python", default=os.environ.get("AUTOBAHN_PYTHON", ""))
    parser.add_argument("--compress", action="store_true", help="agree on permessage-deflate")
    parser.add_argument("--timeout", type=float, default=7200.0, help="seconds for all cases")
    parser.add_argument("--report", type=Path, help="folder for the suite's own report")
    parser.add_argument("cases", nargs="*", metavar="CASE")
    options = parser.parse_args()
    if fault := fault_of(options.python):
        parser.error(fault)
    cases: Sequence[str] = options.cases
    exclude: Sequence[str] = ()
    if not cases:
        cases, exclude = (_COMPRESSION, ()) if options.compress else (["*"], _COMPRESSION)
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.report or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        results = run_cases(
            options.python,
            cases,
            exclude=exclude,
            compress=options.compress,
            folder=folder,
            timeout=options.timeout,
        )
    sys.stdout.writelines(f"{line}\n" for line in _summary(results))
    failed = any(result.verdict in FAILURES for result in results.values())
    return int(failed or not results)


if __name__ == "__main__":
    sys.exit(main())
