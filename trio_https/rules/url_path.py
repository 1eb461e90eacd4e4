"""What the path of a request target means: decoded once, and the file names it may stand for.

Everything is judged by segment, after one decoding and by the same rules on every platform, so that
no encoding of a name can say one thing to a guard and another to the file system. Whether such a
file exists, and where a link leads, is not known here.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import takewhile
from typing import NamedTuple
from urllib.parse import quote, unquote_to_bytes

from ..errors import HTTPError

__all__ = [
    "AUTHOR_FILES",
    "WELL_KNOWN",
    "PagePath",
    "decode_path",
    "encode_segments",
    "file_segments",
    "is_hidden",
    "is_servable_name",
    "page_path",
]

WELL_KNOWN = ".well-known"
"""The one name with a leading dot that is meant for the public (RFC 8615)."""

AUTHOR_FILES = frozenset({"_headers", "_redirects"})
"""What the author of a folder tells the server, in files at its root."""

_MAX_SEGMENTS = 256  # no folder is nested deeper, and a path of 8 KiB could have 4,000

# What a path means its text alone decides, and reading it takes as long as looking at a file twice:
# so it is kept, but for paths that are longer than those in use.
_MAX_KEPT_CHARACTERS = 256
_MAX_KEPT_PATHS = 2048

_MALFORMED_ENCODING = re.compile(r"%(?![0-9A-Fa-f]{2})")

_HIDDEN_NAME = re.compile(
    r"""
    \. .*                           # also "." and ".."
    | .* ~                          # backups: Emacs, Vim, gedit, Kate
    | \# .* \#                      # auto-save: Emacs
    | ~\$ .*                        # who has it open: Microsoft Office
    | .* \. sw[g-p]                 # swap: Vim; "swf" is Flash
    | .* \. (?: bak | orig | rej )  # backups: Notepad++, patch, Git's merge tools
    """,
    re.VERBOSE | re.IGNORECASE | re.DOTALL,
)

_WELL_FORMED_NAME = re.compile(
    r"""
    (?! (?: con | prn | aux | nul | conin\$ | conout\$ | (?:com|lpt)[1-9¹²³] )
        \x20* (?: \. | \Z ) )               # devices of Windows, also with an extension
    [^/\\:\x00-\x1f\x7f-\x9f]*              # no separator, drive, NTFS stream, control character
    [^/\\:\x00-\x1f\x7f-\x9f.\x20]          # Windows drops a dot or a space at the end
    """,
    re.VERBOSE | re.IGNORECASE,
)


class PagePath(NamedTuple):
    """A path below the root of a folder of pages."""

    text: str
    """Decoded once: "/", "/a b/c"; "" where only the prefix was asked for, without a slash."""
    segments: tuple[str, ...] | None
    """The file names that it stands for, None if it can stand for none."""
    ends_in_slash: bool
    """Whether it is that of a folder."""

    @property
    def folders(self) -> tuple[str, ...]:
        """The names of the folders on the way, as far as they may be served."""
        names = self.text.split("/", _MAX_SEGMENTS)[1:-1]
        return tuple(takewhile(is_servable_name, names))


def page_path(raw_path: str, *, prefix: str = "") -> PagePath | None:
    """Return what ``raw_path`` is below ``prefix``, None for a path that is not below it.

    ``prefix`` is decoded, and does not end in a slash. ``raw_path`` may be "", where what it is
    below of was asked for without a slash. Raises ``HTTPError`` as ``decode_path``.
    """
    read = _read_page_path if len(raw_path) > _MAX_KEPT_CHARACTERS else _read_page_path_kept
    return read(raw_path, prefix)


def _read_page_path(raw_path: str, prefix: str) -> PagePath | None:
    decoded = decode_path(raw_path)
    if decoded != prefix and not decoded.startswith(f"{prefix}/"):
        return None
    text = decoded[len(prefix) :]
    segments = file_segments(raw_path or "/", depth=prefix.count("/"))
    return PagePath(text, segments, text.endswith("/"))


_read_page_path_kept = lru_cache(maxsize=_MAX_KEPT_PATHS)(_read_page_path)


def decode_path(raw_path: str) -> str:
    """Return a path percent-decoded once (RFC 3986 §2.1).

    Octets that are not UTF-8 become lone surrogates, as in Python's file names. Raises
    ``HTTPError`` 400 where "%" is not followed by two hexadecimal digits, and for what is not
    ASCII: guessing is what lets two readers of a path disagree.
    """
    if "%" not in raw_path and raw_path.isascii():
        return raw_path
    _check_ascii(raw_path)
    if _MALFORMED_ENCODING.search(raw_path):
        raise HTTPError(400, "the path has a malformed percent-encoding")
    return unquote_to_bytes(raw_path).decode("utf-8", "surrogateescape")


def file_segments(raw_path: str, *, depth: int = 0) -> tuple[str, ...] | None:
    """Return the file names below a root that a path stands for, None if it can stand for none.

    ``depth`` is how many names of the path are above the root, as those of a prefix are.
    "/" is ``()``; "/a%20b/c" is ``("a b", "c")``, and so is "/a%20b/c/": who cares for the slash at
    the end asks the path itself. Empty segments are refused, not collapsed: each file has one URL,
    relative links in it work, and no redirect made of segments can begin with "//", which browsers
    take for a host (CVE-2021-28861). Raises ``HTTPError`` as ``decode_path`` does.
    """
    if raw_path == "/":
        return ()
    if not raw_path.startswith("/") or raw_path.count("/") > _MAX_SEGMENTS:
        return None
    segments = tuple(map(decode_path, raw_path[1:].removesuffix("/").split("/")))
    below = segments[depth:]
    if all(map(_WELL_FORMED_NAME.fullmatch, segments)) and not is_hidden(below):
        return below
    return None


def encode_segments(segments: Iterable[str]) -> str:
    """Return the raw path of these names, without a slash at its end: "" for none.

    Made of names, none of them empty, and never of what was sent: so it can't begin with two
    slashes, which browsers take for another host (CVE-2021-28861).
    """
    encoded = (quote(segment, safe="", errors="surrogateescape") for segment in segments)
    return "".join(f"/{segment}" for segment in encoded)


def is_servable_name(name: str) -> bool:
    """Whether a file of this name, in some folder below the root, may be served."""
    return bool(_WELL_FORMED_NAME.fullmatch(name)) and not _HIDDEN_NAME.fullmatch(name)


def is_hidden(names: Sequence[str]) -> bool:
    """Whether a path of these names below the root is hidden, or below something that is.

    Hidden are names with a leading dot, but for ``.well-known`` at the root; what editors leave
    behind; and ``AUTHOR_FILES`` at the root, which file systems may know in upper case too.
    """
    if len(names) == 1 and names[0].lower() in AUTHOR_FILES:
        return True
    if names and names[0] == WELL_KNOWN:
        names = names[1:]
    return any(map(_HIDDEN_NAME.fullmatch, names))


def _check_ascii(text: str) -> None:
    if not text.isascii():
        raise HTTPError(400, "the request target is not percent-encoded")
