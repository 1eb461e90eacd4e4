import errno
import logging
import os
import signal
import socket
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from trio_https.errors import ConfigError, HTTPError
from trio_https.files.open_file import (
    Folder,
    OpenFile,
    RealPath,
    choose_real_path,
    real_path_by_name,
)
from trio_https.files.open_folder import OpenFolder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="the traps are those of Unix")

NOBODY = 65534
READ_AT_ONCE = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)


@pytest.fixture(params=[choose_real_path(), real_path_by_name], ids=["best", "by name"])
def real_path(request: pytest.FixtureRequest) -> RealPath:
    """Each way to the real path of an open file that works here."""
    way: RealPath = request.param
    return way


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "pages"
    (root / "folder").mkdir(parents=True)
    (root / "page.html").write_text("a page")
    (root / "folder" / "inner.html").write_text("an inner page")
    return root


@pytest.fixture
def outside(tmp_path: Path) -> Path:
    outside = tmp_path / "pages-of-others"  # begins like the root
    outside.mkdir()
    (outside / "page.html").write_text("not for you")
    return outside


@pytest.fixture
def public(request: pytest.FixtureRequest) -> Iterator[Path]:
    """A folder that other users may enter, unlike tmp_path."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@contextmanager
def without_privileges() -> Iterator[None]:
    """Be a user whom file modes concern."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def open_files() -> list[Path]:
    return sorted(Path("/dev/fd").iterdir())


def content_of(file: OpenFile) -> str:
    with file:
        return os.read(file.fileno(), 1000).decode()


# What is served


def test_a_file_is_opened_by_its_names(root: Path, real_path: RealPath) -> None:
    folder = Folder(root, real_path=real_path)
    assert content_of(folder.open(("page.html",))) == "a page"
    assert content_of(folder.open(("folder", "inner.html"))) == "an inner page"


def test_the_status_is_that_of_the_open_file(root: Path) -> None:
    with Folder(root).open(("page.html",)) as file:
        (root / "page.html").unlink()
        assert file.status.st_size == len("a page")
        assert os.path.samestat(file.status, os.fstat(file.fileno()))


def test_who_detaches_the_descriptor_closes_it(root: Path) -> None:
    with Folder(root).open(("page.html",)) as file:
        fd = file.detach()
    assert os.read(fd, 1000) == b"a page"
    os.close(fd)


def test_the_descriptor_is_not_inherited_by_programs(root: Path) -> None:
    with Folder(root).open(("page.html",)) as file:
        assert not os.get_inheritable(file.fileno())


@pytest.mark.parametrize(
    "name", ["two words", "ünï", "a%20b", "a?b#c", "<b>&amp;", "'\"", "x" * 255]
)
def test_unusual_names_are_names(root: Path, real_path: RealPath, name: str) -> None:
    (root / name).write_text("unusual")
    assert content_of(Folder(root, real_path=real_path).open((name,))) == "unusual"


@pytest.mark.skipif(sys.platform == "darwin", reason="macOS has no such names")
def test_a_name_that_is_not_utf_8_is_a_name(root: Path, real_path: RealPath) -> None:
    Path(os.fsdecode(os.fsencode(root) + b"/\xff\xfe")).write_text("octets")
    assert content_of(Folder(root, real_path=real_path).open(("\udcff\udcfe",))) == "octets"


def test_well_known_is_not_hidden(root: Path, real_path: RealPath) -> None:
    (root / ".well-known").mkdir()
    (root / ".well-known" / "security.txt").write_text("Contact:")
    folder = Folder(root, real_path=real_path)
    assert content_of(folder.open((".well-known", "security.txt"))) == "Contact:"
    with pytest.raises(IsADirectoryError):
        folder.open((".well-known",))


