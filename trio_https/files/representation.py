"""What is sent of a file: all, some or nothing of it, as the request's conditions and ranges say.

``respond`` is the order of RFC 9110 §13.2.2: preconditions, If-Range, Range, content. Each rule of
the RFC is in ``rules``; which file or coding is sent was decided before, by who knows what the
request's path means.
"""

import secrets
from collections.abc import Sequence
from functools import cached_property

from ..messages import Headers, Request, Response
from ..rules.byte_range import (
    content_range,
    is_range_current,
    multipart_byteranges,
    select_ranges,
    unsatisfied_range,
)
from ..rules.http_dates import format_http_date
from ..rules.preconditions import evaluate_preconditions
from .file_body import Buffers, FileBody
from .kept_files import MAX_BYTES_AT_ONCE, read_part
from .open_file import OpenFile
from .validators import Validators

__all__ = ["Content", "Fields", "Head", "content_fields", "respond"]

Fields = tuple[tuple[str, str], ...]
Content = bytes | OpenFile
"""What is small comes as bytes, so that head and body leave in one piece."""

_CONDITIONAL = frozenset({"if-match", "if-unmodified-since", "if-none-match", "if-modified-since"})
_OF_CONTENT = ("content-type", "content-encoding")


class Head:
    """What is told of content: its validators and header fields, which can be prepared and kept.

    ``validators`` are None for a page that only says what failed: it has no state of its own.
    ``fields`` are those that the whole and all parts have; ``size`` is that of the whole, in bytes.
    """

    def __init__(self, validators: Validators | None, fields: Fields, size: int) -> None:
        self.validators = validators
        self.fields = fields
        self.size = size

    @cached_property
    def of_whole(self) -> Headers:
        """The header fields of a response with all of the content."""
        return Headers((*self.fields, ("Content-Length", str(self.size))))

    @cached_property
    def without_content(self) -> Headers:
        """The header fields that RFC 9110 §15.4.5 wants of a 304."""
        return Headers(field for field in self.fields if field[0].lower() not in _OF_CONTENT)


def content_fields(
    media_type: str,
    cache_control: str,
    validators: Validators | None,
    *,
    coding: str | None = None,
    varies: bool = False,
) -> Fields:
    """Return the header fields that tell of content of this type.

    ``coding`` is its content coding, None for none; ``varies``, whether the client's
    Accept-Encoding had a say in that. Without ``validators`` it is a page that is kept by nobody.
    """
    fields = [("Cache-Control", cache_control if validators else "no-cache")]
    if validators:
        fields.append(("Accept-Ranges", "bytes"))
        if validators.last_modified is not None:
            fields.append(("Last-Modified", format_http_date(validators.last_modified)))
        fields.append(("ETag", validators.etag))
    if varies:
        fields.append(("Vary", "Accept-Encoding"))
    if coding is not None:
        fields.append(("Content-Encoding", coding))
    return (*fields, ("Content-Type", media_type))


async def respond(
    request: Request, head: Head, content: Content, buffers: Buffers, *, status: int = 200
) -> Response:
    """Return the response to a GET or HEAD request for the representation that was selected.

    With another ``status`` than 200, or without validators, the whole is sent, whatever the
    conditions. A file that is streamed is taken over; the caller closes it in any case. Raises
    what ``read_part`` raises, where only little is asked for. Cancelling waits for a read that has
    begun in a thread.
    """
    validators = head.validators
    if status != 200 or validators is None:
        return _respond_whole(head, content, buffers, status)
    names = request.headers.names
    if not names.isdisjoint(_CONDITIONAL):
        ended_by = _evaluate_preconditions(request, validators)
        if ended_by is not None:
            return _respond_without_content(head, ended_by)
    if "range" not in names:
        return _respond_whole(head, content, buffers, status)
    ranges = _requested_ranges(request, validators, head.size)
    if ranges is None:
        return _respond_whole(head, content, buffers, status)
    if not ranges:
        return _respond_unsatisfied(head)
    return await _respond_partial(head, content, ranges, buffers)


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
    request: Request, validators: Validators, size: int
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
    return select_ranges(field_value, size)


def _respond_whole(head: Head, content: Content, buffers: Buffers, status: int) -> Response:
    if isinstance(content, bytes):
        return Response(status, head.of_whole, content)
    return Response(status, head.of_whole, FileBody(content, [range(head.size)], buffers))


async def _respond_partial(
    head: Head, content: Content, ranges: tuple[range, ...], buffers: Buffers
) -> Response:
    fields, size = head.fields, head.size
    if len(ranges) == 1:
        part = ranges[0]
        of_part = ("Content-Range", content_range(part, size)), ("Content-Length", str(len(part)))
        return Response(206, Headers((*fields, *of_part)), await _body_of(content, ranges, buffers))
    boundary = secrets.token_hex(16)
    parts, length = multipart_byteranges(
        ranges,
        size=size,
        content_type=Headers(fields).get("content-type") or "",
        boundary=boundary,
    )
    headers = Headers((*fields, ("Content-Length", str(length)))).with_header(
        "Content-Type", f"multipart/byteranges; boundary={boundary}"
    )
    return Response(206, headers, await _body_of(content, parts, buffers))


async def _body_of(
    content: Content, parts: Sequence[range | bytes], buffers: Buffers
) -> bytes | FileBody:
    if isinstance(content, bytes):
        return b"".join(
            [part if isinstance(part, bytes) else content[part.start : part.stop] for part in parts]
        )
    if sum(map(len, parts)) > MAX_BYTES_AT_ONCE:
        return FileBody(content, parts, buffers)
    # 64 KiB of a large file cost three fifths of what they would as a stream of their own.
    return b"".join(
        [part if isinstance(part, bytes) else await read_part(content, part) for part in parts]
    )


def _respond_without_content(head: Head, status: int) -> Response:
    if status == 304:
        return Response(status, head.without_content)
    # RFC 9111 §3: a page that may be kept for a year says so of any status.
    return Response(status, head.without_content.with_header("Cache-Control", "no-cache"))


def _respond_unsatisfied(head: Head) -> Response:
    text = Response.text("416 Range Not Satisfiable: there is nothing in that range\n", 416)
    response = _respond_without_content(head, 416)
    size = ("Content-Range", unsatisfied_range(head.size))
    return Response(416, Headers((*response.headers, size, *text.headers)), text.body)
