import errno
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Never

import platformdirs
import pytest

from trio_https import ConfigError
from trio_https.certificates.home import (
    certificates_home,
    config_error,
    make_private_folder,
    open_home,
    read_private_file,
    write_private_file,
)

# Here, since nobody may not read every folder of Python's own.
if sys.platform != "win32":
    import resource

needs_modes = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")

umasks = pytest.mark.parametrize("umask", [0, 0o022, 0o077, 0o777], ids=oct)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


class TestCertificatesHome:
    def test_is_the_folder_that_the_environment_names(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("TRIO_HTTPS_HOME", str(tmp_path))
        assert certificates_home() == tmp_path

    def test_is_absolute_so_that_a_user_is_told_where_the_ca_is(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("TRIO_HTTPS_HOME", "here")
        assert certificates_home() == tmp_path / "here"

    @pytest.mark.parametrize("value", [None, ""])
    def test_is_in_the_users_data_folder_where_the_environment_names_none(
        self, monkeypatch: pytest.MonkeyPatch, value: str | None
    ) -> None:
        monkeypatch.delenv("TRIO_HTTPS_HOME", raising=False)
        if value is not None:
            monkeypatch.setenv("TRIO_HTTPS_HOME", value)
        home = certificates_home()
        assert home == platformdirs.user_data_path("trio-https", appauthor=False)
        assert home.name == "trio-https"

    def test_is_an_error_for_a_user_without_a_home_folder(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def raises(*args: object, **kwargs: object) -> Never:
            raise RuntimeError("could not determine the home directory")

        monkeypatch.delenv("TRIO_HTTPS_HOME", raising=False)
        monkeypatch.setattr(platformdirs, "user_data_path", raises)
        with pytest.raises(ConfigError, match=r"no home folder.* TRIO_HTTPS_HOME\.$"):
            certificates_home()

    def test_is_an_error_where_an_older_platformdirs_leaves_the_tilde(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def leaves_it(*args: object, **kwargs: object) -> Path:
            return Path("~/.local/share/trio-https")

        monkeypatch.delenv("TRIO_HTTPS_HOME", raising=False)
        monkeypatch.setattr(platformdirs, "user_data_path", leaves_it)
        with pytest.raises(ConfigError, match=r"no home folder.* TRIO_HTTPS_HOME\.$"):
            certificates_home()


@needs_modes
class TestFolders:
    @umasks
    @pytest.mark.parametrize("make", [open_home, make_private_folder])
    def test_are_made_with_mode_0700_whatever_the_umask_and_their_parents_too(
        self,
        own_folder: Path,
        set_umask: Callable[[int], int],
        umask: int,
        make: Callable[[Path], None],
    ) -> None:
        set_umask(umask)
        make(own_folder / "a" / "b")
        make(own_folder / "a" / "b")
        assert mode_of(own_folder / "a") == mode_of(own_folder / "a" / "b") == 0o700

    @pytest.mark.parametrize("mode", [0o755, 0o777, 0o000, 0o2750], ids=oct)
    def test_of_ours_get_mode_0700_back(self, own_folder: Path, mode: int) -> None:
        folder = own_folder / "ca"
        folder.mkdir()
        folder.chmod(mode)
        make_private_folder(folder)
        assert mode_of(folder) == 0o700

    @pytest.mark.parametrize("mode", [0o700, 0o755, 0o750], ids=oct)
    def test_that_the_user_made_before_keep_their_mode(self, own_folder: Path, mode: int) -> None:
        own_folder.chmod(mode)
        open_home(own_folder)
        assert mode_of(own_folder) == mode

    @pytest.mark.parametrize("mode", [0o775, 0o757, 0o1777], ids=oct)
    def test_that_others_may_write_to_are_no_home(self, own_folder: Path, mode: int) -> None:
        own_folder.chmod(mode)
        with pytest.raises(ConfigError) as caught:
            open_home(own_folder)
        assert str(caught.value) == (
            f"{own_folder}: other users may write to this folder, and so replace the authority in"
            f" it. Forbid it (chmod go-w {own_folder}),"
            " or name another folder in the environment variable TRIO_HTTPS_HOME."
        )
        assert mode_of(own_folder) == mode

    @pytest.mark.usefixtures("own_folder")
    @pytest.mark.parametrize("make", [open_home, make_private_folder])
    def test_of_another_user_are_refused(self, make: Callable[[Path], None]) -> None:
        with pytest.raises(ConfigError, match=r"^/: .* another user \(uid 0\)\. .*HTTPS_HOME\.$"):
            make(Path("/"))

    def test_of_another_user_are_refused_to_root_too(self, tmp_path: Path) -> None:
        if os.geteuid() != 0:
            pytest.skip("only root can give a folder to somebody else")
        os.chown(tmp_path, 65534, 65534)
        with pytest.raises(ConfigError, match="belongs to another user"):
            open_home(tmp_path)

    def test_that_cannot_be_made_are_an_error_with_the_reason(self, own_folder: Path) -> None:
        own_folder.chmod(0o500)
        with pytest.raises(ConfigError) as caught:
            open_home(own_folder / "home")
        assert str(caught.value) == (
            f"{own_folder}/home: permission denied. Make this folder yourself,"
            " or name another folder in the environment variable TRIO_HTTPS_HOME."
        )


@pytest.mark.parametrize("make", [open_home, make_private_folder])
def test_a_file_where_a_folder_should_be_is_an_error(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    (tmp_path / "home").write_text("a file")
    with pytest.raises(ConfigError, match=r"home: this is not a folder\. Move it away"):
        make(tmp_path / "home")
    with pytest.raises(ConfigError, match=r"home/ca: not a directory\. "):
        make(tmp_path / "home" / "ca")


@needs_modes
def test_a_link_that_leads_nowhere_is_not_taken_for_a_folder(tmp_path: Path) -> None:
    (tmp_path / "home").symlink_to(tmp_path / "gone")
    with pytest.raises(ConfigError, match="home: this is not a folder"):
        open_home(tmp_path / "home")


@needs_modes
class TestWritePrivateFile:
    @umasks
    def test_gives_mode_0600_whatever_the_umask(
        self, own_folder: Path, set_umask: Callable[[int], int], umask: int
    ) -> None:
        set_umask(umask)
        write_private_file(own_folder / "key", b"secret")
        assert mode_of(own_folder / "key") == 0o600
        assert read_private_file(own_folder / "key") == b"secret"

    def test_has_mode_0600_before_the_content_has_its_name(
        self,
        own_folder: Path,
        set_umask: Callable[[int], int],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        seen = []

        def fsync(descriptor: int) -> None:
            status = os.fstat(descriptor)
            if stat.S_ISREG(status.st_mode):
                seen.append((stat.S_IMODE(status.st_mode), status.st_size))
                assert not (own_folder / "key").exists()

        set_umask(0)
        monkeypatch.setattr(os, "fsync", fsync)
        write_private_file(own_folder / "key", b"secret")
        assert seen == [(0o600, 6)]

    def test_replaces_a_file_with_its_mode(self, own_folder: Path) -> None:
        path = own_folder / "key"
        path.write_bytes(b"old and longer")
        path.chmod(0o644)
        write_private_file(path, b"new")
        assert (path.read_bytes(), mode_of(path)) == (b"new", 0o600)
        assert list(own_folder.iterdir()) == [path]

    def test_does_not_write_through_a_link(self, own_folder: Path) -> None:
        (own_folder / "target").write_bytes(b"not ours")
        (own_folder / "key").symlink_to("target")
        write_private_file(own_folder / "key", b"secret")
        assert (own_folder / "target").read_bytes() == b"not ours"
        assert not (own_folder / "key").is_symlink()

    def test_leaves_the_old_file_and_nothing_else_where_there_is_no_room(
        self, own_folder: Path
    ) -> None:
        path = own_folder / "key"
        write_private_file(path, b"old")
        before = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
        try:
            with pytest.raises(ConfigError) as caught:
                write_private_file(path, b"x" * 1000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        assert str(caught.value) == (
            f"{path}: file too large. Make it writable,"
            " or name another folder in the environment variable TRIO_HTTPS_HOME."
        )
        assert path.read_bytes() == b"old"
        assert list(own_folder.iterdir()) == [path]

    def test_tells_why_a_folder_takes_no_file(self, own_folder: Path) -> None:
        own_folder.chmod(0o500)
        with pytest.raises(ConfigError, match=r"/key: permission denied\. Make it writable"):
            write_private_file(own_folder / "key", b"secret")

    def test_needs_no_file_system_that_can_sync_a_folder(
        self, own_folder: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def fsync(descriptor: int) -> None:
            if stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

        monkeypatch.setattr(os, "fsync", fsync)
        write_private_file(own_folder / "key", b"secret")
        assert (own_folder / "key").read_bytes() == b"secret"


@needs_modes
class TestReadPrivateFile:
    @pytest.mark.parametrize("mode", [0o644, 0o640, 0o666, 0o604], ids=oct)
    def test_closes_a_file_that_others_may_read(self, own_folder: Path, mode: int) -> None:
        path = own_folder / "key"
        path.write_bytes(b"secret")
        path.chmod(mode)
        assert read_private_file(path) == b"secret"
        assert mode_of(path) == 0o600

    def test_leaves_it_to_the_caller_what_a_missing_file_means(self, own_folder: Path) -> None:
        with pytest.raises(FileNotFoundError):
            read_private_file(own_folder / "key")

    def test_tells_why_a_file_cannot_be_read(self, own_folder: Path) -> None:
        path = own_folder / "key"
        path.write_bytes(b"secret")
        path.chmod(0)
        with pytest.raises(ConfigError) as caught:
            read_private_file(path)
        assert str(caught.value) == (
            f"{path}: permission denied."
            " Let it be a file of the user who runs trio-https, or move it away."
        )
        with pytest.raises(ConfigError, match="is a directory"):
            read_private_file(own_folder)

    @pytest.mark.usefixtures("own_folder")
    def test_refuses_a_file_of_another_user_that_all_may_read(self) -> None:
        with pytest.raises(ConfigError, match="/etc/passwd: operation not permitted"):
            read_private_file(Path("/etc/passwd"))


def test_an_error_without_a_number_is_told_in_its_own_words() -> None:
    error = config_error(Path("a"), OSError("Odd thing"), "Look at it")
    assert str(error) == "a: odd thing. Look at it."
