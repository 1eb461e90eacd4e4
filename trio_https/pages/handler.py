"""A folder of pages as a handler.

``Pages`` is one story: method, where the path leads, what is selected there, response. What a path,
a range or a tag is, ``rules`` knows; where a request leads, ``directions``; which page a name
means, ``site``; what may be opened, ``open_file``; in which coding a page is sent, ``variants``;
what is told of it, ``heads``; what is sent of it, ``files.representation``.
"""

import logging
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from ..errors import ConfigError, HTTPError
from ..files.kept_files import Files
from ..files.open_file import Folder, OpenFile
from ..files.representation import Content, Fields, respond
from ..files.validators import Source
from ..messages import Headers, Request, Response
from ..rules.header_rules import HeaderRules
from ..rules.page_policy import PAGE_POLICY
from ..rules.url_path import PagePath, decode_path, encode_segments, is_servable_name, page_path
from .author_files import AuthorFiles
from .directions import Directions, Elsewhere
from .heads import REVALIDATE, Heads
from .page import Page
from .site import ListedFolder, Site
from .variants import Variants

if TYPE_CHECKING:  # loaded by who shows lists
    from .listing import Listings

__all__ = ["Pages"]

_log = logging.getLogger("trio_https.pages")

# RFC 9110 §9.3 and RFC 5789; without CONNECT and TRACE, which the server itself refuses.
_KNOWN_METHODS = {"POST", "PUT", "DELETE", "PATCH"}
_OUR_FAULT = (500, 503)
_ALLOW = ("Allow", "GET, HEAD, OPTIONS")

_CSP = "Content-Security-Policy"


