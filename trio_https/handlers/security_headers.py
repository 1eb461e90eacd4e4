"""The header fields that ``Pages`` sends by itself, for the responses of any handler."""

from ..messages import Handler, Headers, Reply, Request
from ..rules.page_policy import CONTENT_SECURITY_POLICY, PAGE_POLICY
from .reply_fields import answer_with

__all__ = ["with_security_headers"]


def with_security_headers(
    handler: Handler,
    *,
    content_security_policy: str = CONTENT_SECURITY_POLICY,
    hsts: int = 0,
) -> Handler:
    """Return ``handler`` with X-Content-Type-Options, Referrer-Policy and a CSP on its responses.

    What the handler sets itself stays. ``hsts`` is for so many seconds, on every port of the host
    (RFC 6797); 0 sends none: for "localhost" it would lock out each server that speaks no TLS.
    Raises ``ValueError`` for a policy that is no text of a header field.
    """
    if not (content_security_policy.isascii() and content_security_policy.isprintable()):
        raise ValueError(f"{content_security_policy!r} is not printable ASCII on one line")
    policy = dict(PAGE_POLICY) | {"Content-Security-Policy": content_security_policy}
    if hsts:
        policy["Strict-Transport-Security"] = f"max-age={hsts}"

    def change(headers: Headers) -> Headers:
        missing = [field for field in policy.items() if field[0] not in headers]
        return Headers((*headers, *missing))

    async def answer(request: Request) -> Reply:
        return await answer_with(handler, request, change)

    return answer
