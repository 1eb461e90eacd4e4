"""What a client speaks that has connected to a port for TLS, by its first bytes.

TLS begins with a byte that no request line begins with (RFC 8446 §5.1, RFC 9112 §3). What is
neither is left to OpenSSL, which says in its error what it was.
"""

import re

__all__ = ["may_become_http", "speaks_http"]

# The longest registered method of letters alone has 17 (RFC 4437). The target begins with a path,
# with "http://", or is "*"; so neither SSH, SMTP nor IRC is taken for a request.
_REQUEST_LINE = re.compile(rb"[A-Z]{3,20} [/*h]")
_BEGINNING = re.compile(rb"[A-Z]{1,20}|[A-Z]{3,20} ")


def speaks_http(received: bytes) -> bool:
    """Whether ``received`` begins with a request line of HTTP."""
    return _REQUEST_LINE.match(received) is not None


def may_become_http(received: bytes) -> bool:
    """Whether ``received`` is too short to tell, and may become such a request line."""
    return _BEGINNING.fullmatch(received) is not None
