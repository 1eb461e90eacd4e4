"""The form of server-sent events, "text/event-stream" (WHATWG HTML §9.2.5).

A stream is lines of UTF-8, an event ends with an empty one. A line break in a field would begin
another field: so text is sent in as many lines as it has, and names can have none. When events are
sent, and to whom, is not known here.
"""

import re

__all__ = ["KEEP_ALIVE", "format_comment", "format_event", "format_retry"]

KEEP_ALIVE = b":\n\n"
"""A comment, which means nothing to anybody (§9.2.7)."""

# What ends a line here. str.splitlines knows many more.
_LINE_END = re.compile(r"\r\n|\r|\n")
_NOT_IN_NAMES = re.compile(r"[\0\r\n]")


def format_event(
    data: str, *, event: str | None, event_id: str | None, retry_seconds: float | None
) -> bytes:
    """Return an event: its type, its ID and its data, of any number of lines.

    Raises ``ValueError`` for a type or an ID with a line break or NUL in it, and for a time that is
    none. Lone surrogates become "?".
    """
    lines = []
    if event is not None:
        lines.append(f"event: {_checked('event', event)}\n")
    if event_id is not None:
        lines.append(f"id: {_checked('id', event_id)}\n")
    if retry_seconds is not None:
        lines.append(_retry_line(retry_seconds))
    lines += [f"data: {line}\n" for line in _LINE_END.split(data)]
    return _encode(lines)


def format_comment(text: str) -> bytes:
    """Return what tells the client nothing, in as many lines as the text has."""
    return _encode([f": {line}\n" for line in _LINE_END.split(text)])


def format_retry(seconds: float) -> bytes:
    """Return what tells the client after which time to come back, and nothing else.

    Raises ``ValueError`` for a time that is none.
    """
    return _encode([_retry_line(seconds)])


def _retry_line(seconds: float) -> str:
    if not 0 <= seconds < float("inf"):
        raise ValueError(f"retry_seconds must be a number of seconds from 0 on, not {seconds}")
    return f"retry: {round(seconds * 1000)}\n"  # §9.2.6: digits alone, in milliseconds


def _checked(name: str, value: str) -> str:
    # §9.2.6: an ID with NUL is ignored, and the client would come back with an older one.
    if _NOT_IN_NAMES.search(value):
        raise ValueError(f"{name} of an event is {value!r}: it can have no line break and no NUL")
    return value


def _encode(lines: list[str]) -> bytes:
    return "".join([*lines, "\n"]).encode("utf-8", "replace")
