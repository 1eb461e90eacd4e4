"""Where a request leads in a folder of pages: to a page, elsewhere, to a list, or to nothing.

The order of it is: what the author redirects in any case, what is there, what the author redirects
where nothing is, the first page of an application. Nothing is sent here.
"""

from dataclasses import replace
from typing import NamedTuple

from ..messages import Request
from ..rules.redirect_rules import Redirect, RedirectRules
from ..rules.url_path import PagePath, encode_segments, page_path
from .page import Page
from .site import ListedFolder, Moved, Site

__all__ = ["Directions", "Elsewhere"]


class Elsewhere(NamedTuple):
    """A redirect to a URI reference."""

    location: str
    status: int


class Directions:
    """The directions to what is in a folder.

    ``prefix`` is the path of its root, encoded, below where a router has mounted it; with ``spa``,
    what is missing is its first page.
    """

    def __init__(self, site: Site, *, prefix: str, spa: bool) -> None:
        self._site = site
        self._prefix = prefix
        self._spa = spa

    def find(
        self, request: Request, path: PagePath, redirects: RedirectRules
    ) -> Page | Elsewhere | ListedFolder | None:
        """Return where a request for ``path`` leads, None if to nothing.

        ``redirects`` are the author's, as they are now. A page is open, and for the caller to
        close. Raises what ``Site.find`` raises.
        """
        if path.segments == () and not path.text:  # the prefix without a slash
            return self._moved(Moved((), ends_in_slash=True), request)
        if redirects.has_forced:
            redirect = redirects.find(path.text, request.query, request.authority)
            if redirect is not None and redirect.is_forced:
                return self._redirected(redirect, request)
        if path.segments is not None:
            found = self._site.find(path.segments, ends_in_slash=path.ends_in_slash)
            if found is not None:
                return self._moved(found, request) if isinstance(found, Moved) else found
        redirect = redirects.find(path.text, request.query, request.authority)
        if redirect is not None:
            return self._redirected(redirect, request)
        return self._first_page(request, path) if self._spa else None

    def _moved(self, moved: Moved, request: Request) -> Elsewhere:
        slash = "/" if moved.ends_in_slash else ""
        query = f"?{request.query}" if request.query else ""
        # 301 is understood by every client; that it may turn POST into GET can't happen here.
        return Elsewhere(
            f"{self._root_of(request)}{encode_segments(moved.segments)}{slash}{query}", 301
        )

    def _redirected(self, redirect: Redirect, request: Request) -> Page | Elsewhere | None:
        """Return what the author has in mind; a page that isn't there is nothing."""
        if redirect.status in (200, 404):
            page = self._page_at(redirect.target)
            return page and replace(page, status=redirect.status)
        is_own = redirect.target.startswith("/")
        prefix = self._root_of(request) if is_own else ""
        return Elsewhere(f"{prefix}{redirect.target}", redirect.status)

    def _root_of(self, request: Request) -> str:
        """Return the raw path that stands for the root, without a slash at its end."""
        return f"{request.mounted_at}{self._prefix}"

    def _page_at(self, target: str) -> Page | None:
        path = page_path(target.partition("#")[0].partition("?")[0])
        if path is None or path.segments is None:
            return None
        return self._site.find_page(path.segments, ends_in_slash=path.ends_in_slash)

    def _first_page(self, request: Request, path: PagePath) -> Page | None:
        # What has an extension is a file that is missing, and no script must turn out to be HTML;
        # but for who navigates, and so asks for HTML by name, "/users/ada@example.com" is a page.
        wants_html = "text/html" in (request.headers.get("accept") or "")
        if "." in path.text.rpartition("/")[2] and not wants_html:
            return None
        return self._site.find_page((), ends_in_slash=True)
