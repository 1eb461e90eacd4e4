import os
from pathlib import Path

import pytest

from trio_https.trust.authority import Authority
from trio_https.trust.changes import Status, add_authority, remove_authority
from trio_https.trust.system_store import SystemStore

from .conftest import MakeProgram


@pytest.fixture
def store(tmp_path: Path, make_program: MakeProgram) -> SystemStore:
    """A store whose program puts the files of a folder together."""
    anchors, bundle = tmp_path / "anchors", tmp_path / "bundle.crt"
    anchors.mkdir()
    make_program("update", f"cat /dev/null '{anchors}'/* > '{bundle}' 2>/dev/null; exit 0")
    return SystemStore(anchors=anchors, bundle=bundle, update=("update",), rebuild=("update",))


def test_a_trial_says_what_would_be_done_and_does_nothing(
    store: SystemStore, authority: Authority
) -> None:
    outcome = add_authority(authority, store, trial=True)
    assert outcome.status is Status.PLANNED
    assert outcome.commands == store.adding(authority)
    assert list(store.anchors.iterdir()) == []
    add_authority(authority, store)
    outcome = remove_authority(authority, store, trial=True)
    assert outcome.status is Status.PLANNED
    assert store.adding(authority) == ()


def test_a_program_that_fails_leaves_nothing_behind(
    store: SystemStore, authority: Authority, make_program: MakeProgram
) -> None:
    make_program("update", "echo no space left >&2; exit 1")
    outcome = add_authority(authority, store)
    assert outcome.status is Status.FAILED
    assert outcome.reason == "update failed: no space left"
    assert [command[0] for command in outcome.commands] == ["install", "update"]
    assert list(store.anchors.iterdir()) == []


def test_what_was_there_before_a_failure_stays(
    store: SystemStore, authority: Authority, make_program: MakeProgram
) -> None:
    path = store.anchors / "by hand.crt"
    path.write_bytes(authority.path.read_bytes())
    make_program("update", "exit 1")
    assert add_authority(authority, store).status is Status.FAILED
    assert path.exists()


def test_success_is_seen_in_the_store_and_not_believed(
    store: SystemStore, authority: Authority, make_program: MakeProgram
) -> None:
    make_program("update", "exit 0")
    outcome = add_authority(authority, store)
    assert outcome.status is Status.FAILED
    assert outcome.reason == "update reports success, but nothing has changed"


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="there is no root")
def test_what_only_root_may_change_is_left_to_root(authority: Authority, own_folder: Path) -> None:
    anchors = own_folder / "anchors"
    anchors.mkdir()
    anchors.chmod(0o555)
    store = SystemStore(
        anchors=anchors, bundle=own_folder / "b", update=("no-such",), rebuild=("no-such",)
    )
    assert store.needs_root
    outcome = add_authority(authority, store)
    assert outcome.status is Status.FAILED
    assert outcome.reason == "only root may change it"
    assert outcome.commands == store.adding(authority)
