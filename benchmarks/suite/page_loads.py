"""Pages and files over kept connections, and over new ones: CPU of the server for each."""

import subprocess
from pathlib import Path

from .checks import ask, expect
from .driven import driven
from .site import BIG, MIDDLE, PAGES, SMALL, Site, page_name
from .subjects import CLIENT, LeftOutError, RunningServer, Subject
from .wrk import cost_by_wrk

__all__ = [
    "measure_big_file",
    "measure_full_handshake",
    "measure_known_page",
    "measure_middle_page",
    "measure_range",
    "measure_resumed",
    "measure_small_page",
    "measure_thousand_pages",
]

RANGE_BYTES = 64 * 1024
_GIB = 1024**3


def measure_small_page(subject: Subject, seconds: float) -> float:
    """Return µs a request for 1 KiB."""
    return _measure_page(subject, SMALL, seconds)


def measure_middle_page(subject: Subject, seconds: float) -> float:
    """Return µs a request for 100 KiB."""
    return _measure_page(subject, MIDDLE, seconds)


def _measure_page(subject: Subject, target: str, seconds: float) -> float:
    with subject.running() as server:
        expect(ask(server, subject.site, target), 200, subject.site.content(target))
        return cost_by_wrk(server, target, seconds)


def measure_thousand_pages(subject: Subject, seconds: float) -> float:
    """Return µs a request, each for another of a thousand pages of 1 KiB."""
    script = Path(__file__).with_name("thousand.lua")
    with subject.running() as server:
        for number in (0, 1, PAGES - 1):
            target = page_name(number)
            expect(ask(server, subject.site, target), 200, subject.site.content(target))
        return cost_by_wrk(server, "/", seconds, script=script)


def measure_known_page(subject: Subject, seconds: float) -> float:
    """Return µs a request that is answered by 304."""
    with subject.running() as server:
        tag = ask(server, subject.site, SMALL).entity_tag
        fields = {"If-None-Match": tag}
        if not tag:
            raise LeftOutError("it sends no entity tag")
        expect(ask(server, subject.site, SMALL, fields), 304, b"")
        return cost_by_wrk(server, SMALL, seconds, fields=fields)


def measure_range(subject: Subject, seconds: float) -> float:
    """Return µs a request for 64 KiB of the big file."""
    fields = {"Range": f"bytes=0-{RANGE_BYTES - 1}"}
    with subject.running() as server:
        part = ask(server, subject.site, BIG, fields)
        expect(part, 206, subject.site.content(BIG)[:RANGE_BYTES])
        return cost_by_wrk(server, BIG, seconds, fields=fields)


def measure_big_file(subject: Subject, seconds: float) -> float:
    """Return CPU seconds a GiB, by curl, which asks as often as fits into the time."""
    content = subject.site.content(BIG)
    times = max(1, round(seconds * 2))  # half a second each, as a rule
    with subject.running() as server:
        expect(ask(server, subject.site, BIG), 200, content)
        before = server.cpu_seconds()
        for _ in range(times):
            size = _download(server, subject.site)
            if size != len(content):
                raise LeftOutError(f"{size} bytes came of {len(content)}")
        return (server.cpu_seconds() - before) / (times * len(content)) * _GIB


def _download(server: RunningServer, site: Site) -> int:
    url = f"https://127.0.0.1:{server.port}{BIG}"
    options = ["--silent", "--http1.1", "--cacert", site.certificate, "--output", "/dev/null"]
    told = ["--write-out", "%{size_download}"]
    command = [*CLIENT, "curl", *options, *told, url]
    return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measure_full_handshake(subject: Subject, seconds: float) -> float:
    """Return µs a connection that is new, has one response of 1 KiB, and is closed."""
    return _measure_connections(subject, "full", seconds)


def measure_resumed(subject: Subject, seconds: float) -> float:
    """Return µs a connection that resumes the session of the one before."""
    return _measure_connections(subject, "resumed", seconds)


def _measure_connections(subject: Subject, kind: str, seconds: float) -> float:
    with subject.running() as server:
        expect(ask(server, subject.site, SMALL), 200, subject.site.content(SMALL))
        with driven("new_connections", kind, str(server.port), SMALL) as client:
            before = server.cpu_seconds()
            visits = client.work(seconds)
            return (server.cpu_seconds() - before) / visits * 1e6
