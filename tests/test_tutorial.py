"""The tutorial is true: at each step the program runs, and commands print what stands there."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .chromium import open_chromium
from .command import UNMEASURED
from .programs import require_program
from .tutorial import Section, read_sections, write_files

pytestmark = pytest.mark.usefixtures("default_port")

ROOT = Path(__file__).parent.parent
SECTIONS = read_sections()
COMPLETE = SECTIONS[-1]
WITH_CURL = [
    section
    for section in SECTIONS
    if any(command.startswith("curl ") for command, _ in section.commands)
]


def title_of(section: Section) -> str:
    return section.title


@contextmanager
def running(section: Section, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """Run the program, as the reader does; it has said where it serves."""
    write_files(section, folder)
    environment = os.environ | UNMEASURED | {"TRIO_HTTPS_HOME": str(folder / "home")}
    with subprocess.Popen(
        [sys.executable, "chat.py"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=folder,
        env=environment,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "https://localhost:8443/\n"
            yield process
        finally:
            process.kill()


def printed_by(command: str, lines: int, folder: Path) -> str:
    """Return the first lines of what a command prints, which may go on for ever."""
    trusting = os.environ | {"CURL_CA_BUNDLE": str(folder / "home" / "ca" / "ca.crt")}
    with subprocess.Popen(
        f"exec {command} --silent --show-error --noproxy '*'",
        shell=True,
        stdout=subprocess.PIPE,
        text=True,
        env=trusting,
    ) as process:
        try:
            assert process.stdout is not None
            return "".join(process.stdout.readline() for _ in range(lines))
        finally:
            process.kill()


def without_time(text: str) -> str:
    return re.sub(r"\d\d:\d\d:\d\d", "hh:mm:ss", text).rstrip("\n")


@pytest.mark.parametrize("section", WITH_CURL, ids=title_of)
def test_curl_prints_what_stands_there(section: Section, tmp_path: Path) -> None:
    require_program("curl")
    with running(section, tmp_path):
        for command, output in section.commands:
            if command.startswith("curl "):
                printed = printed_by(command, output.count("\n"), tmp_path)
                assert without_time(printed) == without_time(output), command


def test_all_other_commands_are_known() -> None:
    others = [
        command
        for section in SECTIONS
        for command, _ in section.commands
        if not command.startswith("curl ")
    ]
    assert others == ["python chat.py", "pip install pytest-trio", "pytest -o trio_mode=true"]


def test_the_tests_pass_as_many_as_stand_there(tmp_path: Path) -> None:
    [section] = [section for section in SECTIONS if section.title == "Tests"]
    write_files(section, tmp_path)
    command, output = section.commands[-1]
    finished = subprocess.run(
        [sys.executable, "-m", *command.split(), "-q", "-p", "no:cacheprovider"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env=os.environ | UNMEASURED | {"PYTHONPATH": str(ROOT), "PYTEST_ADDOPTS": ""},
    )
    passed, _, _ = output.partition(" in ")
    assert finished.stdout.splitlines()[-1].startswith(f"{passed} in "), finished.stdout


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
def test_the_program_ends_in_order_at_a_signal(signum: signal.Signals, tmp_path: Path) -> None:
    with running(COMPLETE, tmp_path) as process:
        process.send_signal(signum)
        assert process.wait(30) == 0


async def test_what_is_said_in_one_window_is_read_in_both(tmp_path: Path) -> None:
    with running(COMPLETE, tmp_path):
        ca_file = tmp_path / "home" / "ca" / "ca.crt"
        async with open_chromium(tmp_path / "browser", trust=ca_file) as browser:
            url = "https://localhost:8443/"
            ready = "/:/.test(byId('clock').textContent) && ws.readyState === 1"
            pages = [await browser.open_page(url, until=ready) for _ in range(2)]
            await pages[0].evaluate("byId('say').value = 'Hello'; byId('say').onchange()")
            said = "byId('said').textContent === 'Hello'"
            for page in pages:
                await page.evaluate(
                    f"new Promise(done => setInterval(() => ({said}) && done(), 10))"
                )
                assert page.security_state == "secure"
            later = await browser.open_page(url, until=said)
            assert later.failed_requests == []
