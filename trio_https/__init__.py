"""HTTPS for a folder of pages, and for Trio programs."""

from .config import Limits
from .errors import ClientGone, ConfigError, HTTPError
from .forms import Form, UploadedFile
from .handlers.known_hosts import with_known_hosts
from .messages import Address, Handler, Headers, Request, Response, TLSInfo
from .pages.handler import Pages
from .request_body import RequestBody
from .server import Server, serve

__version__ = "0.1.0"

__all__ = [
    "Address",
    "ClientGone",
    "ConfigError",
    "Form",
    "HTTPError",
    "Handler",
    "Headers",
    "Limits",
    "Pages",
    "Request",
    "RequestBody",
    "Response",
    "Server",
    "TLSInfo",
    "UploadedFile",
    "serve",
    "with_known_hosts",
]
