"""The servers from PyPI, in an environment of their own: granian, uvicorn, hypercorn and others.

Each serves the folder by what its users take for it, with one worker and without an access log.
"""

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from .site import Site
from .subjects import Command, LeftOutError, Peer

__all__ = ["ENVIRONMENT", "PACKAGES", "find_package", "install_packages"]

_HERE = Path(__file__).parent
ENVIRONMENT = _HERE.parent / ".venv-peers"
_APPS = str(_HERE / "apps")
_REQUIREMENTS = _HERE / "peers.txt"
_KEEP_ALIVE = "600"  # seconds: no connection ends before its load does


def install_packages(environment: Path) -> None:
    """Make an environment with all of them, or bring it up to date."""
    if not (environment / "bin" / "python").exists():
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
    pip = [str(environment / "bin" / "pip"), "install", "--quiet", "--upgrade"]
    subprocess.run([*pip, "-r", str(_REQUIREMENTS)], check=True)


def find_package(name: str, environment: Path) -> Peer:
    """Return one of ``PACKAGES``. Raises ``LeftOutError`` where it is not installed."""
    package = PACKAGES[name]
    versions = _versions(environment, package.distributions)
    start = partial(package.start, environment / "bin")
    return Peer(name=name, version=versions, services={"one page": start, "pages": start})


def _versions(environment: Path, distributions: tuple[str, ...]) -> str:
    python = environment / "bin" / "python"
    if not python.exists():
        raise LeftOutError(f"there is no environment {environment}; --install-peers makes it")
    code = "import json, sys; from importlib.metadata import version as v\n"
    code += "print(json.dumps([v(name) for name in sys.argv[1:]]))"
    command = [str(python), "-c", code, *distributions]
    told = subprocess.run(command, capture_output=True, text=True, check=False)
    if told.returncode:
        raise LeftOutError(f"it is not in {environment}; --install-peers installs it")
    first, *others = json.loads(told.stdout)
    pairs = zip(distributions[1:], others, strict=True)
    return ", ".join([first, *(f"{name} {version}" for name, version in pairs)])


def _command(site: Site, *arguments: str) -> Command:
    return Command([*arguments], {"SITE": str(site.root), "PYTHONPATH": _APPS})


def _granian(programs: Path, site: Site, port: int) -> Command:
    tls = ["--ssl-certificate", site.certificate, "--ssl-keyfile", site.key]
    where = ["--host", "127.0.0.1", "--port", str(port), "--http", "1", "--workers", "1"]
    files = ["--static-path-route", "/", "--static-path-mount", str(site.root)]
    options = [*where, *files, *tls, "--interface", "asgi", "--no-access-log"]
    return _command(site, str(programs / "granian"), *options, "starlette_app:app")


def _uvicorn(programs: Path, site: Site, port: int) -> Command:
    tls = ["--ssl-certfile", site.certificate, "--ssl-keyfile", site.key]
    where = ["--host", "127.0.0.1", "--port", str(port), "--timeout-keep-alive", _KEEP_ALIVE]
    options = [*where, *tls, "--loop", "uvloop", "--http", "httptools", "--no-access-log"]
    return _command(site, str(programs / "uvicorn"), *options, "starlette_app:app")


def _hypercorn(programs: Path, site: Site, port: int) -> Command:
    tls = ["--certfile", site.certificate, "--keyfile", site.key]
    options = ["--bind", f"127.0.0.1:{port}", "--keep-alive", _KEEP_ALIVE, "-k", "trio"]
    # It takes HTTP/2 where it is offered; the clients here don't.
    return _command(site, str(programs / "hypercorn"), *options, *tls, "starlette_app:app")


def _anycorn(programs: Path, site: Site, port: int) -> Command:
    tls = ["--certfile", site.certificate, "--keyfile", site.key]
    options = ["--bind", f"127.0.0.1:{port}", "--worker-class", "trio"]
    return _command(site, str(programs / "anycorn"), *options, *tls, "starlette_app:app")


def _aiohttp(programs: Path, site: Site, port: int) -> Command:
    program = f"{_APPS}/aiohttp_app.py"
    return _command(site, str(programs / "python"), program, site.certificate, site.key, str(port))


class Package(NamedTuple):
    """How a server is started, and what of PyPI its figures are those of."""

    start: Callable[[Path, Site, int], Command]
    distributions: tuple[str, ...]


PACKAGES = {
    "granian": Package(_granian, ("granian",)),
    "aiohttp": Package(_aiohttp, ("aiohttp", "uvloop")),
    "uvicorn": Package(_uvicorn, ("uvicorn", "starlette", "uvloop", "httptools")),
    "hypercorn": Package(_hypercorn, ("hypercorn", "starlette", "trio")),
    "anycorn": Package(_anycorn, ("anycorn", "starlette", "trio")),
}
