"""Forms as browsers send them: URL-encoded (WHATWG URL §5), or multipart with files (RFC 7578).

The border to python-multipart, which finds the parts in a stream of bytes; what is in them is
judged here. Text stays in memory, a file goes to the disk when it is large, and a disk never keeps
other tasks waiting. Requests and their header fields are not known here.
"""

import logging
import os
import re
import shutil
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO
from urllib.parse import parse_qsl

import trio

from .errors import HTTPError
from .request_body import RequestBody, check_body_size, decode_text, parse_content_type

__all__ = ["Form", "FormLimits", "UploadedFile", "open_form"]

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"

# A part has three of them at most (RFC 7578 §4.8), with room for a long file name.
_MAX_PART_HEADERS = 8
_MAX_PART_HEADER_BYTES = 4096
# Parsed before other tasks get their turn: boundaries that turn out to be none are slow, 3 MiB/s.
_PIECE_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UploadedFile:
    """A file of a form. It is there until the block that the form was read for is left."""

    name: str
    """Of the form's field."""
    filename: str
    """As the client sent it, so never a path to open: it may be "../../etc/passwd". Where a file
    input was left empty, browsers send a file without a name and without content."""
    content_type: str | None
    """What the client takes it for, None if it doesn't say. Nobody has looked."""
    size: int
    """In bytes."""
    file: IO[bytes]
    """Open for reading, at its start; closed by who opened the form. Where not ``in_memory``,
    reading it keeps all tasks waiting for the disk: rather use ``read`` or ``save_to``."""
    in_memory: bool
    """Whether it was small enough for that; else it is a temporary file without a name."""

    async def read(self) -> bytes:
        """Return all of its content. Cancelling waits for the disk."""
        if self.in_memory:
            await trio.lowlevel.checkpoint()
            return _read_from_start(self.file)
        return await trio.to_thread.run_sync(_read_from_start, self.file)

    async def save_to(self, path: str | os.PathLike[str]) -> None:
        """Write its content to a file at ``path``, in place of what is there.

        Raises ``OSError``, and may leave a part of it then. Cancelling waits for the disk.
        """
        await trio.to_thread.run_sync(_copy_from_start, self.file, path)


class Form(Mapping[str, str | UploadedFile]):
    """The values of a form by name: an immutable mapping, in which a name may have several.

    As a mapping it gives the first value of each name, as ``FormData`` does in a browser.
    """

    __slots__ = ("_values", "pairs")

    def __init__(self, pairs: Iterable[tuple[str, str | UploadedFile]]) -> None:
        self.pairs: tuple[tuple[str, str | UploadedFile], ...] = tuple(pairs)
        """All names and values, in the order in which they came."""
        self._values: dict[str, list[str | UploadedFile]] = {}
        for name, value in self.pairs:
            self._values.setdefault(name, []).append(value)

    def get_all(self, name: str) -> list[str | UploadedFile]:
        """Return each value of that name, as checkboxes and file inputs may have several."""
        return list(self._values.get(name, ()))

    def text(self, name: str) -> str:
        """Return the first value of that name, or raise ``HTTPError`` 400 where it is no text."""
        value = self.get(name)
        if not isinstance(value, str):
            raise HTTPError(400, f"the form has no text field {name!r}")
        return value

    def file(self, name: str) -> UploadedFile:
        """Return the first value of that name, or raise ``HTTPError`` 400 where it is no file."""
        value = self.get(name)
        if not isinstance(value, UploadedFile):
            raise HTTPError(400, f"the form has no file {name!r}")
        return value

    def __getitem__(self, name: str) -> str | UploadedFile:
        return self._values[name][0]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        """Return the names only: values may be passwords, and this ends up in logs."""
        return f"<Form with {list(self._values)!r}>"


@dataclass(frozen=True, slots=True, kw_only=True)
class FormLimits:
    """What a form may cost, as ``Request.form`` explains it."""

    max_bytes: int
    max_fields: int
    max_files: int
    max_text_bytes: int
    max_file_memory: int


@asynccontextmanager
async def open_form(
    body: RequestBody, content_type: str | None, limits: FormLimits
) -> AsyncIterator[Form]:
    """Read a form, and close its files at the end of the block, whatever happens.

    Raises ``HTTPError`` 400, 413 and 415, and what ``body`` raises. Cancelling waits for the disk.
    """
    media_type, parameters = parse_content_type(content_type)
    if media_type == URLENCODED:
        yield await _receive_urlencoded(body, limits)
    elif media_type == MULTIPART:
        async with _closing_files() as files:
            yield await _receive_multipart(body, parameters.get("boundary", ""), limits, files)
    else:
        accepted = f"{URLENCODED}, {MULTIPART}"  # RFC 9110 §15.5.16
        raise HTTPError(415, f"a form is one of {accepted}", headers=[("Accept", accepted)])


