"""The command as a user meets it: what it says, what it serves, what it makes of mistakes."""

import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import sysconfig
import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPSConnection
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from .command import (
    BIG_BYTES,
    MODULE,
    Ended,
    RunningCommand,
    make_site,
    run_command,
    start_command,
    start_server,
    start_server_in_terminal,
    without_rights,
)
from .programs import require_program

ESCAPE = "\x1b"

# The configuration of the application note, AT32 HTTPS Server Based on Mbed TLS.
SSL_CONF = """\
[req]
prompt = no
default_md = sha256
default_bits = 2048
distinguished_name = dn
x509_extensions = v3_req
[dn]
C = KY
ST = Cayman Islands
L = George Town
O = 雅特力
OU = SW Department
emailAddress = admin@example.com
CN = localhost
[v3_req]
subjectAltName = @alt_names
[alt_names]
DNS.1 = *.localhost
DNS.2 = localhost
IP.1 = 172.31.96.101
"""


class Page(NamedTuple):
    status: int
    body: str


def get(server: RunningCommand, path: str = "/", *, ca_file: Path | None = None) -> Page:
    """Ask the server for a page, as a client that trusts its authority or the one given."""
    context = ssl.create_default_context(cafile=ca_file or server.ca_file)
    connection = HTTPSConnection("localhost", server.port, context=context, timeout=40)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return Page(response.status, response.read().decode())
    finally:
        connection.close()


@pytest.fixture(scope="session")
def openssl_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with keys and certificates that are made by OpenSSL, as its users make them."""
    folder = tmp_path_factory.mktemp("openssl")
    (folder / "ssl.conf").write_text(SSL_CONF, encoding="utf-8")
    (folder / "right").write_text("open sesame\n")
    (folder / "wrong").write_text("open barley\n")
    new = "req -x509 -new -sha256 -utf8 -days 3650 -config ssl.conf"
    rsa, ec = "-newkey rsa:2048", "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
    for arguments in (
        f"{new} -nodes {rsa} -keyout rsa.key -out rsa.crt",
        f"{new} -nodes {ec} -keyout ec.key -out ec.crt",
        f"{new} {ec} -passout file:right -keyout encrypted.key -out encrypted.crt",
    ):
        command = [require_program("openssl"), *arguments.split()]
        subprocess.run(command, cwd=folder, check=True, capture_output=True, timeout=40)
    together = (folder / "ec.crt").read_text() + (folder / "ec.key").read_text()
    (folder / "together.pem").write_text(together)
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder in which the user starts the command."""
    return tmp_path


@pytest.fixture
def site(folder: Path) -> Path:
    return make_site(folder)


# Starting


def test_each_start_up_step_is_told_with_its_outcome(folder: Path) -> None:
    with start_server(folder=folder) as server:
        steps = re.findall(r"^  (\w+) +(\w+) +(.*)$", server.stderr, re.MULTILINE)
    told = {name: (outcome, detail) for outcome, name, detail in steps}
    assert [outcome for outcome, _, _ in steps[:6]] == ["ok"] * 6
    assert list(told)[:6] == ["Pages", "Certificate", "Key", "TLS", "Listening", "Ready"]
    assert "localhost, *.localhost, 127.0.0.1, ::1" in told["Certificate"][1]
    assert told["Key"][1] == f"ECDSA P-256, {folder / 'home' / 'localhost.pem'}"
    assert told["Listening"][1] == f"127.0.0.1:{server.port}, [::1]:{server.port}"


def test_the_url_that_is_told_leads_to_the_pages(folder: Path, site: Path) -> None:
    with start_server(site, folder=folder) as server:
        assert server.urls == [f"https://localhost:{server.port}/"]
        assert get(server) == Page(200, "<p>my own page</p>")


def test_every_address_of_the_host_is_told_as_a_url(folder: Path) -> None:
    with start_server("--host", "127.0.0.1", folder=folder) as server:
        assert server.urls == [f"https://127.0.0.1:{server.port}/"]


def test_the_authority_is_told_with_the_fingerprint_that_openssl_finds(folder: Path) -> None:
    openssl = require_program("openssl")
    with start_server(folder=folder) as server:
        assert server.ca_file == folder / "home" / "ca" / "ca.crt"
        command = [openssl, "x509", "-noout", "-fingerprint", "-sha256"]
        command += ["-in", str(server.ca_file)]
        answer = subprocess.run(command, capture_output=True, text=True, check=True, timeout=40)
        assert f"SHA-256  {answer.stdout.strip().partition('=')[2]}\n" in server.stderr


