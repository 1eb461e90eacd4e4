"""Clients that people use, against the server that the command line starts; all of them verify.

Each trusts the local authority and nothing else, and would refuse the server otherwise: that too is
tested. What they are asked for is what their users do with them every day.
"""

import hashlib
import json
import os
import random
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from http.client import HTTPSConnection
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import HTTPSHandler, ProxyHandler, build_opener

import httpx
import pytest
import trio

from .command import UNMEASURED, RunningCommand, start_server
from .programs import require_program

pytestmark = pytest.mark.no_cover  # the clients are no code of ours

TIMEOUT = 40.0  # seconds, for a machine that is busy with other things
LONG_AGO = 1_000_000_000  # 2001-09-09: no file that is just being written
INDEX = "<p>hello</p>\n"
MIDDLE_BYTES = 1024 * 1024
BIG_BYTES = 50 * 1024 * 1024
CONNECTION = ".trio-https/connection"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    site = tmp_path_factory.mktemp("site")
    (site / "index.html").write_text(INDEX)
    (site / "404.html").write_text("<p>not here</p>")
    (site / "middle.bin").write_bytes(random.Random(1).randbytes(MIDDLE_BYTES))
    (site / "big.bin").write_bytes(random.Random(2).randbytes(BIG_BYTES))
    for file in site.iterdir():
        os.utime(file, (LONG_AGO, LONG_AGO))
    return site


@pytest.fixture(scope="module")
def server(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCommand]:
    with start_server(site, folder=tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture
def context(server: RunningCommand) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=server.ca_file)


def file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# curl


def run_curl(*arguments: str | Path, fails: bool = False) -> subprocess.CompletedProcess[str]:
    command = [require_program("curl"), "--disable", "--noproxy", "*", "--silent", "--show-error"]
    return subprocess.run(
        [*command, *arguments], capture_output=True, text=True, check=not fails, timeout=TIMEOUT
    )


def curl(server: RunningCommand, *arguments: str | Path) -> str:
    """Return what curl prints, with \\n for \\r\\n; it has trusted the server and succeeded."""
    return run_curl("--cacert", server.ca_file, *arguments).stdout


def test_curl_trusts_the_server_and_gets_the_page_by_http_1_1(server: RunningCommand) -> None:
    answer = curl(server, "--write-out", "%{http_version} %{http_code}", server.url)
    assert answer == f"{INDEX}1.1 200"


def test_curl_refuses_the_server_if_it_is_not_told_of_the_authority(server: RunningCommand) -> None:
    refusal = run_curl(server.url, fails=True)
    assert refusal.returncode == 60  # the peer's certificate can't be authenticated
    assert refusal.stdout == ""


def test_curl_asks_for_several_pages_on_one_connection(server: RunningCommand) -> None:
    urls = [f"{server.url}{path}" for path in ("", "missing", CONNECTION, "")]
    answer = curl(server, "--write-out", "\n%{http_code} %{num_connects}\n", *urls)
    assert re.findall(r"^(\d+) (\d+)$", answer, re.MULTILINE) == [
        ("200", "1"),
        ("404", "0"),
        ("200", "0"),
        ("200", "0"),
    ]


def test_curl_gets_a_head_without_a_body_and_goes_on(server: RunningCommand) -> None:
    answer = curl(server, "--head", server.url, server.url, "--write-out", "%{num_connects}\n")
    heads = re.findall(r"HTTP/1\.1 200 OK\n(?:.+\n)+\n(\d)\n", answer)
    assert heads == ["1", "0"]
    assert answer.count(f"Content-Length: {len(INDEX)}\n") == 2


def test_curl_gets_the_page_of_the_folder_for_what_is_missing(server: RunningCommand) -> None:
    answer = curl(server, "--write-out", " %{http_code}", f"{server.url}missing")
    assert answer == "<p>not here</p> 404"


def test_curl_downloads_a_big_file_as_it_is(
    server: RunningCommand, site: Path, tmp_path: Path
) -> None:
    curl(server, "--output", tmp_path / "copy", f"{server.url}big.bin")
    assert file_hash(tmp_path / "copy") == file_hash(site / "big.bin")


@pytest.mark.parametrize(
    ("date", "status"),
    [("Sun, 09 Sep 2001 01:46:40 GMT", 304), ("Sun, 09 Sep 2001 01:46:39 GMT", 200)],
)
def test_curl_gets_what_was_modified_since(
    date: str, status: int, server: RunningCommand, site: Path
) -> None:
    # While a file may still change unnoticed, it has no date.
    time.sleep(max(0.0, (site / "index.html").stat().st_ctime + 2.1 - time.time()))
    answer = curl(server, "--time-cond", date, "--write-out", "%{http_code}", server.url)
    assert answer == f"{INDEX if status == 200 else ''}{status}"


