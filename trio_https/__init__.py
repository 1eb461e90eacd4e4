"""HTTPS for a folder of pages, and for Trio programs.

A public name is loaded when it is first asked for: ``trio-https --help`` need not wait for Trio.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .config import Limits
    from .errors import ClientGone, ConfigError, HTTPError
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
    from .server_sent_events import EventSender, event_stream, last_event_id
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


_MODULES = {
    "config": ("Limits",),
    "errors": (
        "ClientGone",
        "ConfigError",
        "HTTPError",
    ),
    "server_sent_events": (
        "EventSender",
        "event_stream",
        "last_event_id",
    ),
    "files.file_response": ("file_response",),
    "forms": (
        "Form",
        "UploadedFile",
    ),
    "handlers.basic_auth": ("with_basic_auth",),
    "handlers.client_certificates": ("with_client_certificates",),
    "handlers.cors": ("with_cors",),
    "handlers.known_hosts": ("with_known_hosts",),
    "handlers.passwords": ("hash_password",),
    "handlers.request_id": ("with_request_id",),
    "handlers.router": ("Router",),
    "handlers.security_headers": ("with_security_headers",),
    "handlers.time_limit": ("with_time_limit",),
    "identities.local": ("local_certificate",),
    "identities.places": (
        "CertificateFolder",
        "KeyFiles",
        "LocalAuthority",
    ),
    "identities.served": ("Identities",),
    "messages": (
        "Address",
        "BodyWriter",
        "ClientCertificate",
        "Handler",
        "Headers",
        "Reply",
        "Request",
        "Response",
        "TLSInfo",
    ),
    "pages.handler": ("Pages",),
    "path_parameters": ("PathParameters",),
    "request_body": ("RequestBody",),
    "request_scope": ("StopSignal",),
    "server": (
        "TLS",
        "Server",
        "serve",
        "serve_listeners",
        "serve_stream",
    ),
    "upgrades": (
        "Upgrade",
        "WebSocketUpgrade",
    ),
}
_MODULE_OF = {name: module for module, names in _MODULES.items() for name in names}


if not TYPE_CHECKING:  # for mypy, a module with this has whatever it is asked for

    def __getattr__(name: str) -> object:
        if name not in _MODULE_OF:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value: object = getattr(import_module(f".{_MODULE_OF[name]}", __name__), name)
        globals()[name] = value  # this is not asked again
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
