"""The suite as it is run, at its smallest; and the servers that it finds or doesn't."""

import json
import os
import subprocess
import sys
from pathlib import Path

import processes
import pytest
from suite.crowd_loads import measure_unread
from suite.own_peers import CEILING, own_peers
from suite.packages import PACKAGES, find_package
from suite.page_loads import (
    measure_big_file,
    measure_known_page,
    measure_middle_page,
    measure_range,
    measure_thousand_pages,
)
from suite.programs import find_caddy, find_nginx
from suite.rounds import measure_rounds
from suite.site import make_site
from suite.subjects import Command, LeftOutError, Peer, Subject

from ..programs import require_program
from . import BENCHMARKS

# Of speed nothing is to be known here, but neither is of coverage: it would take most of the time.
pytestmark = pytest.mark.usefixtures("unmeasured")

# Of each way to measure one.
LOADS = ("small", "known", "resumed", "unread", "few", "echo", "ready")
BESIDE = {"echo": {"trio-websocket"}} | {
    load: {"ceiling"} for load in ("small", "resumed", "few", "ready")
}


@pytest.mark.skipif(sys.platform != "linux", reason="processes are measured by what Linux tells")
@pytest.mark.timeout(300)
def test_a_run_measures_this_server_beside_the_ceiling(tmp_path: Path) -> None:
    require_program("wrk")
    outputs = {name: tmp_path / name for name in ("json", "markdown", "plot")}
    options = [part for name, path in outputs.items() for part in (f"--{name}", str(path))]
    options += ["--rounds", "1", "--seconds", "0.5", "--big-mib", "3", "--only", *LOADS]
    peers = ["--peers", "ceiling", "trio_https", "trio-websocket"]
    command = [sys.executable, str(BENCHMARKS / "run.py"), *options, *peers]
    root = {**os.environ, "PYTHONPATH": str(BENCHMARKS.parent)}
    finished = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=root)
    assert finished.returncode == 0, finished.stderr
    told = json.loads(outputs["json"].read_text())
    assert told["left_out"] == {}, finished.stderr
    for load, figures in told["figures"].items():
        assert set(figures) == {"trio_https"} | BESIDE.get(load, set()), load
    for load in set(LOADS) - {"unread"}:  # memory may come out of what is there already
        assert all(min(figures) > 0 for figures in told["figures"][load].values()), load
    assert "| 1 KiB page, kept connections | 1.25 x ceiling | " in outputs["markdown"].read_text()
    assert outputs["plot"].read_text().startswith("<svg ")


def test_a_server_that_answers_something_else_is_left_out(tmp_path: Path) -> None:
    [ceiling] = [peer for peer in own_peers() if peer.name == CEILING]
    site = make_site(tmp_path, big_mib=1)
    subject = Subject(peer=ceiling, service="one page", site=site)
    for measure in (measure_thousand_pages, measure_middle_page, measure_big_file, measure_unread):
        with pytest.raises(LeftOutError, match="1024 bytes that are not those of the file"):
            measure(subject, 0.1)
    with pytest.raises(LeftOutError, match="200 in place of 206"):
        measure_range(subject, 0.1)
    with pytest.raises(LeftOutError, match="no entity tag"):
        measure_known_page(subject, 0.1)


def test_a_server_that_ends_is_left_out(tmp_path: Path) -> None:
    command = Command([sys.executable, "-c", "raise SystemExit(3)"])
    peer = Peer(name="none", version="0", services={"one page": lambda _site, _port: command})
    site = make_site(tmp_path, big_mib=1)
    told: list[str] = []
    figures = measure_rounds([peer], ["ready"], site, rounds=2, seconds=0.1, tell=told.append)
    assert figures.left_out == {"ready": {"none": "it ended with 3 before it listened"}}
    assert len(told) == 1


def test_a_server_that_does_not_end_is_ended_with_its_workers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(processes, "_END_SECONDS", 0.2)
    port = processes.free_port()
    program = (
        "import os, signal, socket, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f" listener = socket.create_server(('127.0.0.1', {port})); os.fork(); time.sleep(100)"
    )
    with processes.running_command([sys.executable, "-c", program], port) as process:
        while len(family := processes.family_of(process.pid)) < 2:
            pass  # the worker comes after the listener
    while any(map(is_running, family)):
        pass  # what is killed takes a moment; the test has a time limit


def is_running(pid: int) -> bool:
    try:
        return ") Z " not in Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False


def test_what_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    for find in (find_nginx, find_caddy):
        with pytest.raises(LeftOutError, match="not installed"):
            find()
    for name in PACKAGES:
        with pytest.raises(LeftOutError, match="--install-peers makes it"):
            find_package(name, tmp_path)


def test_an_environment_without_a_peer_is_told(tmp_path: Path) -> None:
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python").symlink_to(sys.executable)
    with pytest.raises(LeftOutError, match="--install-peers installs it"):
        find_package("granian", tmp_path)


def test_the_names_of_peers_are_all_different() -> None:
    names = [peer.name for peer in own_peers()] + list(PACKAGES) + ["nginx", "Caddy"]
    assert len(set(names)) == len(names)
