"""The files of a folder that gain by a content coding, and neighbours that have lost their files.

Found as they would be served: what is hidden is left out. Links are not followed: what they lead to
in the folder is found there, under its own name. What becomes of the files is not known here.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from stat import S_ISREG

from ..errors import ConfigError
from ..files.codecs import CODING_SUFFIXES
from ..rules.content_coding import is_compressible
from ..rules.media_types import media_type
from ..rules.url_path import is_hidden, is_servable_name

__all__ = ["Fault", "FoundFiles", "PageFile", "find_page_files"]


@dataclass(frozen=True, slots=True)
class PageFile:
    """A file of a type that gains by a coding, as it was when it was found."""

    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class Fault:
    """A file or folder that something could not be done with, and why."""

    path: Path
    reason: str

    @classmethod
    def of(cls, path: Path, error: OSError) -> "Fault":
        """Return the fault that an error of the system tells of."""
        return cls(path, error.strerror or str(error))


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """What there is in a folder."""

    files: list[PageFile] = field(default_factory=list)
    orphans: list[Path] = field(default_factory=list)
    """What is named like the neighbour of a file, which is not there."""
    faults: list[Fault] = field(default_factory=list)
    """Folders and files that could not be looked at."""


def find_page_files(root: Path) -> FoundFiles:
    """Return what there is to compress in a folder and those below it, the largest file first.

    Raises ``ConfigError`` if the folder itself can't be read.
    """
    try:
        os.scandir(root).close()
    except OSError as exc:
        raise ConfigError(
            f"{root}: {exc.strerror}. Name a folder that exists and that this user may read."
        ) from exc
    found = FoundFiles()
    for folder, names in _walk(root, found.faults):
        for name in names:
            if is_compressible(media_type(name)):
                _add_file(folder / name, found)
            elif _is_orphan(name, names):
                found.orphans.append(folder / name)
    # The longest work first: else one processor may be left alone with it at the end.
    found.files.sort(key=lambda file: (-file.size, file.path))
    found.orphans.sort()
    return found


def _walk(root: Path, faults: list[Fault]) -> Iterator[tuple[Path, set[str]]]:
    """Yield each folder with the names in it that may be served and are no folders."""

    def note(error: OSError) -> None:
        faults.append(Fault.of(Path(error.filename), error))

    for folder, inner, names in os.walk(root, onerror=note):
        above = Path(folder).relative_to(root).parts
        inner[:] = [name for name in inner if not is_hidden((*above, name))]
        yield Path(folder), {name for name in names if _is_served(above, name)}


def _is_served(above: tuple[str, ...], name: str) -> bool:
    return is_servable_name(name) and not is_hidden((*above, name))


def _add_file(path: Path, found: FoundFiles) -> None:
    try:
        status = path.lstat()
    except OSError as exc:
        found.faults.append(Fault.of(path, exc))
        return
    if S_ISREG(status.st_mode):
        found.files.append(PageFile(path, status.st_size, status.st_mtime_ns))


def _is_orphan(name: str, names: set[str]) -> bool:
    stem, dot, extension = name.rpartition(".")
    return (
        f"{dot}{extension}" in CODING_SUFFIXES.values()
        and not stem.endswith(".tar")  # "data.tar.gz" is a thing of its own
        and is_compressible(media_type(stem))
        and stem not in names
    )
