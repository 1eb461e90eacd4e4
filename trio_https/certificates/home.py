"""Where the local CA is kept, and how: private folders and private files.

A private folder is 0700 and a private file 0600 from its first byte on, whatever the umask is. A
file is replaced as a whole or not at all. On Windows, where modes mean nothing, the access list of
the user's own data folder closes it to others. What the files hold is not known here.
"""

import contextlib
import os
import shlex
import stat
import sys
import tempfile
from pathlib import Path

from ..errors import ConfigError

__all__ = [
    "certificates_home",
    "config_error",
    "make_private_folder",
    "open_home",
    "read_private_file",
    "sync_folder",
    "write_private_file",
]

_OTHER_HOME = "name another folder in the environment variable TRIO_HTTPS_HOME"


def certificates_home() -> Path:
    """Return the folder of the local CA: TRIO_HTTPS_HOME, else in the user's data folder.

    Raises ConfigError where the system knows of no folder for this user. Makes nothing.
    """
    if named := os.environ.get("TRIO_HTTPS_HOME"):
        return Path(named).absolute()
    import platformdirs

    try:
        path = platformdirs.user_data_path("trio-https", appauthor=False)
    except RuntimeError:
        path = Path()
    # Older versions of platformdirs return "~/..." unresolved where there is no home folder, as
    # for a container's user without an entry in /etc/passwd: a folder named "~" is no place.
    if not path.is_absolute():
        remedy = "Name a folder in the environment variable TRIO_HTTPS_HOME."
        raise ConfigError(f"this user has no home folder to keep the local authority in. {remedy}")
    return path


def open_home(home: Path) -> None:
    """Make the folder ``home`` if it is missing, or see that it is safe to keep a CA in.

    A folder that was there before keeps its mode: it is the user's, TRIO_HTTPS_HOME may name any.
    Others may look into it, since all of ours in it is private; they may not write to it, since
    they could put their own CA in place of ours. Raises ConfigError.
    """
    _make_folder(home)
    if _mode_of_own_folder(home) & (stat.S_IWGRP | stat.S_IWOTH):
        command = f"chmod go-w {shlex.quote(str(home))}"
        reason = "other users may write to this folder, and so replace the authority in it"
        raise config_error(home, reason, f"Forbid it ({command}), or {_OTHER_HOME}")


def make_private_folder(path: Path) -> None:
    """Make a folder with mode 0700, or give that mode to a folder of ours. Raises ConfigError."""
    _make_folder(path)
    # Only for folders that nobody but us fills. A looser mode comes from a backup or a copy: to
    # refuse would not take back what others may have seen meanwhile.
    if stat.S_IMODE(_mode_of_own_folder(path)) != 0o700:
        path.chmod(0o700)


def read_private_file(path: Path) -> bytes:
    """Return what is in a file of ours, and close it to others, with mode 0600, if it is not.

    Raises FileNotFoundError where there is none, ConfigError where it can't be read.
    """
    try:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_mode & 0o077:
                path.chmod(0o600)
            return file.read()
    except FileNotFoundError:
        raise
    except OSError as error:
        remedy = "Let it be a file of the user who runs trio-https, or move it away"
        raise config_error(path, error, remedy) from error


def write_private_file(path: Path, content: bytes) -> None:
    """Write a file with mode 0600, or replace it: it holds all of ``content`` or is as it was.

    Raises ConfigError.
    """
    try:
        descriptor, temporary = _open_temporary(path)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                # Before the rename: after a power cut the name must not lead to an empty file.
                os.fsync(descriptor)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
    except OSError as error:
        raise config_error(path, error, f"Make it writable, or {_OTHER_HOME}") from error


def sync_folder(path: Path) -> None:
    """Have the names in a folder written to the disk, where the file system can do that."""
    # The names are there already and in use: where this fails, as it does on Windows and on some
    # network file systems, only a power cut can show it.
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def config_error(path: Path, reason: OSError | str, remedy: str) -> ConfigError:
    """Return the error "PATH: reason. Remedy." for the caller to raise."""
    if isinstance(reason, OSError):
        text = reason.strerror or str(reason)
        reason = text[:1].lower() + text[1:]
    return ConfigError(f"{path}: {reason}. {remedy}.")


def _open_temporary(path: Path) -> tuple[int, Path]:
    # mkstemp opens with O_CREAT | O_EXCL and 0600, so no link or file of others is written to.
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    temporary = Path(name)
    temporary.chmod(0o600)  # a umask may have taken rights from us, too
    return descriptor, temporary


def _make_folder(path: Path) -> None:
    try:
        _make_missing_folders(path)
    except OSError as error:
        raise config_error(path, error, f"Make this folder yourself, or {_OTHER_HOME}") from error
    if not path.is_dir():
        raise config_error(path, "this is not a folder", f"Move it away, or {_OTHER_HOME}")


def _make_missing_folders(path: Path) -> None:
    # Parents too are 0700, as the XDG base directory specification asks (and mkdir(parents=True)
    # gives them the umask's mode, which may be one that keeps us out).
    if path.exists():
        return
    _make_missing_folders(path.parent)
    try:
        path.mkdir(mode=0o700)
    except FileExistsError:
        return  # another run of ours was quicker; and what is not ours keeps its mode
    path.chmod(0o700)


def _mode_of_own_folder(path: Path) -> int:
    if sys.platform == "win32":
        return 0o700  # by the access list that the folder inherits from the user's own
    status = path.stat()
    if status.st_uid != os.geteuid():
        # Also for root: in a folder of another user, that user decides what root would write to.
        reason = f"this folder belongs to another user (uid {status.st_uid})"
        raise config_error(path, reason, f"Run trio-https as that user, or {_OTHER_HOME}")
    return status.st_mode
