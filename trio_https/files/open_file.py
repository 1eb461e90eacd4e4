"""Opening files of a folder, and nothing outside of it.

A name is opened first and judged then, by the real path of what was opened: so no link, and no link
put there a moment later, leads out of the folder or to what is hidden in it. All that is refused
looks like a file that is missing. What becomes of this in HTTP is not known here.
"""

import errno
import logging
import os
import stat
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Self

from ..errors import ConfigError, HTTPError
from ..rules.url_path import is_hidden
from .file_status import file_identity
from .open_folder import OpenFolder

__all__ = [
    "Folder",
    "OpenFile",
    "RealPath",
    "choose_real_path",
    "may_hold_private_key",
    "open_file",
    "real_path_by_name",
]

_log = logging.getLogger("trio_https.pages")

# O_NONBLOCK: opening a FIFO must not wait for its writer. O_NOCTTY: no terminal becomes ours.
_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_NOCTTY", "O_CLOEXEC", "O_NOINHERIT", "O_BINARY"):
    _FLAGS |= getattr(os, _name, 0)

# What the operating system says of names that lead nowhere, or to what can't be served.
_AS_IF_MISSING = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.ENAMETOOLONG,
    errno.EACCES,
    errno.EPERM,
    errno.EINVAL,  # Windows and vfat: no name for a file
    errno.EILSEQ,  # macOS: no UTF-8
    errno.ENXIO,  # a Unix socket, or a device without a driver
    errno.ENODEV,
    errno.EOPNOTSUPP,  # a Unix socket, on BSD and macOS
    errno.ESTALE,  # NFS: deleted on the server
}
# EAGAIN: a file server beside us has leased the file and is handing it back (F_SETLEASE).
_BUSY = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN}

_DELETED = " (deleted)"  # what Linux adds to the path of a file that has lost its name

RealPath = Callable[[int, str], str]
"""How the path of an open file, free of links, is found from its descriptor and its path."""


