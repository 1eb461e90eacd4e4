import logging
import os
import re
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import chdir, contextmanager
from pathlib import Path
from urllib.parse import unquote

import pytest

from trio_https.errors import ConfigError
from trio_https.pages.author_files import AuthorFiles, _file_state
from trio_https.rules.path_pattern import parse_pattern, split_path
from trio_https.rules.redirect_rules import parse_redirects

from ..files.test_open_file import without_privileges

LATER = 1000.0
"""Seconds, from which on a file that was written now is not young any more."""


def headers_of(files: AuthorFiles, now: float) -> tuple[tuple[str, str], ...]:
    return files.rules(now).headers.apply((), path="/", authority="www.example.com")


def target_of(files: AuthorFiles, now: float) -> str | None:
    redirect = files.rules(now).redirects.find("/a", "", "localhost")
    return redirect.target if redirect else None


def write(path: Path, text: str, *, age: float = LATER) -> None:
    path.write_text(text)
    moment = time.time() - age
    os.utime(path, (moment, moment))


@pytest.fixture
def later() -> float:
    return time.time() + LATER


@contextmanager
def no_descriptor_left() -> Iterator[None]:
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


# Reading


def test_a_folder_without_the_files_has_no_rules(tmp_path: Path, later: float) -> None:
    files = AuthorFiles(tmp_path)
    assert headers_of(files, later) == ()
    assert target_of(files, later) is None
    assert not files.rules(later).redirects.has_forced


def test_both_files_are_read(tmp_path: Path, later: float) -> None:
    write(tmp_path / "_headers", "/*\n  X: 1\n")
    write(tmp_path / "_redirects", "/a /b\n")
    files = AuthorFiles(tmp_path)
    assert headers_of(files, later) == (("X", "1"),)
    assert target_of(files, later) == "/b"


def test_a_byte_order_mark_is_passed_over(tmp_path: Path, later: float) -> None:
    """Notepad writes one."""
    (tmp_path / "_redirects").write_bytes(b"\xef\xbb\xbf/a /b\r\n")
    assert target_of(AuthorFiles(tmp_path), later) == "/b"


def test_a_folder_may_have_pages_below_these_names(tmp_path: Path, later: float) -> None:
    (tmp_path / "_headers").mkdir()
    (tmp_path / "_redirects").mkdir()
    files = AuthorFiles(tmp_path)
    assert headers_of(files, later) == ()
    assert target_of(files, later) is None


def test_the_root_may_be_gone(tmp_path: Path, later: float) -> None:
    root = tmp_path / "site"
    root.mkdir()
    write(root / "_redirects", "/a /b\n")
    files = AuthorFiles(root)
    assert target_of(files, later) == "/b"
    root.rename(tmp_path / "old")
    assert target_of(files, later) is None
    root.write_text("a file")
    assert target_of(files, later) is None


# Reading again


def edit(path: Path) -> None:
    write(path, "/a /new-one\n", age=LATER - 1)


def replace(path: Path) -> None:
    write(path.with_name("new"), "/a /second\n")  # the same size and times
    path.with_name("new").replace(path)


def remove(path: Path) -> None:
    path.unlink()


def swap_within_a_tick(path: Path) -> None:
    """As many bytes, in the same file, at the same time, as far as a file system can tell."""
    status = path.stat()
    path.write_text("/a /second\n")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


@pytest.mark.parametrize(
    ("change", "target"), [(edit, "/new-one"), (replace, "/second"), (remove, None)]
)
def test_a_file_that_has_changed_is_read_again(
    tmp_path: Path, later: float, change: Callable[[Path], None], target: str | None
) -> None:
    path = tmp_path / "_redirects"
    write(path, "/a /first_\n")
    files = AuthorFiles(tmp_path)
    assert target_of(files, later) == "/first_"
    change(path)
    assert target_of(files, later) == target
    assert target_of(files, later) == target


def test_a_file_that_comes_later_is_read(tmp_path: Path, later: float) -> None:
    files = AuthorFiles(tmp_path)
    assert headers_of(files, later) == ()
    write(tmp_path / "_headers", "/*\n  X: 1\n")
    assert headers_of(files, later) == (("X", "1"),)


def test_a_young_file_is_not_judged_by_its_times(tmp_path: Path) -> None:
    path = tmp_path / "_redirects"
    write(path, "/a /first_\n", age=0)
    files = AuthorFiles(tmp_path)
    now = time.time()
    assert target_of(files, now) == "/first_"
    swap_within_a_tick(path)
    assert target_of(files, now) == "/second"