def test_curl_gets_what_has_another_entity_tag(server: RunningCommand, tmp_path: Path) -> None:
    tag = tmp_path / "tag"
    status = ("--write-out", "%{http_code}")
    assert curl(server, "--etag-save", tag, *status, server.url) == f"{INDEX}200"
    # A weak one, as long as the files of this test were written just now.
    assert re.fullmatch(r'(W/)?"\S+"\n?', tag.read_text())
    assert curl(server, "--etag-compare", tag, *status, server.url) == "304"
    tag.write_text('"another"\n')
    assert curl(server, "--etag-compare", tag, *status, server.url) == f"{INDEX}200"


@pytest.mark.parametrize("version", ["1.2", "1.3"])
def test_curl_speaks_either_version_of_tls(version: str, server: RunningCommand) -> None:
    limits = ("--tls-max", version, f"--tlsv{version}")
    agreed = json.loads(curl(server, *limits, f"{server.url}{CONNECTION}"))["tls"]
    assert (agreed["version"], agreed["alpn"]) == (f"TLSv{version}", "http/1.1")


def test_curl_speaks_http_1_0_and_is_told_that_the_connection_ends(server: RunningCommand) -> None:
    answer = curl(server, "--http1.0", "--include", server.url)
    assert "\nConnection: close\n" in answer
    assert answer.endswith(f"\n\n{INDEX}")


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "localhost"])
def test_curl_accepts_the_certificate_for_each_name_of_the_machine(
    host: str, server: RunningCommand
) -> None:
    assert curl(server, f"https://{host}:{server.port}/") == INDEX


@pytest.mark.parametrize("family", ["--ipv4", "--ipv6"])
def test_curl_reaches_localhost_by_either_family(family: str, server: RunningCommand) -> None:
    assert curl(server, family, server.url) == INDEX


def test_curl_refuses_the_certificate_for_any_other_name(server: RunningCommand) -> None:
    other = f"example.com:{server.port}"
    arguments = ("--resolve", f"{other}:127.0.0.1", f"https://{other}/")
    assert run_curl("--cacert", server.ca_file, *arguments, fails=True).returncode == 60


def test_curl_is_told_which_methods_there_are(server: RunningCommand) -> None:
    answer = curl(server, "--include", "--data", "x=1", server.url)
    assert answer.startswith("HTTP/1.1 405 Method Not Allowed\n")
    assert "\nAllow: GET, HEAD, OPTIONS\n" in answer


# openssl s_client


TLS_VERSIONS = pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])


def s_client(
    server: RunningCommand, *arguments: str | Path, path: str = ""
) -> subprocess.CompletedProcess[str]:
    """Ask for a page with OpenSSL's test client, which ends when the server ends the connection."""
    host = f"localhost:{server.port}"
    return subprocess.run(
        [require_program("openssl"), "s_client", "-ign_eof", "-connect", host, *arguments],
        input=f"GET /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n",
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )


@TLS_VERSIONS
def test_openssl_verifies_the_server(version: str, server: RunningCommand) -> None:
    names = ("-servername", "localhost", "-verify_hostname", "localhost")
    verified = ("-verify_return_error", "-CAfile", server.ca_file, *names)
    client = s_client(server, version, *verified, "-alpn", "h2,http/1.1")
    assert client.returncode == 0
    assert "Verify return code: 0 (ok)\n" in client.stdout
    assert "\nVerified peername: localhost\n" in client.stdout
    assert "\nALPN protocol: http/1.1\n" in client.stdout
    assert f"\nNew, {version[1:].replace('tls', 'TLSv').replace('_', '.')}, " in client.stdout
    assert INDEX in client.stdout


@TLS_VERSIONS
def test_openssl_refuses_the_server_if_it_is_not_told_of_the_authority(
    version: str, server: RunningCommand
) -> None:
    client = s_client(server, version, "-verify_return_error", "-no-CAfile", "-no-CApath")
    assert client.returncode == 1
    assert INDEX not in client.stdout


@TLS_VERSIONS
def test_openssl_sees_the_connection_end_with_close_notify(
    version: str, server: RunningCommand
) -> None:
    client = s_client(server, version, "-msg")
    received = re.findall(r"^<<< .*\], (.*)$", client.stdout, re.MULTILINE)
    assert received[-1] == "warning close_notify"
    assert client.returncode == 0
    assert "unexpected eof" not in client.stderr