def test_the_authority_is_made_once_and_kept(folder: Path) -> None:
    told = []
    for _ in range(2):
        with start_server(folder=folder) as server:
            told.append(server.stderr)
    assert ["issued now" in text for text in told] == [True, False]
    first, second = (re.findall(r"SHA-256  (.+)", text) for text in told)
    assert first == second


def test_two_first_runs_at_once_use_the_same_authority(folder: Path) -> None:
    with start_command(folder=folder) as one, start_command(folder=folder) as other:
        for server in (one, other):
            server.wait_until_serving()
            assert get(server).status == 200
        told = {re.findall(r"SHA-256  (.+)", server.stderr)[0] for server in (one, other)}
    assert len(told) == 1


def test_an_authority_that_this_machine_does_not_know_is_called_untrusted(folder: Path) -> None:
    with start_server(folder=folder) as server:
        assert "Not trusted by this machine's clients yet: " in server.stderr
        assert f"curl --cacert {server.ca_file} {server.url}\n" in server.stderr


def test_an_authority_that_this_machine_knows_is_called_trusted(folder: Path) -> None:
    environment = {"SSL_CERT_FILE": str(folder / "home" / "ca" / "ca.crt")}
    with start_server(folder=folder, environment=environment) as server:
        assert "\n  Trusted by this machine's clients.\n" in server.stderr


@pytest.mark.parametrize("program", ["script", "module"])
@pytest.mark.parametrize("arguments", [(), ("serve",)], ids=["", "serve"])
def test_all_ways_to_say_it_are_the_same(
    program: str, arguments: tuple[str, ...], folder: Path, site: Path
) -> None:
    script = Path(sysconfig.get_path("scripts")) / "trio-https"
    words = MODULE if program == "module" else (script,)
    with start_server(*arguments, site, folder=folder, program=words) as server:
        assert get(server).body == "<p>my own page</p>"


# The pages


def test_without_a_folder_the_welcome_pages_are_served(folder: Path) -> None:
    with start_server(folder=folder) as server:
        assert "ok      Pages        the built-in welcome pages" in server.stderr
        assert "trio_https" in get(server).body


def test_without_a_folder_the_one_named_pages_is_served_if_there_is_one(
    folder: Path, site: Path
) -> None:
    site.rename(folder / "pages")
    with start_server(folder=folder) as server:
        assert "ok      Pages        pages, found in this folder" in server.stderr
        assert get(server).body == "<p>my own page</p>"


def test_a_folder_that_is_named_comes_before_the_one_named_pages(folder: Path, site: Path) -> None:
    (folder / "pages").mkdir()
    with start_server("site", folder=folder) as server:
        assert get(server).body == "<p>my own page</p>"


def test_a_folder_with_the_name_of_a_command_can_be_served(folder: Path, site: Path) -> None:
    site.rename(folder / "serve")
    with start_server("serve", "serve", folder=folder) as server:
        assert get(server).body == "<p>my own page</p>"


# How TLS is spoken


def test_the_modern_policy_speaks_tls_1_3_alone(folder: Path) -> None:
    with start_server("--tls-policy", "modern", folder=folder) as server:
        assert "ok      TLS          1.3, ALPN http/1.1" in server.stderr


def test_the_secrets_of_tls_go_where_asked_for_and_a_warning_says_so(
    folder: Path, site: Path
) -> None:
    with start_server(site, "--keylog", "keys.log", folder=folder) as server:
        assert get(server).status == 200
        assert "the secrets of all connections go to keys.log" in server.stderr
    lines = (folder / "keys.log").read_text().splitlines()
    assert {line.split(" ")[0] for line in lines} >= {"SERVER_TRAFFIC_SECRET_0"}


def test_the_secrets_of_tls_never_go_where_the_environment_says(folder: Path) -> None:
    environment = {"SSLKEYLOGFILE": "keys.log", "TRIO_HTTPS_KEYLOG": "keys.log"}
    with start_server(folder=folder, environment=environment) as server:
        assert get(server).status == 200
    assert not (folder / "keys.log").exists()


