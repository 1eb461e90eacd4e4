"""Small and medium files compressed when they are asked for, and kept in memory.

Nothing of it is done in the time of the event loop: a thread reads and compresses, and who asks
when too many others wait already does without. Which coding a client accepts, and whether content
of a type gets smaller, the caller knows.
"""

import os
from collections import OrderedDict
from typing import NamedTuple

import trio

from .codecs import FAST_LEVELS, MIN_BYTES, available_codings, compress, is_worthwhile
from .file_status import file_identity, is_settled
from .kept_files import KeptFile
from .open_file import OpenFile

__all__ = ["Compressor"]

# A tenth of a second for one thread. What is larger is for neighbours, made ahead of time.
_MAX_FILE_BYTES = 4 * 1024 * 1024

_MAX_CACHE_BYTES = 32 * 1024 * 1024
_OVERHEAD_BYTES = 768  # of an entry: a key of seven, an outcome, their places in two tables

# Running and waiting: at worst a second, for who comes last. A page seldom has more parts.
_MAX_JOBS = 8

_Key = tuple[int | str, ...]


class _Outcome(NamedTuple):
    """What became of a file: its coded content, None where it is better sent as it is."""

    content: bytes | None
    is_final: bool = True
    """False where it holds for this moment only: the file was being written."""


class _Job:
    """A compression that is under way; ``outcome`` stays None where it was cancelled."""

    def __init__(self) -> None:
        self.has_ended = trio.Event()
        self.outcome: _Outcome | None = None


class Compressor:
    """Compresses files for their handler; up to ``max_cache_bytes`` of the outcome is kept."""

    def __init__(self, *, max_cache_bytes: int = _MAX_CACHE_BYTES) -> None:
        self._cache = _Cache(max_cache_bytes)
        self._jobs: dict[_Key, _Job] = {}
        self._threads = trio.CapacityLimiter(_thread_count())
        self._codings = available_codings()  # here, where nobody waits for them to be loaded

    async def compress(self, file: OpenFile | KeptFile, coding: str, *, now: float) -> bytes | None:
        """Return the content of a file in a content coding, None where it is better sent as it is.

        That is so where the file is below 1 KiB or above 4 MiB, where too little is saved, where
        it changes meanwhile, while too many others wait, and for a coding whose library is not
        installed. ``now`` is in seconds since the epoch. The caller closes ``file``. Raises
        ``OSError``. What was compressed before is returned without a checkpoint; cancelling waits
        for a compression that has begun.
        """
        if coding not in self._codings:
            return None
        if not MIN_BYTES <= file.status.st_size <= _MAX_FILE_BYTES:
            return None
        key: _Key = (*file.identity, coding)
        while (outcome := self._cache.get(key)) is None:
            job = self._jobs.get(key)
            if job is None:
                return await self._begin(key, file, coding, now=now)
            await job.has_ended.wait()
            # Else who began it was cancelled or had an error: the first who sees it begins anew.
            if job.outcome is not None:
                return job.outcome.content
        return outcome.content

    async def _begin(
        self, key: _Key, file: OpenFile | KeptFile, coding: str, *, now: float
    ) -> bytes | None:
        if len(self._jobs) >= _MAX_JOBS:
            return None
        job = self._jobs[key] = _Job()
        try:
            # Not to be abandoned: the file must not be closed under the thread that reads it.
            job.outcome = await trio.to_thread.run_sync(
                _compress_file, file, coding, limiter=self._threads
            )
        finally:
            del self._jobs[key]
            job.has_ended.set()
        if job.outcome.is_final and is_settled(file.status, now):
            self._cache.put(key, job.outcome)
        return job.outcome.content


class _Cache:
    """The outcomes that were last asked for, of no more than ``max_bytes`` in all."""

    def __init__(self, max_bytes: int) -> None:
        self._bytes_left = max_bytes
        self._outcomes: OrderedDict[_Key, _Outcome] = OrderedDict()

    def get(self, key: _Key) -> _Outcome | None:
        outcome = self._outcomes.get(key)
        if outcome is not None:
            self._outcomes.move_to_end(key)
        return outcome

    def put(self, key: _Key, outcome: _Outcome) -> None:
        self._outcomes[key] = outcome
        self._bytes_left -= _cost(outcome)
        while self._bytes_left < 0:
            _, oldest = self._outcomes.popitem(last=False)
            self._bytes_left += _cost(oldest)


def _cost(outcome: _Outcome) -> int:
    return len(outcome.content or b"") + _OVERHEAD_BYTES


def _thread_count() -> int:
    """Return 2, or 1 where a second one would take its processor from the event loop."""
    return 2 if (os.cpu_count() or 1) > 2 else 1


def _compress_file(file: OpenFile | KeptFile, coding: str) -> _Outcome:
    content = file.content if isinstance(file, KeptFile) else _read_whole(file)
    if content is None:
        return _Outcome(None, is_final=False)
    coded = compress(content, coding, FAST_LEVELS[coding])
    return _Outcome(coded if is_worthwhile(len(content), len(coded)) else None)


def _read_whole(file: OpenFile) -> bytes | None:
    """Return the content of a file, None if it is not what it was when it was opened."""
    with os.fdopen(file.fileno(), "rb", closefd=False) as stream:
        stream.seek(0)  # others read this file by offset, or not yet
        content = stream.read(file.status.st_size + 1)
        now = os.fstat(stream.fileno())
    if len(content) == file.status.st_size and file_identity(now) == file_identity(file.status):
        return content
    return None
