"""HTTPS for a folder of pages, and for Trio programs."""

from .config import Limits
from .errors import ClientGone, ConfigError, HTTPError
from .forms import Form, UploadedFile
from .handlers.client_certificates import with_client_certificates
from .handlers.known_hosts import with_known_hosts
from .identities.places import CertificateFolder, KeyFiles, LocalAuthority
from .identities.served import Identities
from .messages import Address, ClientCertificate, Handler, Headers, Request, Response, TLSInfo
from .pages.handler import Pages
from .request_body import RequestBody
from .server import Server, serve

__version__ = "0.1.0"

__all__ = [
    "Address",
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
    "Request",
    "RequestBody",
    "Response",
    "Server",
    "TLSInfo",
    "UploadedFile",
    "serve",
    "with_client_certificates",
    "with_known_hosts",
]
