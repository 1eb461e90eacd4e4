"""What type checkers say of programs that use the library: nothing, unless there is a mistake.

mypy and pyright, both strict, see the same: the examples, the tutorial's program and its tests, a
program that uses each public name, and one with mistakes, which keeps this from passing when
nothing is checked at all. pyright comes as basedpyright, a build of it that pip installs whole.
"""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import trio_https
import trio_https.testing
import trio_https.testing.httpx

from .command import UNMEASURED
from .programs import require_program
from .tutorial import read_sections, write_files

# Both read much before they say anything, and on a busy machine that takes long.
pytestmark = pytest.mark.timeout(180)

ROOT = Path(__file__).parent.parent
USES = ROOT / "tests" / "typed" / "uses.py"
MISTAKES = ROOT / "tests" / "typed" / "mistakes.py"
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
PROGRAMS = [USES, MISTAKES, *EXAMPLES]

PUBLIC = (
    *(f"trio_https.{name}" for name in trio_https.__all__),
    *(f"trio_https.testing.{name}" for name in trio_https.testing.__all__),
    *(f"trio_https.testing.httpx.{name}" for name in trio_https.testing.httpx.__all__),
)


class Finding(NamedTuple):
    file: Path
    line: int


MISTAKES_THERE = {
    Finding(MISTAKES, number)
    for number, line in enumerate(MISTAKES.read_text("utf-8").splitlines(), 1)
    if line.endswith("# mistake")
}


def run_pyright(*arguments: str) -> Any:
    """Return what pyright has to say, about the library here and with the packages of these tests.

    Where it is to verify types it finds them by the ``python`` of the path, and by nothing else.
    """
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    finished = subprocess.run(
        [require_program("basedpyright"), "--outputjson", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | UNMEASURED | {"PATH": path, "PYTHONPATH": str(ROOT)},
    )
    assert finished.stdout, finished.stderr
    return json.loads(finished.stdout)


def pyright_findings(programs: Iterable[Path], folder: Path) -> set[Finding]:
    settings = {
        "include": [str(program) for program in programs],
        "extraPaths": [str(ROOT)],
        "typeCheckingMode": "strict",
        "pythonVersion": "3.11",
        "pythonPlatform": "Linux",
    }
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    said = run_pyright("--project", str(folder), "--pythonpath", sys.executable)
    assert said["summary"]["filesAnalyzed"] == len(settings["include"])
    return {
        Finding(Path(one["file"]), one["range"]["start"]["line"] + 1)
        for one in said["generalDiagnostics"]
    }


def mypy_findings(programs: Iterable[Path]) -> set[Finding]:
    finished = subprocess.run(
        [sys.executable, "-m", "mypy", *map(str, programs)],  # with the settings of this project
        capture_output=True,
        text=True,
        cwd=ROOT,
        env=os.environ | UNMEASURED,
    )
    assert finished.returncode < 2, finished.stderr
    found = re.findall(r"^(\S+):(\d+): error: ", finished.stdout, re.MULTILINE)
    return {Finding(ROOT / file, int(line)) for file, line in found}


@pytest.fixture
def tutorial(tmp_path: Path) -> list[Path]:
    write_files(read_sections()[-1], tmp_path)
    return [tmp_path / "chat.py", tmp_path / "test_chat.py"]


def test_pyright_finds_the_mistakes_and_nothing_else(tutorial: list[Path], tmp_path: Path) -> None:
    assert pyright_findings([*PROGRAMS, *tutorial], tmp_path) == MISTAKES_THERE


def test_mypy_finds_the_mistakes_and_nothing_else(tutorial: list[Path]) -> None:
    assert mypy_findings([*PROGRAMS, *tutorial]) == MISTAKES_THERE


def test_the_types_of_all_public_names_are_complete() -> None:
    """For users' checkers infer none of what is installed, or each its own."""
    said = run_pyright("--verifytypes", "trio_https", "--ignoreexternal")["typeCompleteness"]
    assert Path(said["packageRootDirectory"]) == ROOT / "trio_https"
    symbols = {symbol["name"]: symbol for symbol in said["symbols"]}
    incomplete = [
        name
        for name in PUBLIC
        if not symbols[name]["isTypeKnown"] or symbols[name]["isTypeAmbiguous"]
    ]
    assert incomplete == []


def test_every_public_name_is_used_in_what_is_checked() -> None:
    program = USES.read_text("utf-8").partition("\n# What a request tells.")[2]
    assert program
    unused = [name for name in PUBLIC if not re.search(rf"\b{name.rpartition('.')[2]}\b", program)]
    assert unused == []