def test_openssl_is_refused_with_tls_1_1(server: RunningCommand) -> None:
    # Level 0, or OpenSSL would not even offer what is so old.
    client = s_client(server, "-tls1_1", "-cipher", "ALL:@SECLEVEL=0")
    assert client.returncode == 1
    assert "Cipher is (NONE)" in client.stdout
    server.wait_for_stderr("the TLS handshake failed: the client speaks no TLS 1.3, nor 1.2 ")


@TLS_VERSIONS
def test_openssl_resumes_its_session(version: str, server: RunningCommand, tmp_path: Path) -> None:
    session = tmp_path / "session"
    first = s_client(server, version, "-sess_out", session, path=CONNECTION)
    second = s_client(server, version, "-sess_in", session, path=CONNECTION)
    assert ("\nNew, TLS" in first.stdout, '"resumed": false' in first.stdout) == (True, True)
    assert ("\nReused, TLS" in second.stdout, '"resumed": true' in second.stdout) == (True, True)


# httpx


def test_httpx_keeps_its_connection(server: RunningCommand, context: ssl.SSLContext) -> None:
    with httpx.Client(verify=context, trust_env=False, timeout=TIMEOUT) as client:
        page = client.get(server.url)
        assert (page.status_code, page.http_version, page.text) == (200, "HTTP/1.1", INDEX)
        assert client.get(f"{server.url}missing").status_code == 404
        addresses = {client.get(server.url + CONNECTION).json()["client"] for _ in range(3)}
    assert len(addresses) == 1


def test_httpx_refuses_the_server_if_it_is_not_told_of_the_authority(
    server: RunningCommand,
) -> None:
    with (
        httpx.Client(trust_env=False, timeout=TIMEOUT) as client,
        pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"),
    ):
        client.get(server.url)


async def test_httpx_on_trio_downloads_on_many_connections_at_once(
    server: RunningCommand, site: Path, context: ssl.SSLContext
) -> None:
    hashes: list[str] = []

    async def download(client: httpx.AsyncClient) -> None:
        content = hashlib.sha256()
        async with client.stream("GET", f"{server.url}big.bin") as response:
            async for piece in response.aiter_bytes():
                content.update(piece)
        hashes.append(content.hexdigest())

    async with (
        httpx.AsyncClient(verify=context, trust_env=False, timeout=TIMEOUT) as client,
        trio.open_nursery() as nursery,
    ):
        for _ in range(4):
            nursery.start_soon(download, client)
    assert hashes == [file_hash(site / "big.bin")] * 4


# Python's own


def test_http_client_keeps_its_connection(server: RunningCommand, context: ssl.SSLContext) -> None:
    connection = HTTPSConnection("localhost", server.port, context=context, timeout=TIMEOUT)
    connection.connect()
    socket = connection.sock
    answers = []
    for method, target in (("GET", "/"), ("HEAD", "/"), ("GET", "/missing"), ("GET", "/")):
        connection.request(method, target)
        response = connection.getresponse()
        answers.append((response.status, response.read().decode()))
    assert answers == [(200, INDEX), (200, ""), (404, "<p>not here</p>"), (200, INDEX)]
    assert connection.sock is socket
    connection.close()


def test_urllib_gets_a_page_and_an_error(server: RunningCommand, context: ssl.SSLContext) -> None:
    opener = build_opener(HTTPSHandler(context=context), ProxyHandler({}))
    with opener.open(server.url, timeout=TIMEOUT) as page:
        assert (page.status, page.read().decode()) == (200, INDEX)
    with pytest.raises(HTTPError) as error:
        opener.open(f"{server.url}missing", timeout=TIMEOUT)
    with error.value as answer:
        assert (answer.code, answer.read().decode()) == (404, "<p>not here</p>")


# All of them


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs Linux's /proc")
def test_the_memory_of_the_server_does_not_grow_with_the_size_of_a_file(
    site: Path, tmp_path: Path
) -> None:
    margin_bytes = 4 * 1024 * 1024  # measured: 1
    peaks = []
    with start_server(site, folder=tmp_path, environment=UNMEASURED) as server:
        for name in ("middle.bin", "big.bin"):
            downloads = ("--output", os.devnull, f"{server.url}{name}") * 4
            curl(server, "--parallel", "--parallel-immediate", *downloads)
            peaks.append(peak_memory(server.pid))
    assert peaks[1] - peaks[0] < margin_bytes < BIG_BYTES - MIDDLE_BYTES


def peak_memory(pid: int) -> int:
    """Return the most memory that a process ever had resident, in bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    assert found is not None
    return int(found[1]) * 1024
