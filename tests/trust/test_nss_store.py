"""NSS databases, as NSS's own program makes and changes them."""

import subprocess
from pathlib import Path

import pytest

from trio_https.trust.authority import Authority
from trio_https.trust.changes import Status, add_authority, ask_stores, remove_authority
from trio_https.trust.nss_store import NssStore
from trio_https.trust.store import StoreError

from ..programs import require_program


def certutil(store: NssStore, *arguments: str | Path) -> str:
    command = [require_program("certutil"), "-d", f"sql:{store.folder}", *arguments]
    finished = subprocess.run(command, capture_output=True, check=True, text=True, timeout=40)
    return finished.stdout


@pytest.fixture
def empty_store(tmp_path: Path) -> NssStore:
    """The store of a user whose browser never ran."""
    require_program("certutil")
    return NssStore(kind="chromium", readers="Chromium", folder=tmp_path / ".pki" / "nssdb")


@pytest.fixture
def store(empty_store: NssStore) -> NssStore:
    empty_store.folder.mkdir(parents=True)
    certutil(empty_store, "-N", "--empty-password")
    return empty_store


def put(store: NssStore, authority: Authority, nickname: str, trust: str = "C,,") -> None:
    certutil(store, "-A", "-n", nickname, "-t", trust, "-i", authority.path)


def entries(store: NssStore) -> list[str]:
    return sorted(line for line in certutil(store, "-L").splitlines()[4:] if line)


def is_trusted(store: NssStore, authority: Authority) -> bool | None:
    [standing] = ask_stores(authority, [store])
    return standing.trusted


def test_the_database_is_made_where_there_is_none(
    empty_store: NssStore, authority: Authority
) -> None:
    assert is_trusted(empty_store, authority) is False
    assert remove_authority(authority, empty_store).status is Status.NEEDLESS
    assert not empty_store.folder.exists()
    assert add_authority(authority, empty_store).status is Status.DONE
    assert is_trusted(empty_store, authority) is True


def test_nothing_is_left_of_it_and_others_stay_as_they_are(
    store: NssStore, authority: Authority, other: Authority
) -> None:
    put(store, other, "  an odd C,, name — ü ", trust="CT,c,")
    before = entries(store)
    assert add_authority(authority, store).status is Status.DONE
    assert add_authority(authority, store).status is Status.NEEDLESS
    assert len(entries(store)) == len(before) + 1
    assert remove_authority(authority, store).status is Status.DONE
    assert remove_authority(authority, store).status is Status.NEEDLESS
    assert entries(store) == before


@pytest.mark.parametrize("trust", [",,", "c,C,", "P,,"])
def test_one_that_was_imported_without_trust_is_trusted_and_not_put_in_twice(
    trust: str, store: NssStore, authority: Authority
) -> None:
    put(store, authority, "by hand", trust=trust)
    assert is_trusted(store, authority) is False
    assert add_authority(authority, store).status is Status.DONE
    assert [entry.split() for entry in entries(store)] == [["by", "hand", "C,,"]]


def test_one_that_was_imported_by_another_name_is_found(
    store: NssStore, authority: Authority
) -> None:
    put(store, authority, "by hand", trust="CT,C,C")
    assert add_authority(authority, store).status is Status.NEEDLESS
    assert remove_authority(authority, store).status is Status.DONE
    assert entries(store) == []


def test_of_two_with_the_same_subject_the_right_one_goes(
    store: NssStore, authority: Authority, other: Authority
) -> None:
    for each in (authority, other):
        assert add_authority(each, store).status is Status.DONE
    assert remove_authority(authority, store).status is Status.DONE
    assert is_trusted(store, other) is True
    assert [other.short_name in entry for entry in entries(store)] == [True]


def test_where_the_name_does_not_tell_them_apart_none_goes(
    store: NssStore, authority: Authority, other: Authority
) -> None:
    put(store, authority, "one")
    put(store, other, "another")
    before = entries(store)
    outcome = remove_authority(authority, store)
    assert outcome.status is Status.FAILED
    assert "does not tell it from others" in outcome.reason
    assert '"another"' in outcome.reason
    assert "settings of Chromium" in outcome.remedy
    assert entries(store) == before


def test_a_database_with_a_password_is_left_to_the_user_who_knows_it(
    empty_store: NssStore, authority: Authority, tmp_path: Path
) -> None:
    empty_store.folder.mkdir(parents=True)
    (tmp_path / "password").write_text("open sesame\n")
    certutil(empty_store, "-N", "-f", tmp_path / "password")
    outcome = add_authority(authority, empty_store)
    assert outcome.status is Status.FAILED
    assert "password" in outcome.reason
    [command] = outcome.commands
    # certutil has put it in before it asks, and that is undone.
    assert entries(empty_store) == []
    by_hand = [*command, "-f", str(tmp_path / "password")]
    subprocess.run(by_hand, check=True, capture_output=True, timeout=40)
    assert is_trusted(empty_store, authority) is True
    assert remove_authority(authority, empty_store).status is Status.DONE


def test_a_damaged_database_is_told(store: NssStore, authority: Authority) -> None:
    (store.folder / "cert9.db").write_bytes(b"junk")
    with pytest.raises(StoreError, match=r"certutil failed: .*SEC_ERROR_BAD_DATABASE"):
        store.adding(authority)


def test_without_certutil_its_package_is_named(
    store: NssStore, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    for outcome in (add_authority(authority, store), remove_authority(authority, store)):
        assert outcome.status is Status.FAILED
        assert "not installed" in outcome.reason
        assert "libnss3-tools" in outcome.remedy