def test_links_lead_to_files_of_the_same_folder(root: Path, real_path: RealPath) -> None:
    (root / "link.html").symlink_to("folder/inner.html")
    (root / "folder" / "up.html").symlink_to("../page.html")
    (root / "absolute.html").symlink_to(root / "page.html")
    (root / "also").symlink_to("folder")
    folder = Folder(root, real_path=real_path)
    assert content_of(folder.open(("link.html",))) == "an inner page"
    assert content_of(folder.open(("folder", "up.html"))) == "a page"
    assert content_of(folder.open(("absolute.html",))) == "a page"
    assert content_of(folder.open(("also", "inner.html"))) == "an inner page"


def test_a_root_inside_a_hidden_folder_is_served(tmp_path: Path, real_path: RealPath) -> None:
    root = tmp_path / ".local" / "pages"
    root.mkdir(parents=True)
    (root / "page.html").write_text("a page")
    assert content_of(Folder(root, real_path=real_path).open(("page.html",))) == "a page"


def test_a_root_may_be_relative(
    root: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(root)
    folder = Folder("folder")
    monkeypatch.chdir(tmp_path)
    assert content_of(folder.open(("inner.html",))) == "an inner page"


def test_a_root_may_be_the_root_of_all(root: Path, real_path: RealPath) -> None:
    names = Path(os.path.realpath(root)).parts[1:]
    folder = Folder("/", real_path=real_path)
    if not any(name.startswith(".") for name in names):
        assert content_of(folder.open((*names, "page.html"))) == "a page"
    with pytest.raises(IsADirectoryError):
        folder.open(())


def test_a_root_that_is_a_link_follows_where_it_is_switched_to(
    root: Path, outside: Path, tmp_path: Path, real_path: RealPath
) -> None:
    current = tmp_path / "current"
    current.symlink_to(root)
    folder = Folder(current, real_path=real_path)
    assert content_of(folder.open(("page.html",))) == "a page"
    (tmp_path / "next").symlink_to(outside)
    (tmp_path / "next").replace(current)
    assert content_of(folder.open(("page.html",))) == "not for you"
    with pytest.raises(FileNotFoundError):
        folder.open(("folder", "inner.html"))


def test_a_file_that_is_deleted_after_it_was_opened_is_still_one_of_the_folder(root: Path) -> None:
    find = choose_real_path()
    if find is real_path_by_name:
        pytest.skip("this platform looks for the name")

    def delete_first(fd: int, path: str) -> str:
        if path.endswith("page.html"):
            Path(path).unlink()
        return find(fd, path)

    assert content_of(Folder(root, real_path=delete_first).open(("page.html",))) == "a page"


# What is not


@pytest.mark.parametrize(
    "segments",
    [
        ("missing.html",),
        ("page.html", "below"),
        ("folder", "missing.html"),
        ("x" * 256,),
        ("x" * 200,) * 100,
        ("nul\0",),
        ("\ud800",),
        ("..", "pages-of-others", "page.html"),
        ("..",),
        ("/etc/passwd",),
    ],
)
def test_what_is_missing_or_no_name_is_not_found(
    root: Path, outside: Path, real_path: RealPath, segments: tuple[str, ...]
) -> None:
    with pytest.raises(FileNotFoundError):
        Folder(root, real_path=real_path).open(segments)


def test_a_folder_is_told_from_a_file(root: Path, real_path: RealPath) -> None:
    (root / "also").symlink_to("folder")
    folder = Folder(root, real_path=real_path)
    for segments in ((), ("folder",), ("also",)):
        with pytest.raises(IsADirectoryError):
            folder.open(segments)


def test_links_that_lead_out_are_not_found(root: Path, outside: Path, real_path: RealPath) -> None:
    (root / "file").symlink_to(outside / "page.html")
    (root / "dir").symlink_to(outside)
    (root / "parent").symlink_to("..")
    (root / "twice").symlink_to("file")
    (root / "missing").symlink_to("nowhere")
    (root / "loop").symlink_to("loop")
    (root / "proc").symlink_to("/proc/self")
    folder = Folder(root, real_path=real_path)
    for segments in (
        ("file",),
        ("dir",),
        ("dir", "page.html"),
        ("parent",),
        ("parent", "pages-of-others", "page.html"),
        ("twice",),
        ("missing",),
        ("loop",),
        ("loop", "page.html"),
        ("proc", "environ"),
        ("proc", "cwd"),
    ):
        with pytest.raises(FileNotFoundError):
            folder.open(segments)


def test_links_to_what_is_hidden_are_not_found(root: Path, real_path: RealPath) -> None:
    for hidden in (root / ".git", root / "folder" / ".well-known", root / ".well-known" / ".git"):
        hidden.mkdir(parents=True)
        (hidden / "config").write_text("hidden")
    (root / ".htpasswd").write_text("hidden")
    (root / "link").symlink_to(".htpasswd")
    (root / "git").symlink_to(".git")
    (root / "known").symlink_to(".well-known")
    folder = Folder(root, real_path=real_path)
    for segments in (
        (".htpasswd",),
        (".git",),
        (".git", "config"),
        ("link",),
        ("git",),
        ("git", "config"),
        ("folder", ".well-known", "config"),
        ("known", ".git", "config"),
    ):
        with pytest.raises(FileNotFoundError):
            folder.open(segments)


def test_links_that_lead_out_are_followed_if_that_is_allowed(
    root: Path, outside: Path, real_path: RealPath
) -> None:
    (outside / ".secret").write_text("hidden by its name there, not here")
    (root / "file").symlink_to(outside / "page.html")
    (root / "all").symlink_to(outside)
    (root / "named").symlink_to(outside / ".secret")
    (root / ".git").write_text("hidden")
    (root / "git").symlink_to(".git")
    folder = Folder(root, follow_links=True, real_path=real_path)
    assert content_of(folder.open(("file",))) == "not for you"
    assert content_of(folder.open(("all", "page.html"))) == "not for you"
    assert content_of(folder.open(("named",))) == "hidden by its name there, not here"
    with pytest.raises(IsADirectoryError):
        folder.open(("all",))
    with pytest.raises(FileNotFoundError):  # within the folder, hidden stays hidden
        folder.open(("git",))


PEM_KEY = "-----BEGIN PRIVATE KEY-----\nMC4CAQ==\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize("name", ["server.key", "server.pem", "CHAIN.PEM"])
def test_a_private_key_is_never_served(
    root: Path, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    (root / name).write_text("a certificate before it\n" * 1000 + PEM_KEY)
    (root / "harmless.txt").symlink_to(name)
    folder = Folder(root)
    for asked in (name, "harmless.txt"):
        with pytest.raises(FileNotFoundError):
            folder.open((asked,))
    assert "is not served: it holds a private key" in caplog.text


def test_a_private_key_behind_a_long_list_of_authorities_is_never_served(root: Path) -> None:
    (root / "bundle.pem").write_text("a certificate before it\n" * 10_000 + PEM_KEY)
    with pytest.raises(FileNotFoundError):
        Folder(root).open(("bundle.pem",)).close()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("chain.pem", "-----BEGIN CERTIFICATE-----"),
        ("slides.key", "Keynote has this extension too"),
        ("public.key", "-----BEGIN PUBLIC KEY-----"),
        ("howto.txt", PEM_KEY),  # on purpose, one must think
        ("server.key", ""),
    ],
)
def test_what_is_only_named_like_a_key_is_served(root: Path, name: str, content: str) -> None:
    (root / name).write_text(content)
    with Folder(root).open((name,)) as file:
        assert os.pread(file.fileno(), 1000, 0).decode() == content


