"""The command with several certificates and with clients that have some; openssl and curl ask."""

import json
import re
import signal
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest
import trustme

from ..command import RunningCommand, run_command, start_server
from ..programs import require_program
from .key_files import write_pair

VERSIONS = pytest.mark.parametrize("version", ["tls1_2", "tls1_3"])


class Site(NamedTuple):
    server: RunningCommand
    folder: Path
    authority: trustme.CA


@pytest.fixture(scope="module")
def site(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A server with two certificates, for clients of an authority; ``ada`` is one."""
    folder = tmp_path_factory.mktemp("identities")
    (folder / "pages").mkdir()
    (folder / "pages" / "index.html").write_text("hello\n")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    clients = trustme.CA()
    clients.cert_pem.write_to_path(folder / "clients.pem")
    write_pair(clients, folder, "ada", "ada@example.org")
    write_pair(trustme.CA(), folder, "mallory", "mallory@example.org")
    write_pair(authority, folder, "a", "a.test")
    (folder / "more").mkdir()
    write_pair(authority, folder / "more", "b", "b.test", "*.b.test")
    options = ["--cert", "a.crt", "--key", "a.key", "--cert", "more", "--client-ca", "clients.pem"]
    with start_server("pages", "--port", "0", *options, folder=folder) as server:
        yield Site(server, folder, authority)


def s_client(site: Site, *options: str, name: str = "a.test") -> str:
    """Have openssl connect and ask for the page; return all that it tells."""
    address = f"127.0.0.1:{site.server.port}"
    arguments = ["-connect", address, "-servername", name, "-CAfile", "ca.pem", *options]
    # "Connection: close": it ends when the server does, not with its own input.
    request = f"GET / HTTP/1.1\r\nHost: {name}\r\nConnection: close\r\n\r\n"
    finished = subprocess.run(
        [require_program("openssl"), "s_client", "-ign_eof", *arguments],
        cwd=site.folder,
        input=request,
        capture_output=True,
        encoding="utf-8",
        timeout=40,
    )
    return finished.stdout + finished.stderr


def curl(
    site: Site, *options: str, name: str = "a.test", path: str = ""
) -> subprocess.CompletedProcess[str]:
    url = f"https://{name}:{site.server.port}/{path}"
    resolve = f"{name}:{site.server.port}:127.0.0.1"
    return subprocess.run(
        [require_program("curl"), "-sS", "--cacert", "ca.pem", "--resolve", resolve, *options, url],
        cwd=site.folder,
        capture_output=True,
        encoding="utf-8",
        timeout=40,
    )


ADA = ("-cert", "ada.crt", "-key", "ada.key")
CURL_ADA = ("--cert", "ada.crt", "--key", "ada.key")


@pytest.mark.parametrize("name", ["a.test", "b.test", "www.b.test"])
def test_curl_finds_a_certificate_for_each_name(name: str, site: Site) -> None:
    assert curl(site, *CURL_ADA, name=name).stdout == "hello\n"


def test_the_start_tells_every_certificate_and_who_may_come(site: Site) -> None:
    told = site.server.stderr
    assert "ok      Certificate  a.test; until 3000-01-01" in told
    assert "ok      Key          ECDSA P-256, a.key\n" in told
    assert "ok      Certificate  b.test, *.b.test; until 3000-01-01" in told
    assert f"ok      Key          ECDSA P-256, {Path('more') / 'b.key'}\n" in told
    assert "ok      Clients      need a certificate by an authority in clients.pem\n" in told
    # Nothing is known of who signed it, as with an authority of our own: the doctor asks.
    assert re.search(r"\n    trio-https doctor --host localhost --port [0-9]+\n", told)


def test_a_client_without_a_certificate_reads_what_is_missing(site: Site) -> None:
    answer = curl(site)
    assert answer.stdout.startswith("403 Forbidden: this server is for clients with a certificate")


@pytest.mark.parametrize("version", ["--tls-max=1.2", "--tlsv1.3"])
def test_a_client_of_another_authority_gets_no_answer(version: str, site: Site) -> None:
    option = version.split("=")
    answer = curl(site, *option, "--cert", "mallory.crt", "--key", "mallory.key")
    assert answer.returncode != 0
    assert answer.stdout == ""


def test_a_page_is_told_its_own_certificates(site: Site) -> None:
    facts = json.loads(curl(site, *CURL_ADA, name="b.test", path=".trio-https/connection").stdout)
    assert facts["tls"]["server_name"] == "b.test"
    assert facts["tls"]["client"]["names"] == ["email:ada@example.org"]
    assert facts["certificate"]["names"] == ["b.test", "*.b.test"]


def test_the_log_names_the_client(site: Site) -> None:
    assert curl(site, *CURL_ADA).stdout == "hello\n"
    site.server.wait_for_stdout(r"^127\.0\.0\.1 - OU=Testing\\x20cert\S+,O=trustme\S+ \[.*\" 200 ")


@VERSIONS
@pytest.mark.parametrize("other", ["a.test", "b.test"])
def test_openssl_resumes_sessions_with_its_certificate(
    version: str, other: str, site: Site
) -> None:
    session = f"session.{version}.{other}"
    first = s_client(site, f"-{version}", *ADA, "-sess_out", session)
    again = s_client(site, f"-{version}", *ADA, "-sess_in", session, name=other)
    assert re.search(r"^New, TLSv1\.[23], Cipher is", first, re.MULTILINE)
    assert re.search(r"^Reused, TLSv1\.[23], Cipher is", again, re.MULTILINE)
    for told in (first, again):
        assert "HTTP/1.1 200 OK" in told


@VERSIONS
def test_openssl_resumes_sessions_after_a_reload(version: str, site: Site) -> None:
    session = f"session.{version}"
    options = (f"-{version}", *ADA)
    first = s_client(site, *options, "-sess_out", session)
    write_pair(site.authority, site.folder, "a", "a.test", f"{version}.test".replace("_", "-"))
    site.server.send_signal(signal.SIGHUP)
    site.server.wait_for_stderr(rf"INFO a\.crt: in use now, for a\.test, {version[:4]}")
    assert re.search("^Reused, ", s_client(site, *options, "-sess_in", session), re.MULTILINE)
    fresh = s_client(site, *options)
    assert re.search("^New, ", fresh, re.MULTILINE)
    assert server_certificate(fresh) != server_certificate(first)


def server_certificate(told: str) -> str:
    found = re.search(r"-----BEGIN CERTIFICATE-----.*?-----END", told, re.DOTALL)
    assert found is not None
    return found[0]


def test_files_that_change_are_found_and_a_name_that_is_new_is_answered(site: Site) -> None:
    write_pair(site.authority, site.folder / "more", "c", "c.test")
    site.server.wait_for_stderr(r"INFO more.c\.crt: in use now, for c\.test; valid until 3000")
    assert curl(site, *CURL_ADA, name="c.test").stdout == "hello\n"


def test_sighup_without_news_is_told(site: Site) -> None:
    site.server.send_signal(signal.SIGHUP)
    site.server.wait_for_stderr(r"INFO certificates: looked at again; those in use are the same")


def test_after_sighup_the_server_stops_as_always(authority: trustme.CA, tmp_path: Path) -> None:
    (tmp_path / "pages").mkdir()
    write_pair(authority, tmp_path, "a", "localhost")
    options = ("pages", "--port", "0", "--cert", "a.crt", "--key", "a.key")
    with start_server(*options, folder=tmp_path) as server:
        server.send_signal(signal.SIGHUP)
        server.wait_for_stderr("looked at again")
        server.send_signal(signal.SIGTERM)
        assert server.wait() == 0


@VERSIONS
def test_openssl_resumes_no_session_by_an_authority_that_was_taken_out(
    version: str, authority: trustme.CA, tmp_path: Path
) -> None:
    """Also where the server's certificate is broken at that time, and whole again later."""
    (tmp_path / "pages").mkdir()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    before, after = trustme.CA(), trustme.CA()
    for clients, stem in ((before, "ada"), (after, "eve")):
        write_pair(clients, tmp_path, stem, f"{stem}@example.org")
    before.cert_pem.write_to_path(tmp_path / "clients.pem")
    pair = write_pair(authority, tmp_path, "a", "a.test")
    options = ("pages", "--port", "0", "--cert", "a.crt", "--key", "a.key")
    with start_server(*options, "--client-ca", "clients.pem", folder=tmp_path) as server:
        site = Site(server, tmp_path, authority)
        resume = (f"-{version}", *ADA, "-sess_in", "session")
        assert "HTTP/1.1 404" in s_client(site, f"-{version}", *ADA, "-sess_out", "session")
        assert re.search("^Reused, ", s_client(site, *resume), re.MULTILINE)
        certificate = pair.certificate.read_bytes()
        pair.certificate.write_text("broken")
        after.cert_pem.write_to_path(tmp_path / "clients.pem")
        server.wait_for_stderr("ERROR a.crt: there is nothing in PEM")
        server.wait_for_stderr("INFO clients.pem: these authorities of clients are in use now")
        assert_refused(s_client(site, *resume, "-sess_out", "session.broken"))
        eve = s_client(site, f"-{version}", "-cert", "eve.crt", "-key", "eve.key")
        assert "HTTP/1.1 404" in eve
        pair.certificate.write_bytes(certificate)
        server.send_signal(signal.SIGHUP)
        server.wait_for_stderr("looked at again")
        assert_refused(s_client(site, *resume))


def assert_refused(told: str) -> None:
    assert not re.search("^Reused, ", told, re.MULTILINE)
    assert "HTTP/1.1" not in told
    assert "alert unknown ca" in told


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (
            ["--cert", "a.crt", "--cert", "b.crt", "--key", "a.key"],
            "--key: 1 for 2 files of --cert. Give one for each",
        ),
        (["--cert", "empty"], "empty: there is no certificate in this folder."),
        (
            ["--client-ca", "missing.pem"],
            "  failed  Clients\ntrio-https: missing.pem: no such file.",
        ),
        (
            ["--cert", "a.crt", "--key", "a.key", "--client-ca", "a.key"],
            "  failed  Clients\ntrio-https: a.key: there is a private key in it",
        ),
        (["--client-cert", "required"], "--client-cert goes with --client-ca"),
        (["--session-tickets", "17"], "17 is not in the range 0<=x<=16"),
    ],
)
def test_what_does_not_go_together_is_a_mistake_with_a_remedy(
    options: list[str], told: str, authority: trustme.CA, tmp_path: Path
) -> None:
    for stem in ("a", "b"):
        write_pair(authority, tmp_path, stem, f"{stem}.test")
    for folder in ("pages", "empty"):
        (tmp_path / folder).mkdir()
    ended = run_command("pages", "--port", "0", *options, folder=tmp_path)
    assert ended.code == 2
    assert told in ended.stderr


