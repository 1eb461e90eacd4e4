"""HTTPS for a folder of pages, and for Trio programs."""

from .config import Limits
from .errors import ClientGone, ConfigError, HTTPError
from .forms import Form, UploadedFile
from .handlers.client_certificates import with_client_certificates
from .handlers.known_hosts import with_known_hosts
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
from .request_body import RequestBody
from .request_scope import StopSignal
from .server import TLS, Server, serve, serve_listeners, serve_stream
from .upgrades import Upgrade

__version__ = "0.1.0"

__all__ = [
    "TLS",
    "Address",
    "BodyWriter",
    "CertificateFolder",
    "ClientCertificate",
    "ClientGone",
    "ConfigError",
    "Form",
    "HTTPError",
    "Handler",
    "Headers",
    "Identities",
    "KeyFiles",
    "Limits",
    "LocalAuthority",
    "Pages",
    "Reply",
    "Request",
    "RequestBody",
    "Response",
    "Server",
    "StopSignal",
    "TLSInfo",
    "Upgrade",
    "UploadedFile",
    "local_certificate",
    "serve",
    "serve_listeners",
    "serve_stream",
    "with_client_certificates",
    "with_known_hosts",
]
