"""``trio-https trust`` and ``untrust`` as a user meets them, with real programs and Chromium.

What they do to the system's store is done to a copy, which a mount namespace puts in its place:
nothing of this machine is changed, whatever fails.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from .chromium import BrowserError, open_chromium
from .command import MODULE, Ended, run_command, start_command, start_server
from .programs import require_program

ANCHORS = Path("/usr/local/share/ca-certificates")
CERTS = Path("/etc/ssl/certs")
HOOKS = Path("/etc/ca-certificates/update.d")

# The folders of the first argument in the place of the system's; then the command that follows.
MOUNT = f"""
mount --bind "$1/certs" {CERTS}
mount --bind "$1/anchors" {ANCHORS}
mount --bind "$1/hooks" {HOOKS}
if test -e "$1/read-only"; then mount -o remount,bind,ro {ANCHORS}; fi
shift
exec "$@"
"""

CONNECT = """
import socket, ssl, sys
context = ssl.create_default_context()
with socket.create_connection(("localhost", int(sys.argv[1]))) as connection:
    print(context.wrap_socket(connection, server_hostname="localhost").version())
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder in which the user starts the command; the user's home is in it."""
    (tmp_path / "user").mkdir()
    return tmp_path


def run(folder: Path, *arguments: str, program: list[str] | None = None, **more: str) -> Ended:
    environment = {"HOME": str(folder / "user"), "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": ""}
    ended = run_command(
        *arguments, folder=folder, environment=environment | more, program=program or list(MODULE)
    )
    assert "Traceback" not in ended.stderr
    assert ended.stdout == ""
    return ended


def told(ended: Ended) -> list[tuple[str, str]]:
    """Return how it went with which kind of store, as the user reads it."""
    return re.findall(r"^  (\w+(?: \w+)?) +(system|chromium|firefox) ", ended.stderr, re.MULTILINE)


def make_profile(folder: Path) -> Path:
    """Make the profile of a Firefox that ran once."""
    profile = folder / "user" / ".mozilla" / "firefox" / "abc.default"
    profile.mkdir(parents=True)
    command = [require_program("certutil"), "-N", "--empty-password", "-d", f"sql:{profile}"]
    subprocess.run(command, check=True, timeout=40)
    return profile


# The system's store


@pytest.fixture
def system(folder: Path) -> list[str]:
    """The beginning of a command line that runs the rest with a copy of the system's store."""
    require_program("update-ca-certificates")
    if not ANCHORS.is_dir():
        pytest.skip("this system's store is not where Debian has it")
    copies = folder / "system"
    for source, name in ((CERTS, "certs"), (ANCHORS, "anchors")):
        shutil.copytree(source, copies / name, symlinks=True, ignore=shutil.ignore_patterns("java"))
    (copies / "hooks").mkdir()
    namespace = [require_program("unshare"), "--mount"]
    if os.geteuid() != 0:
        namespace.append("--map-root-user")
    system = [*namespace, "sh", "-ec", MOUNT, "sh", str(copies)]
    # Its program puts right what others did to the store; that is not to be taken for our doing.
    update = [*system, "update-ca-certificates", "--fresh"]
    subprocess.run(update, check=True, capture_output=True, timeout=40)
    return system


def tree(folder: Path) -> dict[str, bytes | str]:
    """Return what is in a folder, each file's content and each link's target, by path."""
    return {
        str(path.relative_to(folder)): str(path.readlink()) if path.is_symlink() else read(path)
        for path in folder.rglob("*")
    }


