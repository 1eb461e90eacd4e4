"""What a path means in a folder of pages: the file for it, or the one URL where that is found.

Each page has one canonical URL. ``index.html`` is at the URL of its folder, which ends in a slash;
``about.html`` is at ``/about``; every other way to write them leads there. The names are those that
static hosts agree on. What is sent, and how, is not known here.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from ..files.kept_files import Files
from ..rules.url_path import is_hidden, is_servable_name
from .page import Page

__all__ = ["ListedFolder", "Moved", "Site"]

_HTML = ".html"
_MAX_LEVELS = 32  # where an error page is looked for: nobody nests pages deeper


class Moved(NamedTuple):
    """The canonical URL of what was asked for."""

    segments: tuple[str, ...]
    ends_in_slash: bool


class ListedFolder(NamedTuple):
    """A folder without an index file, of which a list is to be shown."""

    segments: tuple[str, ...]


Found = Page | Moved | ListedFolder | None


class Site:
    """The pages that ``files`` are.

    ``index_names`` are tried in their order. Without ``pretty_urls``, each file has the URL that
    its name is, and "/index.html" is one more for that of "/". With ``lists_folders``, a folder
    without an index file means a list of what is in it.
    """

    def __init__(
        self,
        files: Files,
        *,
        index_names: Sequence[str],
        pretty_urls: bool,
        lists_folders: bool,
    ) -> None:
        self._files = files
        self._index_names = tuple(index_names)
        self._pretty_urls = pretty_urls
        self._lists_folders = lists_folders

    def find(self, segments: tuple[str, ...], *, ends_in_slash: bool) -> Found:
        """Return what the path of these names means, None if it means no page.

        Raises what ``Folder.open`` raises but for ``FileNotFoundError`` and ``IsADirectoryError``.
        """
        if ends_in_slash or not segments:
            return self._find_folder(segments)
        page = self._open(segments)
        if page is None:
            return self._find_by_other_name(segments)
        return (self._pretty_urls and self._canonical(page)) or page

    def find_page(self, segments: tuple[str, ...], *, ends_in_slash: bool) -> Page | None:
        """Return the page that a path means by its canonical URL or another, None for none."""
        found = self.find(segments, ends_in_slash=ends_in_slash)
        if isinstance(found, Moved):
            found = self.find(found.segments, ends_in_slash=found.ends_in_slash)
        return found if isinstance(found, Page) else None

    def find_nearest(self, folders: tuple[str, ...], name: str) -> Page | None:
        """Return the file of that name in the deepest of these nested folders that has one."""
        for depth in range(min(len(folders), _MAX_LEVELS), -1, -1):
            if page := self._open((*folders[:depth], name)):
                return page
        return None

    def _find_folder(self, segments: tuple[str, ...]) -> Found:
        if page := self._open_index(segments):
            return page
        if self._lists_folders and self._is_folder(segments):
            return ListedFolder(segments)
        if self._pretty_urls and segments and (page := self._open(_with_html(segments))):
            # "/about/" of "about.html"
            return self._canonical(page) or self._moved_to(page)
        return None

    def _find_by_other_name(self, segments: tuple[str, ...]) -> Found:
        if self._pretty_urls and (page := self._open(_with_html(segments))):
            return self._canonical_index(page) or page
        if self._has_index(segments) or (self._lists_folders and self._is_folder(segments)):
            return Moved(segments, ends_in_slash=True)
        return None

    def _canonical(self, page: Page) -> Moved | None:
        """Close the page and return its URL if that is another than its name."""
        name = page.name
        if name in self._index_names and (moved := self._canonical_index(page)):
            return moved
        if not name.endswith(_HTML):
            return None
        stem = name.removesuffix(_HTML)
        canonical = (*page.segments[:-1], stem)
        # What is no name without its extension, "etc.", or hidden, "page~", has no such URL.
        if not is_servable_name(stem) or is_hidden(canonical):
            return None
        with _closed_on_error(page):
            if self._is_file(canonical):
                return None
        page.file.close()
        return Moved(canonical, ends_in_slash=False)

    def _moved_to(self, page: Page) -> Moved:
        page.file.close()
        return Moved(page.segments, ends_in_slash=False)

    def _canonical_index(self, page: Page) -> Moved | None:
        if page.name not in self._index_names:
            return None
        folder = page.segments[:-1]
        before = self._index_names[: self._index_names.index(page.name)]
        with _closed_on_error(page):
            if any(self._is_file((*folder, name)) for name in before):
                return None  # the folder's URL shows another file
        page.file.close()
        return Moved(folder, ends_in_slash=True)

    def _open_index(self, folder: tuple[str, ...]) -> Page | None:
        for name in self._index_names:
            if page := self._open((*folder, name)):
                return page
        return None

    def _has_index(self, folder: tuple[str, ...]) -> bool:
        return any(self._is_file((*folder, name)) for name in self._index_names)

    def _is_file(self, segments: tuple[str, ...]) -> bool:
        page = self._open(segments)
        if page is not None:
            page.file.close()
        return page is not None

    def _is_folder(self, segments: tuple[str, ...]) -> bool:
        try:
            self._files.open(segments).close()
        except IsADirectoryError:
            return True
        except FileNotFoundError:
            pass
        return False

    def _open(self, segments: tuple[str, ...]) -> Page | None:
        try:
            return Page(segments, self._files.open(segments), segments[-1])
        except (FileNotFoundError, IsADirectoryError):
            return None


@contextmanager
def _closed_on_error(page: Page) -> Iterator[None]:
    """Close the page if a look at another file fails: nobody else gets it then."""
    try:
        yield
    except BaseException:
        page.file.close()
        raise


def _with_html(segments: tuple[str, ...]) -> tuple[str, ...]:
    return (*segments[:-1], segments[-1] + _HTML)
