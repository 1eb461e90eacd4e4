"""HTTPS for a folder of pages, and for Trio programs."""

from .config import Limits
from .errors import ClientGone, ConfigError, HTTPError
from .event_stream import EventSender, event_stream, last_event_id
from .files.file_response import file_response
from .forms import Form, UploadedFile
from .handlers.basic_auth import with_basic_auth
from .handlers.client_certificates import with_client_certificates
from .handlers.cors import with_cors
from .handlers.known_hosts import with_known_hosts
from .handlers.passwords import hash_password
from .handlers.request_id import with_request_id
from .handlers.router import Router
from .handlers.security_headers import with_security_headers
from .handlers.time_limit import with_time_limit
from .identities.local import local_certificate
from .identities.places import CertificateFolder, KeyFiles, LocalAuthority
from .identities.served import Identities
from .messages import (
    Address,
    BodyWriter,
    ClientCertificate,
    Handler,
    Headers,
    Reply,
    Request,
    Response,
    TLSInfo,
)
from .pages.handler import Pages
from .path_parameters import PathParameters
from .request_body import RequestBody
from .request_scope import StopSignal
from .server import TLS, Server, serve, serve_listeners, serve_stream
from .upgrades import Upgrade, WebSocketUpgrade

__version__ = "0.1.0"

__all__ = [
    "TLS",
    "Address",
    "BodyWriter",
    "CertificateFolder",
    "ClientCertificate",
    "ClientGone",
    "ConfigError",
    "EventSender",
    "Form",
    "HTTPError",
    "Handler",
    "Headers",
    "Identities",
    "KeyFiles",
    "Limits",
    "LocalAuthority",
    "Pages",
    "PathParameters",
    "Reply",
    "Request",
    "RequestBody",
    "Response",
    "Router",
    "Server",
    "StopSignal",
    "TLSInfo",
    "Upgrade",
    "UploadedFile",
    "WebSocketUpgrade",
    "event_stream",
    "file_response",
    "hash_password",
    "last_event_id",
    "local_certificate",
    "serve",
    "serve_listeners",
    "serve_stream",
    "with_basic_auth",
    "with_client_certificates",
    "with_cors",
    "with_known_hosts",
    "with_request_id",
    "with_security_headers",
    "with_time_limit",
]