def read(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b""


def is_trusted_by(client: list[str], system: list[str]) -> bool:
    leads_elsewhere = ("SSL_CERT_", "CURL_CA_")
    environment = {k: v for k, v in os.environ.items() if not k.startswith(leads_elsewhere)}
    finished = subprocess.run(
        [*system, *client], env=environment, capture_output=True, text=True, timeout=40
    )
    if finished.returncode != 0:
        assert "certificate" in finished.stderr
    return finished.returncode == 0


def test_curl_and_python_trust_the_server_until_untrust_and_nothing_is_left(
    folder: Path, system: list[str]
) -> None:
    before = tree(folder / "system")
    program = [*system, *MODULE]
    with start_server(folder=folder) as server:
        curl = [require_program("curl"), "--silent", "--show-error", "--noproxy", "*", server.url]
        python = [sys.executable, "-c", CONNECT, str(server.port)]
        for client in (curl, python):
            assert not is_trusted_by(client, system)
        ended = run(folder, "trust", "--store", "system", program=program)
        assert (ended.code, told(ended)) == (0, [("done", "system")])
        for client in (curl, python):
            assert is_trusted_by(client, system)
        trusted = tree(folder / "system")
        ended = run(folder, "trust", "--store", "system", program=program)
        assert (ended.code, told(ended)) == (0, [("already", "system")])
        assert tree(folder / "system") == trusted
        ended = run(folder, "untrust", "--store", "system", program=program)
        assert (ended.code, told(ended)) == (0, [("done", "system")])
        for client in (curl, python):
            assert not is_trusted_by(client, system)
    ended = run(folder, "untrust", program=program)
    assert ended.code == 0
    assert ("not there", "system") in told(ended)
    assert tree(folder / "system") == before


def test_without_roots_rights_the_commands_for_it_are_told_and_the_rest_is_done(
    folder: Path, system: list[str]
) -> None:
    (folder / "system" / "read-only").touch()
    make_profile(folder)
    ended = run(folder, "trust", program=[*system, *MODULE])
    assert ended.code == 1
    outcomes = told(ended)
    assert outcomes[0] == ("not done", "system")
    assert ("done", "firefox") in outcomes
    assert "only root may change it." in ended.stderr
    # As a user would: the lines, by a shell; sudo is root's right here.
    commands = re.findall(r"^    sudo (.+)$", ended.stderr, re.MULTILINE)
    assert [command.split()[0] for command in commands] == ["install", "update-ca-certificates"]
    (folder / "system" / "read-only").unlink()
    script = "\n".join(("set -e", *commands))
    subprocess.run([*system, "sh", "-c", script], check=True, capture_output=True, timeout=40)
    assert run(folder, "trust", program=[*system, *MODULE]).code == 0


# The browsers' stores


async def test_chromium_trusts_the_server_after_trust_and_refuses_it_after_untrust(
    folder: Path,
) -> None:
    require_program("certutil")
    browser = folder / "browser"
    home = str(browser / "home")  # where no browser ever ran
    with start_server(folder=folder) as server:
        ended = run(folder, "trust", "--store", "chromium", HOME=home)
        assert (ended.code, told(ended)) == (0, [("done", "chromium")])
        assert "Restart the browsers" in ended.stderr
        async with open_chromium(browser) as chromium:
            page = await chromium.open_page(server.url)
            assert page.security_state == "secure"
        ended = run(folder, "untrust", "--store", "chromium", HOME=home)
        assert (ended.code, told(ended)) == (0, [("done", "chromium")])
        async with open_chromium(browser) as chromium:
            with pytest.raises(BrowserError, match="net::ERR_CERT_AUTHORITY_INVALID"):
                await chromium.open_page(server.url)


def test_each_profile_of_firefox_gets_it_and_loses_it(folder: Path) -> None:
    profile = make_profile(folder)
    assert told(run(folder, "trust", "--store", "firefox")) == [("done", "firefox")]
    command = [require_program("certutil"), "-L", "-d", f"sql:{profile}"]
    listing = subprocess.run(command, capture_output=True, text=True, timeout=40).stdout
    assert re.search(r"^trio_https local CA [0-9a-f]{16} +C,, *$", listing, re.MULTILINE)
    assert told(run(folder, "trust", "--store", "firefox")) == [("already", "firefox")]
    assert told(run(folder, "untrust", "--store", "firefox")) == [("done", "firefox")]
    assert told(run(folder, "untrust", "--store", "firefox")) == [("not there", "firefox")]


def test_untrust_finds_the_authority_that_was_trusted_before_a_new_one_was_made(
    folder: Path,
) -> None:
    make_profile(folder)
    run(folder, "trust", "--store", "firefox")
    (folder / "home" / "ca").rename(folder / "moved away")
    assert told(run(folder, "trust", "--store", "firefox")) == [("done", "firefox")]
    ended = run(folder, "untrust", "--store", "firefox")
    assert told(ended) == [("done", "firefox"), ("done", "firefox")]
    assert "One before it:" in ended.stderr


# What is said


def test_the_authority_is_made_where_there_is_none_and_named_with_its_fingerprint(
    folder: Path,
) -> None:
    ended = run(folder, "trust", "--store", "chromium")
    path = folder / "home" / "ca" / "ca.crt"
    assert f"made now:\n  file     {path}\n  SHA-256  " in ended.stderr
    openssl = [
        require_program("openssl"),
        "x509",
        "-noout",
        "-fingerprint",
        "-sha256",
        "-in",
        str(path),
    ]
    shown = subprocess.run(openssl, capture_output=True, text=True, timeout=40).stdout
    assert shown.partition("=")[2].strip() in ended.stderr
    with start_server(folder=folder) as server:
        assert server.ca_file == path


def test_the_steps_for_all_other_devices_are_told(folder: Path) -> None:
    ended = run(folder, "trust", "--store", "chromium")
    for client in ("Windows", "macOS", "Firefox", "Android", "iPhone", "Java", "Node.js"):
        assert client in ended.stderr


def test_where_nothing_is_left_to_do_the_steps_are_told_only_if_asked_for(folder: Path) -> None:
    first, again = (run(folder, "trust", "--store", "chromium") for _ in range(2))
    assert [told(ended) for ended in (first, again)] == [
        [("done", "chromium")],
        [("already", "chromium")],
    ]
    assert "Keychain Access" in first.stderr
    assert "Keychain Access" not in again.stderr
    assert again.stderr.endswith("For phones and other devices: trio-https trust --steps\n")
    assert "Keychain Access" in run(folder, "trust", "--store", "chromium", "--steps").stderr


def test_a_dry_run_says_what_would_be_done_and_changes_nothing(folder: Path) -> None:
    ended = run(folder, "trust", "--dry-run", "--store", "chromium")
    assert ended.code == 0
    assert "one is made" in ended.stderr
    assert not (folder / "home").exists()
    make_profile(folder)
    run(folder, "trust", "--store", "firefox")
    before = tree(folder)
    ended = run(folder, "trust", "--dry-run", "--store", "chromium")
    assert told(ended) == [("to do", "chromium")]
    assert re.search(r"^    certutil .* -A ", ended.stderr, re.MULTILINE)
    ended = run(folder, "untrust", "--dry-run", "--store", "firefox")
    assert told(ended) == [("to do", "firefox")]
    assert re.search(r"^    certutil .* -D ", ended.stderr, re.MULTILINE)
    assert tree(folder) == before


def test_without_an_authority_there_is_nothing_to_untrust(folder: Path) -> None:
    ended = run(folder, "untrust")
    assert ended.code == 0
    assert "There is no certificate authority" in ended.stderr
    assert not (folder / "home").exists()


def test_a_store_that_is_not_there_is_a_mistake(folder: Path) -> None:
    for command in ("trust", "untrust"):
        ended = run(folder, command, "--store", "firefox")
        assert ended.code == 2
        assert "--store firefox: there is no such store on this machine" in ended.stderr
    assert run(folder, "trust", "--store", "java").code == 2


def test_what_could_not_be_done_is_named_and_the_exit_code_says_so(folder: Path) -> None:
    make_profile(folder)
    ended = run(folder, "trust", "--store", "firefox", PATH="/nowhere")
    assert (ended.code, told(ended)) == (1, [("not done", "firefox")])
    assert "libnss3-tools" in ended.stderr


def test_ctrl_c_ends_it_with_the_program_that_it_waits_for(folder: Path) -> None:
    make_profile(folder)
    programs = folder / "programs"
    programs.mkdir()
    (programs / "certutil").write_text("#!/bin/sh\necho $$ > pid.new; mv pid.new pid; sleep 1000\n")
    (programs / "certutil").chmod(0o755)
    environment = {"HOME": str(folder / "user"), "PATH": f"{programs}:{os.environ['PATH']}"}
    arguments = ("trust", "--store", "firefox")
    with start_command(*arguments, folder=folder, environment=environment) as command:
        while not (folder / "pid").exists():  # the test's own deadline ends a wait that is in vain
            time.sleep(0.01)
        command.send_signal(signal.SIGINT)
        assert command.wait() == 130
    with pytest.raises(ProcessLookupError):
        os.kill(int((folder / "pid").read_text()), 0)


def test_root_is_told_that_it_has_an_authority_of_its_own(folder: Path) -> None:
    ended = run(folder, "trust", "--store", "chromium", SUDO_USER="ana")
    assert "For the servers that ana starts, run this without sudo." in ended.stderr


def test_an_authority_that_is_damaged_is_a_mistake(folder: Path) -> None:
    run(folder, "trust", "--store", "chromium")
    (folder / "home" / "ca" / "ca.crt").write_text("junk")
    for command in ("trust", "untrust"):
        ended = run(folder, command, "--store", "chromium")
        assert ended.code == 2
        assert "ca.crt" in ended.stderr


def test_the_help_names_the_kinds_of_stores(folder: Path) -> None:
    from trio_https.trust.known_stores import KINDS

    ended = run_command("trust", "--help", folder=folder)
    assert f"[{'|'.join(KINDS)}]" in ended.stdout