class OpenFile:
    """A regular file, open for reading until the ``with`` block that it begins is left.

    ``status`` is that of the open file, whatever its name has come to mean since; ``path`` is the
    name that it was opened by, for the log; ``real_path`` the one by which a ``Folder`` has judged
    it, free of links.
    """

    __slots__ = ("_fd", "path", "real_path", "status")

    content = None  # is not in memory, as that of a ``KeptFile``

    def __init__(
        self, fd: int, status: os.stat_result, path: str, real_path: str | None = None
    ) -> None:
        self._fd = fd
        self.status = status
        self.path = path
        self.real_path = real_path

    @property
    def identity(self) -> tuple[int, ...]:
        """What ``file_identity`` makes of the status."""
        return file_identity(self.status)

    def fileno(self) -> int:
        """Return the descriptor, which stays the property of this object."""
        return self._fd

    def detach(self) -> int:
        """Return the descriptor, which the caller closes from now on."""
        fd, self._fd = self._fd, -1
        return fd

    def close(self) -> None:
        """Close the file, unless it was detached or closed before."""
        if self._fd >= 0:
            os.close(self.detach())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class Folder:
    """A folder, of which files may be opened.

    Links are followed where they lead to its own files; with ``follow_links`` wherever they lead.
    What ``rules.url_path.is_hidden`` names is not served under any name, and no private key is.
    ``real_path`` is the platform's best way if not given. Raises ``ConfigError`` if there is no
    such folder or its files can't be reached.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        follow_links: bool = False,
        real_path: RealPath | None = None,
    ) -> None:
        self._follow_links = follow_links
        self._root = Path(root).absolute()
        self._prefix = f"{self._root}/"
        self._real_path_of = real_path or choose_real_path()
        try:
            if not stat.S_ISDIR(self._root.stat().st_mode):
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            os.stat(f"{self._prefix}.")  # noqa: PTH116 -- Path would drop the "."
            self._real_root = self._find_real_path(str(self._root))
        except OSError as exc:
            raise ConfigError(
                f"{self._root}: the pages can't be served from here ({exc.strerror}). "
                "Name a folder that exists and that this user may read."
            ) from exc

    def open(self, segments: tuple[str, ...]) -> OpenFile:
        """Open the regular file of these names below the root.

        ``segments`` are single names, as ``rules.url_path.file_segments`` gives them. Raises
        ``IsADirectoryError`` for a folder, ``FileNotFoundError`` for all else that is not to be
        served, ``HTTPError`` 503 while the process has no descriptor left, and ``OSError`` for a
        fault of the disk.
        """
        path = self._path(segments)
        try:
            return self._open(path)
        except (OSError, ValueError) as exc:
            _refuse(path, exc)
            raise

    def open_folder(self, segments: tuple[str, ...]) -> OpenFolder:
        """Open the folder of these names below the root, to list it.

        Raises ``FileNotFoundError`` for what is no folder, may not be listed or is not to be
        served; else as ``open``.
        """
        path = self._path(segments)
        try:
            return self._open_folder(path)
        except (OSError, ValueError) as exc:
            _refuse(path, exc)
            raise

    def real_folder(self, segments: tuple[str, ...]) -> str:
        """Return the path, free of links, that the folder of these names has now.

        Whether anything in it is served, ``serves`` says. Raises ``OSError``.
        """
        return self._find_real_path(self._path(segments))

    def serves(self, real_path: str) -> bool:
        """Whether a path without links is that of the root or below it, and not hidden.

        Raises ``OSError`` where the root can't be found any more.
        """
        real_root = self._real_root  # another thread, which lists a folder, may change it
        if not _is_below(real_path, real_root):
            # The root may be a link that was switched to another folder, as in a deployment.
            real_root = self._real_root = self._find_real_path(str(self._root))
            if not _is_below(real_path, real_root):
                return self._follow_links
        below = real_path[len(real_root) + 1 :]
        return not is_hidden(below.split(os.sep))  # noqa: PTH206 -- Path takes ten times as long

    def _path(self, segments: tuple[str, ...]) -> str:
        return self._prefix + "/".join(segments)  # Windows takes it too

    def _open(self, path: str) -> OpenFile:
        # Opening lets go whoever waits at a pipe, and makes devices do things. Who wins a race gets
        # no more than that: it is judged again when it is open.
        if not _is_file_or_folder(os.stat(path)):  # noqa: PTH116 -- Path takes twice as long
            raise _missing(path)
        try:
            fd = os.open(path, _FLAGS)
        except PermissionError:
            # Windows opens no folder; Unix may give the files of one, but no list of them.
            if Path(path).is_dir():
                raise self._folder_or_missing(os.path.realpath(path, strict=True)) from None
            _log.warning("no permission to read %r", path)
            raise
        try:
            status = os.fstat(fd)
            real_path = self._real_path_of(fd, path)
            if stat.S_ISDIR(status.st_mode):
                raise self._folder_or_missing(real_path)
            # Judged by the name that it had: a key is one also in the moment when it is replaced.
            real_path = real_path.removesuffix(_DELETED)
            # Reading a FIFO or a device would wait, or do things.
            if not stat.S_ISREG(status.st_mode) or not self.serves(real_path):
                self._tell_of_link_out(path, real_path)
                raise _missing(path)
            if _holds_private_key(fd, real_path):
                _log.warning("%r is not served: it holds a private key", path)
                raise _missing(path)
        except BaseException:
            os.close(fd)
            raise
        return OpenFile(fd, status, path, real_path)

    def _tell_of_link_out(self, path: str, real_path: str) -> None:
        if not _is_below(real_path, self._real_root):
            _log.warning("%r is not served: it is a link out of the folder", path)

    def _open_folder(self, path: str) -> OpenFolder:
        if os.scandir not in os.supports_fd:  # Windows, which opens no folder
            real_path = os.path.realpath(path, strict=True)
            return self._judge_folder(None, real_path, Path(real_path).stat())
        try:
            fd = os.open(path, _FLAGS)
        except PermissionError:
            _log.warning("no permission to list %r", path)
            raise
        try:
            return self._judge_folder(fd, self._real_path_of(fd, path), os.fstat(fd))
        except BaseException:
            os.close(fd)
            raise

    def _judge_folder(self, fd: int | None, real_path: str, status: os.stat_result) -> OpenFolder:
        if not stat.S_ISDIR(status.st_mode) or not self.serves(real_path):
            raise _missing(real_path)
        return OpenFolder(
            fd, real_path, status, is_root=real_path.rstrip(os.sep) == self._real_root
        )

    def _folder_or_missing(self, real_path: str) -> OSError:
        if not self.serves(real_path):
            return _missing(real_path)
        return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), real_path)

    def _find_real_path(self, folder: str) -> str:
        """Return a folder as the real paths of its files begin: without a separator at its end."""
        try:
            fd = os.open(folder, _FLAGS)
        except PermissionError:  # as in _open
            real_path = os.path.realpath(folder, strict=True)
        else:
            try:
                real_path = self._real_path_of(fd, folder)
            finally:
                os.close(fd)
        return real_path.rstrip(os.sep)


def open_file(path: str) -> OpenFile:
    """Open a regular file, wherever it is and whatever links lead there.

    Raises ``FileNotFoundError`` for what is none or may not be read, ``HTTPError`` 503 while the
    process has no descriptor left, and ``OSError`` for a fault of the disk.
    """
    try:
        # Before it is opened, as in Folder; and again, for who wins a race.
        if not stat.S_ISREG(os.stat(path).st_mode):  # noqa: PTH116 -- Path takes twice as long
            raise _missing(path)
        fd = os.open(path, _FLAGS)
    except (OSError, ValueError) as exc:
        if isinstance(exc, PermissionError):
            _log.warning("no permission to read %r", path)
        _refuse(path, exc)
        raise
    status = os.fstat(fd)
    if not stat.S_ISREG(status.st_mode):
        os.close(fd)
        raise _missing(path)
    return OpenFile(fd, status, path)


def may_hold_private_key(name: str) -> bool:
    """Whether a file is named like one with a key, so that only its content tells."""
    return name.lower().endswith((".key", ".pem"))


def _holds_private_key(fd: int, real_path: str) -> bool:
    """Whether a file is named like a key and has one in PEM (RFC 7468 §10, §11, and OpenSSL's)."""
    if not may_hold_private_key(real_path):
        return False
    return b"PRIVATE KEY-----" in os.read(fd, _MAX_KEY_BYTES)  # bodies are read by offset


_MAX_KEY_BYTES = 1024 * 1024  # four times all authorities that Mozilla trusts, and a key


def _refuse(path: str, exc: OSError | ValueError) -> None:
    """Raise what the caller of ``open`` is told in place of ``exc``, if it isn't that."""
    if isinstance(exc, FileNotFoundError):
        return  # says so already, as for each URL of a page without its extension
    # ValueError: a name with NUL, or one that the file system can't encode.
    if not isinstance(exc, OSError) or exc.errno in _AS_IF_MISSING:
        raise _missing(path) from exc
    if exc.errno in _BUSY:
        _log.warning("cannot open %r for now: %s", path, exc.strerror)
        raise HTTPError(503, "too many files are open", headers=[("Retry-After", "1")]) from exc


def _is_file_or_folder(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)


def _is_below(path: str, folder: str) -> bool:
    # By components: "/srv/pages-of-others" is not below "/srv/pages" (CVE-2023-29159).
    return path == folder or path.startswith(folder + os.sep)


def _missing(path: str) -> FileNotFoundError:
    return FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)


