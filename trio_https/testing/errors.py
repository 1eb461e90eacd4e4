"""What a test sees where a response is not what HTTP promises: each names its request and why."""

from .received import ReceivedResponse

__all__ = ["ResponseError", "ResponseTimeoutError", "SendTimeoutError", "UpgradeRefusedError"]


class ResponseError(Exception):
    """No whole, valid response came: it was cut off, or is no HTTP, or there was none at all.

    ``response`` is what has come of it, None where that is not even a head.
    """

    def __init__(self, message: str, response: ReceivedResponse | None = None) -> None:
        super().__init__(message)
        self.response = response


class ResponseTimeoutError(ResponseError):
    """The server was silent for longer than the client's patience."""


class SendTimeoutError(ResponseError):
    """The server took nothing of the request for longer than the client's patience."""


class UpgradeRefusedError(ResponseError):
    """The server answered a wish for another protocol with an ordinary response."""