def test_a_name_that_was_given_to_another_file_meanwhile_is_not_found(
    root: Path, outside: Path
) -> None:
    def replace_first(fd: int, path: str) -> str:
        if path.endswith("page.html"):
            (root / "folder" / "inner.html").replace(path)
        return real_path_by_name(fd, path)

    with pytest.raises(FileNotFoundError):
        Folder(root, real_path=replace_first).open(("page.html",))


def test_a_link_that_is_made_harmless_after_it_was_opened_is_not_found(
    root: Path, outside: Path
) -> None:
    find = choose_real_path()
    (root / "link").symlink_to(outside / "page.html")
    (root / "harmless").symlink_to("page.html")

    def relink_first(fd: int, path: str) -> str:
        if path.endswith("link"):
            (root / "harmless").replace(path)
        return find(fd, path)

    with pytest.raises(FileNotFoundError):
        Folder(root, real_path=relink_first).open(("link",))


@pytest.mark.timeout(5)
def test_what_is_no_regular_file_is_not_found(root: Path, real_path: RealPath) -> None:
    os.mkfifo(root / "fifo")
    (root / "null").symlink_to("/dev/null")
    (root / "stdin").symlink_to("/dev/stdin")
    with socket.socket(socket.AF_UNIX) as listener, ExitStack() as stack:
        home = Path.cwd()
        os.chdir(root)  # the name of a socket is short
        stack.callback(os.chdir, home)
        listener.bind("socket")
        folder = Folder(root, real_path=real_path)
        for name in ("fifo", "null", "stdin", "socket"):
            with pytest.raises(FileNotFoundError):
                folder.open((name,))


