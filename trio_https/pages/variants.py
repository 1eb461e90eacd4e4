"""In which content coding a page is sent: as it is, as a neighbour of its file, or made on the fly.

A neighbour is "page.html.br" beside "page.html", and not older than that. It is a file like any
other, with an entity tag and ranges of its own. What a client accepts ``rules.content_coding``
says; how content is coded, ``compression``.
"""

import os
from collections import OrderedDict
from functools import lru_cache

from ..files.codecs import CODING_SUFFIXES
from ..files.compression import Compressor
from ..files.file_status import file_identity, is_settled
from ..files.kept_files import Files
from ..files.open_file import OpenFile
from ..messages import Request
from ..rules.content_coding import is_compressible, preferred_codings
from ..rules.media_types import media_type
from .page import Page

__all__ = ["Variants"]

_CODINGS = tuple(CODING_SUFFIXES)

_MAX_SEARCHES = 4096  # remembered, each of some 300 bytes
_Search = tuple[tuple[str, ...], tuple[str, ...]]  # the names of a page, and codings


class Variants:
    """The variants of the pages that ``files`` are; with ``on_the_fly``, those made now too."""

    def __init__(self, files: Files, *, on_the_fly: bool) -> None:
        self._files = files
        self._compressor = Compressor() if on_the_fly else None
        # Most pages have no neighbours: what their folder was like when that was seen.
        self._without: OrderedDict[_Search, tuple[int, ...]] = OrderedDict()

    async def select(self, request: Request, page: Page) -> Page:
        """Return the variant that suits the client best: the page itself, or another.

        Its file may be another too, for the caller to close as well. Raises ``OSError``,
        ``HTTPError`` 503. Cancelling leaves no file open but that of the page.
        """
        accepted = request.headers.get("accept-encoding")
        if accepted is None or not _is_compressible(page.name):
            return page
        wanted = preferred_codings(accepted, _CODINGS)
        if not wanted:
            return page
        now = request.received_at
        if isinstance(page.file, OpenFile):
            # Also where something else is sent of it, it is looked at for each request.
            await self._files.keep(page.segments, page.file, now=now)
        if neighbour := self._find_neighbour(page, wanted, now=now):
            return neighbour
        # Of what is made on the fly there are no parts.
        if self._compressor is not None and "range" not in request.headers.names:
            for coding in wanted:
                content = await self._compressor.compress(page.file, coding, now=now)
                if content is not None:
                    return Page(page.segments, page.file, page.name, page.status, coding, content)
        return page

    def _find_neighbour(self, page: Page, codings: tuple[str, ...], *, now: float) -> Page | None:
        search = (page.segments, codings)
        # Asked for before neighbours are: one that comes in between is seen the next time.
        status = _folder_status(page)
        folder = status and file_identity(status)
        if folder is not None and self._without.get(search) == folder:
            return None
        is_without = True
        for coding in codings:
            segments = (*page.segments[:-1], page.name + CODING_SUFFIXES[coding])
            try:
                file = self._files.open(segments)
            except (FileNotFoundError, IsADirectoryError):
                continue
            if file.status.st_mtime_ns >= page.file.status.st_mtime_ns:
                return Page(segments, file, page.name, page.status, coding)
            file.close()
            is_without = False  # it may become newer without a trace in the folder
        if is_without and status and folder and is_settled(status, now):
            self._remember_without(search, folder)
        return None

    def _remember_without(self, search: _Search, folder: tuple[int, ...]) -> None:
        self._without[search] = folder
        self._without.move_to_end(search)
        if len(self._without) > _MAX_SEARCHES:
            self._without.popitem(last=False)


@lru_cache(maxsize=2048)  # of all that is asked where no coding is wanted, this takes longest
def _is_compressible(name: str) -> bool:
    return is_compressible(media_type(name))


def _folder_status(page: Page) -> os.stat_result | None:
    """Return what changes when a file comes into the folder of a page, None where none can tell."""
    folder = page.file.path.rpartition("/")[0]  # as ``Folder.open`` has joined it, on Windows too
    try:
        return os.stat(folder)  # noqa: PTH116 -- Path takes twice as long
    except OSError:
        return None
