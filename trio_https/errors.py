"""The errors that cross a module's border, sorted by whose fault they are.

``HTTPError`` is the client's fault or the handler's decision, ``ClientGone`` is nobody's, and
``ConfigError`` is the operator's; ``BodyCut`` is the fault of a disk, or of who changed a file. A
handler's bug has no class here: it is any other exception.
"""

from collections.abc import Sequence
from http import HTTPStatus

__all__ = ["BodyCut", "ClientGone", "ConfigError", "HTTPError"]


class HTTPError(Exception):
    """An answer by exception: the request ends with this status (RFC 9110 §15).

    ``status`` is a status code from 400 to 599. ``detail`` is shown to the client as plain text, so
    it names what the client sent, never what the server is. ``headers`` are sent along (``Allow``
    with a 405, say). ``close`` ends the connection after the response.
    """

    def __init__(
        self,
        status: int,
        detail: str = "",
        *,
        headers: Sequence[tuple[str, str]] = (),
        close: bool = False,
    ) -> None:
        if not 400 <= status <= 599:
            raise ValueError(f"HTTPError takes a status from 400 to 599, not {status}")
        super().__init__(status, detail)
        self.status = status
        self.detail = detail
        self.headers: tuple[tuple[str, str], ...] = tuple(headers)
        self.close = close

    def __str__(self) -> str:
        """Status, reason phrase and detail, as in ``404 Not Found: no such page``."""
        text = f"{self.status} {reason_phrase(self.status)}".rstrip()
        return f"{text}: {self.detail}" if self.detail else text


class ClientGone(Exception):  # noqa: N818 -- not an error: clients leave, and that is all
    """The client closed the connection, reset it, or stopped taking part in it."""


class BodyCut(Exception):  # noqa: N818 -- the body is cut off; what the error was, it says
    """A response's body can't be completed, by no bug: the message says what failed and why.

    The client can tell, since the connection ends before the body does (RFC 9112 §8).
    """


class ConfigError(Exception):
    """The operator's mistake, in one message: what, why, and what to do about it."""


def without_groups(exc: BaseException) -> BaseException:
    """Return what was raised, without the groups that nurseries put around a single exception."""
    while isinstance(exc, BaseExceptionGroup) and len(exc.exceptions) == 1:
        exc = exc.exceptions[0]
    return exc


def reason_phrase(status: int) -> str:
    """Return the reason phrase of a status code (RFC 9110 §15), or "" for one without."""
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""
