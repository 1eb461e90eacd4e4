"""WebSockets by the judgement of the Autobahn test suite, over wss: a case of each kind.

``python -m tests.conformance.autobahn`` runs all: minutes, and an hour for those on compression.
"""

import os
from pathlib import Path

import pytest

from .autobahn import fault_of, run_cases

# Framing, pings, reserved bits, opcodes, fragments, UTF-8, closing, sizes.
CASES = ("1.*", "2.*", "3.*", "4.*", "5.*", "6.1.*", "6.2.*", "6.6.*", "7.*", "9.1.6", "10.*")

# One of each content, and one of each set of parameters.
COMPRESSED = [f"12.{content}.1" for content in range(1, 6)]
AGREED = [f"13.{parameters}.1" for parameters in range(1, 8)]

# Told by the suite, not judged: what comes after a close frame, and codes that nobody has defined.
INFORMATIONAL = {"7.1.6", "7.13.1", "7.13.2"}


@pytest.fixture(scope="module")
def python() -> str:
    """A Python 2.7 that has the suite; of no system that CI runs on, so missing there, too."""
    named = os.environ.get("AUTOBAHN_PYTHON", "")
    if fault := fault_of(named):
        pytest.skip(fault)
    return named


@pytest.mark.timeout(300)
def test_no_case_fails(python: str, tmp_path: Path) -> None:
    results = run_cases(python, CASES, folder=tmp_path, timeout=280)
    assert len(results) > 100
    verdicts = {case: result.verdict for case, result in results.items()}
    assert {case for case, verdict in verdicts.items() if verdict != "OK"} == INFORMATIONAL


@pytest.mark.timeout(300)
def test_no_case_on_compression_fails(python: str, tmp_path: Path) -> None:
    asked = [*COMPRESSED, *AGREED]
    results = run_cases(python, asked, compress=True, folder=tmp_path, timeout=280)
    assert {case: result.verdict for case, result in results.items()} == dict.fromkeys(asked, "OK")