def test_the_secrets_of_tls_never_go_among_the_pages(folder: Path, site: Path) -> None:
    mistake = run_command("site", "--keylog", "site/keys.log", folder=folder)
    assert_one_message(mistake, "--keylog: site/keys.log would be among the pages in site")
    assert not (site / "keys.log").exists()


# The environment


def test_pages_host_and_access_log_can_come_from_the_environment(folder: Path, site: Path) -> None:
    environment = {
        "TRIO_HTTPS_PAGES": "site",
        "TRIO_HTTPS_HOST": "127.0.0.1",
        "TRIO_HTTPS_ACCESS_LOG": "no",
    }
    with start_server(folder=folder, environment=environment) as server:
        assert server.url == f"https://127.0.0.1:{server.port}/"
        assert get(server).body == "<p>my own page</p>"
        server.send_signal(signal.SIGTERM)
        server.wait()
        assert server.stdout == ""


def test_the_certificate_can_come_from_the_environment(folder: Path, openssl_files: Path) -> None:
    environment = {
        "TRIO_HTTPS_CERT": str(openssl_files / "encrypted.crt"),
        "TRIO_HTTPS_KEY": str(openssl_files / "encrypted.key"),
        "TRIO_HTTPS_KEY_PASSWORD_FILE": str(openssl_files / "right"),
    }
    with start_server(folder=folder, environment=environment) as server:
        assert get(server, ca_file=openssl_files / "encrypted.crt").status == 200


