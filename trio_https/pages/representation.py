"""What is sent of a page: all, some or nothing of it, as the request's conditions and ranges say.

``respond`` is the order of RFC 9110 §13.2.2: preconditions, If-Range, Range, content. Each rule of
the RFC is in ``rules``; which file or coding is sent was decided before.
"""

import secrets
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

from ..files.file_body import FileBody
from ..files.kept_files import Files, KeptFile
from ..files.open_file import OpenFile
from ..messages import Headers, Request, Response
from ..rules.byte_range import (
    content_range,
    is_range_current,
    multipart_byteranges,
    select_ranges,
    unsatisfied_range,
)
from ..rules.cache_policy import cache_control
from ..rules.http_dates import format_http_date
from ..rules.media_types import media_type
from ..rules.preconditions import evaluate_preconditions
from .validators import Validators
from .variants import Variant

__all__ = ["Fields", "Representation", "content_fields", "respond"]

Fields = tuple[tuple[str, str], ...]

_MAX_BYTES_AT_ONCE = 64 * 1024
"""Up to here a file is read at once, and head and body leave in one piece."""

_CONDITIONAL = frozenset({"if-match", "if-unmodified-since", "if-none-match", "if-modified-since"})
_OF_CONTENT = ("content-type", "content-encoding")


class Representation(NamedTuple):
    """The content that was selected for a request, with what is told of it (RFC 9110 §8)."""

    variant: Variant
    validators: Validators | None
    """None for a page that only says what failed: it has no state of its own."""
    fields: Fields
    """The header fields, but for those of a part and the length."""


# The head of a page, prepared: it is made of nothing but these.
@lru_cache(maxsize=1024)
def content_fields(
    name: str, coding: str | None, validators: Validators | None, *, varies: bool
) -> Fields:
    """Return the header fields that tell of the content of a file of this name.

    ``coding`` is its content coding, None for none; ``varies``, whether the client's
    Accept-Encoding had a say in that. Without ``validators`` it is a page that is kept by nobody.
    """
    kind = media_type(name)
    fields = [("Cache-Control", cache_control(name, kind) if validators else "no-cache")]
    if validators:
        fields.append(("Accept-Ranges", "bytes"))
        if validators.last_modified is not None:
            fields.append(("Last-Modified", format_http_date(validators.last_modified)))
        fields.append(("ETag", validators.etag))
    if varies:
        fields.append(("Vary", "Accept-Encoding"))
    if coding is not None:
        fields.append(("Content-Encoding", coding))
    return (*fields, ("Content-Type", kind))


async def respond(
    request: Request, selected: Representation, files: Files, *, status: int = 200
) -> Response:
    """Return the response to a GET or HEAD request for what was selected of ``files``.

    With another ``status`` than 200 the whole is sent, whatever the conditions. It takes the file
    over where it streams it; the caller closes it in any case. Raises ``HTTPError`` 503 if the file
    has changed meanwhile, and ``OSError``.
    """
    if status != 200 or selected.validators is None:
        return await _respond_whole(request, selected, files, status)
    names = request.headers.names
    if not names.isdisjoint(_CONDITIONAL):
        ended_by = _evaluate_preconditions(request, selected.validators)
        if ended_by is not None:
            return _respond_without_content(selected, ended_by)
    if "range" not in names:
        return await _respond_whole(request, selected, files, status)
    ranges = _requested_ranges(request, selected, selected.validators)
    if ranges is None:
        return await _respond_whole(request, selected, files, status)
    return _respond_partial(selected, ranges, files) if ranges else _respond_unsatisfied(selected)


def _evaluate_preconditions(request: Request, validators: Validators) -> int | None:
    headers = request.headers
    return evaluate_preconditions(
        request.method,
        etag=validators.etag,
        last_modified=validators.last_modified,
        if_match=headers.get("if-match"),
        if_unmodified_since=headers.get("if-unmodified-since"),
        if_none_match=headers.get("if-none-match"),
        if_modified_since=headers.get("if-modified-since"),
        now=request.received_at,
    )


def _requested_ranges(
    request: Request, selected: Representation, validators: Validators
) -> tuple[range, ...] | None:
    """Return the parts to send, none if there are no such, None to send the whole."""
    field_value = request.headers.get("range")
    if request.method != "GET" or field_value is None:  # RFC 9110 §14.2: only for GET
        return None
    if_range = request.headers.get("if-range")
    if if_range is not None and not is_range_current(
        if_range,
        etag=validators.etag,
        last_modified=validators.last_modified,
        now=request.received_at,
    ):
        return None
    return select_ranges(field_value, selected.variant.size)


async def _respond_whole(
    request: Request, selected: Representation, files: Files, status: int
) -> Response:
    variant = selected.variant
    headers = _headers(selected.fields, variant.size)
    if variant.content is not None:
        return Response(status, headers, variant.content)
    segments, file = variant.segments, variant.file
    if isinstance(file, KeptFile):
        return Response(status, headers, file.content)
    if request.method == "HEAD" or variant.size > _MAX_BYTES_AT_ONCE:
        return Response(status, headers, files.body(file, [range(variant.size)]))  # HEAD: unread
    return Response(status, headers, await files.read(segments, file, now=request.received_at))


def _respond_partial(selected: Representation, ranges: tuple[range, ...], files: Files) -> Response:
    size = selected.variant.size
    if len(ranges) == 1:
        fields = (*selected.fields, ("Content-Range", content_range(ranges[0], size)))
        return Response(206, _headers(fields, len(ranges[0])), _body_of(selected, ranges, files))
    boundary = secrets.token_hex(16)
    parts, length = multipart_byteranges(
        ranges,
        size=size,
        content_type=Headers(selected.fields).get("content-type") or "",
        boundary=boundary,
    )
    headers = _headers(selected.fields, length).with_header(
        "Content-Type", f"multipart/byteranges; boundary={boundary}"
    )
    return Response(206, headers, _body_of(selected, parts, files))


def _body_of(
    selected: Representation, parts: Sequence[range | bytes], files: Files
) -> bytes | FileBody:
    file, content = selected.variant.file, selected.variant.content
    if content is None:
        if isinstance(file, OpenFile):
            return files.body(file, parts)
        content = file.content
    return b"".join(
        [part if isinstance(part, bytes) else content[part.start : part.stop] for part in parts]
    )


def _respond_without_content(selected: Representation, status: int) -> Response:
    """Return a 304 or 412, with what RFC 9110 §15.4.5 wants to be told of the content."""
    fields = [field for field in selected.fields if field[0].lower() not in _OF_CONTENT]
    return Response(status, Headers(fields if status == 304 else _uncached(fields)))


def _respond_unsatisfied(selected: Representation) -> Response:
    text = Response.text("416 Range Not Satisfiable: there is nothing in that range\n", 416)
    response = _respond_without_content(selected, 416)
    size = ("Content-Range", unsatisfied_range(selected.variant.size))
    return Response(416, Headers((*response.headers, size, *text.headers)), text.body)


def _uncached(fields: list[tuple[str, str]]) -> Headers:
    # RFC 9111 §3: a page that may be kept for a year says so of any status.
    return Headers(fields).with_header("Cache-Control", "no-cache")


def _headers(fields: Fields, length: int) -> Headers:
    return Headers((*fields, ("Content-Length", str(length))))