async def _receive_urlencoded(body: RequestBody, limits: FormLimits) -> Form:
    content = await body.receive_all(min(limits.max_bytes, limits.max_text_bytes))
    try:
        if len(content) <= _PIECE_BYTES:
            return _parse_urlencoded(content, limits.max_fields)
        return await trio.to_thread.run_sync(_parse_urlencoded, content, limits.max_fields)
    except UnicodeDecodeError as exc:
        raise HTTPError(400, "the form is not UTF-8") from exc
    except ValueError as exc:
        raise _too_many("fields", limits.max_fields) from exc


def _parse_urlencoded(content: bytes, max_fields: int) -> Form:
    parse = partial(parse_qsl, keep_blank_values=True, errors="strict")
    return Form(parse(content.decode(), max_num_fields=max_fields))


def _too_many(things: str, limit: int) -> HTTPError:
    return HTTPError(413, f"the form has over {limit:,} {things}")


# Multipart: the decoder makes events of bytes, the parts make values of events.


async def _receive_multipart(
    body: RequestBody, boundary: str, limits: FormLimits, files: list["_FilePart"]
) -> Form:
    body.check_unread()
    decoder = _MultipartDecoder(boundary, limits)
    part: _TextPart | _FilePart = _TextPart(_TextHead("", None))  # a head comes before any content
    pairs: list[tuple[str, str | UploadedFile]] = []
    size = 0
    while piece := await body.receive_some(_PIECE_BYTES):
        size += len(piece)
        check_body_size(size, limits.max_bytes)
        for event in decoder.decode(piece):
            match event:
                case _FileHead():
                    part = _FilePart(event, limits.max_file_memory)
                    files.append(part)
                case _TextHead():
                    part = _TextPart(event)
                case b"":
                    pairs.append((part.head.name, await part.finish()))
                case _:
                    await part.write(event)
    decoder.check_end()
    return Form(pairs)


@dataclass(frozen=True, slots=True)
class _TextHead:
    name: str
    content_type: str | None


@dataclass(frozen=True, slots=True)
class _FileHead(_TextHead):
    filename: str


class _TextPart:
    def __init__(self, head: _TextHead) -> None:
        self.head = head
        self._content = bytearray()

    async def write(self, data: bytes) -> None:
        self._content += data

    async def finish(self) -> str:
        return decode_text(bytes(self._content), self.head.content_type)


class _FilePart:
    """A file that moves to the disk when it outgrows ``max_memory``, and lives in threads then."""

    def __init__(self, head: _FileHead, max_memory: int) -> None:
        self.head = head
        # Moved by hand: by itself, it would move in the middle of a write.
        self.file: SpooledTemporaryFile[bytes] = SpooledTemporaryFile()  # noqa: SIM115
        self.is_on_disk = False
        self._size = 0
        self._max_memory = max_memory

    async def write(self, data: bytes) -> None:
        self._size += len(data)
        if not self.is_on_disk and self._size > self._max_memory:
            self.is_on_disk = True
            await trio.to_thread.run_sync(self.file.rollover)
        if self.is_on_disk:
            await trio.to_thread.run_sync(self.file.write, data)
        else:
            self.file.write(data)

    async def finish(self) -> UploadedFile:
        if self.is_on_disk:
            await trio.to_thread.run_sync(self.file.seek, 0)  # flushes, too
        else:
            self.file.seek(0)
        return UploadedFile(
            name=self.head.name,
            filename=self.head.filename,
            content_type=self.head.content_type,
            size=self._size,
            file=self.file,
            in_memory=not self.is_on_disk,
        )


@asynccontextmanager
async def _closing_files() -> AsyncIterator[list[_FilePart]]:
    parts: list[_FilePart] = []
    try:
        yield parts
    finally:
        _close_all([part.file for part in parts if not part.is_on_disk])
        on_disk = [part.file for part in parts if part.is_on_disk]
        if on_disk:
            # To close is to delete, which takes a disk its time, but has an end: so it is shielded.
            with trio.CancelScope(shield=True):
                await trio.to_thread.run_sync(_close_all, on_disk)


def _close_all(files: Iterable[IO[bytes]]) -> None:
    with ExitStack() as stack:
        for file in files:
            stack.callback(file.close)  # also where another fails


