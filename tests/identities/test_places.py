"""Which pairs of files a folder holds, and what tells that one of them is another now."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from trio_https import CertificateFolder, ConfigError, KeyFiles, LocalAuthority

from ..certificates.times import NOW


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name)


@pytest.mark.parametrize(
    ("files", "pairs"),
    [
        pytest.param(["site.pem"], [("site.pem", None)], id="the key in the same file"),
        pytest.param(
            ["b.crt", "b.key", "a.pem"], [("a.pem", None), ("b.crt", "b.key")], id="names"
        ),
        pytest.param(["a.CER", "a.key"], [("a.CER", "a.key")], id="suffixes in any case"),
        pytest.param(
            ["example.org+1.pem", "example.org+1-key.pem"],
            [("example.org+1.pem", "example.org+1-key.pem")],
            id="mkcert",
        ),
        pytest.param(["a.crt", "a.key.pem"], [("a.crt", "a.key.pem")], id="a.key.pem"),
        pytest.param(
            ["README", "cert.pem", "chain.pem", "fullchain.pem", "privkey.pem"],
            [("fullchain.pem", "privkey.pem")],
            id="certbot, live/NAME",
        ),
        pytest.param(
            [
                *("README", "b.org/fullchain.pem", "b.org/privkey.pem"),
                *("a.org/fullchain.pem", "a.org/privkey.pem", "c.org/notes.txt"),
            ],
            [
                ("a.org/fullchain.pem", "a.org/privkey.pem"),
                ("b.org/fullchain.pem", "b.org/privkey.pem"),
            ],
            id="certbot, live",
        ),
        pytest.param(["a.pem", ".b.pem", "c.txt", "d.key"], [("a.pem", None)], id="nothing else"),
    ],
)
def test_a_folder_holds_pairs_by_name(
    files: list[str], pairs: list[tuple[str, str | None]], tmp_path: Path
) -> None:
    fill(tmp_path, *files)
    password = tmp_path.parent / "password"
    assert CertificateFolder(tmp_path, password).sources() == [
        KeyFiles(tmp_path / certificate, tmp_path / key if key else None, password)
        for certificate, key in pairs
    ]


def test_a_folder_without_a_certificate_is_a_mistake(tmp_path: Path) -> None:
    fill(tmp_path, "notes.txt")
    with pytest.raises(ConfigError, match=r"there is no certificate in this folder\. Put PEM"):
        CertificateFolder(tmp_path).sources()


def test_a_folder_that_is_gone_is_a_mistake(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"gone: No such file"):
        CertificateFolder(tmp_path / "gone").sources()


def test_a_stamp_is_the_same_until_a_file_is_written_replaced_or_gone(tmp_path: Path) -> None:
    fill(tmp_path, "a.crt", "a.key", "new", "password")
    pair = KeyFiles(tmp_path / "a.crt", tmp_path / "a.key", tmp_path / "password")
    stamps = [pair.stamp(NOW), pair.stamp(NOW + timedelta(days=1))]
    assert stamps[0] == stamps[1]
    (tmp_path / "a.crt").write_text("longer than before")
    stamps.append(pair.stamp(NOW))
    times = (tmp_path / "a.key").stat()
    os.utime(tmp_path / "new", ns=(times.st_atime_ns, times.st_mtime_ns))
    (tmp_path / "new").replace(tmp_path / "a.key")  # as old as the file that it replaces
    stamps.append(pair.stamp(NOW))
    (tmp_path / "password").write_text("another password")
    stamps.append(pair.stamp(NOW))
    (tmp_path / "a.crt").unlink()
    stamps.append(pair.stamp(NOW))
    assert len(set(stamps)) == 5


def test_a_link_that_leads_elsewhere_is_another_file(tmp_path: Path) -> None:
    fill(tmp_path, "one.pem", "two.pem")
    (tmp_path / "live.pem").symlink_to("one.pem")
    pair = KeyFiles(tmp_path / "live.pem")
    before = pair.stamp(NOW)
    (tmp_path / "live.pem").unlink()
    (tmp_path / "live.pem").symlink_to("two.pem")
    assert pair.stamp(NOW) != before


def test_the_local_certificate_is_looked_at_every_ten_minutes(tmp_path: Path) -> None:
    local = LocalAuthority(tmp_path)
    assert local.stamp(NOW) == local.stamp(NOW + timedelta(seconds=599))
    assert local.stamp(NOW) != local.stamp(NOW + timedelta(seconds=600))


def test_the_local_certificate_is_looked_at_when_the_names_change(tmp_path: Path) -> None:
    names = ["localhost"]
    local = LocalAuthority(tmp_path, lambda: names)
    before = local.stamp(NOW)
    names.append("vm.local")
    assert local.stamp(NOW) != before
