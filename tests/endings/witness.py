"""Who sees what: a handler what ends it, the log what became of the request; both in words."""

import logging
import weakref
from collections.abc import Iterator
from contextlib import contextmanager

import trio
from trio_websocket import ConnectionClosed

from trio_https import ClientGone, HTTPError, Request
from trio_https.operate.access_log import AccessEntry

__all__ = ["HandlerWitness", "LogWitness"]


class HandlerWitness:
    """What the handler, or its body, or its talk, has seen last. No exception is kept."""

    def __init__(self) -> None:
        self.saw = "nothing"
        self.scope: weakref.ref[trio.CancelScope] | None = None
        """That of the request, if it is still there."""

    @contextmanager
    def watch(self, request: Request) -> Iterator[None]:
        self.scope = weakref.ref(request.cancel_scope)
        try:
            yield
        except BaseException as exc:
            self.saw = _in_words(exc)
            raise


def _in_words(exc: BaseException) -> str:
    match exc:
        case trio.Cancelled(source="deadline"):
            return "`Cancelled`: a deadline"
        case trio.Cancelled(source="nursery"):
            assert exc.reason is not None
            return f"`Cancelled`: a `{exc.reason.split('(')[0].split()[-1]}` elsewhere"
        case trio.Cancelled():
            return f"`Cancelled`: {exc.reason}"
        case ConnectionClosed():
            assert exc.reason is not None
            return f"`ConnectionClosed`: {exc.reason.code}"
        case HTTPError():
            return f"`HTTPError`: {exc.status}"
        case ClientGone() | GeneratorExit():
            return f"`{type(exc).__name__}`"
        case ExceptionGroup():
            return "its exception, in a group"
        case LookupError():
            return "its exception"
    raise AssertionError(f"nobody should see {exc!r}")


# Of the MiB that is large, and of which the client has read 300 KiB; pieces that were taken whole
# count, and they grow.
_BROKEN_OFF = range(150 * 1024, 600 * 1024)
_LEVELS = {logging.WARNING: "a warning", logging.ERROR: "an error"}


class LogWitness(logging.Handler):
    """What the log says of one request: the access line's status and bytes, and troubles."""

    def __init__(self) -> None:
        super().__init__()
        self._access: list[str] = []
        self._troubles: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        if isinstance(record.msg, AccessEntry):
            entry = record.msg
            size = "n" if entry.bytes_sent in _BROKEN_OFF else entry.bytes_sent
            self._access.append(f"{entry.status or '-'} {size}")
        elif record.levelno >= logging.WARNING:
            self._troubles.append("a traceback" if record.exc_info else _LEVELS[record.levelno])

    @property
    def says(self) -> str:
        [access] = self._access  # one line for one request
        return "; ".join([f"`{access}`", *self._troubles])

    @contextmanager
    def listening(self) -> Iterator[None]:
        """As long as the block runs, nobody else gets the records, which hold on to frames."""
        loggers = [logging.getLogger(name) for name in ("trio_https", "trio-websocket", "trio")]
        before = [(logger.level, logger.propagate) for logger in loggers]
        for logger in loggers:
            logger.setLevel(logging.INFO)
            logger.propagate = False
            logger.addHandler(self)
        try:
            yield
        finally:
            for logger, (level, propagate) in zip(loggers, before, strict=True):
                logger.setLevel(level)
                logger.propagate = propagate
                logger.removeHandler(self)