def test_the_port_can_come_from_the_environment(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        mistake = run_command(folder=folder, environment={"TRIO_HTTPS_PORT": str(port)})
        assert_one_message(mistake, f"127.0.0.1:{port}", "another program listens there")


def test_an_argument_comes_before_the_environment(folder: Path, site: Path) -> None:
    environment = {
        "TRIO_HTTPS_PAGES": "nowhere",
        "TRIO_HTTPS_HOST": "192.0.2.1",
        "TRIO_HTTPS_PORT": "1",
    }
    arguments = ("--host", "127.0.0.1", "--port", "0", "site")
    with start_server(*arguments, folder=folder, environment=environment) as server:
        assert get(server).body == "<p>my own page</p>"


# Certificates of the user's own


@pytest.mark.parametrize(
    ("arguments", "certificate", "key"),
    [
        ("--cert rsa.crt --key rsa.key", "rsa.crt", "RSA 2048, rsa.key"),
        ("--cert ec.crt --key ec.key", "ec.crt", "ECDSA P-256, ec.key"),
        ("--cert together.pem", "ec.crt", "ECDSA P-256, together.pem"),
        (
            "--cert encrypted.crt --key encrypted.key --key-password-file right",
            "encrypted.crt",
            "ECDSA P-256, encrypted.key",
        ),
    ],
)
def test_files_made_by_openssl_are_served_as_they_are(
    arguments: str, certificate: str, key: str, folder: Path, openssl_files: Path
) -> None:
    pages = folder / "pages"
    pages.mkdir()
    (pages / "index.html").write_text("hello")
    environment = {"TRIO_HTTPS_HOME": str(folder / "home")}
    with start_server(
        pages, *arguments.split(), folder=openssl_files, environment=environment
    ) as server:
        assert get(server, ca_file=openssl_files / certificate).body == "hello"
        assert "ok      Certificate  *.localhost, localhost, 172.31.96.101; until " in server.stderr
        assert f"ok      Key          {key}\n" in server.stderr
    assert not (folder / "home").exists(), "an authority was made though nobody needs it"


def test_a_certificate_in_certs_is_found_by_itself(folder: Path, openssl_files: Path) -> None:
    fill_certs(folder, openssl_files, "crt", "key")
    with start_server(folder=folder) as server:
        assert get(server, ca_file=openssl_files / "rsa.crt").status == 200
        assert f"ok      Key          RSA 2048, {Path('certs') / 'server.key'}\n" in server.stderr


@pytest.mark.parametrize(("there", "missing"), [("crt", "key"), ("key", "crt")])
def test_one_of_both_files_in_certs_is_a_mistake(
    there: str, missing: str, folder: Path, openssl_files: Path
) -> None:
    fill_certs(folder, openssl_files, there)
    assert_one_message(
        run_command(folder=folder),
        f"{Path('certs', f'server.{there}')} is there, but {Path('certs', f'server.{missing}')}",
        "is not",
        "--cert and --key",
    )


def fill_certs(folder: Path, openssl_files: Path, *suffixes: str) -> None:
    (folder / "certs").mkdir()
    for suffix in suffixes:
        (folder / "certs" / f"server.{suffix}").write_bytes(
            (openssl_files / f"rsa.{suffix}").read_bytes()
        )


# Mistakes


def assert_one_message(ended: Ended, *words: str) -> None:
    """Assert that a run ended as the user's mistake, told once, in these words and a remedy."""
    lines = ended.stderr.splitlines()
    messages = [line for line in lines if line.startswith(("trio-https: ", "Error: "))]
    assert messages == lines[-1:], ended.stderr
    for word in words:
        assert word in messages[0]
    # Thing and reason, then what to do about it: a sentence of its own.
    assert re.search(r"\. [A-Z]\w+ .+", messages[0]), messages[0]
    assert_mistake(ended)


def assert_mistake(ended: Ended) -> None:
    assert ended.code == 2
    assert ended.stdout == ""
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("nowhere", ["nowhere", "No such file or directory", "Name a folder"]),
        ("rsa.crt", ["rsa.crt", "Not a directory", "Name a folder"]),
        (".", [".: holds", "localhost.pem", "Serve another folder"]),
        ("--key ec.key", ["--key", "Give the certificate"]),
        ("--key-password-file right", ["--key-password-file", "Give the certificate"]),
        ("--cert nothing.crt --key ec.key", ["nothing.crt", "no such file", "--cert"]),
        ("--cert ec.crt --key nothing.key", ["nothing.key", "no such file", "--key"]),
        ("--cert ec.crt", ["ec.crt", "no private key in it", "--key"]),
        ("--cert ec.key --key ec.key", ["ec.key", "no certificate in it", "--cert"]),
        ("--cert ssl.conf --key ec.key", ["ssl.conf", "PEM", "--cert"]),
        ("--cert ec.crt --key ssl.conf", ["ssl.conf", "PEM", "--key"]),
        ("--cert ec.crt --key rsa.key", ["rsa.key", "does not belong to ec.crt"]),
        (
            "--cert encrypted.crt --key encrypted.key",
            ["encrypted.key", "encrypted, and no password is given", "--key-password-file"],
        ),
        (
            "--cert encrypted.crt --key encrypted.key --key-password-file wrong",
            ["encrypted.key", "the password does not open the key", "Give the right one"],
        ),
        (
            "--cert encrypted.crt --key encrypted.key --key-password-file nothing",
            ["nothing", "no such file", "Name a file"],
        ),
        ("--host host.invalid", ["host.invalid", "no such host name", "Give one"]),
        ("--host 192.0.2.1", ["192.0.2.1", "no interface of this machine", "Choose one"]),
    ],
)
def test_a_mistake_is_told_with_its_reason_and_a_remedy(
    arguments: str, words: list[str], openssl_files: Path
) -> None:
    assert_one_message(run_command(*arguments.split(), folder=openssl_files), *words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ("--nonsense", ["--nonsense"]),
        ("--port 65536", ["--port", "65536"]),
        ("--port https", ["--port", "https"]),
        ("one two", ["two"]),
    ],
)
def test_a_mistake_in_the_arguments_is_told_with_the_way_to_the_help(
    arguments: str, words: list[str], folder: Path
) -> None:
    ended = run_command(*arguments.split(), folder=folder)
    assert_mistake(ended)
    usage, way_out, _, message = ended.stderr.splitlines()
    assert usage.startswith("Usage: trio-https serve ")
    assert way_out == "Try 'trio-https serve --help' for help."
    for word in words:
        assert word in message


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_a_port_that_is_taken_on_one_address_is_a_mistake(address: str, folder: Path) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, 0), family=family) as taken:
        port = taken.getsockname()[1]
        ended = run_command("--port", str(port), folder=folder)
    assert_one_message(ended, f":{port}", "another program listens there", "another port")


def test_a_port_below_1024_without_the_right_to_it_is_a_mistake(folder: Path) -> None:
    first = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if first.exists() and int(first.read_text()) <= 443:
        pytest.skip("on this machine everybody may listen on port 443")
    command = (*without_rights(), *MODULE)
    ended = run_command("--port", "443", folder=folder, program=command)
    assert_one_message(ended, "127.0.0.1:443", "this user may not listen there", "8443")