def test_a_file_that_has_not_changed_keeps_its_rules(tmp_path: Path, later: float) -> None:
    write(tmp_path / "_redirects", "/a /b\n", age=0)
    files = AuthorFiles(tmp_path)
    rules = files.rules(time.time()).redirects
    assert files.rules(time.time()).redirects is rules  # read, and not understood again
    assert files.rules(later).redirects is rules
    os.utime(tmp_path / "_redirects")
    assert files.rules(later).redirects is rules


@pytest.mark.parametrize(
    ("seconds_after_change", "age", "is_told"),
    [
        (0, LATER, False),  # its status was changed just now
        (1.9, LATER, False),
        (LATER, LATER, True),
        (LATER, -LATER + 1, False),  # written at that moment, by its time
        (LATER, -LATER, False),
        (LATER, -LATER - 1, False),
        (LATER, -10 * LATER, False),  # the clock of the disk may be ahead of ours
    ],
)
def test_what_was_changed_within_a_tick_is_read_again(
    tmp_path: Path, seconds_after_change: float, age: float, is_told: bool
) -> None:
    path = tmp_path / "_headers"
    write(path, "", age=age)
    now = time.time() + seconds_after_change
    assert bool(_file_state(str(path), now)) is is_told


# Mistakes


def make_fifo(path: Path) -> None:
    os.mkfifo(path)


def link_to_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


def make_socket(path: Path) -> None:
    with chdir(path.parent), socket.socket(socket.AF_UNIX) as listener:  # the name has to be short
        listener.bind(path.name)


def link_in_a_circle(path: Path) -> None:
    path.symlink_to(path.name)


def make_large(path: Path) -> None:
    path.write_bytes(b"#" * (256 * 1024 + 1))


def write_utf_16(path: Path) -> None:
    path.write_text("/a /b\n", encoding="utf-16")


def write_latin_1(path: Path) -> None:
    path.write_bytes(b"# one\n/a /caf\xe9\n")


def write_nonsense(path: Path) -> None:
    path.write_text("nonsense\n")


WRONG = [
    (make_fifo, "no regular file. Put one there, or none"),
    (link_to_device, "no regular file"),
    (make_socket, "can't be read .* Let this user"),
    (link_in_a_circle, "can't be read .* Let this user"),
    (make_large, "over 256 KiB. Have fewer rules"),
    (write_utf_16, "line 1 is no UTF-8 at its byte 1. Save the file in UTF-8"),
    (write_latin_1, "line 2 is no UTF-8 at its byte 8. Save the file in UTF-8"),
    (write_nonsense, "line 1: "),
]


@pytest.mark.skipif(sys.platform == "win32", reason="the traps are those of Unix")
@pytest.mark.timeout(5)
@pytest.mark.parametrize("name", ["_headers", "_redirects"])
@pytest.mark.parametrize(("make", "what"), WRONG)
def test_what_is_wrong_at_the_start_is_an_error_in_words(
    tmp_path: Path, name: str, make: Callable[[Path], None], what: str
) -> None:
    make(tmp_path / name)
    with pytest.raises(ConfigError, match=f"(?s){name}: .*{what}"):
        AuthorFiles(tmp_path)


def test_a_file_that_may_not_be_read_is_an_error_in_words() -> None:
    with tempfile.TemporaryDirectory() as name:  # not tmp_path, which no other user may enter
        Path(name).chmod(0o755)
        (Path(name) / "_headers").touch(mode=0o000)
        with without_privileges(), pytest.raises(ConfigError, match=r"\(Permission denied\)"):
            AuthorFiles(name)


@pytest.mark.skipif(sys.platform == "win32", reason="the traps are those of Unix")
@pytest.mark.timeout(5)
@pytest.mark.parametrize(("make", "what"), WRONG)
@pytest.mark.parametrize("age", [0.0, LATER], ids=["young", "settled"])
def test_what_becomes_wrong_later_is_told_once_and_what_was_right_stays(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    make: Callable[[Path], None],
    what: str,
    age: float,
) -> None:
    path = tmp_path / "_redirects"
    write(path, "/a /b\n")
    files = AuthorFiles(tmp_path)
    path.unlink()
    make(path)
    for _ in range(3):
        assert target_of(files, time.time() + age) == "/b"
    [record] = caplog.records
    assert (record.name, record.levelno) == ("trio_https.pages", logging.ERROR)
    assert str(path) in record.getMessage()
    assert "stays in force" in record.getMessage()

    path.unlink()
    write(path, "/a /better\n")
    assert target_of(files, time.time() + age) == "/better"
    path.unlink()
    make(path)
    assert target_of(files, time.time() + age) == "/better"
    assert len(caplog.records) == 2


