"""Answers in JSON for pages of the same origin, at paths where no page can be.

They stand below ``/.trio-https/``: names with a leading dot are never served. What they tell is no
secret, but it is nobody else's business which certificate a local server uses.
"""

from collections.abc import Callable

from ..errors import HTTPError
from ..messages import Handler, Headers, Reply, Request, Response

__all__ = ["with_answer_for_own_pages"]

_HEADERS = Headers(
    {
        "Content-Type": "application/json",
        "Cache-Control": "no-store",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
    }
)


def with_answer_for_own_pages(
    handler: Handler, path: str, describe: Callable[[Request], bytes]
) -> Handler:
    """Return ``handler`` with an answer of our own at ``path``, a JSON text from ``describe``."""

    async def answer(request: Request) -> Reply:
        if request.path != path:
            return await handler(request)
        if request.method not in ("GET", "HEAD"):
            raise HTTPError(405, headers=[("Allow", "GET, HEAD")])
        # Browsers say where a request comes from (Fetch Metadata); "none" is the address bar.
        if request.headers.get("sec-fetch-site") not in (None, "same-origin", "none"):
            raise HTTPError(403, "for pages of the same origin")
        return Response(200, _HEADERS, describe(request))

    return answer