def test_an_expired_certificate_is_a_mistake(authority: trustme.CA, folder: Path) -> None:
    yesterday = datetime.now(UTC) - timedelta(days=1)
    expired = authority.issue_cert("localhost", not_after=yesterday)
    expired.private_key_and_cert_chain_pem.write_to_path(folder / "expired.pem")
    ended = run_command("--cert", "expired.pem", folder=folder)
    assert_one_message(ended, "expired.pem", "has expired", f"{yesterday:%Y-%m-%d}")


def test_a_home_that_can_not_be_written_to_is_a_mistake(folder: Path) -> None:
    locked = folder / "locked"
    locked.mkdir(mode=0o500)
    ended = run_command(
        folder=folder,
        environment={"TRIO_HTTPS_HOME": str(locked / "home")},
        program=(*without_rights(), *MODULE),
    )
    assert_one_message(ended, str(locked), "ermission denied", "TRIO_HTTPS_HOME")


def test_a_home_that_is_a_file_is_a_mistake(folder: Path) -> None:
    (folder / "file").touch()
    ended = run_command(folder=folder, environment={"TRIO_HTTPS_HOME": str(folder / "file")})
    assert_one_message(ended, str(folder / "file"), "not a folder", "TRIO_HTTPS_HOME")


# Stopping


STOP_SIGNALS = pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])


class SlowClient:
    """A client that asks for a big file and reads no more than it must."""

    def __init__(self, server: RunningCommand) -> None:
        context = ssl.create_default_context(cafile=server.ca_file)
        transport = socket.socket()
        transport.settimeout(40)
        transport.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        transport.connect(("127.0.0.1", server.port))
        # An end without close_notify is an error to it: what it has is cut off.
        self.socket = context.wrap_socket(
            transport, server_hostname="localhost", suppress_ragged_eofs=False
        )
        self.socket.sendall(b"GET /big.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        head, _, body = self._read_until_the_body_has_begun()
        assert head.startswith(b"HTTP/1.1 200 OK\r\n")
        self.body_bytes = len(body)

    def _read_until_the_body_has_begun(self) -> tuple[bytes, bytes, bytes]:
        received = b""
        while b"\r\n\r\n" not in received:
            received += self.socket.recv(65536)
        return received.partition(b"\r\n\r\n")

    def read_to_the_end(self) -> None:
        """Read until close_notify. Raises ``OSError`` for any other end."""
        while data := self.socket.recv(65536):
            self.body_bytes += len(data)


@STOP_SIGNALS
def test_a_signal_stops_the_server(number: signal.Signals, folder: Path) -> None:
    with start_server(folder=folder) as server:
        get(server)
        server.send_signal(number)
        assert server.wait() == 0
        assert server.stderr.endswith("\nStopped.\n")
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=40)


def test_ctrl_c_in_the_terminal_stops_the_server(folder: Path) -> None:
    with start_server_in_terminal(folder=folder) as (server, terminal):
        os.write(terminal, b"\x03")
        assert server.wait() == 0
        assert server.stderr.endswith("\nStopped.\n")


@STOP_SIGNALS
def test_a_running_request_finishes_before_the_server_stops(
    number: signal.Signals, folder: Path, site: Path
) -> None:
    with start_server(site, folder=folder) as server:
        client = SlowClient(server)
        with client.socket:
            server.send_signal(number)
            server.wait_for_stderr("^Stopping: ")
            client.read_to_the_end()
        assert server.wait() == 0
    assert client.body_bytes == BIG_BYTES
    assert f'"GET /big.bin HTTP/1.1" 200 {BIG_BYTES} ' in server.stdout


