"""What tests of every ring share: throw-away certificates, a port, and which go together."""

import gc
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from .command import UNMEASURED
from .distribution import BEGIN_FIRST, make_scheduling

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Have the tests that take longest come first, where this is one of several processes."""
    if hasattr(config, "workerinput"):
        places = {f"tests/{name}": place for place, name in enumerate(BEGIN_FIRST)}
        items.sort(key=lambda item: places.get(item.nodeid.partition("::")[0], len(places)))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Have those of a group run in one of the processes."""
    return make_scheduling(config, log)


def pytest_collection_finish() -> None:
    """Put aside the tests themselves, a million objects: they are no garbage until all have run."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def unmeasured(monkeypatch: pytest.MonkeyPatch, no_cover: None) -> None:
    """Have coverage.py let alone a test and all processes that it starts.

    For tests that do no line of ours for the first time, or of which nobody wants to know.
    """
    for name, value in UNMEASURED.items():
        monkeypatch.setenv(name, value)


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
