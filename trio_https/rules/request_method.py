"""The methods that no handler is ever asked for (RFC 9110 §9).

Which of the others a resource knows, and which of those it allows, its handler says by 501 and 405.
"""

from ..errors import HTTPError

__all__ = ["check_method"]

_NOT_IMPLEMENTED = {
    "CONNECT": "this server is no proxy",  # §9.3.6
    # §9.3.8: a page may send it where it must not read what the browser adds, cookies say; sent
    # back in a body, they could be read ("cross-site tracing").
    "TRACE": "this server does not send requests back",
}


def check_method(method: str) -> None:
    """Raise ``HTTPError`` 501, always closing, for a method that no resource here implements.

    Methods are case-sensitive (§9.1): "trace" is another one, and unknown.
    """
    if (why := _NOT_IMPLEMENTED.get(method)) is not None:
        raise HTTPError(501, why, close=True)
