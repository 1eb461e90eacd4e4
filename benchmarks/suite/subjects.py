"""A server that is to be measured: how it is started, what it uses while it runs."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal, NamedTuple

from processes import (
    family_cpu_seconds,
    family_memory_kib,
    family_wait_seconds,
    free_port,
    pinned_to,
    running_command,
)

from .site import Site

__all__ = ["CLIENT", "Command", "LeftOutError", "Peer", "RunningServer", "Service", "Subject"]

Service = Literal["one page", "pages", "many clients", "access log", "websocket", "command"]
"""What is asked of a server. For "many clients" its limits on them are raised."""

SERVER_PROCESSOR, CLIENT_PROCESSOR = 0, 1
_SETTLED_SECONDS, _SETTLED_SHARE, _MAX_SETTLING = 0.2, 0.03, 100
CLIENT = pinned_to(CLIENT_PROCESSOR)


class LeftOutError(Exception):
    """A load that can't be measured with a server. The text tells why."""


class Command(NamedTuple):
    """How a server is started."""

    arguments: list[str]
    environment: Mapping[str, str] = {}


@dataclass(frozen=True, kw_only=True)
class Peer:
    """A server by its name."""

    name: str
    version: str
    services: Mapping[Service, Callable[[Site, int], Command]]


class RunningServer(NamedTuple):
    """A server that listens."""

    pid: int
    port: int

    def cpu_seconds(self) -> float:
        """Return what it has used so far, with its workers and threads."""
        return family_cpu_seconds(self.pid)

    def memory_kib(self) -> int:
        """Return what it holds now, with its workers."""
        return family_memory_kib(self.pid)

    def wait_until_settled(self) -> None:
        """Return when it has nothing to do: some go on starting while they listen already.

        On a busy machine it may have no processor, and so use none: waiting for one is work too.
        """
        for _ in range(_MAX_SETTLING):
            before = family_wait_seconds(self.pid) + self.cpu_seconds()
            time.sleep(_SETTLED_SECONDS)
            after = family_wait_seconds(self.pid) + self.cpu_seconds()
            if after - before < _SETTLED_SECONDS * _SETTLED_SHARE:
                return


@dataclass(frozen=True, kw_only=True)
class Subject:
    """One server that is to do one thing."""

    peer: Peer
    service: Service
    site: Site

    @contextmanager
    def running(self, *, settled: bool = True) -> Iterator[RunningServer]:
        """Run the server on its processor as long as the block runs.

        The block begins when it is ``settled``, or else as soon as it listens.
        """
        port = free_port()
        command = self.peer.services[self.service](self.site, port)
        name = self.peer.name.replace(" ", "-")
        with running_command(
            [*pinned_to(SERVER_PROCESSOR), *command.arguments],
            port,
            output=self.site.work / f"{name}.out",
            log=self.site.work / f"{name}.log",
            environment=command.environment,
        ) as process:
            server = RunningServer(process.pid, port)
            if settled:
                server.wait_until_settled()
            yield server
