import os
import time
from pathlib import Path

import pytest

from trio_https.trust.programs import find_program, run_program, succeeds
from trio_https.trust.store import StoreError

from .conftest import MakeProgram

LONG = 30.0  # seconds; no program here takes as long


def test_a_program_gives_what_it_wrote(make_program: MakeProgram) -> None:
    make_program("speak", 'printf "%s|" "$@"; echo aside >&2')
    assert run_program(("speak", "a b", "", "$HOME", "'"), LONG) == b"a b||$HOME|'|"


def test_a_program_speaks_english_and_has_nothing_to_read(make_program: MakeProgram) -> None:
    make_program("speak", 'echo "$LC_ALL"; cat')
    assert run_program(("speak",), LONG) == b"C\n"


def test_the_folders_of_root_are_searched_by_everybody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    programs = [path for path in Path("/usr/sbin").iterdir() if os.access(path, os.X_OK)]
    assert find_program(programs[0].name) is not None
    assert find_program("no-such-program") is None


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo first >&2; echo last >&2; echo; exit 3", "speak failed: last"),
        ("echo 'only here'; exit 3", "speak failed: only here"),
        ("exit 3", "speak failed: exit code 3"),
        ("kill -9 $$", "speak failed: exit code -9"),
        (r"printf 'a\033[31mb\a \n' >&2; exit 3", "speak failed: a[31mb"),
        (r"printf 'a\377b' >&2; exit 3", "speak failed: a\ufffdb"),
        ("head -c 9999 /dev/zero | tr '\\0' x; exit 3", f"speak failed: {'x' * 200}"),
    ],
)
def test_a_failure_is_told_in_the_last_words_of_the_program(
    script: str, words: str, make_program: MakeProgram
) -> None:
    make_program("speak", script)
    with pytest.raises(StoreError) as caught:
        run_program(("speak",), LONG)
    assert caught.value.reason == words


def test_a_missing_program_and_one_that_is_none_are_told(
    make_program: MakeProgram, tmp_path: Path
) -> None:
    make_program("speak", "exit")
    (tmp_path / "programs" / "speak").write_bytes(b"\0\1\2\3")
    with pytest.raises(StoreError, match="speak can't be run: Exec format error"):
        run_program(("speak",), LONG)
    with pytest.raises(StoreError, match="no-such-program is not installed"):
        run_program(("no-such-program",), LONG)


def test_at_its_deadline_a_program_ends_with_all_that_it_started(
    make_program: MakeProgram, tmp_path: Path
) -> None:
    # The child keeps the pipes open, and outlives its parent unless it is ended too.
    make_program("speak", f"sleep 1000 & echo $! > '{tmp_path}/child'; wait")
    with pytest.raises(StoreError, match="speak did not end within 1 s"):
        run_program(("speak",), 1.0)
    child = int((tmp_path / "child").read_text())
    while is_running(child):  # the test's own deadline ends a wait that is in vain
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


@pytest.mark.parametrize(("script", "answer"), [("exit 0", True), ("exit 1", False)])
def test_an_exit_code_is_an_answer(script: str, answer: bool, make_program: MakeProgram) -> None:
    make_program("ask", script)
    assert succeeds(("ask",), LONG) is answer
