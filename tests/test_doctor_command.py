"""``trio-https doctor`` as a user runs it: beside a server, and without one."""

import socket
from contextlib import closing
from pathlib import Path

from .command import Ended, run_command, start_server


def ask_doctor(port: int, folder: Path, **environment: str) -> Ended:
    # A home of its own, so that no browser's trust store of this machine is looked into.
    environment = {"TRIO_HTTPS_PORT": str(port), "HOME": str(folder), **environment}
    return run_command("doctor", folder=folder, environment=environment)


def words(ended: Ended) -> str:
    return " ".join(ended.stdout.split())


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


def test_where_no_server_runs_it_says_so(tmp_path: Path) -> None:
    ended = ask_doctor(free_port(), tmp_path)
    assert ended.code == 1
    assert "connection refused. Start trio-https" in words(ended)
    assert not (tmp_path / "home").exists()  # nothing is made


def test_a_server_that_is_not_trusted_leads_to_trust(tmp_path: Path) -> None:
    with start_server(folder=tmp_path) as server:
        ended = ask_doctor(server.port, tmp_path)
    assert ended.code == 1
    assert "run trio-https trust" in words(ended)


def test_each_name_and_address_of_a_server_is_visited(tmp_path: Path) -> None:
    with start_server(folder=tmp_path) as server:
        ended = ask_doctor(server.port, tmp_path, SSL_CERT_FILE=str(server.ca_file))
    said = words(ended)
    assert f"https://localhost:{server.port} at 127.0.0.1: trusted" in said
    assert f"https://127.0.0.1:{server.port}: trusted" in said
    # A variable that browsers know nothing of has not put it into any store.
    assert "your authority is not trusted in" in said


def test_a_name_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    ended = run_command("doctor", "--host", "nowhere.invalid", "--port", "8443", folder=tmp_path)
    assert ended.code == 1
    assert "nowhere.invalid has no address" in words(ended)
    assert "hosts file; or go to the server by its address, with --host." in words(ended)


def test_no_line_is_longer_than_the_terminal(tmp_path: Path) -> None:
    ended = ask_doctor(free_port(), tmp_path, COLUMNS="60")
    lines = ended.stdout.splitlines()
    assert len(lines) > 4
    assert max(map(len, lines)) <= 60


def test_a_port_that_is_none_is_a_mistake(tmp_path: Path) -> None:
    assert run_command("doctor", "--port", "0", folder=tmp_path).code == 2
