"""What of a folder is listed: exactly what would be served, were its URL asked for.

It reads the disk, so it runs in a thread. How entries are sorted and shown is not known here.
"""

import os
from collections.abc import Callable, Iterator
from itertools import islice

from ..files.open_file import Folder, may_hold_private_key
from ..files.open_folder import OpenFolder
from ..rules.url_path import is_hidden, is_servable_name
from .listing_entries import Contents, Entry

__all__ = ["scan_folder"]

_LAST_SECOND = 253_402_300_799  # of the year 9999, the last that a date has digits for
_NS = 1_000_000_000  # a second


def scan_folder(
    folder: Folder,
    segments: tuple[str, ...],
    *,
    max_entries: int,
    check_cancelled: Callable[[], object],
) -> Contents:
    """Return what is listed of the folder of these names, up to ``max_entries`` in no order.

    ``check_cancelled`` is called for each and may raise. Raises what ``Folder.open_folder`` raises,
    and ``OSError`` for a fault of the disk. What vanishes meanwhile is left out.
    """
    with folder.open_folder(segments) as opened, opened.scan() as found:
        listed = _listed_entries(folder, segments, opened, found, check_cancelled)
        entries = list(islice(listed, max_entries))
        return Contents(entries, is_truncated=next(listed, None) is not None)


def _listed_entries(
    folder: Folder,
    segments: tuple[str, ...],
    opened: OpenFolder,
    found: Iterator[os.DirEntry[str]],
    check_cancelled: Callable[[], object],
) -> Iterator[Entry]:
    for item in found:
        check_cancelled()
        if not is_servable_name(item.name) or (opened.is_root and is_hidden((item.name,))):
            continue
        if entry := _judge(folder, segments, opened, item):
            yield entry


def _judge(
    folder: Folder, segments: tuple[str, ...], opened: OpenFolder, item: os.DirEntry[str]
) -> Entry | None:
    try:
        if item.is_symlink() or may_hold_private_key(item.name):
            return _opened_entry(folder, (*segments, item.name))
        return _read_entry(opened, item)
    except (FileNotFoundError, PermissionError):  # not to be served, or vanished meanwhile
        return None


def _read_entry(opened: OpenFolder, item: os.DirEntry[str]) -> Entry | None:
    # It is not opened, for no need: that may break a lease, or wait for a network.
    is_folder = item.is_dir(follow_symlinks=False)
    if not (is_folder or item.is_file(follow_symlinks=False)) or not opened.may_open(item):
        return None
    return _entry(item.name, item.stat(follow_symlinks=False), is_folder=is_folder)


def _opened_entry(folder: Folder, segments: tuple[str, ...]) -> Entry:
    """Judge what is in the folder by opening it, as if it was asked for."""
    try:
        with folder.open(segments) as file:
            return _entry(segments[-1], file.status, is_folder=False)
    except IsADirectoryError:
        with folder.open_folder(segments) as linked:
            return _entry(segments[-1], linked.status, is_folder=True)


def _entry(name: str, status: os.stat_result, *, is_folder: bool) -> Entry:
    # What is before 1970 was never set.
    modified = min(max(0, status.st_mtime_ns // _NS), _LAST_SECOND)
    return Entry(name, None if is_folder else status.st_size, modified)
