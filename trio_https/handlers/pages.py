"""A folder of pages as a handler: files by their names, index files, redirects, the folder's 404.

The methods of ``Pages`` are one story: method, path, open file, validators, preconditions, headers,
body. What a path, a date, a tag or a media type is, ``rules`` knows; what may be opened,
``open_file``; how it is read, ``file_body``.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import quote

from ..errors import HTTPError
from ..messages import Headers, Request, Response
from ..rules.entity_tag import file_entity_tag
from ..rules.http_dates import format_http_date
from ..rules.media_types import media_type
from ..rules.preconditions import evaluate_preconditions
from ..rules.url_path import file_segments
from .file_body import FileBody, read_file
from .open_file import Folder, OpenFile

__all__ = ["Pages"]

_MAX_BYTES_AT_ONCE = 64 * 1024
"""Up to here a file is read at once, and head and body leave in one piece."""

_MTIME_TICK = 2.0
"""The coarsest clock of a file system in use, FAT's, in seconds."""

_NS = 1_000_000_000  # a second

# RFC 9110 §9.3 and RFC 5789.
_KNOWN_METHODS = {"POST", "PUT", "DELETE", "CONNECT", "TRACE", "PATCH"}
_ALLOW = ("Allow", "GET, HEAD, OPTIONS")

# no-cache: kept, but asked about each time, so that an edited page is seen at once; an entity tag
# makes that cheap. nosniff: a file is what its name says, never a script by its looks.
_ALWAYS = (("Cache-Control", "no-cache"), ("X-Content-Type-Options", "nosniff"))

_CONDITIONAL = {"if-match", "if-unmodified-since", "if-none-match", "if-modified-since"}


class Pages:
    """The handler that serves the files below ``root``, and nothing else.

    A URL that ends in a slash stands for the first of ``index_names`` that is in the folder; there
    are no listings. What is missing, hidden or outside of the folder is answered alike: with the
    ``404.html`` at the root, or a line of text. Raises ``ConfigError`` if there is no such folder.
    """

    def __init__(
        self, root: str | os.PathLike[str], *, index_names: Iterable[str] = ("index.html",)
    ) -> None:
        self._folder = Folder(root)
        self._index_names = tuple(index_names)

    async def __call__(self, request: Request, /) -> Response:
        """Answer a request for a file.

        Raises ``HTTPError``: 400 for a malformed target, 405 or 501 for a method other than GET,
        HEAD and OPTIONS, 503 when no more files can be opened. A file that is in the page cache is
        answered without a checkpoint: sending the response is one. Cancelling leaves no file open.
        """
        if request.method == "OPTIONS":
            return Response(204, Headers((_ALLOW,)))
        if request.method not in ("GET", "HEAD"):
            # RFC 9110 §9.1: 405 for a method that is known, 501 for one that is not.
            status = 405 if request.method in _KNOWN_METHODS else 501
            raise HTTPError(status, "pages are read, by GET and HEAD", headers=(_ALLOW,))
        segments = file_segments(request.raw_path)
        if segments is None:
            return await self._not_found(request)
        try:
            name, file = self._open(request.raw_path, segments)
        except FileNotFoundError:
            return await self._not_found(request)
        except IsADirectoryError:
            return _slash_redirect(segments, request.query)
        with file:
            return await self._found(request, name, file)

    def _open(self, raw_path: str, segments: tuple[str, ...]) -> tuple[str, OpenFile]:
        if not raw_path.endswith("/"):
            return segments[-1], self._folder.open(segments)
        for name in self._index_names:
            with suppress(FileNotFoundError, IsADirectoryError):
                return name, self._folder.open((*segments, name))
        raise FileNotFoundError

    async def _found(self, request: Request, name: str, file: OpenFile) -> Response:
        now, status = request.received_at, file.status
        etag = file_entity_tag(
            size=status.st_size,
            mtime_ns=status.st_mtime_ns,
            inode=status.st_ino,
            weak=now - status.st_mtime < _MTIME_TICK,
        )
        # RFC 9110 §8.8.2.1: never later than the response. What is before 1970 was never set.
        last_modified = max(0, min(status.st_mtime_ns // _NS, int(now)))
        validators = (("Last-Modified", format_http_date(last_modified)), ("ETag", etag))
        ended_by = _evaluate_preconditions(request, etag, last_modified)
        if ended_by:
            return Response(ended_by, Headers((*_ALWAYS, *validators)))
        fields = (*_ALWAYS, *validators, *_content_fields(name, file))
        return Response(200, Headers(fields), await _body(request, file))

    async def _not_found(self, request: Request) -> Response:
        try:
            file = self._folder.open((_NOT_FOUND_NAME,))
        except (FileNotFoundError, IsADirectoryError):
            return _NOT_FOUND
        with file:
            # No validators: they would be those of another resource.
            fields = (*_ALWAYS, *_content_fields(_NOT_FOUND_NAME, file))
            return Response(404, Headers(fields), await _body(request, file))


_NOT_FOUND_NAME = "404.html"
_NOT_FOUND_TEXT = Response.text("There is no such page.\n", 404)
_NOT_FOUND = Response(404, Headers((*_ALWAYS, *_NOT_FOUND_TEXT.headers)), _NOT_FOUND_TEXT.body)


def _slash_redirect(segments: tuple[str, ...], query: str) -> Response:
    """Return the redirect from a folder's name to its URL, where relative links work.

    Made of decoded segments, none of them empty, never of what was sent: so it can't begin with
    two slashes, which browsers take for another host (CVE-2021-28861).
    """
    path = "/".join(quote(segment, safe="", errors="surrogateescape") for segment in segments)
    # 301 is understood by every client; that it may turn POST into GET can't happen here.
    redirect = Response.redirect(f"/{path}/" + (f"?{query}" if query else ""), 301)
    return Response(301, Headers((*_ALWAYS, *redirect.headers)))


def _evaluate_preconditions(request: Request, etag: str, last_modified: int) -> int | None:
    # Most requests have none of the fields: one look for all of them, in place of four.
    present = _CONDITIONAL.intersection([name.lower() for name, _ in request.headers])
    if not present:
        return None
    conditions = {name.replace("-", "_"): request.headers.get(name) for name in present}
    return evaluate_preconditions(
        request.method, etag=etag, last_modified=last_modified, **conditions
    )


def _content_fields(name: str, file: OpenFile) -> tuple[tuple[str, str], ...]:
    return (
        ("Content-Type", media_type(name)),
        ("Content-Length", str(file.status.st_size)),
    )


async def _body(request: Request, file: OpenFile) -> bytes | FileBody:
    size = file.status.st_size
    if request.method == "HEAD" or size > _MAX_BYTES_AT_ONCE:
        return FileBody(file.detach(), [range(size)])  # for HEAD it is closed unread
    content = await read_file(file.fileno(), range(size))
    if len(content) < size:
        raise HTTPError(503, "the file is being written", headers=[("Retry-After", "1")])
    return content
