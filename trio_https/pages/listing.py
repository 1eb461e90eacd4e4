"""Lists of what is in the folders that have no page of their own: as HTML or as JSON.

``respond`` is the order of things: scan, sort, render and compress in a thread, preconditions,
headers. What is listed, ``listing_scan`` knows; in which order, ``listing_entries``; how it looks,
``listing_page``.
"""

import json
from functools import partial
from hashlib import blake2b

import trio

from ..files.codecs import FAST_LEVELS, available_codings, compress, is_worthwhile
from ..files.open_file import Folder
from ..messages import Headers, Request, Response
from ..rules.content_coding import IDENTITY, acceptable_codings
from ..rules.media_ranges import preferred_media_type
from ..rules.preconditions import evaluate_preconditions
from .listing_entries import Contents, parse_order, readable_name, sort_entries
from .listing_page import CONTENT_SECURITY_POLICY, render_page
from .listing_scan import scan_folder

__all__ = ["Listings", "render_json"]

_HTML, _JSON = "text/html", "application/json"

_MAX_ENTRIES = 10_000
"""A page of 2 MB, and as many as Caddy shows."""

_THREADS = 2  # such a page is a tenth of a second of computing, beside all other requests

_CONTENT_FIELDS = {
    _HTML: (
        ("Content-Type", f"{_HTML}; charset=utf-8"),
        ("Content-Security-Policy", CONTENT_SECURITY_POLICY),
    ),
    _JSON: (("Content-Type", _JSON), ("Content-Security-Policy", "frame-ancestors 'self'")),
}
_ALWAYS = (
    ("Cache-Control", "no-cache"),  # asked about each time: no date tells of a change in a folder
    ("Vary", "Accept, Accept-Encoding"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "strict-origin-when-cross-origin"),
)


class Listings:
    """Lists of what ``folder`` serves, each of at most ``max_entries``."""

    def __init__(self, folder: Folder, *, max_entries: int = _MAX_ENTRIES) -> None:
        self._folder = folder
        self._max_entries = max_entries
        self._threads = trio.CapacityLimiter(_THREADS)

    async def respond(
        self, request: Request, segments: tuple[str, ...], *, prefix: str = ""
    ) -> Response:
        """Answer a GET or HEAD request for a list of the folder of these names below the root.

        Its URL must end in a slash, for the links in it are relative. ``prefix``, "/docs" say, is
        the path that stands for the root. Raises what ``Folder.open_folder`` raises:
        ``FileNotFoundError`` for a folder that is not there any more, or may not be listed.
        Cancelling waits for nothing: the thread stops by itself, and closes what it has open.
        """
        media_type = preferred_media_type(request.headers.get("accept"), (_HTML, _JSON))
        accepted = acceptable_codings(request.headers.get("accept-encoding"), available_codings())
        coding = accepted[0] if accepted else IDENTITY
        render = partial(self._render, segments, request.query, media_type, coding, prefix)
        body, coding, etag = await trio.to_thread.run_sync(
            render, limiter=self._threads, abandon_on_cancel=True
        )
        status = evaluate_preconditions(
            request.method,
            etag=etag,
            last_modified=None,
            now=request.received_at,
            if_match=request.headers.get("if-match"),
            if_none_match=request.headers.get("if-none-match"),
        )
        fields = [*_ALWAYS, ("ETag", etag)]
        if status is not None:
            return Response(status, Headers(fields))
        if coding != IDENTITY:
            fields.append(("Content-Encoding", coding))
        return Response(200, Headers((*fields, *_CONTENT_FIELDS[media_type])), body)

    def _render(
        self, segments: tuple[str, ...], query: str, media_type: str, coding: str, prefix: str
    ) -> tuple[bytes, str, str]:
        """Return the list, in which coding it is, and its entity tag."""
        found = scan_folder(
            self._folder,
            segments,
            max_entries=self._max_entries,
            check_cancelled=trio.from_thread.check_cancelled,
        )
        order = parse_order(query)
        contents = Contents(sort_entries(found.entries, order), found.is_truncated)
        if media_type == _JSON:
            text = render_json(segments, contents, prefix=prefix)
        else:
            text = render_page(segments, contents, order)
        body, coding = _coded(text.encode(), coding)
        digest = blake2b(body, digest_size=16, usedforsecurity=False)
        return body, coding, f'"{digest.hexdigest()}"'


def _coded(body: bytes, coding: str) -> tuple[bytes, str]:
    """Return a body in a content coding, or as it is where that is not worth it, and in which."""
    if coding != IDENTITY:
        coded = compress(body, coding, FAST_LEVELS[coding])
        if is_worthwhile(len(body), len(coded)):
            return coded, coding
    return body, IDENTITY


def render_json(segments: tuple[str, ...], contents: Contents, *, prefix: str = "") -> str:
    """Return a list as JSON; ``url`` is relative to that of the folder, ``size`` is in bytes."""
    entries = [
        {
            "name": readable_name(entry.name),
            "type": "folder" if entry.is_folder else "file",
            "size": entry.size,
            "modified": entry.modified_at,
            "url": entry.url,
        }
        for entry in contents.entries
    ]
    path = "".join(f"{readable_name(segment)}/" for segment in segments)
    return json.dumps(
        {"path": f"{prefix}/{path}", "entries": entries, "truncated": contents.is_truncated}
    )