def test_what_could_not_be_read_for_a_moment_is_read_the_next_time(
    tmp_path: Path, later: float, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "_redirects"
    write(path, "/a /b\n")
    files = AuthorFiles(tmp_path)
    write(path, "/a /better\n")
    with no_descriptor_left():
        assert target_of(files, later) == "/b"
    assert "Too many open files" in caplog.text
    assert target_of(files, later) == "/better"


def test_the_next_mistake_is_told_too(
    tmp_path: Path, later: float, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "_headers"
    files = AuthorFiles(tmp_path)
    for text in ("first\n", "/*\n  X: 1\n  Date: second\n"):
        write(path, text)
        assert headers_of(files, later) == ()
    first, second = [record.getMessage() for record in caplog.records]
    assert "line 1: 'first' is no path" in first
    assert "line 3: Date can't be set here" in second


def test_a_mistake_in_one_file_leaves_the_other_alone(
    tmp_path: Path, later: float, caplog: pytest.LogCaptureFixture
) -> None:
    files = AuthorFiles(tmp_path)
    write(tmp_path / "_headers", "nonsense\n")
    write(tmp_path / "_redirects", "/a /b\n")
    assert headers_of(files, later) == ()
    assert target_of(files, later) == "/b"
    assert len(caplog.records) == 1


# docs/headers-and-redirects.md is true

DOCUMENT = (Path(__file__).parents[2] / "docs" / "headers-and-redirects.md").read_text("utf-8")


def block_of(first_line: str) -> str:
    [block] = re.findall(rf"^```text\n({first_line}.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    return str(block)


def rows_below(heading: str) -> list[list[str]]:
    table = DOCUMENT.partition(heading + "\n")[2].partition("\n\n")[0]
    rows = [re.split(r" ?\| ?", line)[1:-1] for line in table.splitlines()[1:]]
    assert rows
    return rows


@pytest.fixture
def documented(tmp_path: Path) -> AuthorFiles:
    for name in ("_headers", "_redirects"):
        write(tmp_path / name, block_of(f"# {name}"))
    return AuthorFiles(tmp_path)


def test_the_patterns_in_the_docs_match_what_they_say() -> None:
    for pattern, matches, captured in rows_below("| pattern | matches | captured |"):
        said, _, excluded = matches.partition(", not ")
        for path in re.findall("`(/.*?)`", said):
            found = parse_pattern(pattern.strip("`")).match(split_path(path), "localhost")
            assert found is not None, (pattern, path)
            assert all(f"`{value}`" in captured or not value for value in found.values())
        for path in re.findall("`(/.*?)`", excluded):
            assert not parse_pattern(pattern.strip("`")).match(split_path(path), "localhost")


def test_the_redirects_in_the_docs_lead_where_they_say(
    documented: AuthorFiles, later: float
) -> None:
    for request, answer in rows_below("| a request for | is answered with |"):
        path, _, query = request.strip("`").partition("?")
        redirect = documented.rules(later).redirects.find(unquote(path), query, "localhost")
        assert redirect is not None, request
        assert answer.startswith(str(redirect.status))
        assert f" `{redirect.target}`" in answer
        assert redirect.is_forced is ("even if there is such a file" in answer)


def test_the_headers_in_the_docs_are_set(documented: AuthorFiles, later: float) -> None:
    for request, field in rows_below("| a request for | has |"):
        path = request.strip("`")
        fields = documented.rules(later).headers.apply((), path=path, authority="localhost")
        assert field.strip("`") in [f"{name}: {value}" for name, value in fields]
    fields = documented.rules(later).headers.apply((), path="/embed/map", authority="localhost")
    assert "Content-Security-Policy" not in dict(fields)


def test_the_message_in_the_docs_is_that_of_such_a_file() -> None:
    text = "/a /b\n/news/* /blog/*\n\n# by country\n/ /anz 302 Country=au,nz\n"
    with pytest.raises(ConfigError) as caught:
        parse_redirects(text, name="site/_redirects")
    assert str(caught.value) == block_of("site/_redirects").rstrip()
