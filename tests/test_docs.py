"""README and docs are true: their programs and commands run, their tables match, links lead on."""

import dataclasses
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import NamedTuple

import click
import pytest
import trio
import trustme

from trio_https import Limits
from trio_https.cli.compress import compress as compress_command
from trio_https.cli.serve import serve as serve_command
from trio_https.cli.trust import trust as trust_command
from trio_https.cli.trust import untrust as untrust_command

from .command import UNMEASURED
from .programs import require_program

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]


TUTORIAL = ROOT / "docs" / "tutorial.md"  # its blocks build on each other: see test_tutorial.py
COMMANDS = [serve_command, compress_command, trust_command, untrust_command]


class Block(NamedTuple):
    document: Path
    line: int
    language: str
    text: str

    def __str__(self) -> str:
        return f"{self.document.name}:{self.line}"


def blocks(*languages: str) -> list[Block]:
    found = []
    for document in DOCUMENTS:
        if document == TUTORIAL:
            continue
        text = document.read_text("utf-8")
        for match in re.finditer(r"^( *)```(\w+)\n(.*?)^\1```$", text, re.MULTILINE | re.DOTALL):
            if match[2] in languages:
                line = text.count("\n", 0, match.start()) + 1
                content = re.sub(f"^{match[1]}", "", match[3], flags=re.MULTILINE)
                found.append(Block(document, line, match[2], content))
    return found


def name_of(program: Block | Path) -> str:
    return program.name if isinstance(program, Path) else str(program)


def commands(block: Block) -> list[str]:
    return [line[2:] for line in block.text.splitlines() if line.startswith("$ ")]


