"""``trio-https explain`` as a user runs it, against servers of ours and of others."""

import json
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import click
import pytest
import trustme

from trio_https.cli.doctor import doctor as doctor_command
from trio_https.cli.explain import explain as explain_command
from trio_https.handshake.meanings import TITLES

from .command import Ended, run_command, start_command_in_terminal, start_server
from .programs import require_program

DEADLINE = 20.0  # seconds, for a machine that is busy with other things


def explain(*arguments: str, folder: Path, trust: Path | None = None) -> Ended:
    environment = {"SSL_CERT_FILE": str(trust)} if trust else {}
    return run_command("explain", *arguments, folder=folder, environment=environment)


def handshake(*arguments: str, folder: Path, trust: Path | None = None) -> dict[str, Any]:
    [told] = json.loads(explain("--json", *arguments, folder=folder, trust=trust).stdout)[
        "handshakes"
    ]
    return dict(told)


def titles(told: dict[str, Any]) -> list[str]:
    return [step["title"] for step in told["steps"]]


@pytest.fixture
def pem(authority: trustme.CA, tmp_path: Path) -> Path:
    """A key and a certificate for localhost in one file, as OpenSSL and nginx take them."""
    path = tmp_path / "server.pem"
    certificate = authority.issue_cert("localhost", key_type=trustme.KeyType.RSA)
    certificate.private_key_and_cert_chain_pem.write_to_path(path)
    return path


@pytest.fixture
def ca(authority: trustme.CA, tmp_path: Path) -> Path:
    path = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


@contextmanager
def run_peer(*command: str, port: int) -> Iterator[str]:
    """Run a server of others, and yield HOST:PORT as soon as it listens."""
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            wait_for(port)
            yield f"localhost:{port}"
        finally:
            process.terminate()


def wait_for(port: int) -> None:
    deadline = time.monotonic() + DEADLINE
    while time.monotonic() < deadline:
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    raise AssertionError(f"nothing listens on port {port}")


def free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        return int(listener.getsockname()[1])


@contextmanager
def run_openssl(pem: Path, *arguments: str) -> Iterator[str]:
    port = free_port()
    command = (require_program("openssl"), "s_server", "-accept", f"127.0.0.1:{port}")
    with run_peer(*command, "-cert", str(pem), "-www", *arguments, port=port) as server:
        yield server


NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
    uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
    server {{
        listen 127.0.0.1:{port} ssl;
        ssl_certificate {pem}; ssl_certificate_key {pem};
        ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:a:1m;
        return 204;
    }}
}}
"""


@contextmanager
def run_nginx(pem: Path, folder: Path) -> Iterator[str]:
    port, configuration = free_port(), folder / "nginx.conf"
    configuration.write_text(NGINX.format(folder=folder, port=port, pem=pem))
    nginx = require_program("nginx")
    with run_peer(nginx, "-c", str(configuration), "-e", "stderr", port=port) as server:
        yield server


# Without a server: one in memory


def test_without_a_server_there_is_one_in_memory(tmp_path: Path) -> None:
    ended = explain(folder=tmp_path)
    assert ended.code == 1  # its authority is new, and trusted by nobody
    assert "ClientHello" in ended.stdout
    assert "CN=localhost" in ended.stdout
    assert "trio-https trust" in ended.stdout
    assert ended.stderr == ""


def test_where_the_authority_is_trusted_a_browser_goes_on(tmp_path: Path) -> None:
    explain(folder=tmp_path)  # makes it
    ended = explain(folder=tmp_path, trust=tmp_path / "home" / "ca" / "ca.crt")
    assert ended.code == 0
    assert "This machine's clients go on." in ended.stdout


def test_both_versions_stand_side_by_side(tmp_path: Path) -> None:
    ended = explain("--both", folder=tmp_path)
    [heading] = re.findall(r"^ +TLS 1\.2 +TLS 1\.3$", ended.stdout, re.MULTILINE)
    assert heading
    [trips] = re.findall(r"2 round trips.*1 round trip", ended.stdout)
    assert trips


def test_rsa_key_exchange_is_shown_in_memory(tmp_path: Path) -> None:
    told = handshake("--rsa", folder=tmp_path)
    assert told["version"] == "TLSv1.2"
    assert "ServerKeyExchange" not in titles(told)


def test_no_line_is_longer_than_the_terminal(tmp_path: Path) -> None:
    for arguments in ((), ("--both",), ("--tls", "1.2")):
        ended = run_command("explain", *arguments, folder=tmp_path, environment={"COLUMNS": "72"})
        assert max(map(len, ended.stdout.splitlines())) <= 72


def test_a_terminal_is_told_in_colour(tmp_path: Path) -> None:
    with start_command_in_terminal("explain", folder=tmp_path) as (command, _terminal):
        command.wait_for_stdout("trio-https trust")
        assert "\x1b[" in command.stdout


def test_who_wants_no_colour_gets_none(tmp_path: Path) -> None:
    """https://no-color.org"""
    with start_command_in_terminal("explain", folder=tmp_path, environment={"NO_COLOR": "1"}) as (
        command,
        _terminal,
    ):
        command.wait_for_stdout("trio-https trust")
        assert "\x1b[" not in command.stdout


# Servers on the network


@pytest.mark.parametrize(("version", "last"), [("1.3", "NewSessionTicket"), ("1.2", "Finished")])
def test_openssl_is_explained(version: str, last: str, pem: Path, ca: Path, tmp_path: Path) -> None:
    with run_openssl(pem) as server:
        told = handshake("--tls", version, server, folder=tmp_path, trust=ca)
    assert told["version"] == f"TLSv{version}"
    assert told["is_trusted"]
    assert titles(told)[-1] == last
    assert told["resumption"]["is_resumed"]


