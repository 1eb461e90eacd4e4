"""The servers that need nothing but this package: itself, the ceiling, trio-websocket's own."""

import json
import sys
from importlib.metadata import version
from pathlib import Path

import trio_https

from .site import Site
from .subjects import Command, Peer

__all__ = ["CEILING", "OURS", "TRIO_WEBSOCKET", "own_peers"]

OURS, CEILING, TRIO_WEBSOCKET = "trio_https", "ceiling", "trio-websocket"
_BENCHMARKS = Path(__file__).parent.parent
_MANY = 20_000
_ROOM = ("max_connections", "max_connections_per_client", "max_handshakes")
_WAITS = ("handshake_timeout", "head_timeout", "first_head_timeout", "idle_timeout", "send_timeout")
# None leaves while others come, however long that takes.
LIMITS = dict.fromkeys(_ROOM, _MANY) | dict.fromkeys(_WAITS, 600)


def own_peers() -> list[Peer]:
    """Return the three."""
    ours = Peer(
        name=OURS,
        version=trio_https.__version__,
        services={
            "one page": _ours,
            "pages": _ours,
            "access log": _ours_with_log,
            "many clients": _ours_for_many,
            "websocket": _our_websocket,
            "command": _ours,
        },
    )
    ceiling = Peer(
        name=CEILING,
        version=f"trio {version('trio')}, h11 {version('h11')}",
        services={"one page": _ceiling, "many clients": _ceiling, "command": _ceiling},
    )
    foreign = Peer(
        name=TRIO_WEBSOCKET,
        version=version("trio-websocket"),
        services={"websocket": _foreign_websocket},
    )
    return [ceiling, ours, foreign]


def _ours(site: Site, port: int, log: str = "--no-access-log") -> Command:
    files = ["--cert", site.certificate, "--key", site.key]
    where = ["--host", "127.0.0.1", "--port", str(port)]
    return _python("-m", "trio_https", str(site.root), *files, *where, log)


def _ours_with_log(site: Site, port: int) -> Command:
    return _ours(site, port, "--access-log")


def _ours_for_many(site: Site, port: int) -> Command:
    files = [site.certificate, site.key, str(port), str(site.root)]
    return _python(str(_BENCHMARKS / "target.py"), *files, json.dumps(LIMITS), "quiet")


def _ceiling(site: Site, port: int) -> Command:
    return _python(str(_BENCHMARKS / "ceiling.py"), site.certificate, site.key, str(port))


def _our_websocket(site: Site, port: int) -> Command:
    return _echo("ours", site, port)


def _foreign_websocket(site: Site, port: int) -> Command:
    return _echo("trio-websocket", site, port)


def _echo(kind: str, site: Site, port: int) -> Command:
    files = [site.certificate, site.key]
    return _python(str(_BENCHMARKS / "websocket_target.py"), kind, *files, str(port))


def _python(*arguments: str) -> Command:
    return Command([sys.executable, *arguments])
