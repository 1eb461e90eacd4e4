"""The validators of a file: its entity tag and the time of its last change (RFC 9110 §8.8).

Made of its status; or of what is in it, for builds that come out the same wherever they are made:
there, the time of a file is when it was copied, or the same for all. The price is to read each file
once; the tags are kept as long as the status says the same.
"""

import os
from collections import OrderedDict
from hashlib import blake2b
from typing import Literal, NamedTuple

import trio

from ..errors import HTTPError
from ..rules.entity_tag import file_entity_tag
from .file_body import BUFFER_BYTES, read_at
from .file_status import file_identity, has_other_content, is_settled
from .kept_files import KeptFile
from .open_file import OpenFile

__all__ = ["Source", "Validators", "ValidatorsOf"]

Source = Literal["file", "content"]

_NS = 1_000_000_000  # a second
_MAX_TAGS = 4096
_TAG_BYTES = 16
_THREADS = 2  # a big file must not keep all others waiting


class Validators(NamedTuple):
    """What tells one state of a page from another."""

    etag: str
    last_modified: int | None
    """In seconds since the epoch, None where the time of the file says nothing."""


class ValidatorsOf:
    """Finds the validators of files, by their status or by their content."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._tags: OrderedDict[tuple[int, ...], str] = OrderedDict()
        self._readings: dict[tuple[int, ...], trio.Event] = {}
        self._threads = trio.CapacityLimiter(_THREADS)

    async def __call__(self, file: OpenFile | KeptFile, *, now: float) -> Validators:
        """Return the validators of a file; ``now`` is in seconds since the epoch.

        Raises ``OSError``, and ``HTTPError`` 503 if the file is being written. Cancelling waits
        for a piece of it that is read in a thread.
        """
        if self._source == "file":
            return _validators_by_status(file.status, now)
        return Validators(await self._content_tag(file, now), None)

    async def _content_tag(self, file: OpenFile | KeptFile, now: float) -> str:
        identity = file.identity
        while (tag := self._tags.get(identity)) is None:
            reading = self._readings.get(identity)
            if reading is None:
                return await self._find_tag(file, identity, now)
            # A crowd that asks for a film would have it read as often as it has members.
            await reading.wait()
        self._tags.move_to_end(identity)
        return tag

    async def _find_tag(
        self, file: OpenFile | KeptFile, identity: tuple[int, ...], now: float
    ) -> str:
        if isinstance(file, KeptFile):
            tag = f'"{blake2b(file.content, digest_size=_TAG_BYTES).hexdigest()}"'
        else:
            tag = await self._read_tag(file, identity)
            status = os.fstat(file.fileno())
            if has_other_content(file.status, status, file.path):
                raise HTTPError(503, "the file is being written", headers=[("Retry-After", "1")])
        if is_settled(file.status, now):
            self._keep(identity, tag)
        return tag

    async def _read_tag(self, file: OpenFile, identity: tuple[int, ...]) -> str:
        reading = self._readings[identity] = trio.Event()
        try:
            return await trio.to_thread.run_sync(
                _read_tag, file.fileno(), file.status.st_size, limiter=self._threads
            )
        finally:
            del self._readings[identity]
            reading.set()

    def _keep(self, identity: tuple[int, ...], tag: str) -> None:
        self._tags[identity] = tag
        if len(self._tags) > _MAX_TAGS:
            self._tags.popitem(last=False)


def _validators_by_status(status: os.stat_result, now: float) -> Validators:
    is_young = not is_settled(status, now)
    # Without the device, whose number may be another when the machine starts again.
    etag = file_entity_tag(file_identity(status)[1:], weak=is_young)
    # RFC 9110 §8.8.2.1: never later than the response. What is before 1970 was never set.
    # §8.8.2.2: in the second that it tells, the file may still change.
    return Validators(etag, None if is_young else max(0, status.st_mtime_ns // _NS))


def _read_tag(fd: int, size: int) -> str:
    digest = blake2b(digest_size=_TAG_BYTES)
    buffer, offset = memoryview(bytearray(BUFFER_BYTES)), 0
    while count := read_at(fd, buffer[: size - offset], offset):
        trio.from_thread.check_cancelled()
        digest.update(buffer[:count])
        offset += count
    return f'"{digest.hexdigest()}"'
