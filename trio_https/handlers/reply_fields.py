"""Header fields for whatever a handler answers: a reply, or the error that becomes one.

A handler's bug gets none: its 500 is made where it is caught, above all handlers.
"""

from collections.abc import Callable
from dataclasses import replace

from ..errors import HTTPError, without_groups
from ..messages import Handler, Headers, Reply, Request, Response

__all__ = ["answer_with", "with_vary"]


async def answer_with(
    handler: Handler, request: Request, change: Callable[[Headers], Headers]
) -> Reply:
    """Return the response of ``handler`` with its header fields changed, or its upgrade as it is.

    An ``HTTPError`` is raised with its fields changed, where it comes alone.
    """
    try:
        reply = await handler(request)
    except Exception as exc:
        if not isinstance(without_groups(exc), HTTPError):
            raise
        raise _changed(exc, change) from exc
    return replace(reply, headers=change(reply.headers)) if isinstance(reply, Response) else reply


def _changed(exc: Exception, change: Callable[[Headers], Headers]) -> HTTPError:
    error = without_groups(exc)
    assert isinstance(error, HTTPError)  # noqa: S101 -- for the types
    headers = tuple(change(Headers(error.headers)))
    return HTTPError(error.status, error.detail, headers=headers, close=error.close)


def with_vary(headers: Headers, *names: str) -> Headers:
    """Return ``headers`` with these names among the members of Vary (RFC 9110 §12.5.5)."""
    value = headers.get("vary") or ""
    members = [member.strip().lower() for member in value.split(",")]
    if "*" in members:
        return headers
    missing = [name for name in names if name.lower() not in members]
    return headers.with_header("Vary", ", ".join([*filter(None, [value]), *missing]))
