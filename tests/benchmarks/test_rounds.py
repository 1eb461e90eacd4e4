"""The suite as it is run, at its smallest; and the servers that it finds or doesn't."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from suite.own_peers import own_peers
from suite.packages import PACKAGES, find_package
from suite.programs import find_caddy, find_nginx
from suite.subjects import LeftOutError

from ..programs import require_program
from . import BENCHMARKS

# The loads that take no time, or need no program.
LOADS = ("small", "known", "range", "new", "resumed", "unread", "few", "echo", "import")
BESIDE = {"echo": {"trio-websocket"}} | {
    load: {"ceiling"} for load in ("small", "new", "resumed", "few", "import")
}


@pytest.mark.timeout(300)
def test_a_run_measures_this_server_beside_the_ceiling(tmp_path: Path) -> None:
    require_program("wrk")
    outputs = {name: tmp_path / name for name in ("json", "markdown", "plot")}
    options = [part for name, path in outputs.items() for part in (f"--{name}", str(path))]
    options += ["--rounds", "1", "--seconds", "0.2", "--big-mib", "3", "--only", *LOADS]
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