def test_an_idle_connection_is_closed_cleanly_when_the_server_stops(folder: Path) -> None:
    with start_server(folder=folder) as server:
        context = ssl.create_default_context(cafile=server.ca_file)
        with (
            socket.create_connection(("127.0.0.1", server.port), timeout=40) as transport,
            context.wrap_socket(
                transport, server_hostname="localhost", suppress_ragged_eofs=False
            ) as idle,
        ):
            idle.sendall(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
            received = idle.recv(65536)
            assert received.startswith(b"HTTP/1.1 200 OK\r\n")
            assert received.endswith(b"\r\n\r\n")
            server.send_signal(signal.SIGTERM)
            assert idle.recv(65536) == b""  # close_notify: anything else raises
        assert server.wait() == 0


@STOP_SIGNALS
def test_a_second_signal_stops_the_server_at_once(
    number: signal.Signals, folder: Path, site: Path
) -> None:
    with start_server(site, folder=folder) as server:
        client = SlowClient(server)
        with client.socket:
            server.send_signal(number)
            server.wait_for_stderr("^Stopping: ")
            server.send_signal(number)
            assert server.wait() == 0
            with pytest.raises(OSError):  # noqa: PT011 -- a reset, or an end without close_notify
                client.read_to_the_end()
    assert client.body_bytes < BIG_BYTES
    assert "Stopped." not in server.stderr, "it waited for what it should have cut off"


@STOP_SIGNALS
@pytest.mark.parametrize("after", ["^trio_https ", "ok      Certificate"])
def test_a_signal_during_the_start_ends_it_and_harms_nothing(
    after: str, number: signal.Signals, folder: Path
) -> None:
    with start_command(folder=folder) as command:
        command.wait_for_stderr(after)
        command.send_signal(number)
        command.wait()
    with start_server(folder=folder) as server:
        assert get(server).status == 200


# The access log


def test_each_request_is_a_line_on_standard_output(folder: Path, site: Path) -> None:
    with start_server(site, folder=folder) as server:
        for path in ("/", "/?again", "/missing"):
            get(server, path)
        server.send_signal(signal.SIGTERM)
        server.wait()
    line = r'\S+ - - \[.+\] "GET (\S+) HTTP/1.1" (\d+) \d+ "-" "-" TLSv1.3 TLS_\w+ [0-9.]+ms'
    logged = [re.fullmatch(line, text) for text in server.stdout.splitlines()]
    assert [found and found.groups() for found in logged] == [
        ("/", "200"),
        ("/?again", "200"),
        ("/missing", "404"),
    ]


def test_there_is_no_access_log_if_it_is_not_wanted(folder: Path) -> None:
    with start_server("--no-access-log", folder=folder) as server:
        assert get(server).status == 200
        server.send_signal(signal.SIGTERM)
        server.wait()
    assert server.stdout == ""


@pytest.mark.parametrize(
    ("request_line", "agent", "logged"),
    [
        (b"GET /\x1b[31m HTTP/1.1", b"x", r'"GET /\x1b[31m HTTP/1.1" 400 '),
        (b'GET /"\\ HTTP/1.1', b"x", r'"GET /\x22\x5c HTTP/1.1" '),
        (b"GET / HTTP/1.1", b'\x9b31m"\\\xe9', r'"\x9b31m\x22\x5c\xe9"'),
    ],
)
def test_what_could_speak_to_a_terminal_is_escaped_in_the_log(
    request_line: bytes, agent: bytes, logged: str, folder: Path
) -> None:
    with start_server(folder=folder) as server:
        context = ssl.create_default_context(cafile=server.ca_file)
        with (
            socket.create_connection(("127.0.0.1", server.port), timeout=40) as transport,
            context.wrap_socket(transport, server_hostname="localhost") as client,
        ):
            client.sendall(
                request_line
                + b"\r\nHost: localhost\r\nUser-Agent: "
                + agent
                + b"\r\nConnection: close\r\n\r\n"
            )
            while client.recv(65536):
                pass
        server.send_signal(signal.SIGTERM)
        server.wait()
    assert logged in server.stdout
    assert (server.stdout + server.stderr).replace("\n", "").isprintable()


def test_whoever_reads_the_log_may_leave(folder: Path) -> None:
    # trio-https | head -n 1, with the process of the server in place of the shell's
    program = (require_program("bash"), "-c", 'exec "$@" > >(head -n 1)', "bash", *MODULE)
    with start_server(folder=folder, program=program) as server:
        get(server, "/first")
        server.wait_for_end_of_stdout()
        assert [get(server, "/more").status for _ in range(3)] == [404] * 3
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 0
    assert "GET /first" in server.stdout
    assert "GET /more" not in server.stdout
    assert server.stderr.endswith("\nStopped.\n")


# Colour


def test_there_is_no_colour_where_there_is_no_terminal(folder: Path) -> None:
    with start_server(folder=folder) as server:
        assert ESCAPE not in server.stderr


def test_there_is_colour_in_a_terminal(folder: Path) -> None:
    with start_server_in_terminal(folder=folder) as (server, _):
        assert re.search(rf"{ESCAPE}\[[0-9;]*m{server.url}", server.stderr)


def test_there_is_no_colour_in_the_terminal_of_who_wants_none(folder: Path) -> None:
    environment = {"NO_COLOR": "1"}
    with start_server_in_terminal(folder=folder, environment=environment) as (server, _):
        assert ESCAPE not in server.stderr


# Help


OPTIONS = ["--host", "--port", "--cert", "--key", "--key-password-file", "--access-log"]


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["serve", "--help"], ["serve", "-h"]])
def test_the_help_mentions_every_option(arguments: list[str], folder: Path) -> None:
    ended = run_command(*arguments, folder=folder)
    assert (ended.code, ended.stderr) == (0, "")
    for option in (*OPTIONS, "--no-access-log", "--help"):
        assert re.search(rf"{option}\b", ended.stdout)