PYTHON = blocks("python")
EXAMPLES = sorted(path for path in (ROOT / "examples").glob("*.py") if path.stem != "__init__")
PROGRAMS = [block for block in PYTHON if "trio.run(main)" in block.text]
TESTS = [block for block in PYTHON if "async def test_" in block.text]
WITH_FIXTURES = [block for block in TESTS if re.search(r"async def test_\w+\(\w", block.text)]
FRAGMENTS = [block for block in PYTHON if block not in PROGRAMS + TESTS]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with pages in ``site`` and a certificate in ``certs``, as the documents assume.

    The processes are not measured: most are killed at their end, which leaves no figures.
    """
    for name, value in UNMEASURED.items():
        monkeypatch.setenv(name, value)
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("Hello")
    monkeypatch.setenv("TRIO_HTTPS_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def fetch_from(process: subprocess.Popen[str], output: object, folder: Path) -> bytes:
    """Read the URL that a program prints, and what is there."""
    for line in output:  # type: ignore[attr-defined]
        if found := re.search(r"https://\S+", line):
            context = ssl.create_default_context(cafile=folder / "home" / "ca" / "ca.crt")
            with urllib.request.urlopen(found[0], context=context, timeout=20) as response:
                return bytes(response.read())
    raise AssertionError(f"no URL was printed; exit code {process.wait()}")


@pytest.mark.usefixtures("default_port")
@pytest.mark.parametrize("program", [*PROGRAMS, *EXAMPLES], ids=name_of)
def test_the_programs_serve_what_they_promise(program: Block | Path, folder: Path) -> None:
    source = [str(program)] if isinstance(program, Path) else ["-c", program.text]
    with subprocess.Popen(
        [sys.executable, *source], stdout=subprocess.PIPE, text=True, cwd=folder
    ) as process:
        try:
            assert b"Hello" in fetch_from(process, process.stdout, folder)
        finally:
            process.kill()


@pytest.mark.parametrize("block", WITH_FIXTURES, ids=str)
def test_the_tests_with_fixtures_pass(block: Block, folder: Path) -> None:
    (folder / "test_it.py").write_text(block.text)
    (folder / "pytest.ini").write_text("[pytest]\ntrio_mode = true\n")
    environment = {
        **os.environ,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTEST_ADDOPTS": "-p pytest_trio.plugin -p trio_https_pytest",
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "pytest", "-q"]
    finished = subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment)
    assert finished.returncode == 0, finished.stdout


@pytest.mark.parametrize("block", [block for block in TESTS if block not in WITH_FIXTURES], ids=str)
def test_the_tests_pass(block: Block, folder: Path) -> None:
    namespace: dict[str, object] = {}
    exec(block.text, namespace)
    for name, function in namespace.items():
        if name.startswith("test_"):
            trio.run(function)  # type: ignore[arg-type]


@pytest.mark.parametrize("block", FRAGMENTS, ids=str)
def test_the_fragments_run(block: Block, folder: Path, authority: trustme.CA) -> None:
    certificate = authority.issue_cert("localhost")
    (folder / "certs").mkdir()
    certificate.private_key_pem.write_to_path(folder / "certs" / "server.key")
    certificate.cert_chain_pems[0].write_to_path(folder / "certs" / "server.crt")
    exec(block.text, {})


@pytest.mark.usefixtures("default_port")
def test_the_commands_for_pages_of_ones_own_serve_them(folder: Path) -> None:
    [block] = [block for block in blocks("console") if "mkdir site" in block.text]
    *preparation, last = commands(block)
    shutil.rmtree(folder / "site")
    for command in preparation:
        subprocess.run(command, shell=True, check=True, cwd=folder)
    assert last == ".venv/bin/trio-https site"
    arguments = [sys.executable, "-m", "trio_https", "site"]
    with subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True, cwd=folder) as process:
        try:
            assert b"<h1>Hello</h1>" in fetch_from(process, process.stderr, folder)
        finally:
            process.terminate()


def test_the_checks_call_the_readmes_test_command() -> None:
    """By this command, .ci/run runs all tests; so it is run, and not here again."""
    extraction = "sed -n '/^## Run the tests/,/^## /s/^\\$ //p' README.md"
    assert extraction in (ROOT / ".ci" / "run").read_text("utf-8")
    found = subprocess.run(extraction, shell=True, capture_output=True, text=True, cwd=ROOT)
    [command] = found.stdout.splitlines()
    assert command.endswith("&& .venv/bin/pytest")


@pytest.mark.timeout(300)
def test_the_first_command_serves_the_pages_on_a_fresh_machine(tmp_path: Path) -> None:
    if not os.environ.get("CI"):
        pytest.skip("installs from the package index; done in CI")
    clone = tmp_path / "clone"
    tracked = subprocess.run(
        ["git", "ls-files", "-z"], capture_output=True, text=True, check=True, cwd=ROOT
    )
    for name in filter(None, tracked.stdout.split("\0")):
        (clone / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, clone / name)
    command = next(commands(block)[0] for block in blocks("console"))
    environment = {
        **os.environ,
        "HOME": str(tmp_path),
        "TRIO_HTTPS_HOME": str(clone / "home"),
        "TRIO_HTTPS_PORT": "0",
    }
    with subprocess.Popen(
        command,
        shell=True,
        start_new_session=True,  # so that the shell and the server end together
        stderr=subprocess.PIPE,
        text=True,
        cwd=clone,
        env=environment,
    ) as process:
        try:
            assert b"<!doctype html>" in fetch_from(process, process.stderr, clone).lower()
            [installed] = (clone / ".venv" / "lib").glob("python*/site-packages/trio_https")
            shipped = installed / "welcome_pages"  # served where there is no folder "pages"
            assert {page.name for page in shipped.iterdir()} == {
                page.name for page in (clone / "pages").iterdir()
            }
        finally:
            os.killpg(process.pid, signal.SIGTERM)


def test_every_block_of_commands_is_run_by_a_test() -> None:
    """By those above, by .ci/run, or as the subject of a file of tests of its own."""
    known = (
        *("pip install .", "mkdir site", "pip install -e", "ruff format"),
        *("trio-https [PAGES]", "trio-https compress PAGES"),
        *("trio-https trust", "trio-https untrust", "trio-https site --cert"),
        *("trio-https --lan site", "trio-https site --redirect-http"),
        *("trio-https explain", "trio-https doctor", "trio-https site --workers"),
    )
    for block in blocks("console"):
        assert any(part in block.text for part in known), block


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_the_tables_of_options_are_complete(command: click.Command) -> None:
    text = (ROOT / "docs" / "command-line.md").read_text("utf-8")
    for parameter in command.params:
        names = (
            parameter.opts if parameter.opts[0].startswith("-") else [parameter.human_readable_name]
        )
        for name in filter(None, [*names, *parameter.secondary_opts, parameter.envvar]):
            assert f"`{name}" in text, name


def test_the_table_of_limits_is_complete_and_has_the_defaults() -> None:
    text = (ROOT / "docs" / "limits.md").read_text("utf-8")
    rows = re.findall(r"^\| `(\w+)` \| ([\w.]+) \|", text, re.MULTILINE)
    documented = {name: 0.0 if value == "no" else float(value) for name, value in rows}
    assert documented == {field.name: field.default for field in dataclasses.fields(Limits)}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_the_links_lead_to_files_that_are_there(document: Path) -> None:
    prose = re.sub(r"^```.*?^```$", "", document.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", prose):
        assert (document.parent / target).exists(), target


def test_the_authority_is_imported_as_the_docs_say(tmp_path: Path, authority: trustme.CA) -> None:
    require_program("certutil")
    [command] = [block.text for block in blocks("sh") if "certutil" in block.text]
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    (tmp_path / ".pki" / "nssdb").mkdir(parents=True)
    environment = {**os.environ, "HOME": str(tmp_path)}
    subprocess.run(command, shell=True, check=True, cwd=tmp_path, env=environment)
    listing = subprocess.run(
        ["certutil", "-d", f"sql:{tmp_path}/.pki/nssdb", "-L"], capture_output=True, text=True
    )
    assert re.search(r"trio_https local CA +C,,", listing.stdout)
