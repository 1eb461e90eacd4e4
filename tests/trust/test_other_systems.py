"""macOS and Windows, whose programs are scripts here: what they are asked, and what is made of it.

The scripts do what the documentation of the real ones says; that those do so is not shown here.
"""

from pathlib import Path

import pytest

from trio_https.trust.authority import Authority
from trio_https.trust.changes import Status, add_authority, ask_stores, remove_authority
from trio_https.trust.keychain_store import KeychainStore
from trio_https.trust.store import Store
from trio_https.trust.windows_store import WindowsStore

from .conftest import MakeProgram

# security(1): verify-cert answers by its exit code, find-certificate -Z lists fingerprints.
SECURITY = """
echo "$@" >> "{log}"
case "$1" in
    verify-cert) test -e "{state}" ;;
    find-certificate) test ! -e "{state}" || echo "SHA-256 hash: {sha256}" ;;
    add-trusted-cert) touch "{state}" ;;
    delete-certificate) rm "{state}" ;;
esac
"""

# certutil of Windows: -store fails for what is not there.
CERTUTIL = """
echo "$@" >> "{log}"
case "$2" in
    -store) test -e "{state}" ;;
    -addstore) touch "{state}" ;;
    -delstore) rm "{state}" ;;
esac
"""


@pytest.fixture(params=["macOS", "Windows"])
def store(
    request: pytest.FixtureRequest, authority: Authority, make_program: MakeProgram, tmp_path: Path
) -> Store:
    name, script = ("security", SECURITY) if request.param == "macOS" else ("certutil", CERTUTIL)
    fingerprint = authority.sha256.replace(":", "")
    files = {"log": tmp_path / "log", "state": tmp_path / "state"}
    make_program(name, script.format(sha256=fingerprint, **files))
    if request.param == "macOS":
        return KeychainStore(keychain=tmp_path / "login.keychain-db")
    return WindowsStore()


def test_it_is_added_once_and_removed_once(store: Store, authority: Authority) -> None:
    assert [standing.trusted for standing in ask_stores(authority, [store])] == [False]
    assert remove_authority(authority, store).status is Status.NEEDLESS
    assert add_authority(authority, store).status is Status.DONE
    assert add_authority(authority, store).status is Status.NEEDLESS
    assert remove_authority(authority, store).status is Status.DONE
    assert [standing.trusted for standing in ask_stores(authority, [store])] == [False]


def test_the_commands_name_it_by_file_and_fingerprint(
    store: Store, authority: Authority, tmp_path: Path
) -> None:
    add_authority(authority, store)
    remove_authority(authority, store)
    log = (tmp_path / "log").read_text()
    keychain = tmp_path / "login.keychain-db"
    expected = {
        KeychainStore: (
            f"add-trusted-cert -r trustRoot -p basic -p ssl -k {keychain} {authority.path}\n",
            f"delete-certificate -Z {authority.sha256.replace(':', '')} -t {keychain}\n",
        ),
        WindowsStore: (
            f"-user -addstore Root {authority.path}\n",
            f"-user -delstore Root {authority.thumbprint}\n",
        ),
    }
    for line in expected[type(store)]:
        assert line in log


def test_a_user_who_says_no_is_a_reason(
    store: Store, authority: Authority, make_program: MakeProgram
) -> None:
    refusal = 'case "$1 $2" in *add*) echo "The user said no." >&2; exit 1;; *) exit 1;; esac'
    for name in ("security", "certutil"):
        make_program(name, refusal)
    outcome = add_authority(authority, store)
    assert outcome.status is Status.FAILED
    assert outcome.reason.endswith("failed: The user said no.")
    assert len(outcome.commands) == 1
