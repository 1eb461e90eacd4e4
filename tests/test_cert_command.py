"""``trio-https cert`` as a user meets it, and the files of OpenSSL's command in its place."""

import json
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from trio_https.cli.cert import cert as cert_group

from .command import MODULE, Ended, run_command, start_server
from .programs import require_program

OURS = Path(__file__).parents[1] / "certs" / "ssl.conf"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder in which the user starts the command, with our ``certs/ssl.conf`` and a page."""
    (tmp_path / "certs").mkdir()
    shutil.copy(OURS, tmp_path / "certs")
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "index.html").write_text("Hello")
    return tmp_path


def cert(folder: Path, *arguments: str) -> Ended:
    ended = run_command("cert", *arguments, folder=folder)
    assert "Traceback" not in ended.stderr
    assert "Warning" not in ended.stderr
    return ended


def facts(folder: Path, *target: str) -> list[dict[str, object]]:
    ended = cert(folder, "show", "--json", *target)
    assert (ended.code, ended.stderr) == (0, "")
    shown: list[dict[str, object]] = json.loads(ended.stdout)
    return shown


def first(shown: dict[str, object]) -> dict[str, object]:
    certificates = shown["certificates"]
    assert isinstance(certificates, list)
    certificate: dict[str, object] = certificates[0]
    return certificate


def fetch(url: str, authority: Path) -> str:
    command = [require_program("curl"), "-sS", "--cacert", str(authority), url]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def run_the_notes_command(folder: Path) -> None:
    command = (
        "openssl req -x509 -new -nodes -sha256 -utf8 -days 3650 -newkey rsa:2048"
        " -keyout server.key -out server.crt -config ssl.conf"
    )
    require_program("openssl")
    subprocess.run(command.split(), cwd=folder, check=True, capture_output=True, timeout=30)


# What is made is served


@pytest.mark.parametrize("by_openssl", [False, True], ids=["by us", "by openssl"])
def test_a_certificate_of_the_conf_file_is_found_and_served(folder: Path, by_openssl: bool) -> None:
    if by_openssl:
        run_the_notes_command(folder / "certs")
    else:
        assert cert(folder, "new").code == 0
    with start_server(folder=folder) as server:
        assert fetch(server.url, folder / "certs" / "server.crt") == "Hello"


def test_a_certificate_of_openssl_is_served_from_where_it_lies(folder: Path) -> None:
    (folder / "elsewhere").mkdir()
    shutil.move(folder / "certs" / "ssl.conf", folder / "elsewhere")
    run_the_notes_command(folder / "elsewhere")
    files = ("--cert", "elsewhere/server.crt", "--key", "elsewhere/server.key")
    with start_server(*files, folder=folder) as server:
        assert fetch(server.url, folder / "elsewhere" / "server.crt") == "Hello"


def test_a_certificate_by_the_local_ca_is_accepted_by_whom_trusts_that(folder: Path) -> None:
    ended = cert(folder, "new", "--ca", "local", "localhost", "127.0.0.1")
    assert ended.code == 0
    authority = folder / "home" / "ca" / "ca.crt"
    assert f"Trust it:       trio-https trust, or by hand: {authority}\n" in ended.stderr
    with start_server(folder=folder) as server:
        assert fetch(server.url, authority) == "Hello"


def test_no_openssl_is_needed(folder: Path) -> None:
    """Neither the program nor anything else is run: PATH leads nowhere."""
    environment = {"PATH": str(folder / "nowhere")}
    for arguments in (("new",), ("show",), ("check",)):
        ended = run_command("cert", *arguments, folder=folder, environment=environment)
        assert ended.code == 0, ended.stderr


# new


def test_the_files_are_private_and_announced(folder: Path) -> None:
    ended = cert(folder, "new")
    assert (ended.code, ended.stdout) == (0, "")
    assert stat.S_IMODE((folder / "certs" / "server.key").stat().st_mode) == 0o600
    assert "*.localhost, localhost, 127.0.0.1, ::1; until " in ended.stderr
    assert "(820 days); RSA 2048" in ended.stderr
    assert "Serve with it:  trio-https\n" in ended.stderr
    [fingerprint] = re.findall(r"SHA-256  (\S+)", ended.stderr)
    assert first(facts(folder)[0])["sha256"] == fingerprint


def test_files_that_are_there_are_replaced_only_when_asked(folder: Path) -> None:
    cert(folder, "new", "localhost")
    before = (folder / "certs" / "server.key").read_bytes()
    ended = cert(folder, "new", "localhost")
    assert ended.code == 2
    assert "server.key: this file is there already" in ended.stderr
    assert (folder / "certs" / "server.key").read_bytes() == before
    assert cert(folder, "new", "--force", "localhost").code == 0
    assert (folder / "certs" / "server.key").read_bytes() != before
    assert facts(folder)[0]["key_fits"] is True


def test_the_options_decide(folder: Path) -> None:
    options = ("--out", "new folder", "--key-type", "ecdsa-p384", "--days", "30")
    ended = cert(folder, "new", *options, "web.test", "10.0.0.1")
    assert "trio-https --cert 'new folder/server.crt' --key 'new folder/server.key'" in ended.stderr
    shown = first(facts(folder, "new folder/server.crt")[0])
    assert shown["names"] == ["web.test", "10.0.0.1"]
    assert (shown["key"], shown["days_left"]) == ("ECDSA P-384", 29)


def test_the_options_come_from_the_environment_too(folder: Path) -> None:
    shutil.move(folder / "certs" / "ssl.conf", folder / "my.conf")
    environment = {
        "TRIO_HTTPS_CERT_CONF": "my.conf",
        "TRIO_HTTPS_CERT_OUT": "out",
        "TRIO_HTTPS_CERT_KEY_TYPE": "ecdsa-p256",
        "TRIO_HTTPS_CERT_DAYS": "9",
        "TRIO_HTTPS_CERT_CA": "local",
    }
    assert run_command("cert", "new", folder=folder, environment=environment).code == 0
    shown = first(facts(folder, "out/server.crt")[0])
    assert (shown["key"], shown["days_left"], shown["self_signed"]) == ("ECDSA P-256", 8, False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--conf", "certs/no.conf"], "certs/no.conf: no such file or directory"),
        (["--conf", "certs/ssl.conf", "localhost"], "--conf and names don't go together"),
        (["https://localhost"], "'https://localhost' is no name of a host"),
        (["--ca", "local", "example.org"], "this authority may not sign for example.org"),
        (["--key-type", "rsa1024"], "'rsa1024' is not one of"),
        (["--days", "0"], "0 is not in the range"),
    ],
)
def test_a_mistake_makes_nothing(arguments: list[str], message: str, folder: Path) -> None:
    ended = cert(folder, "new", *arguments)
    assert ended.code == 2
    assert message in ended.stderr
    assert [path.name for path in (folder / "certs").iterdir()] == ["ssl.conf"]


def test_without_names_and_a_file_the_next_step_is_told(tmp_path: Path) -> None:
    ended = cert(tmp_path, "new")
    assert ended.code == 2
    assert "certs/ssl.conf: no such file. Give the names" in ended.stderr


def test_what_clients_will_object_to_is_told_at_once(folder: Path) -> None:
    ended = cert(folder, "new", "--days", "3650", "localhost")
    assert "(it is valid for 3650 days in all, and iPhones, iPads and Macs refuse" in ended.stderr


# show


def test_all_of_a_certificate_is_shown(folder: Path) -> None:
    cert(folder, "new")
    ended = cert(folder, "show")
    assert (ended.code, ended.stderr) == (0, "")
    lines = dict(re.findall(r"^  (\S[\w -]+\S)  +(.+)$", ended.stdout, re.MULTILINE))
    assert lines["Names"] == "*.localhost, localhost, 127.0.0.1, ::1"
    assert lines["Subject"].startswith("CN=localhost,emailAddress=admin@example.com,OU=Web")
    assert lines["Issuer"] == "itself"
    assert lines["Valid to"].endswith(" UTC, 819 days left")
    assert (lines["Key"], lines["Signature"]) == ("RSA 2048", "RSA with SHA-256")
    assert lines["Use"] == "TLS servers"
    assert lines["Key file"] == "certs/server.key, belongs to it"
    assert lines["Trusted"] == "by OpenSSL on this machine: no, self-signed certificate"
    for label, length in (("SHA-256", 32), ("SHA-1", 20)):
        assert len(lines[label].split(":")) == length


def test_who_trusts_a_certificate_is_found_out(folder: Path) -> None:
    cert(folder, "new", "--ca", "local", "localhost")
    trusted = {"SSL_CERT_FILE": str(folder / "home" / "ca" / "ca.crt")}
    ended = run_command("cert", "show", folder=folder, environment=trusted)
    assert "by OpenSSL on this machine: yes\n" in ended.stdout
    shown = " ".join(cert(folder, "show").stdout.split())
    assert "by OpenSSL on this machine: no, unable to get local issuer certificate" in shown


@pytest.mark.parametrize("command", ["show", "check"])
def test_no_line_is_longer_than_the_terminal_but_for_what_is_to_be_copied(
    command: str, folder: Path
) -> None:
    cert(folder, "new", "--ca", "local", "localhost", "*.localhost", "192.168.7.7")
    narrow = {"COLUMNS": "60"}
    ended = run_command("cert", command, folder=folder, environment=narrow)
    assert len(ended.stdout.splitlines()) > 4
    long = [line for line in ended.stdout.splitlines() if len(line) > 60]
    assert {line.split()[0] for line in long} <= {"Serial", "SHA-256", "SHA-1"}


def test_the_local_certificate_and_its_authority_are_shown(folder: Path) -> None:
    ended = cert(folder, "show", "local")
    assert ended.code == 2
    assert "there is no certificate authority of yours yet" in ended.stderr
    with start_server(folder=folder):
        leaf, authority = facts(folder, "local")
    assert (leaf["place"], authority["place"]) == (
        str(folder / "home" / "localhost.pem"),
        str(folder / "home" / "ca" / "ca.crt"),
    )
    assert first(leaf)["issuer"] == first(authority)["subject"]
    permitted = first(authority)["permitted_names"]
    assert isinstance(permitted, list)
    assert "localhost" in permitted
    trust = authority["trust"]
    assert isinstance(trust, list)
    assert True not in [each["trusted"] for each in trust]


@pytest.mark.skipif(sys.platform != "linux", reason="the store is made by certutil of Linux")
def test_a_store_that_has_the_authority_is_told(folder: Path) -> None:
    require_program("certutil")
    with start_server(folder=folder):
        pass  # the authority is made
    database = folder / ".pki" / "nssdb"
    database.mkdir(parents=True)
    environment = {"HOME": str(folder)}
    place = re.escape(f"{database} (Chromium, Chrome, Edge, Brave)")
    before = run_command("cert", "show", "local", folder=folder, environment=environment).stdout
    assert re.search(rf"Trusted by {place}: no$", " ".join(before.split()))
    trusting = run_command("trust", "--store", "chromium", folder=folder, environment=environment)
    assert trusting.code == 0, trusting.stderr
    after = run_command("cert", "show", "local", folder=folder, environment=environment).stdout
    assert re.search(rf"Trusted by {place}: yes$", " ".join(after.split()))


def test_without_a_target_the_one_in_use_is_shown(tmp_path: Path) -> None:
    with start_server(folder=tmp_path):
        assert facts(tmp_path)[0]["place"] == str(tmp_path / "home" / "localhost.pem")


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_the_certificate_of_a_server_is_shown(host: str, folder: Path) -> None:
    cert(folder, "new")
    with start_server(folder=folder) as server:
        [shown] = facts(folder, f"{host}:{server.port}")
    assert first(shown)["sha256"] == first(facts(folder)[0])["sha256"]
    assert shown["trust"] == [
        {
            "store": "OpenSSL on this machine",
            "trusted": False,
            "reason": "self-signed certificate",
        }
    ]


@pytest.mark.parametrize("command", ["show", "check"])
@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("nowhere.crt", "nowhere.crt: no such file. Name a certificate's file in PEM, a server as"),
        ("certs/ssl.conf", "certs/ssl.conf: there is nothing in PEM in this file"),
        ("localhost:70000", "localhost:70000: ports go from 1 to 65535"),
        ("localhost:1", "localhost:1: connection refused"),
        ("local", "there is no certificate authority of yours yet"),
    ],
)
def test_what_can_not_be_read_is_told(
    command: str, target: str, message: str, folder: Path
) -> None:
    ended = cert(folder, command, target)
    assert (ended.code, ended.stdout) == (2, "")
    assert message in ended.stderr


def test_a_certificate_can_not_steer_the_terminal(folder: Path) -> None:
    openssl = require_program("openssl")
    arguments = ["req", "-x509", "-nodes", "-newkey", "rsa:2048", "-keyout", "k", "-out", "c"]
    subject = ["-utf8", "-subj", "/CN=a\x1b[31mb\u202ec"]
    subprocess.run([openssl, *arguments, *subject], cwd=folder, check=True, capture_output=True)
    shown = cert(folder, "show", "c").stdout
    assert "CN=a\\u001b[31mb\\u202ec" in shown


# check


def test_a_good_certificate_passes(folder: Path) -> None:
    cert(folder, "new", "localhost", "127.0.0.1")
    ended = cert(folder, "check", "--name", "LOCALHOST", "--name", "127.0.0.1")
    assert (ended.code, ended.stderr) == (0, "")
    assert "ok       Clients that trust it have nothing against it." in ended.stdout
    assert "problem" not in ended.stdout


def test_the_local_certificate_passes(folder: Path) -> None:
    with start_server(folder=folder) as server:
        for target in ("local", f"localhost:{server.port}"):
            assert cert(folder, "check", target).code == 0


def test_what_speaks_against_a_certificate_is_told(folder: Path) -> None:
    run_the_notes_command(folder / "certs")
    ended = cert(folder, "check", "--name", "web.test")
    assert ended.code == 1
    problems = re.findall(r"^  problem  (.+)$", ended.stdout, re.MULTILINE)
    assert [problem[:16] for problem in problems] == ["the certificate ", "it is valid for "]


def test_a_key_that_does_not_fit_is_a_finding(folder: Path) -> None:
    cert(folder, "new", "localhost")
    cert(folder, "new", "localhost", "--out", "other")
    ended = cert(folder, "check", "certs/server.crt", "--key", "other/server.key")
    assert ended.code == 1
    assert "problem  other/server.key: the key does not belong to certs/server.crt" in ended.stdout
    assert (
        "does NOT belong to it"
        in cert(folder, "show", "certs/server.crt", "--key", "other/server.key").stdout
    )


def test_an_encrypted_key_wants_its_password(folder: Path) -> None:
    cert(folder, "new", "localhost")
    openssl = require_program("openssl")
    command = [openssl, "pkey", "-in", "certs/server.key", "-aes256", "-passout", "pass:secret"]
    subprocess.run([*command, "-out", "locked.key"], cwd=folder, check=True)
    (folder / "password").write_text("secret\n")
    arguments = ("check", "certs/server.crt", "--key", "locked.key")
    ended = cert(folder, *arguments)
    assert ended.code == 2
    assert "the key is encrypted, and no password is given" in ended.stderr
    assert cert(folder, *arguments, "--key-password-file", "password").code == 0


def test_a_server_is_checked_for_the_name_that_it_is_asked_by(folder: Path) -> None:
    cert(folder, "new", "web.test")
    with start_server(folder=folder) as server:
        ended = cert(folder, "check", f"localhost:{server.port}")
    assert ended.code == 1
    assert "problem  the certificate is not for localhost, only for web.test." in ended.stdout


# Help


def test_the_help_of_all_commands_names_it(folder: Path) -> None:
    assert "\n  cert " in run_command("--help", folder=folder).stdout


@pytest.mark.parametrize("command", ["new", "show", "check"])
def test_the_help_loads_nothing_that_takes_its_time(command: str, folder: Path) -> None:
    program = (MODULE[0], "-X", "importtime", *MODULE[1:])
    ended = run_command("cert", command, "--help", folder=folder, program=program)
    assert ended.code == 0
    assert "click" in ended.stderr
    assert "cryptography" not in ended.stderr


# The documents

DOCUMENT = Path(__file__).parents[1] / "docs" / "certificates.md"


def documented_commands() -> list[str]:
    blocks = re.findall(
        r"^```sh\n(.*?)^```$", DOCUMENT.read_text("utf-8"), re.MULTILINE | re.DOTALL
    )
    return [line for block in blocks for line in block.splitlines()]


def test_the_documented_commands_work_one_after_the_other(folder: Path) -> None:
    require_program("openssl")
    with start_server(folder=folder) as server:
        for command in documented_commands():
            program, *arguments = command.replace(":8443", f":{server.port}").split()
            if program == "openssl":
                subprocess.run(
                    command.split(), cwd=folder / "certs", check=True, capture_output=True
                )
                continue
            force = ["--force"] if arguments[1] == "new" else []
            ended = cert(folder, *arguments[1:], *force)
            assert ended.code == 0, (command, ended)
    assert len(documented_commands()) == 8


@pytest.mark.parametrize("name", ["new", "show", "check"])
def test_every_option_is_documented(name: str) -> None:
    text = DOCUMENT.read_text("utf-8")
    for parameter in cert_group.commands[name].params:
        names = [option for option in parameter.opts if option.startswith("--")]
        for word in filter(None, [*names, parameter.envvar]):
            assert f"`{word}" in text, word
