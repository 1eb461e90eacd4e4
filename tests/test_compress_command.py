"""``trio-https compress`` as a user meets it: what it makes, what it says, how it ends."""

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from trio_https.files.codecs import CODING_SUFFIXES

from .codings import decode
from .command import (
    MODULE,
    Ended,
    run_command,
    start_command,
    start_command_in_terminal,
    without_rights,
)
from .programs import require_program

TEXT = "<p>Small is beautiful.</p>\n" * 200
CODINGS = {suffix: coding for coding, suffix in CODING_SUFFIXES.items()}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder in which the user starts the command."""
    return tmp_path


@pytest.fixture
def site(folder: Path) -> Path:
    """A folder with two pages that gain, and what does not."""
    site = folder / "site"
    (site / "inner").mkdir(parents=True)
    (site / "index.html").write_text(TEXT)
    (site / "inner" / "style.css").write_text("p { margin: 0 }\n" * 300)
    (site / "short.txt").write_text("short")
    (site / "photo.jpg").write_text(TEXT)
    (site / "_headers").write_text("# " + TEXT)
    return site


@pytest.fixture
def long_site(folder: Path) -> Path:
    """A folder with a page that takes Brotli seconds."""
    site = folder / "long"
    site.mkdir()
    lines = (f"<p>Line {number * number} of {number}</p>\n" for number in range(150_000))
    (site / "index.html").write_text("".join(lines))
    return site


def contents(site: Path) -> dict[str, bytes]:
    """Return the content of each file in a folder and below it, by its path."""
    paths = (path for path in site.rglob("*") if path.is_file())
    return {path.relative_to(site).as_posix(): path.read_bytes() for path in paths}


def compress(folder: Path, *arguments: str) -> Ended:
    ended = run_command("compress", *arguments, "site", folder=folder)
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr
    return ended


# What is made


def test_the_neighbours_decode_to_their_files(folder: Path, site: Path) -> None:
    before = contents(site)
    assert compress(folder).code == 0
    after = contents(site)
    assert {name: after[name] for name in before} == before
    made = {name: content for name, content in after.items() if name not in before}
    pages = ("index.html", "inner/style.css")
    assert made.keys() == {page + suffix for page in pages for suffix in CODINGS}
    for name, content in made.items():
        page, dot, suffix = name.rpartition(".")
        assert decode(content, CODINGS[dot + suffix]) == before[page]


def test_the_gzip_program_tests_them(folder: Path, site: Path) -> None:
    compress(folder)
    command = [require_program("gzip"), "--test", str(site / "index.html.gz")]
    assert subprocess.run(command, capture_output=True).returncode == 0


def test_only_the_codings_that_are_wanted_are_made(folder: Path, site: Path) -> None:
    compress(folder, "--coding", "gzip, br")
    assert sorted(path.name for path in site.glob("index.html*")) == [
        "index.html",
        "index.html.br",
        "index.html.gz",
    ]


def status_of_all(site: Path) -> dict[Path, tuple[int, ...]]:
    """Return the status of each file and folder, but when it was read: looking is allowed."""
    found = {path: path.stat() for path in site.rglob("*")}
    return {
        path: (*status[: stat.ST_ATIME], status.st_mtime_ns, status.st_ctime_ns)
        for path, status in found.items()
    }


def test_a_second_run_does_nothing(folder: Path, site: Path) -> None:
    assert "\n6 made, 0 current, 3 left out" in compress(folder).stderr
    before = status_of_all(site)
    assert "\n0 made, 6 current, 3 left out" in compress(folder).stderr
    assert status_of_all(site) == before


def test_a_file_that_has_changed_is_compressed_anew(folder: Path, site: Path) -> None:
    compress(folder)
    (site / "index.html").write_text(TEXT.upper())
    assert "\n3 made, 3 current, 3 left out" in compress(folder).stderr
    assert decode((site / "index.html.br").read_bytes(), "br").decode() == TEXT.upper()


def test_what_was_made_can_be_removed_again(folder: Path, site: Path) -> None:
    (site / "photo.jpg.gz").write_text("not ours")
    before = contents(site)
    compress(folder)
    (site / "index.html").touch()
    ended = compress(folder, "--remove")
    assert ended.code == 0
    assert ended.stderr.startswith("6 compressed files removed, ")
    assert contents(site) == before
    assert compress(folder, "--remove").stderr.startswith("0 compressed files removed, ")


def test_one_coding_can_be_removed(folder: Path, site: Path) -> None:
    compress(folder)
    assert compress(folder, "--remove", "--coding", "br").stderr.startswith("2 compressed files")
    assert {path.suffix for path in site.glob("index.html.*")} == {".zst", ".gz"}


def test_the_folder_can_come_from_the_environment(folder: Path, site: Path) -> None:
    ended = run_command("compress", folder=folder, environment={"TRIO_HTTPS_PAGES": "site"})
    assert ended.code == 0
    assert (site / "index.html.gz").exists()


# What is said


def test_the_sums_are_told(folder: Path, site: Path) -> None:
    said = compress(folder).stderr.splitlines()
    size = sum((site / name).stat().st_size for name in ("index.html", "inner/style.css"))
    coded = sum(path.stat().st_size for path in site.rglob("*.gz"))
    assert said[0].split() == ["coding", "files", "before", "after"]
    [line] = [line.split() for line in said if line.startswith("gzip")]
    assert line[1:6] == ["2", f"{size / 1024:.1f}", "KiB", f"{coded / 1024:.1f}", "KiB"]


def test_an_orphan_is_told_and_stays(folder: Path, site: Path) -> None:
    (site / "old.js.gz").write_text("an orphan")
    for arguments in ((), ("--remove",)):
        ended = compress(folder, *arguments)
        assert ended.code == 0
        assert f"\n{Path('site', 'old.js.gz')}: there is no old.js " in ended.stderr
    assert (site / "old.js.gz").exists()


def test_many_orphans_are_counted(folder: Path, site: Path) -> None:
    for number in range(13):
        (site / f"{number}.js.gz").touch()
    said = compress(folder).stderr
    assert said.count(": there is no ") == 10
    assert said.endswith("\nAnd 3 more like it.\n")


def test_there_is_no_bar_where_there_is_no_terminal(folder: Path, site: Path) -> None:
    assert "Compressing" not in compress(folder).stderr


def test_there_is_a_bar_in_a_terminal_that_goes_to_the_end(folder: Path, site: Path) -> None:
    with start_command_in_terminal("compress", "site", folder=folder) as (command, _):
        assert command.wait() == 0
        assert "Compressing" in command.stderr
        assert "100%" in command.stderr


def test_there_is_no_bar_where_there_is_nothing_to_do(folder: Path, site: Path) -> None:
    compress(folder)
    with start_command_in_terminal("compress", "site", folder=folder) as (command, _):
        assert command.wait() == 0
        assert "Compressing" not in command.stderr


# Mistakes and faults


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("nowhere", ["nowhere: No such file or directory. Name a folder"]),
        ("site/index.html", ["index.html: Not a directory. Name a folder"]),
        ("--coding br,lzma site", ["--coding", "'lzma' is none of br, zstd, gzip"]),
        ("--jobs 0 site", ["--jobs", "0"]),
        ("", ["PAGES"]),
    ],
)
def test_a_mistake_is_told(arguments: str, words: list[str], folder: Path, site: Path) -> None:
    ended = run_command("compress", *arguments.split(), folder=folder)
    assert ended.code == 2
    for word in words:
        assert word in ended.stderr.splitlines()[-1]
    assert list(site.rglob("*.gz")) == []


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of Unix")
@pytest.mark.parametrize("mode", [0o000, 0o400])
def test_what_can_not_be_read_is_told_and_the_rest_is_made(
    folder: Path, site: Path, mode: int
) -> None:
    (site / "secret.html").write_text(TEXT)
    (site / "secret.html").chmod(0)
    (site / "inner").chmod(mode)
    ended = run_command("compress", "site", folder=folder, program=(*without_rights(), *MODULE))
    (site / "inner").chmod(0o700)
    assert ended.code == 1
    faults = [line for line in ended.stderr.splitlines() if line.startswith("trio-https: ")]
    unreadable = "inner" if mode == 0 else "inner/style.css"
    assert faults == [
        f"trio-https: site/{unreadable}: Permission denied",
        "trio-https: site/secret.html: Permission denied",
    ]
    assert {path.name for path in site.glob("*.gz")} == {"index.html.gz"}


@pytest.mark.skipif(sys.platform == "win32", reason="modes are those of Unix")
@pytest.mark.parametrize("remove", [False, True])
def test_what_can_not_be_written_is_told(folder: Path, site: Path, remove: bool) -> None:
    if remove:
        compress(folder)
    (site / "inner").chmod(0o500)
    arguments = ("--remove", "site") if remove else ("site",)
    program = (*without_rights(), *MODULE)
    ended = run_command("compress", *arguments, folder=folder, program=program)
    (site / "inner").chmod(0o700)
    assert ended.code == 1
    for suffix in CODINGS:
        fault = f"trio-https: site/inner/style.css{suffix}: Permission denied\n"
        assert fault in ended.stderr
    assert len(list(site.glob("*.gz"))) == (0 if remove else 1)


# A library that is not installed


@pytest.fixture
def without_libraries(folder: Path) -> dict[str, str]:
    """An environment in which Brotli and Zstandard can't be imported."""
    modules = folder / "modules"
    for name in ("brotli", "backports", "compression"):
        (modules / name).mkdir(parents=True)
        (modules / name / "__init__.py").write_text("raise ImportError\n")
    # Before the standard library; what the tests import is found behind it.
    return {"PYTHONPATH": os.pathsep.join([str(modules), os.environ.get("PYTHONPATH", "")])}