def test_a_program_that_waits_to_write_into_a_named_pipe_goes_on_waiting(root: Path) -> None:
    os.mkfifo(root / "fifo")
    was_let_go = threading.Event()

    def write() -> None:
        fd = os.open(root / "fifo", os.O_WRONLY)
        was_let_go.set()
        os.close(fd)

    writer = threading.Thread(target=write)
    writer.start()
    folder, was_disturbed = Folder(root), False
    for _ in range(200):  # in some of which the writer waits already
        with pytest.raises(FileNotFoundError):
            folder.open(("fifo",))
        was_disturbed = was_let_go.wait(0.001)
        if was_disturbed:
            break
    reader = os.open(root / "fifo", READ_AT_ONCE)
    writer.join()
    os.close(reader)
    assert not was_disturbed


def test_a_file_without_permission_is_not_found_but_told_to_the_operator(
    public: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (public / "secret\n.html").touch(mode=0o000)
    folder = Folder(public)
    with without_privileges(), pytest.raises(FileNotFoundError):
        folder.open(("secret\n.html",))
    assert [(record.name, record.levelno) for record in caplog.records] == [
        ("trio_https.pages", logging.WARNING)
    ]
    assert r"secret\n.html" in caplog.text


def test_a_folder_without_permission_to_list_it_still_has_files(
    public: Path, real_path: RealPath
) -> None:
    (public / "folder").mkdir()
    (public / "folder" / "page.html").write_text("a page")
    (public / "folder").chmod(0o311)
    with without_privileges():
        folder = Folder(public, real_path=real_path)
        with pytest.raises(IsADirectoryError):
            folder.open(("folder",))
        assert content_of(folder.open(("folder", "page.html"))) == "a page"
        root = Folder(public / "folder", real_path=real_path)
        assert content_of(root.open(("page.html",))) == "a page"


def test_a_link_to_such_a_folder_outside_is_not_found(public: Path) -> None:
    (public / "pages").mkdir()
    (public / "outside").mkdir()
    (public / "outside").chmod(0o311)
    (public / "pages" / "link").symlink_to("../outside")
    with without_privileges(), pytest.raises(FileNotFoundError):
        Folder(public / "pages").open(("link",))


# Faults


def test_with_all_descriptors_in_use_the_client_is_asked_to_come_again(
    root: Path, caplog: pytest.LogCaptureFixture
) -> None:
    import resource

    folder = Folder(root)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    lowest_free = os.dup(0)
    os.close(lowest_free)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest_free, hard))
    try:
        with pytest.raises(HTTPError) as caught:
            folder.open(("page.html",))
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert caught.value.status == 503
    assert ("Retry-After", "1") in caught.value.headers
    assert "page.html" in caplog.text
    assert content_of(folder.open(("page.html",))) == "a page"