def _read_from_start(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _copy_from_start(file: IO[bytes], path: str | os.PathLike[str]) -> None:
    file.seek(0)
    with open(path, "wb") as target:  # noqa: PTH123 -- of whatever type the path is
        shutil.copyfileobj(file, target)


class _MultipartDecoder:
    """Bytes -> the events of a multipart body: the head of a part, its content, b"" at its end."""

    def __init__(self, boundary: str, limits: FormLimits) -> None:
        from python_multipart.multipart import MultipartParser, parse_options_header

        if not boundary:
            raise HTTPError(400, "the multipart form has no boundary")
        self._limits = limits
        self._events: list[_TextHead | bytes] = []
        self._header_name = self._header_value = b""
        self._headers: dict[bytes, bytes] = {}
        self._is_file = False
        self._has_ended = False
        self._fields = self._files = self._text_bytes = 0
        self._parse_options = parse_options_header
        with _refusing_malformed():
            self._parser = MultipartParser(
                boundary.encode("latin-1"),
                {
                    "on_header_field": self._take_header_name,
                    "on_header_value": self._take_header_value,
                    "on_header_end": self._end_header,
                    "on_headers_finished": self._end_headers,
                    "on_part_data": self._take_content,
                    "on_part_end": self._end_part,
                    "on_end": self._end,
                },
                max_header_count=_MAX_PART_HEADERS,
                max_header_size=_MAX_PART_HEADER_BYTES,
            )
        # Of no tree: what it warns of, the client is told by a 400.
        self._parser.logger = logging.Logger("python_multipart", logging.CRITICAL)  # noqa: LOG001

    def decode(self, data: bytes) -> list[_TextHead | bytes]:
        """Return the events in the next bytes, or raise ``HTTPError`` 400 or 413."""
        with _refusing_malformed():
            self._parser.write(data)
        events, self._events = self._events, []
        return events

    def check_end(self) -> None:
        """Raise ``HTTPError`` 400 where the closing boundary did not come."""
        if not self._has_ended:
            raise HTTPError(400, "the multipart form is cut off")

    def _take_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]

    def _take_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]

    def _end_header(self) -> None:
        name, value = self._header_name.lower(), self._header_value
        if name in self._headers or _CONTROL_CHARACTER.search(value):
            raise HTTPError(400, "a part of the form has a malformed header")
        self._headers[name] = value
        self._header_name = self._header_value = b""

    def _end_headers(self) -> None:
        head = self._make_head()
        self._is_file = isinstance(head, _FileHead)
        self._files += self._is_file
        self._fields += not self._is_file
        if self._files > self._limits.max_files:
            raise _too_many("files", self._limits.max_files)
        if self._fields > self._limits.max_fields:
            raise _too_many("fields", self._limits.max_fields)
        self._headers = {}
        self._events.append(head)

    def _make_head(self) -> _TextHead:
        headers = self._headers
        disposition, options = self._parse_options(headers.get(b"content-disposition"))
        if disposition != b"form-data" or b"name" not in options:
            raise HTTPError(400, "a part of the form has no name")
        # RFC 7578 §4.7: nobody sends base64 and its like, and these three mean no encoding.
        if headers.get(b"content-transfer-encoding", b"binary").strip().lower() not in _UNENCODED:
            raise HTTPError(400, "a part of the form has a Content-Transfer-Encoding")
        try:
            content_type = headers.get(b"content-type", b"").decode() or None
            name = options[b"name"].decode()
            filename = options[b"filename"].decode() if b"filename" in options else None
        except UnicodeDecodeError as exc:
            raise HTTPError(400, "a header of the form is not UTF-8") from exc
        if filename is None:
            return _TextHead(name, content_type)
        return _FileHead(name, content_type, filename)

    def _take_content(self, data: bytes, start: int, end: int) -> None:
        if not self._is_file:
            self._text_bytes += end - start
            if self._text_bytes > self._limits.max_text_bytes:
                raise _too_many("bytes of text", self._limits.max_text_bytes)
        self._events.append(data[start:end])

    def _end_part(self) -> None:
        self._events.append(b"")

    def _end(self) -> None:
        self._has_ended = True


@contextmanager
def _refusing_malformed() -> Iterator[None]:
    try:
        yield
    except ValueError as exc:  # python_multipart's FormParserError is one
        raise HTTPError(400, "the multipart form is malformed") from exc


_CONTROL_CHARACTER = re.compile(rb"[\x00-\x08\x0a-\x1f\x7f]")  # RFC 9110 §5.5
_UNENCODED = (b"7bit", b"8bit", b"binary")