def test_openssl_with_parameters_of_its_own_is_explained(pem: Path, tmp_path: Path) -> None:
    """RFC 5246 §7.4.3."""
    with run_openssl(pem, "-cipher", "kDHE", "-tls1_2") as server:
        told = handshake(server, folder=tmp_path)
    [exchange] = [step for step in told["steps"] if step["title"] == "ServerKeyExchange"]
    assert exchange["facts"][0]["value"] == "finite field"


def test_openssl_without_rsa_key_exchange_refuses_it(pem: Path, tmp_path: Path) -> None:
    with run_openssl(pem, "-cipher", "ECDHE") as server:
        ended = explain("--rsa", server, folder=tmp_path)
    assert ended.code == 1
    said = " ".join(ended.stdout.split())
    assert "the alert handshake_failure: nothing that was offered suits it." in said
    assert "Try it without --rsa" in said


def test_each_column_tells_what_to_try_next(pem: Path, tmp_path: Path) -> None:
    with run_openssl(pem, "-tls1_2") as server:
        ended = explain("--both", server, folder=tmp_path)
        told = handshake("--tls", "1.3", server, folder=tmp_path)
    assert "No handshake: the server" in ended.stdout
    assert told["failure"].endswith("Try --tls 1.2, for a server from before 2018.")


def test_nginx_is_explained(pem: Path, ca: Path, tmp_path: Path) -> None:
    with run_nginx(pem, tmp_path) as server:
        told = handshake(server, folder=tmp_path, trust=ca)
    assert told["version"] == "TLSv1.3"
    assert told["answer"] == "HTTP/1.1 204 No Content"
    assert told["resumption"]["is_resumed"]
    verify = next(step for step in told["steps"] if step["title"] == "CertificateVerify")
    assert verify["facts"][0]["value"].startswith("rsa_pss_rsae_")


def test_our_own_server_is_explained(tmp_path: Path) -> None:
    with start_server(folder=tmp_path) as server:
        told = handshake(f"localhost:{server.port}", folder=tmp_path, trust=server.ca_file)
    assert told["is_trusted"]
    assert told["alpn"] == "http/1.1"
    assert told["answer"] == "HTTP/1.1 200 OK"
    assert told["resumption"]["is_resumed"]
    assert told["effort"]["round_trips"] == 1


def test_a_wrong_name_is_told_with_what_to_do(pem: Path, ca: Path, tmp_path: Path) -> None:
    with run_openssl(pem) as server:
        ended = explain(server.replace("localhost", "127.0.0.1"), folder=tmp_path, trust=ca)
    assert ended.code == 1
    assert "no, 127.0.0.1 is not among the names: localhost" in ended.stdout
    assert "The certificate is not for 127.0.0.1" in " ".join(ended.stdout.split())


def test_where_nobody_listens_is_told_in_words(tmp_path: Path) -> None:
    ended = explain(f"127.0.0.1:{free_port()}", folder=tmp_path)
    assert ended.code == 2
    assert "connection refused. Is the server running" in ended.stderr


def test_what_is_not_tls_is_told_in_words(tmp_path: Path) -> None:
    port = free_port()
    with run_peer(sys.executable, "-m", "http.server", "-b", "127.0.0.1", str(port), port=port):
        ended = explain(f"127.0.0.1:{port}", folder=tmp_path)
    assert ended.code == 1
    assert "what answers there is not TLS. Is the port right?" in " ".join(ended.stdout.split())


@pytest.mark.parametrize("text", ["a b:1", "localhost:0", "localhost:65536", "http://x:1/", ":1"])
def test_what_names_no_server_is_told(text: str, tmp_path: Path) -> None:
    ended = explain(text, folder=tmp_path)
    assert ended.code == 2
    assert "HOST:PORT" in ended.stderr


@pytest.mark.parametrize(
    "arguments", [("--both", "--rsa"), ("--both", "--tls", "1.2"), ("--rsa", "--tls", "1.3")]
)
def test_what_does_not_go_together_is_told(arguments: tuple[str, ...], tmp_path: Path) -> None:
    ended = explain(*arguments, folder=tmp_path)
    assert ended.code == 2
    assert "don't go together" in ended.stderr


# The document


DOCUMENT = (Path(__file__).parent.parent / "docs" / "handshake.md").read_text("utf-8")


WORDS = re.compile(rf"\b({'|'.join(TITLES.values())}|make the keys|checks the certificate)\b")


def outline(output: str) -> list[str]:
    """Return what is the same in every run: which messages there are, and what is done between."""
    return WORDS.findall(output)


@pytest.mark.parametrize(
    ("arguments", "columns"), [(("--both",), "92"), ((), "78")], ids=["both", "1.3"]
)
def test_the_document_shows_what_is_said(
    arguments: tuple[str, ...], columns: str, tmp_path: Path
) -> None:
    explain(folder=tmp_path)
    trust = {"SSL_CERT_FILE": str(tmp_path / "home" / "ca" / "ca.crt"), "COLUMNS": columns}
    ended = run_command("explain", *arguments, folder=tmp_path, environment=trust)
    [shown] = [
        block
        for block in re.findall(r"^```text\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
        if ("──▶ ClientHello" in block) == bool(arguments)
    ]
    assert len(outline(shown)) > 10
    assert outline(shown) == outline(ended.stdout)


@pytest.mark.parametrize("command", [explain_command, doctor_command], ids=["explain", "doctor"])
def test_the_document_tells_of_all_options(command: click.Command) -> None:
    for parameter in command.params:
        names = parameter.opts if parameter.opts[0].startswith("-") else ["HOST:PORT"]
        for name in filter(None, [*names, parameter.envvar]):
            assert f"`{name}" in DOCUMENT, name
