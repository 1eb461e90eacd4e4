"""Conditional requests: whether to answer with 304 or 412 instead of performing the method.

One function a header field, and one that only puts them in the order of RFC 9110 §13.2.2. Range and
If-Range are not decided here; they come after.
"""

from typing import Literal

from .entity_tag import is_strong_match, is_weak_match, parse_entity_tags
from .http_dates import parse_http_date

__all__ = ["evaluate_preconditions"]


def evaluate_preconditions(
    method: str,
    *,
    etag: str | None,
    last_modified: int | None,
    now: float,
    if_match: str | None = None,
    if_unmodified_since: str | None = None,
    if_none_match: str | None = None,
    if_modified_since: str | None = None,
) -> Literal[304, 412] | None:
    """Return the status that ends a conditional request, None to go on (RFC 9110 §13.2.2).

    ``etag`` and ``last_modified``, in seconds since the epoch, are those of the representation that
    was selected, None where it has none. ``now``, in the same seconds, is when the request was
    received. The ``if_*`` are field values, None where missing. Only for a request that would be
    answered with a 2xx status without them (RFC 9110 §13.2.1).
    """
    if method in _WITHOUT_REPRESENTATION:
        return None
    if if_match is not None:
        if not _has_matching_tag(if_match, etag):
            return 412
    elif _was_modified_since(if_unmodified_since, last_modified, now):
        return 412
    is_read = method in ("GET", "HEAD")
    if if_none_match is not None:
        if _has_matching_tag(if_none_match, etag, weakly=True):
            return 304 if is_read else 412
    elif is_read and _was_kept_since(if_modified_since, last_modified, now):
        return 304
    return None


# RFC 9110 §13.2.1: these do not select a representation, and so ignore all preconditions.
_WITHOUT_REPRESENTATION = ("CONNECT", "OPTIONS", "TRACE")


def _has_matching_tag(field_value: str, etag: str | None, *, weakly: bool = False) -> bool:
    """Whether a list of tags, or "*" for any, has this one (RFC 9110 §13.1.1, §13.1.2).

    Text that is no tag matches none. Both fields are safe then: If-Match prevents a change, and
    If-None-Match sends the whole representation.
    """
    if field_value.strip(" \t") == "*":
        return True
    is_match = is_weak_match if weakly else is_strong_match
    return etag is not None and any(is_match(tag, etag) for tag in parse_entity_tags(field_value))


def _was_modified_since(field_value: str | None, last_modified: int | None, now: float) -> bool:
    """Whether a change is known (RFC 9110 §13.1.4: what is not one valid date is ignored)."""
    if field_value is None or last_modified is None:
        return False
    date = parse_http_date(field_value, now=now)
    return date is not None and last_modified > date


def _was_kept_since(field_value: str | None, last_modified: int | None, now: float) -> bool:
    """Whether it is known that nothing changed (RFC 9110 §13.1.3: the same is ignored)."""
    if field_value is None or last_modified is None:
        return False
    date = parse_http_date(field_value, now=now)
    return date is not None and last_modified <= date
