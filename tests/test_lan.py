"""``--lan`` and ``--redirect-http``: what the command says, and what others reach then."""

import os
import re
import signal
import socket
import ssl
import subprocess
from contextlib import closing, suppress
from http.client import HTTPConnection
from ipaddress import ip_address
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme
from cryptography import x509

from trio_https.certificates.local_network import LocalNetwork, find_local_network
from trio_https.cli.lan import Exposure, announce_exposure
from trio_https.handlers.ca_page import CA_PATH
from trio_https.messages import Address
from trio_https.server import Server
from trio_https.stopping import Stopping

from .chromium import open_chromium
from .command import (
    MODULE,
    RunningCommand,
    run_command,
    start_server,
    start_server_in_terminal,
    without_rights,
)
from .programs import require_program
from .qr_reading import read_qr_code

# Pictures to look at, when a folder for them is named.
SCREENSHOTS = os.environ.get("TRIO_HTTPS_SCREENSHOTS")

# Real servers of these tests listen on loopback addresses, which others can't reach.
HERE = ("--lan", "--host", "127.0.0.1")


class Answer(NamedTuple):
    status: int
    body: bytes


def ask(port: int, target: str = "/", *, host: str = "127.0.0.1") -> Answer:
    """Ask by plain HTTP."""
    with closing(HTTPConnection("127.0.0.1", port, timeout=40)) as connection:
        connection.request("GET", target, headers={"Host": host})
        response = connection.getresponse()
        return Answer(response.status, response.read())


def plain_port(server: RunningCommand, step: str) -> int:
    """Return the port that a step has told."""
    return int(server.wait_for_stderr(rf"^  ok      {step} +127\.0\.0\.1:(\d+)")[1])


def two_free_ports() -> int:
    """Return a port that is free, as is the one after it."""
    while True:
        with socket.create_server(("127.0.0.1", 0)) as first:
            port = int(first.getsockname()[1])
            with suppress(OSError), socket.create_server(("127.0.0.1", port + 1)):
                return port


# What the console says


def listening_at(*addresses: str, port: int) -> Server:
    """A server by what is known of it; it does not run."""
    bound = [Address(address, port) for address in addresses]
    return Server(bound, (), Stopping())


def announcement(
    network: LocalNetwork,
    capsys: pytest.CaptureFixture[str],
    *listening: str,
    ca_port: int | None = 8444,
    qr: bool | None = None,
    path: str = "/",
) -> str:
    addresses = listening or ("0.0.0.0", "::")
    ca_page = listening_at(*addresses, port=ca_port) if ca_port else None
    exposure = Exposure(network=network, pages=Path("/srv/site"), path=path)
    announce_exposure(exposure, listening_at(*addresses, port=8443), ca_page, qr=qr)
    return capsys.readouterr().err


HOME = LocalNetwork(
    names=("vm.local",), addresses=(ip_address("192.168.1.7"), ip_address("fd00::7"))
)
OPEN = LocalNetwork(
    names=("vm.local",),
    addresses=(ip_address("10.0.0.7"),),
    public_addresses=(ip_address("203.0.113.7"),),
)


def test_who_can_read_what_and_where_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    text = announcement(HOME, capsys)
    assert "Everybody on your network can read /srv/site now" in text
    assert re.findall(r"^    (https://\S+)$", text, re.MULTILINE) == [
        "https://192.168.1.7:8443/",
        "https://[fd00::7]:8443/",
        "https://vm.local:8443/",
    ]
    assert "internet" not in text