def test_without_a_library_the_rest_is_made_and_the_remedy_told(
    folder: Path, site: Path, without_libraries: dict[str, str]
) -> None:
    ended = run_command("compress", "site", folder=folder, environment=without_libraries)
    assert ended.code == 0
    assert ended.stderr.startswith("Without br and zstd: pip install 'trio-https[compress]' ")
    assert {path.name for path in site.glob("index.html.*")} == {"index.html.gz"}


def test_to_want_a_coding_whose_library_is_missing_is_a_mistake(
    folder: Path, site: Path, without_libraries: dict[str, str]
) -> None:
    arguments = ("--coding", "br,gzip", "site")
    ended = run_command("compress", *arguments, folder=folder, environment=without_libraries)
    assert ended.code == 2
    assert "the library for br is not installed. Install it: pip install" in ended.stderr
    assert list(site.rglob("*.gz")) == []


def test_what_is_made_can_be_removed_without_the_libraries(
    folder: Path, site: Path, without_libraries: dict[str, str]
) -> None:
    compress(folder)
    arguments = ("--remove", "site")
    ended = run_command("compress", *arguments, folder=folder, environment=without_libraries)
    assert ended.stderr.startswith("6 compressed files removed, ")


# Interrupts


def wait_for_work(site: Path) -> None:
    """Wait until a neighbour is being written."""
    for _ in range(4000):
        if any(path.name.startswith(".") for path in site.iterdir()):
            return
        time.sleep(0.01)
    raise AssertionError("nothing was written")