@pytest.mark.skipif(sys.platform != "linux", reason="leases are a thing of Linux")
def test_a_file_that_is_leased_to_another_program_is_asked_for_again(root: Path) -> None:
    import fcntl

    folder = Folder(root)
    ignored = signal.signal(signal.SIGIO, signal.SIG_IGN)  # sent to the holder of the lease
    try:
        with (root / "page.html").open("r+b") as holder:
            fcntl.fcntl(holder, fcntl.F_SETLEASE, fcntl.F_WRLCK)
            with pytest.raises(HTTPError, match="503"):
                folder.open(("page.html",))
            fcntl.fcntl(holder, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    finally:
        signal.signal(signal.SIGIO, ignored)
    assert content_of(folder.open(("page.html",))) == "a page"


def test_a_fault_of_the_disk_is_not_hidden(root: Path) -> None:
    find = choose_real_path()

    def fail(fd: int, path: str) -> str:
        if path.endswith("page.html"):
            raise OSError(errno.EIO, os.strerror(errno.EIO), path)
        return find(fd, path)

    with pytest.raises(OSError, match="Input/output error"):
        Folder(root, real_path=fail).open(("page.html",))


def test_all_is_missing_once_the_root_is_gone(root: Path, tmp_path: Path) -> None:
    folder = Folder(root)
    root.rename(tmp_path / "moved")
    with pytest.raises(FileNotFoundError):
        folder.open(("page.html",))


def test_without_proc_names_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "some unix")
    assert choose_real_path() is real_path_by_name


# The operator's mistakes


def test_a_root_that_is_missing_is_a_mistake_in_words(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere: .*No such file.*Name a folder"):
        Folder(tmp_path / "nowhere")


def test_a_root_that_is_a_file_is_a_mistake(root: Path) -> None:
    with pytest.raises(ConfigError, match="Not a directory"):
        Folder(root / "page.html")


def test_a_root_whose_files_cannot_be_reached_is_a_mistake(public: Path) -> None:
    (public / "closed").mkdir(mode=0o644)
    with without_privileges(), pytest.raises(ConfigError, match="Permission denied"):
        Folder(public / "closed")


# Folders


def names_in(folder: OpenFolder) -> set[str]:
    with folder, folder.scan() as entries:
        return {entry.name for entry in entries}


def test_a_folder_is_opened_to_be_listed(root: Path, real_path: RealPath) -> None:
    (root / "also").symlink_to("folder")
    folder = Folder(root, real_path=real_path)
    assert names_in(folder.open_folder(())) == {"page.html", "folder", "also"}
    assert names_in(folder.open_folder(("folder",))) == {"inner.html"}
    assert names_in(folder.open_folder(("also",))) == {"inner.html"}


def test_a_folder_knows_its_status_and_whether_it_is_the_root(
    root: Path, real_path: RealPath
) -> None:
    (root / "self").symlink_to(".")
    folder = Folder(root, real_path=real_path)
    for segments, is_root in (((), True), (("self",), True), (("folder",), False)):
        with folder.open_folder(segments) as opened:
            assert opened.is_root is is_root
            assert os.path.samestat(opened.status, root.joinpath(*segments).stat())
    with Folder("/", real_path=real_path).open_folder(()) as opened:
        assert opened.is_root


def test_what_is_no_folder_of_the_root_is_not_opened_as_one(
    root: Path, outside: Path, real_path: RealPath
) -> None:
    (root / ".git").mkdir()
    (root / "dir").symlink_to(outside)
    (root / "parent").symlink_to("..")
    (root / "git").symlink_to(".git")
    os.mkfifo(root / "fifo")
    folder = Folder(root, real_path=real_path)
    for name in ("page.html", "missing", "dir", "parent", "..", "git", ".git", "fifo", "nul\0"):
        with pytest.raises(FileNotFoundError):
            folder.open_folder((name,))


def test_a_folder_without_permission_to_list_it_is_not_opened_but_told_to_the_operator(
    public: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (public / "folder").mkdir(mode=0o311)
    folder = Folder(public)
    with without_privileges(), pytest.raises(FileNotFoundError):
        folder.open_folder(("folder",))
    assert "no permission to list" in caplog.text
