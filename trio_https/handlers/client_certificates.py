"""Requests of clients that have shown a certificate, and of no others.

TLS asks for the certificate, and lets in who has none, so that the answer is one that a person can
read: in TLS 1.3 the client believes the handshake to be done when the server refuses it, so that a
browser would show a broken connection, and a program might find its request lost.
"""

import time

from ..errors import HTTPError
from ..messages import Handler, Reply, Request

__all__ = ["with_client_certificates"]


def with_client_certificates(handler: Handler) -> Handler:
    """Return ``handler`` for clients with a certificate, with a 403 for the others.

    Which ones are verified is a matter of the server's ``tls``; without it, everybody is refused.
    """

    async def answer(request: Request) -> Reply:
        client = request.tls.client if request.tls else None
        if client is None:
            raise HTTPError(
                403,
                "this server is for clients with a certificate, and yours has shown none. Import"
                " the certificate and its key that you were given into your browser, and begin"
                " anew; with curl, name them by --cert and --key.",
            )
        # The handshake has verified it, but a connection or a session can last beyond its end.
        if client.not_after.timestamp() < time.time():
            raise HTTPError(
                403, f"your certificate has expired, on {client.not_after:%Y-%m-%d %H:%M} UTC"
            )
        return await handler(request)

    return answer