def test_the_help_tells_how_options_come_from_the_environment(folder: Path) -> None:
    text = " ".join(run_command("serve", "--help", folder=folder).stdout.split())
    for name in ("TRIO_HTTPS_PAGES", "TRIO_HTTPS_PORT", "TRIO_HTTPS_HOME"):
        assert name in text


def test_the_version_tells_what_the_server_is_made_of(folder: Path) -> None:
    ended = run_command("--version", folder=folder)
    assert (ended.code, ended.stderr) == (0, "")
    python = ".".join(str(part) for part in sys.version_info[:3])
    for name in ("trio-https", "trio", "h11"):
        assert f"{name.replace('-', '_')} {version(name)}" in ended.stdout
    assert f"Python {python}" in ended.stdout
    assert ssl.OPENSSL_VERSION in ended.stdout


# Keys that are not in use are keys all the same


def test_the_home_of_the_authority_is_never_among_the_pages(
    folder: Path, openssl_files: Path
) -> None:
    with start_server(folder=folder):
        pass  # makes folder/home
    ended = run_command(
        ".",
        *("--cert", openssl_files / "rsa.crt", "--key", openssl_files / "rsa.key"),
        folder=folder,
    )
    assert_one_message(ended, str(folder / "home"))


def test_the_key_in_certs_is_never_among_the_pages(folder: Path, openssl_files: Path) -> None:
    (folder / "certs").mkdir()
    shutil.copy(openssl_files / "ec.key", folder / "certs" / "server.key")
    ended = run_command(
        ".",
        *("--cert", openssl_files / "rsa.crt", "--key", openssl_files / "rsa.key"),
        folder=folder,
    )
    assert_one_message(ended, "certs/server.key")


def test_a_bad_request_of_a_client_is_one_line_in_the_log(folder: Path) -> None:
    with start_server(folder=folder) as server:
        subprocess.run(
            [*("openssl", "s_client", "-quiet"), "-connect", f"localhost:{server.port}"],
            input=b"BREW\r\n\r\n",
            capture_output=True,
            timeout=40,
        )
        server.wait_for_stderr(r"400 Bad Request \(illegal request line.*\)$")


@pytest.mark.parametrize("delay", [0.004, 0.008, 0.016])
def test_a_second_signal_while_it_ends_does_no_harm(delay: float, folder: Path) -> None:
    with start_server(folder=folder) as server:
        server.send_signal(signal.SIGTERM)
        time.sleep(delay)
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 0


def test_an_interrupt_during_the_start_ends_with_130(folder: Path) -> None:
    # What Python was loading may not be closed in order, and a user is told nothing of that.
    unwarned = {"PYTHONWARNINGS": ""}
    with start_command(folder=folder, environment=unwarned) as command:
        command.wait_for_stderr("^trio_https ")
        command.send_signal(signal.SIGINT)
        assert command.wait() in (0, 130)  # 0 where it served already


def test_the_first_help_tells_of_the_environment_and_has_no_control_character(
    folder: Path,
) -> None:
    help_text = run_command("--help", folder=folder).stdout
    assert "TRIO_HTTPS_PORT" in help_text
    assert "\b" not in help_text
    assert "\\b" not in help_text