def test_clients_may_come_without_a_certificate_where_it_is_optional(
    authority: trustme.CA, tmp_path: Path
) -> None:
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.html").write_text("hello\n")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    write_pair(authority, tmp_path, "a", "a.test")
    options = ["--cert", "a.crt", "--key", "a.key", "--client-ca", "ca.pem"]
    with start_server(
        *("pages", "--port", "0", *options, "--client-cert", "optional"), folder=tmp_path
    ) as server:
        assert "may have a certificate by an authority in ca.pem" in server.stderr
        assert curl(Site(server, tmp_path, authority)).stdout == "hello\n"


def test_a_certificate_that_the_local_authority_has_signed_is_told_as_its_own(
    tmp_path: Path,
) -> None:
    (tmp_path / "pages").mkdir()
    new = ("cert", "new", "--ca", "local", "localhost", "127.0.0.1", "--out", "own")
    assert run_command(*new, folder=tmp_path).code == 0
    options = ("pages", "--cert", "own/server.crt", "--key", "own/server.key")
    lan = ("--lan", "--host", "127.0.0.1", "--ca-port", "0")
    with start_server(*options, *lan, folder=tmp_path) as server:
        assert server.ca_file == tmp_path / "home" / "ca" / "ca.crt"
        assert re.search(r"ok +CA page +127\.0\.0\.1:[0-9]+ gives phones", server.stderr)
        assert "  Run trio-https trust, and they and your browsers do.\n" in server.stderr
        assert "doctor" not in server.stderr


@pytest.mark.parametrize(("days", "is_told"), [(13, True), (15, False)])
def test_a_certificate_that_ends_soon_is_told_of_at_the_start(
    days: int, is_told: bool, authority: trustme.CA, tmp_path: Path
) -> None:
    (tmp_path / "pages").mkdir()
    now = datetime.now(UTC)
    end = now + timedelta(days=days)
    start = now - timedelta(days=60)
    issued = authority.issue_cert("localhost", not_before=start, not_after=end)
    issued.private_key_and_cert_chain_pem.write_to_path(tmp_path / "a.pem")
    with start_server("pages", "--port", "0", "--cert", "a.pem", folder=tmp_path) as server:
        note = f"(it ends on {end:%Y-%m-%d %H:%M} UTC: renew it, no restart is needed)\n"
        assert (note in server.stderr) == is_told
