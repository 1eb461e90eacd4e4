"""What tests of every ring share: an authority for throw-away certificates, and a folder."""

import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def server_context(authority: trustme.CA) -> ssl.SSLContext:
    """A context with a certificate for localhost, made by code that is not ours."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    authority.issue_cert("localhost", "127.0.0.1", "::1").configure_cert(context)
    return context


@pytest.fixture
def client_context(authority: trustme.CA) -> ssl.SSLContext:
    """A context that trusts it, and nothing else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.set_alpn_protocols(["http/1.1"])
    authority.configure_trust(context)
    return context


@pytest.fixture
def default_port() -> Iterator[None]:
    """Have the port that the documents name, of all processes that run tests on this machine."""
    with (Path(tempfile.gettempdir()) / "trio-https-tests-8443.lock").open("w") as lock:
        if fcntl is not None:
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