def assert_nothing_is_half_written(site: Path) -> None:
    made = contents(site)
    page = made.pop("index.html")
    for name, content in made.items():
        assert decode(content, CODINGS[Path(name).suffix]) == page
    assert "index.html.br" not in made, "it was not interrupted"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_leaves_nothing_half_written(
    number: signal.Signals, folder: Path, long_site: Path
) -> None:
    with start_command("compress", "long", folder=folder) as command:
        wait_for_work(long_site)
        command.send_signal(number)
        assert command.wait() == 130
    assert_nothing_is_half_written(long_site)


def test_ctrl_c_in_the_terminal_ends_it(folder: Path, long_site: Path) -> None:
    with start_command_in_terminal("compress", "long", folder=folder) as (command, terminal):
        command.wait_for_stderr("Compressing")
        wait_for_work(long_site)
        os.write(terminal, b"\x03")
        assert command.wait() == 130
        assert "Traceback" not in command.stderr
    assert_nothing_is_half_written(long_site)


# Help


def test_the_help_mentions_every_option(folder: Path) -> None:
    ended = run_command("compress", "--help", folder=folder)
    assert (ended.code, ended.stderr) == (0, "")
    for word in ("PAGES", "--coding", "--jobs", "--remove", "--help"):
        assert word in ended.stdout


def test_the_help_of_all_commands_names_it(folder: Path) -> None:
    assert "\n  compress " in run_command("--help", folder=folder).stdout