def test_a_phone_is_led_to_the_authority_first_and_to_the_pages_then(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = announcement(HOME, capsys)
    assert re.search(
        r"first time: .*\n    http://192\.168\.1\.7:8444/\n.*SHA-256.*\n"
        r"  From then on: https://192\.168\.1\.7:8443/\n",
        text,
    )


def test_with_a_certificate_of_the_users_there_is_nothing_to_trust_first(
    capsys: pytest.CaptureFixture[str],
) -> None:
    text = announcement(HOME, capsys, ca_port=None)
    assert "https://192.168.1.7:8443/" in text
    assert "http://" not in text
    assert "phone" not in text


def test_pages_below_a_prefix_are_found_there(capsys: pytest.CaptureFixture[str]) -> None:
    text = announcement(HOME, capsys, path="/docs/")
    assert "    https://192.168.1.7:8443/docs/\n" in text
    assert "From then on: https://192.168.1.7:8443/docs/\n" in text
    assert "    http://192.168.1.7:8444/\n" in text


def test_a_public_address_is_warned_of(capsys: pytest.CaptureFixture[str]) -> None:
    text = announcement(OPEN, capsys)
    assert "everybody who reaches 203.0.113.7, which may be the whole internet" in text
    assert "https://203.0.113.7" not in text


@pytest.mark.parametrize(
    ("listening", "urls"),
    [
        (["0.0.0.0"], ["https://192.168.1.7:8443/", "https://vm.local:8443/"]),
        (["::"], ["https://[fd00::7]:8443/", "https://vm.local:8443/"]),
        (["192.168.1.7"], ["https://192.168.1.7:8443/", "https://vm.local:8443/"]),
        (["127.0.0.1", "::1"], []),
        (["fe80::7%2"], []),
    ],
)
def test_only_where_it_listens_it_is_said_to_be_reached(
    listening: list[str], urls: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    text = announcement(HOME, capsys, *listening)
    assert re.findall(r"^    (https://\S+)$", text, re.MULTILINE) == urls
    assert ("Nobody else reaches the pages" in text) == (not urls)


def test_a_machine_without_a_network_is_told_so(capsys: pytest.CaptureFixture[str]) -> None:
    text = announcement(LocalNetwork(), capsys, qr=True)
    assert text.startswith("  Nobody else reaches the pages")
    assert "█" not in text


@pytest.mark.parametrize(("qr", "is_shown"), [(None, False), (True, True), (False, False)])
def test_without_a_terminal_there_is_a_qr_code_only_for_who_asks(
    qr: bool | None, is_shown: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    assert ("█" in announcement(HOME, capsys, qr=qr)) == is_shown


# What is served


def test_what_this_machine_has_on_the_network_is_in_the_certificate(tmp_path: Path) -> None:
    network = find_local_network()
    with start_server(*HERE, folder=tmp_path) as server:
        context = ssl.create_default_context(cafile=server.ca_file)
        for name in map(str, network.subject_names):
            with (
                socket.create_connection(("127.0.0.1", server.port), timeout=40) as transport,
                context.wrap_socket(transport, server_hostname=name) as client,
            ):
                assert client.version() == "TLSv1.3"
        for address in network.public_addresses:
            assert f"the certificate is not for {address}" in server.stderr


def test_the_page_gives_the_authority_of_the_server_and_its_fingerprint(tmp_path: Path) -> None:
    options = ("--ca-port", "0", "--prefix", "/a b")
    with start_server(*HERE, *options, folder=tmp_path) as server:
        port = plain_port(server, "CA page")
        certificate = ask(port, CA_PATH)
        page = ask(port)
    text = page.body.decode()
    assert certificate.body == server.ca_file.read_bytes()
    [told] = re.findall(r"^    SHA-256  (.+)$", server.stderr, re.MULTILINE)
    assert told in text
    assert f"https://127.0.0.1:{server.port}/a%20b/" in text
    subject = x509.load_pem_x509_certificate(server.ca_file.read_bytes()).subject
    assert subject.rfc4514_string().removeprefix("CN=") in text


def test_curl_trusts_the_pages_with_what_the_page_gave(tmp_path: Path) -> None:
    curl = [require_program("curl"), "--silent", "--show-error", "--fail", "--max-time", "40"]
    with start_server(*HERE, folder=tmp_path) as server:
        port = plain_port(server, "CA page")
        ca = tmp_path / "from-the-page.crt"
        subprocess.run([*curl, "-o", ca, f"http://127.0.0.1:{port}{CA_PATH}"], check=True)
        answer = subprocess.run(
            [*curl, "--cacert", ca, f"https://127.0.0.1:{server.port}/"],
            capture_output=True,
            check=True,
        )
    assert b"trio_https" in answer.stdout


def test_the_page_has_the_port_after_that_of_the_server(tmp_path: Path) -> None:
    port = two_free_ports()
    with start_server(*HERE, "--port", str(port), folder=tmp_path) as server:
        assert plain_port(server, "CA page") == port + 1


def test_the_pages_themselves_are_not_served_without_tls(tmp_path: Path) -> None:
    with start_server(*HERE, "--redirect-http=0", folder=tmp_path) as server:
        for step, status in (("CA page", 404), ("Redirect", 308)):
            answer = ask(plain_port(server, step), "/style.css")
            assert answer.status == status
            assert b"{" not in answer.body


@pytest.mark.parametrize("step", ["CA page", "Redirect"])
def test_a_host_that_is_not_this_server_is_refused(step: str, tmp_path: Path) -> None:
    with start_server(*HERE, "--redirect-http=0", folder=tmp_path) as server:
        assert ask(plain_port(server, step), host="evil.example").status == 421
        assert ask(plain_port(server, step), host="localhost").status in (200, 308)


def test_with_a_certificate_of_the_users_no_authority_is_given(
    authority: trustme.CA, tmp_path: Path
) -> None:
    certificate = authority.issue_cert("localhost", "127.0.0.1")
    certificate.private_key_and_cert_chain_pem.write_to_path(tmp_path / "own.pem")
    with start_server(*HERE, "--cert", "own.pem", folder=tmp_path) as server:
        assert "CA page" not in server.stderr
        assert not (tmp_path / "home").exists()


def test_http_leads_to_https_without_lan_too(tmp_path: Path) -> None:
    curl = [require_program("curl"), "--silent", "--show-error", "--fail", "--max-time", "40"]
    with start_server("--host", "127.0.0.1", "--redirect-http=0", folder=tmp_path) as server:
        url = f"http://127.0.0.1:{plain_port(server, 'Redirect')}/style.css?v=1"
        written = ["--write-out", "%{http_version} %{url_effective}", "-o", os.devnull]
        answer = subprocess.run(
            [*curl, "--location", "--cacert", server.ca_file, *written, url],
            capture_output=True,
            text=True,
            check=True,
        )
    assert answer.stdout == f"1.1 https://127.0.0.1:{server.port}/style.css?v=1"


def test_a_signal_stops_all_that_listens(tmp_path: Path) -> None:
    with start_server(*HERE, "--redirect-http=0", folder=tmp_path) as server:
        ports = [server.port, plain_port(server, "CA page"), plain_port(server, "Redirect")]
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 0
    assert server.stderr.endswith("\nStopped.\n")
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), timeout=40)


def test_with_lan_it_listens_on_every_interface(tmp_path: Path) -> None:
    with start_server("--lan", folder=tmp_path) as server:
        assert re.search(r"ok      Listening    0\.0\.0\.0:\d+, \[::\]:\d+", server.stderr)
        for address in find_local_network().addresses:
            found = server.wait_for_stderr(rf"^    (https://.*{re.escape(str(address))}.*)$")
            command = ["curl", "--silent", "--fail", "--cacert", server.ca_file, found[1]]
            subprocess.run(command, check=True, capture_output=True, timeout=40)


# Mistakes


@pytest.mark.parametrize("option", ["--ca-port", "--redirect-http"])
def test_a_port_that_is_taken_is_named_with_its_option(option: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run_command(*HERE, f"{option}={port}", folder=tmp_path)
    assert ended.code == 2
    assert ended.stderr.splitlines()[-1] == (
        f"trio-https: {option}: 127.0.0.1:{port}: another program listens there. Stop it, or choose"
        " another port (0 takes any that is free)."
    )


def test_port_80_without_the_right_to_it_is_told_with_the_remedy(tmp_path: Path) -> None:
    first = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")
    if first.exists() and int(first.read_text()) <= 80:
        pytest.skip("on this machine everybody may listen on port 80")
    command = (*without_rights(), *MODULE)
    options = ("--host", "127.0.0.1", "--redirect-http")
    ended = run_command(*options, folder=tmp_path, program=command)
    assert ended.code == 2
    assert ended.stderr.splitlines()[-1] == (
        "trio-https: --redirect-http: 127.0.0.1:80: this user may not listen there. Choose a port"
        " from 1024 on, such as 8443 or 8080, or give the program the right"
        " (CAP_NET_BIND_SERVICE)."
    )


def test_a_folder_that_is_taken_for_a_port_is_told_with_the_remedy(tmp_path: Path) -> None:
    ended = run_command("--redirect-http", "site", folder=tmp_path)
    assert ended.code == 2
    assert "'site' is not a valid port." in ended.stderr
    assert "Before a folder, write --redirect-http=80." in ended.stderr


@pytest.mark.parametrize("options", [["--ca-port", "8444"], ["--qr"]])
def test_what_means_nothing_without_lan_is_a_mistake(options: list[str], tmp_path: Path) -> None:
    ended = run_command(*options, folder=tmp_path)
    assert ended.code == 2
    assert f"{options[0]} goes with --lan. Give that too, or leave it out." in ended.stderr


def test_the_environment_says_it_too(tmp_path: Path) -> None:
    environment = {
        "TRIO_HTTPS_LAN": "true",
        "TRIO_HTTPS_HOST": "127.0.0.1",
        "TRIO_HTTPS_REDIRECT_HTTP": "0",
        "TRIO_HTTPS_CA_PORT": "0",
    }
    with start_server(folder=tmp_path, environment=environment) as server:
        assert ask(plain_port(server, "CA page")).status == 200
        assert ask(plain_port(server, "Redirect")).status == 308


# On a terminal, and on a phone


@pytest.mark.skipif(
    not find_local_network().addresses, reason="this machine has no private address"
)
@pytest.mark.parametrize("environment", [{}, {"NO_COLOR": "1"}], ids=["colour", "NO_COLOR"])
def test_a_terminal_shows_a_qr_code_that_leads_to_the_page(
    environment: dict[str, str], tmp_path: Path
) -> None:
    with start_server_in_terminal("--lan", folder=tmp_path, environment=environment) as (server, _):
        server.wait_for_stderr(r"From then on.*\n\n(?:  .*\n)+\n")
        text = server.stderr
    [url] = re.findall(r"http://[^\x1b\s]+", text)
    lines = re.findall(r"^  (?:\x1b\S*m)?([ ▀▄█]{25,})(?:\x1b\S*m)?$", text, re.MULTILINE)
    ink, ground = (255, 0) if environment else (0, 255)
    assert ("\x1b[48;5;231m" in text) == (not environment)  # white, whatever the theme
    assert read_qr_code(lines, ink=ink, ground=ground) == url


VIEWS = {"light": False, "dark": True}


@pytest.mark.parametrize("name", VIEWS)
async def test_a_phone_gets_from_the_page_to_a_closed_padlock(name: str, tmp_path: Path) -> None:
    with start_server(*HERE, folder=tmp_path) as server:
        url = f"http://127.0.0.1:{plain_port(server, 'CA page')}/"
        async with open_chromium(tmp_path / "browser", trust=server.ca_file) as browser:
            page = await browser.open_page(
                url, width=390, height=844, mobile=True, dark=VIEWS[name]
            )
            assert page.console_errors == []
            assert page.failed_requests == []
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            if SCREENSHOTS:
                await page.evaluate("document.querySelectorAll('details')[0].open = true")
                await page.screenshot(Path(SCREENSHOTS) / f"ca-page-{name}.png", full_page=True)
            link = await page.evaluate("document.querySelector('a[href^=https]').href")
            await page.goto(link)
            assert page.security_state == "secure"
