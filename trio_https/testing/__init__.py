"""For tests of handlers: a client over memory, without a socket, a port or real time.

``open_client`` is what most tests want; ``open_connection`` gives the bare bytes of one connection.
``trio_https.testing.httpx`` has the same for who would rather test with httpx.
"""

from .client import Client, open_client
from .client_connection import ClientConnection
from .errors import ResponseError, ResponseTimeoutError, SendTimeoutError, UpgradeRefusedError
from .fixtures import HTTPSClientOpener, HTTPSServerStarter
from .outgoing_request import RequestBodySource
from .raw_connection import RawConnection
from .received import Informational, ReceivedResponse
from .served_connection import open_connection
from .streamed_response import StreamedResponse
from .throwaway import TLSContexts, throwaway_contexts

__all__ = [
    "Client",
    "ClientConnection",
    "HTTPSClientOpener",
    "HTTPSServerStarter",
    "Informational",
    "RawConnection",
    "ReceivedResponse",
    "RequestBodySource",
    "ResponseError",
    "ResponseTimeoutError",
    "SendTimeoutError",
    "StreamedResponse",
    "TLSContexts",
    "UpgradeRefusedError",
    "open_client",
    "open_connection",
    "throwaway_contexts",
]
