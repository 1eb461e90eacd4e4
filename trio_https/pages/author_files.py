"""The files in which the author of a folder tells the server things, read when they change.

``_headers`` and ``_redirects`` at the root of the folder: a missing one has no rules, one with a
mistake leaves in force what it said before. What the rules mean is not known here.
"""

import logging
import os
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Generic, NamedTuple, TypeVar

from ..errors import ConfigError
from ..files.file_status import file_identity, is_settled
from ..rules.header_rules import HeaderRules, parse_headers
from ..rules.redirect_rules import RedirectRules, parse_redirects

__all__ = ["AuthorFiles", "AuthorRules"]

_log = logging.getLogger("trio_https.pages")

# Four times what GitLab Pages and IPFS take: some five thousand rules. Understanding them, after a
# change, takes a tenth of a second, which is the reason for a limit.
_MAX_BYTES = 256 * 1024

# O_NONBLOCK: opening a FIFO must not wait for its writer.
_FLAGS = os.O_RDONLY
for _name in ("O_NONBLOCK", "O_CLOEXEC", "O_NOINHERIT", "O_BINARY"):
    _FLAGS |= getattr(os, _name, 0)

Rules = TypeVar("Rules")


class AuthorRules(NamedTuple):
    """What the author has told, at one time."""

    headers: HeaderRules
    redirects: RedirectRules


class AuthorFiles:
    """``_headers`` and ``_redirects`` of the folder ``root``, as they are now.

    Raises ``ConfigError`` for what is wrong in them at the start; later it is logged, once. Each
    look costs one ``stat`` where there are no such files, else three, on the spot, as the file
    itself is read where it has changed: small and in the page cache, it keeps no task waiting.
    """

    def __init__(self, root: str | os.PathLike[str]) -> None:
        folder = Path(root)
        self._root = str(folder)
        # What the folder was like when neither was in it.
        self._without: tuple[int, ...] | None = None
        self._headers = _AuthorFile(str(folder / "_headers"), parse_headers, HeaderRules())
        self._redirects = _AuthorFile(str(folder / "_redirects"), parse_redirects, RedirectRules())
        self._rules = AuthorRules(self._headers.rules, self._redirects.rules)

    def rules(self, now: float) -> AuthorRules:
        """Return the rules as they are now; ``now`` in seconds since the epoch."""
        if self._without:
            try:
                # Path would take twice as long.
                is_unchanged = file_identity(os.stat(self._root)) == self._without  # noqa: PTH116
            except OSError:
                is_unchanged = False
            if is_unchanged:
                return self._rules
        self._look(now)
        self._rules = AuthorRules(self._headers.rules, self._redirects.rules)
        return self._rules

    def _look(self, now: float) -> None:
        # Asked for before the files are looked at: a change in between is seen the next time.
        folder = _file_state(self._root, now)
        files = (self._headers, self._redirects)
        for file in files:
            file.look(now)
        # No trace is left in the folder where a link that leads nowhere comes to lead somewhere.
        self._without = None if any(os.path.lexists(file.path) for file in files) else folder


class _AuthorFile(Generic[Rules]):
    """One of the files: its rules, and what has been seen of it."""

    def __init__(self, path: str, parse: Callable[..., Rules], no_rules: Rules) -> None:
        self.path = path
        self.rules = no_rules
        self._parse = partial(parse, name=path)
        self._no_rules = no_rules
        self._content: bytes | None = None
        self._state: tuple[int, ...] | None = None
        self._complaint = ""
        self._read_again()

    def look(self, now: float) -> None:
        # Asked for before the file is read: a change in between is seen the next time.
        state = _file_state(self.path, now)
        if state is None or state != self._state:
            self._state = state
            self._read_again_or_complain()

    def _read_again_or_complain(self) -> None:
        complaint = ""
        try:
            self._read_again()
        except ConfigError as exc:
            complaint = str(exc)
            self._state = None  # it may be readable next time, and look the same
        if complaint and complaint != self._complaint:
            _log.error("%s\n  Until then, what it said before stays in force.", complaint)
        self._complaint = complaint

    def _read_again(self) -> None:
        content = _read_regular_file(self.path)
        if content == self._content:
            return
        self._content = content  # with a mistake, too: it is understood, and told, once
        if content is None:
            self.rules = self._no_rules
        else:
            self.rules = self._parse(_decode(self.path, content))


def _file_state(path: str, now: float) -> tuple[int, ...] | None:
    """Return what changes when a file does, () if it is missing, None if that can't be told."""
    try:
        status = os.stat(path)  # noqa: PTH116 -- Path takes twice as long
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError:
        return None
    return file_identity(status) if is_settled(status, now) else None


def _read_regular_file(path: str) -> bytes | None:
    """Return the content, None if there is no such file. Raises ``ConfigError``."""
    try:
        with open(path, "rb", opener=_open_at_once) as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ConfigError(f"{path}: this is no regular file. Put one there, or none.")
            content = file.read(_MAX_BYTES + 1)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return None  # a folder may have that name, with pages in it
    except OSError as exc:
        raise ConfigError(
            f"{path}: this can't be read ({exc.strerror}). Let this user read it."
        ) from exc
    if len(content) > _MAX_BYTES:
        raise ConfigError(
            f"{path}: this is over {_MAX_BYTES // 1024} KiB. "
            "Have fewer rules: one with * or a placeholder does for many."
        )
    return content


def _open_at_once(path: str, _flags: int) -> int:
    return os.open(path, _FLAGS)


def _decode(path: str, content: bytes) -> str:
    """Return the text, without the byte order mark that some editors put before it."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        line = content.count(b"\n", 0, exc.start) + 1
        column = exc.start - content.rfind(b"\n", 0, exc.start)
        raise ConfigError(
            f"{path}: line {line} is no UTF-8 at its byte {column}. Save the file in UTF-8."
        ) from exc
