"""Plain HTTP that should have been HTTPS: the way to the same URL, and nothing else."""

from ..errors import HTTPError
from ..messages import Handler, Request, Response
from ..rules.request_target import format_origin, host_of

__all__ = ["redirect_to_https"]


def redirect_to_https(port: int | None = None) -> Handler:
    """Return a handler that answers 308: the same URL over HTTPS, on ``port`` of the same host.

    ``port`` None is the one that was asked. 308 keeps the method and the content (RFC 9110
    §15.4.9). Nobody is led to another host than the one asked for; which of them are answered is
    for ``with_known_hosts`` to say. The handler raises ``HTTPError`` (400) where the request names
    no host, as one of HTTP/1.0 may, or is for no URL ("OPTIONS *").
    """

    async def redirect(request: Request) -> Response:
        if not request.authority or not request.raw_path.startswith("/"):
            raise HTTPError(400, "only HTTPS is spoken here: ask for a URL with https://")
        origin = f"https://{request.authority}"
        if port is not None:
            origin = format_origin("https", host_of(request.authority), port)
        query = f"?{request.query}" if request.query else ""
        response = Response.redirect(f"{origin}{request.raw_path}{query}", 308)
        # Browsers would keep it for good, and tomorrow this port may be that of another program.
        return response.with_header("Cache-Control", "no-store")

    return redirect