class Pages:
    """The handler that serves the files below ``root``, and nothing else.

    - ``prefix``: the path that stands for the root, "/docs" say; other paths are not found. Below a
      mount of a ``Router`` there is no need for it.
    - ``index_names``: what a URL that ends in a slash stands for, the first that is there.
    - ``pretty_urls``: "/about" is ``about.html``, and each page has one URL that others lead to.
    - ``spa``: what is missing, and has no extension, is the first page (single-page application).
    - ``listing``: a folder without an index file is shown as a list.
    - ``follow_links``: also links that lead out of the folder.
    - ``etag``: tags are made of a file's status, or of its "content" for reproducible builds.
    - ``compress``: text is compressed on the fly where no ``.br``, ``.zst`` or ``.gz`` lies ready.
    - ``hsts``: for so many seconds, browsers use HTTPS only, on each port of the host (RFC 6797).

    ``_headers`` and ``_redirects`` at the root are its author's word on both. What is missing,
    hidden or outside of the folder is answered alike: with the nearest ``404.html`` up the tree, or
    a line of text. Raises ``ConfigError`` for a folder, a file of the author's or a prefix that
    can't be used.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        prefix: str = "",
        index_names: Iterable[str] = ("index.html",),
        pretty_urls: bool = True,
        spa: bool = False,
        listing: bool = False,
        follow_links: bool = False,
        etag: Source = "file",
        compress: bool = True,
        hsts: int = 0,
    ) -> None:
        prefix = prefix.removesuffix("/")
        prefix_segments = _prefix_segments(prefix)
        index_names = _checked_index_names(index_names)
        folder = Folder(root, follow_links=follow_links)
        self._folder = folder
        self._prefix = prefix
        self._author = AuthorFiles(root)
        self._files = Files(folder)
        self._site = Site(
            self._files,
            index_names=index_names,
            pretty_urls=pretty_urls,
            lists_folders=listing,
        )
        self._directions = Directions(self._site, prefix=encode_segments(prefix_segments), spa=spa)
        self._variants = Variants(self._files, on_the_fly=compress)
        self._hsts = (("Strict-Transport-Security", f"max-age={hsts}"),) if hsts else ()
        self._policy = (*PAGE_POLICY, *self._hsts)
        self._heads = Heads(self._policy, etag)

    async def __call__(self, request: Request, /) -> Response:
        """Answer a request for a page.

        Raises ``HTTPError``: 400 for a malformed target, 405 or 501 for a method other than GET,
        HEAD and OPTIONS; 503 while a file changes or no more files can be opened, and 500 for a
        fault of the disk, unless the folder has a ``50x.html``. A file that is in the page cache is
        answered without a checkpoint: sending the response is one. Cancelling leaves no file open.
        """
        try:
            if request.method not in ("GET", "HEAD"):
                return self._answer_other_method(request.method)
            path = page_path(request.remaining_raw_path, prefix=self._prefix)
            if path is None:
                return self._not_found()
            rules = self._author.rules(request.received_at)
            found = self._directions.find(request, path, rules.redirects)
            if isinstance(found, Page):
                return await self._send(request, path, found, rules.headers)
            return await self._answer_without_page(request, path, found, rules.headers)
        except HTTPError as exc:
            return await self._fail(request, exc)
        except OSError as exc:
            _log.error("%r: %s", exc.filename or request.target, exc.strerror)
            return await self._fail(request, HTTPError(500, "this page can't be read"))

    def _answer_other_method(self, method: str) -> Response:
        if method == "OPTIONS":
            return Response(204, Headers((*self._policy, _ALLOW)))
        # RFC 9110 §9.1: 405 for a method that is known, 501 for one that is not.
        status = 405 if method in _KNOWN_METHODS else 501
        raise HTTPError(status, "pages are read, by GET and HEAD", headers=(_ALLOW,))

    async def _answer_without_page(
        self,
        request: Request,
        path: PagePath,
        found: Elsewhere | ListedFolder | None,
        rules: HeaderRules,
    ) -> Response:
        if isinstance(found, Elsewhere):
            return self._redirect(found)
        if found is not None:
            with suppress(FileNotFoundError):  # may not be listed, or is not there any more
                return await self._list(request, path, found, rules)
        return await self._error_page(request, path, 404, rules) or self._not_found()

    async def _send(
        self,
        request: Request,
        path: PagePath,
        page: Page,
        rules: HeaderRules,
        *,
        more: Fields = (),
    ) -> Response:
        """Send a page, which this closes, by the author's rules; with ``more`` header fields."""
        variant = page
        try:
            variant = await self._variants.select(request, page)
            head = await self._heads.find(request, path, variant, rules, more=more)
            content = variant.content or variant.file.content or await self._load(request, variant)
            return await respond(request, head, content, self._files.buffers, status=page.status)
        finally:
            page.file.close()
            if variant is not page:
                variant.file.close()

    async def _load(self, request: Request, page: Page) -> Content:
        if request.method == "HEAD" and isinstance(page.file, OpenFile):
            return page.file  # nothing of which is read
        return await self._files.load(page.segments, page.file, now=request.received_at)

    @cached_property
    def _listings(self) -> "Listings":
        from .listing import Listings

        return Listings(self._folder)

    async def _list(
        self, request: Request, path: PagePath, folder: ListedFolder, rules: HeaderRules
    ) -> Response:
        prefix = f"{decode_path(request.mounted_at)}{self._prefix}"
        listed = await self._listings.respond(request, folder.segments, prefix=prefix)
        fields = (*listed.headers, *self._hsts)
        headers = Headers(rules.apply(fields, path=path.text, authority=request.authority))
        # Its own policy names its style by a hash: without that, a list has none.
        own_policy = listed.headers.get(_CSP)
        return replace(
            listed, headers=headers.with_header(_CSP, own_policy) if own_policy else headers
        )

    def _redirect(self, elsewhere: Elsewhere) -> Response:
        redirect = Response.redirect(elsewhere.location, elsewhere.status)
        fields = (*self._policy, REVALIDATE, *redirect.headers)
        return Response(elsewhere.status, Headers(fields))

    async def _error_page(
        self,
        request: Request,
        path: PagePath,
        status: int,
        rules: HeaderRules,
        more: Fields = (),
    ) -> Response | None:
        """Return the page that the folder has for such a status, None without one."""
        name = "404.html" if status == 404 else "50x.html"
        page = self._site.find_nearest(path.folders, name)
        if page is None:
            return None
        return await self._send(request, path, replace(page, status=status), rules, more=more)

    async def _fail(self, request: Request, error: HTTPError) -> Response:
        """Return the page that the folder has for a fault of the server, else raise the error."""
        if error.status in _OUR_FAULT:
            with suppress(HTTPError, OSError):  # what has failed may fail for this page too
                path = page_path(request.remaining_raw_path, prefix=self._prefix)
                rules = self._author.rules(request.received_at).headers
                if path and (
                    page := await self._error_page(
                        request, path, error.status, rules, error.headers
                    )
                ):
                    return page
        headers = (*self._policy, *error.headers)
        raise HTTPError(error.status, error.detail, headers=headers, close=error.close) from error

    def _not_found(self) -> Response:
        text = Response.text("There is no such page.\n", 404)
        return Response(404, Headers((*self._policy, REVALIDATE, *text.headers)), text.body)


def _prefix_segments(prefix: str) -> tuple[str, ...]:
    """Return the names in a prefix such as "/docs"; raise ``ConfigError`` for what is none."""
    if not prefix:
        return ()
    first, *segments = prefix.split("/")
    if first or not all(map(is_servable_name, segments)):
        raise ConfigError(
            f"prefix: {prefix!r} is no path of names that can be served. Give one that begins with"
            ' a slash, "/docs" say.'
        )
    return tuple(segments)


def _checked_index_names(names: Iterable[str]) -> tuple[str, ...]:
    checked = tuple(names)
    for name in checked:
        if not is_servable_name(name):
            raise ConfigError(
                f"index: {name!r} is no name of a file that can be served. Give the name alone,"
                ' "index.html" say.'
            )
    return checked