def choose_real_path() -> RealPath:
    """Return the platform's best way to the real path of an open file."""
    if sys.platform == "linux" and Path("/proc/self/fd").is_dir():
        return _real_path_by_proc
    if sys.platform == "darwin":  # pragma: no cover
        return _real_path_by_fcntl
    return real_path_by_name


def _real_path_by_proc(fd: int, _path: str) -> str:
    # A file deleted meanwhile is "/srv/pages/name (deleted)": still below its folder.
    return os.readlink(f"/proc/self/fd/{fd}")  # noqa: PTH115 -- Path takes four times as long


if sys.platform == "darwin":  # pragma: no cover
    import fcntl

    def _real_path_by_fcntl(fd: int, _path: str) -> str:
        buffer = fcntl.fcntl(fd, fcntl.F_GETPATH, bytes(1024))  # PATH_MAX of macOS
        return os.fsdecode(buffer.rstrip(b"\0"))


def real_path_by_name(fd: int, path: str) -> str:
    """Return the path without links that ``path`` has now, if the open file is still there.

    For platforms where a descriptor does not know its path. Raises ``OSError`` if it is not there.
    """
    real_path = os.path.realpath(path, strict=True)
    if not os.path.samestat(Path(real_path).stat(), os.fstat(fd)):
        raise _missing(path)
    return real_path
