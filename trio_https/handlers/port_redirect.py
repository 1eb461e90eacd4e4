"""Plain HTTP on a port of its own: the way to the same page over HTTPS, and nothing else."""

from ..errors import HTTPError
from ..messages import Handler, Request, Response
from ..rules.request_target import format_origin, host_of

__all__ = ["redirect_to_port"]


def redirect_to_port(port: int) -> Handler:
    """Return a handler that answers 308: the same URL over HTTPS, on ``port`` of the same host.

    308 keeps the method and the content (RFC 9110 §15.4.9). Which hosts are answered is for
    ``with_known_hosts`` to say. The handler raises ``HTTPError`` (400) where the request names no
    host, as one of HTTP/1.0 may, or is for no URL ("OPTIONS *").
    """

    async def redirect(request: Request) -> Response:
        if not request.authority or not request.raw_path.startswith("/"):
            raise HTTPError(400, "this port only leads to HTTPS: ask for a URL")
        origin = format_origin("https", host_of(request.authority), port)
        query = f"?{request.query}" if request.query else ""
        response = Response.redirect(f"{origin}{request.raw_path}{query}", 308)
        # Browsers would keep it for good, and tomorrow this port may be that of another program.
        return response.with_header("Cache-Control", "no-store")

    return redirect
