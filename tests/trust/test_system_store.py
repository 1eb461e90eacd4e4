"""The store of a Linux system, in folders of a test; the last ones with Debian's own program."""

from pathlib import Path

import pytest

from trio_https.trust.authority import Authority
from trio_https.trust.changes import Status, add_authority, ask_stores, remove_authority
from trio_https.trust.store import StoreError
from trio_https.trust.system_store import SystemStore

from ..programs import require_program

UPDATE, REBUILD = ("update",), ("update", "--fresh")


@pytest.fixture
def store(tmp_path: Path) -> SystemStore:
    (tmp_path / "anchors").mkdir()
    return SystemStore(
        anchors=tmp_path / "anchors",
        bundle=tmp_path / "bundle.crt",
        update=UPDATE,
        rebuild=REBUILD,
    )


def test_a_new_authority_is_copied_for_all_to_read_and_the_bundle_made(
    store: SystemStore, authority: Authority
) -> None:
    target = store.anchors / f"trio-https-{authority.short_name}.crt"
    copy = ("install", "-m", "644", str(authority.path), str(target))
    assert store.adding(authority) == (copy, UPDATE)
    assert store.removing(authority) == ()


def test_one_that_is_in_the_bundle_is_trusted(store: SystemStore, authority: Authority) -> None:
    store.bundle.write_bytes(b"# Others\n" + authority.path.read_bytes())
    assert store.adding(authority) == ()


@pytest.mark.parametrize("name", ["any name.crt", "deeper/ca.pem"])
def test_one_whose_file_lies_there_needs_an_update_only(
    name: str, store: SystemStore, authority: Authority
) -> None:
    path = store.anchors / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(authority.path.read_bytes())
    assert store.adding(authority) == (UPDATE,)
    assert store.removing(authority) == (("rm", str(path)), REBUILD)


def test_one_whose_file_is_gone_already_needs_a_new_bundle(
    store: SystemStore, authority: Authority
) -> None:
    store.bundle.write_bytes(authority.path.read_bytes())
    assert store.removing(authority) == (REBUILD,)


def test_others_with_the_same_name_stay(
    store: SystemStore, authority: Authority, other: Authority
) -> None:
    for each in (authority, other):
        (store.anchors / f"{each.short_name}.crt").write_bytes(each.path.read_bytes())
    path = store.anchors / f"{authority.short_name}.crt"
    assert store.removing(authority) == (("rm", str(path)), REBUILD)


def test_a_file_with_others_in_it_is_left_to_the_user(
    store: SystemStore, authority: Authority, other: Authority
) -> None:
    path = store.anchors / "all.crt"
    path.write_bytes(authority.path.read_bytes() + other.path.read_bytes())
    with pytest.raises(StoreError, match=r"all\.crt holds other certificates too") as caught:
        store.removing(authority)
    assert "update --fresh" in caught.value.remedy


def test_a_bundle_that_can_not_be_read_is_told(store: SystemStore, authority: Authority) -> None:
    store.bundle.mkdir()
    [standing] = ask_stores(authority, [store])
    assert standing.trusted is None
    assert standing.reason == f"{store.bundle} can't be read: Is a directory"


# With Debian's program, in copies of its folders


@pytest.fixture
def debian(tmp_path: Path) -> SystemStore:
    program = require_program("update-ca-certificates")
    folders = {name: tmp_path / name for name in ("local", "certs", "shared", "hooks")}
    for folder in folders.values():
        folder.mkdir()
    (tmp_path / "ca-certificates.conf").write_text("# nothing\n")
    update = (
        program,
        *("--localcertsdir", str(folders["local"])),
        *("--etccertsdir", str(folders["certs"])),
        *("--certsdir", str(folders["shared"])),
        *("--hooksdir", str(folders["hooks"])),
        *("--certsconf", str(tmp_path / "ca-certificates.conf")),
    )
    return SystemStore(
        anchors=folders["local"],
        bundle=folders["certs"] / "ca-certificates.crt",
        update=update,
        rebuild=(*update, "--fresh"),
    )


def tree(folder: Path) -> dict[str, bytes | str]:
    """Return what is in a folder, each file's content and each link's target, by path."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else path.read_bytes()
        for path in folder.rglob("*")
        if path.is_symlink() or path.is_file()
    }


def test_debians_store_is_as_before_when_all_is_taken_out_again(
    debian: SystemStore, authority: Authority, other: Authority
) -> None:
    add_authority(other, debian)
    before = tree(debian.anchors), tree(debian.bundle.parent)
    assert add_authority(authority, debian).status is Status.DONE
    assert [standing.trusted for standing in ask_stores(authority, [debian])] == [True]
    assert add_authority(authority, debian).status is Status.NEEDLESS
    assert any(authority.short_name in name for name in tree(debian.bundle.parent))
    assert remove_authority(authority, debian).status is Status.DONE
    assert remove_authority(authority, debian).status is Status.NEEDLESS
    assert (tree(debian.anchors), tree(debian.bundle.parent)) == before
    assert [standing.trusted for standing in ask_stores(other, [debian])] == [True]


def test_a_file_that_only_root_may_write_is_readable_for_all(
    debian: SystemStore, authority: Authority
) -> None:
    assert authority.path.stat().st_mode & 0o777 == 0o600
    add_authority(authority, debian)
    [path] = debian.anchors.iterdir()
    assert path.stat().st_mode & 0o777 == 0o644
