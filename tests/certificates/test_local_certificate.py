import socket
import stat
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from trio_https import ConfigError
from trio_https.certificates.local_certificate import (
    LocalCertificate,
    default_names,
    open_local_certificate,
)
from trio_https.certificates.pem_files import read_certificate_files

from .times import NOW
from .verification import run_handshake, verify_with_openssl

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)


def open_at(home: Path, now: datetime = NOW, *, hostname: str = "vm") -> LocalCertificate:
    return open_local_certificate(home, now=now, hostname=hostname)


def test_the_first_run_makes_a_ca_and_issues_a_leaf(tmp_path: Path) -> None:
    opened = open_at(tmp_path / "home")
    assert (opened.ca_made, opened.issued) == (True, True)
    assert opened.path == tmp_path / "home" / "localhost.pem"
    assert opened.ca_path == tmp_path / "home" / "ca" / "ca.crt"
    assert opened.leaf.names == ("localhost", "*.localhost", "127.0.0.1", "::1", "vm")
    assert opened.leaf.issuer == opened.ca.subject
    assert opened.left_out == ()


def test_the_second_run_finds_the_same_again(tmp_path: Path) -> None:
    first, second = open_at(tmp_path), open_at(tmp_path, NOW + 7 * DAY)
    assert (second.ca_made, second.issued) == (False, False)
    assert (second.leaf, second.ca) == (first.leaf, first.ca)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "vm"])
def test_clients_that_trust_the_ca_accept_the_leaf(tmp_path: Path, host: str) -> None:
    opened = open_at(tmp_path, datetime.now(UTC))
    assert verify_with_openssl(opened.ca_path, opened.path) == ""
    assert run_handshake(opened.ca_path, opened.path, host) == "TLSv1.3"


def test_the_file_passes_the_check_of_a_users_file(tmp_path: Path) -> None:
    opened = open_at(tmp_path)
    assert read_certificate_files(opened.path, None, None, now=NOW) == opened.leaf


def test_the_host_name_is_this_machines_by_default(tmp_path: Path) -> None:
    names = tuple(str(name) for name in default_names(socket.gethostname()))
    assert open_local_certificate(tmp_path, now=NOW).leaf.names == names


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize("umask", [0, 0o022, 0o777], ids=oct)
def test_the_file_has_mode_0600_whatever_the_umask(
    own_folder: Path, set_umask: Callable[[int], int], umask: int
) -> None:
    set_umask(umask)
    opened = open_at(own_folder / "home")
    assert stat.S_IMODE(opened.path.stat().st_mode) == 0o600


class TestALeafIsIssuedAgain:
    def test_when_a_third_of_its_life_or_less_is_left(self, tmp_path: Path) -> None:
        leaf = open_at(tmp_path).leaf
        due = leaf.not_after - (leaf.not_after - leaf.not_before) / 3
        assert not open_at(tmp_path, due - SECOND).issued
        renewed = open_at(tmp_path, due)
        assert renewed.issued
        assert renewed.leaf.not_after > leaf.not_after
        assert not open_at(tmp_path, due).issued

    def test_when_it_has_expired_long_ago(self, tmp_path: Path) -> None:
        open_at(tmp_path)
        assert open_at(tmp_path, NOW + 1000 * DAY).issued

    def test_when_it_is_not_valid_yet(self, tmp_path: Path) -> None:
        open_at(tmp_path)
        later = NOW + 100 * DAY
        leaf = open_at(tmp_path, later).leaf
        assert not open_at(tmp_path, leaf.not_before).issued
        open_at(tmp_path, later + 300 * DAY)
        assert open_at(tmp_path, later).issued

    def test_when_other_names_are_wanted(self, tmp_path: Path) -> None:
        open_at(tmp_path)
        names = ["localhost", ip_address("192.168.1.7")]
        opened = open_local_certificate(tmp_path, names, now=NOW)
        assert opened.issued
        assert opened.leaf.names == ("localhost", "192.168.1.7")
        assert not open_local_certificate(tmp_path, names, now=NOW).issued
        assert not open_at(tmp_path).issued, "each set of names has a file of its own"
        assert open_local_certificate(tmp_path, names[:1], now=NOW).issued

    def test_when_the_ca_is_another(self, tmp_path: Path) -> None:
        before = open_at(tmp_path)
        before.ca_path.parent.rename(tmp_path / "old")
        opened = open_at(tmp_path)
        assert (opened.ca_made, opened.issued) == (True, True)
        assert opened.ca.sha256 != before.ca.sha256

    @pytest.mark.parametrize(
        "damage",
        [
            lambda content: content[:0],
            lambda content: content.decode().encode("utf-16"),
            lambda content: content[:100],
            lambda content: content[: len(content) // 2],
            lambda content: content[content.index(b"-----BEGIN CERTIFICATE") :],
            lambda content: content.replace(b"MII", b"MIJ"),
            lambda content: content.replace(b"\nMIG", b"\nMIH", 1),
        ],
    )
    def test_when_its_file_is_damaged(
        self, tmp_path: Path, damage: Callable[[bytes], bytes]
    ) -> None:
        path = open_at(tmp_path).path
        path.write_bytes(damage(path.read_bytes()))
        opened = open_at(tmp_path)
        assert (opened.issued, opened.ca_made) == (True, False)
        assert read_certificate_files(path, None, None, now=NOW) == opened.leaf

    def test_when_the_key_in_its_file_is_of_another(self, tmp_path: Path) -> None:
        path = open_at(tmp_path).path
        content = path.read_bytes()
        key = ec.generate_private_key(ec.SECP256R1())
        other = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        path.write_bytes(other + content[content.index(b"-----BEGIN CERTIFICATE") :])
        assert open_at(tmp_path).issued

    def test_when_its_file_is_gone(self, tmp_path: Path) -> None:
        open_at(tmp_path).path.unlink()
        assert open_at(tmp_path).issued


def test_a_file_that_cannot_be_read_is_not_replaced(tmp_path: Path) -> None:
    path = open_at(tmp_path).path
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigError, match=r"localhost\.pem: is a directory\. .* move it away\.$"):
        open_at(tmp_path)


class TestARenamedMachine:
    def test_is_left_out_rather_than_named_in_a_leaf_that_nobody_accepts(
        self, tmp_path: Path
    ) -> None:
        open_at(tmp_path, hostname="attic")
        opened = open_at(tmp_path, hostname="cellar")
        assert opened.leaf.names == ("localhost", "*.localhost", "127.0.0.1", "::1")
        assert opened.left_out == ("cellar",)
        assert not open_at(tmp_path, hostname="cellar").issued

    def test_is_named_again_when_it_has_its_old_name_back(self, tmp_path: Path) -> None:
        open_at(tmp_path, hostname="attic")
        open_at(tmp_path, hostname="cellar")
        assert "attic" in open_at(tmp_path, hostname="attic").leaf.names


def test_a_name_that_was_asked_for_and_cannot_be_had_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"may not sign for example\.com"):
        open_local_certificate(tmp_path, ["localhost", "example.com"], now=NOW)


class TestTheEndOfTheCA:
    def test_is_told_when_a_leaf_would_be_cut_short_by_it(self, tmp_path: Path) -> None:
        end = open_at(tmp_path).ca.not_after
        assert not open_at(tmp_path, end - 90 * DAY).ca_expires_soon
        assert open_at(tmp_path, end - 90 * DAY + SECOND).ca_expires_soon

    def test_is_the_end_of_the_last_leaf(self, tmp_path: Path) -> None:
        end = open_at(tmp_path).ca.not_after
        assert open_at(tmp_path, end - 2 * DAY).leaf.not_after == end
        assert open_at(tmp_path, end).leaf.not_after == end
        with pytest.raises(ConfigError, match="the local authority has expired"):
            open_at(tmp_path, end + SECOND)


def test_eight_first_runs_at_once_end_with_one_ca_and_valid_leaves(tmp_path: Path) -> None:
    barrier = threading.Barrier(8)

    def open_one() -> LocalCertificate:
        barrier.wait()
        return open_at(tmp_path / "home")

    with ThreadPoolExecutor(8) as pool:
        opened = [future.result() for future in [pool.submit(open_one) for _ in range(8)]]
    assert len({each.ca.sha256 for each in opened}) == 1
    assert sum(each.ca_made for each in opened) == 1
    names = ("localhost", "*.localhost", "127.0.0.1", "::1", "vm")
    assert {(each.leaf.names, each.leaf.issuer) for each in opened} == {
        (names, opened[0].ca.subject)
    }
    kept = read_certificate_files(opened[0].path, None, None, now=NOW)
    assert kept in [each.leaf for each in opened]
    assert sorted(path.name for path in (tmp_path / "home").iterdir()) == ["ca", "localhost.pem"]


def test_a_crash_while_writing_leaves_what_is_in_nobodys_way(tmp_path: Path) -> None:
    opened = open_at(tmp_path)
    (tmp_path / ".localhost.pem.x1y2z3").write_bytes(opened.path.read_bytes()[:100])
    assert not open_at(tmp_path).issued


class TestWithNamesOfTheLocalNetwork:
    NAMES = ("vm.local", ip_address("192.168.1.7"), ip_address("fd00::7"))

    def test_the_leaf_has_them_after_its_own(self, tmp_path: Path) -> None:
        opened = open_local_certificate(tmp_path, now=NOW, hostname="vm", lan_names=self.NAMES)
        own = ("localhost", "*.localhost", "127.0.0.1", "::1", "vm")
        assert opened.leaf.names == (*own, "vm.local", "192.168.1.7", "fd00::7")
        assert opened.left_out == ()

    @pytest.mark.parametrize("host", ["localhost", "vm.local", "192.168.1.7", "fd00::7"])
    def test_clients_accept_it_under_each(self, tmp_path: Path, host: str) -> None:
        now = datetime.now(UTC)
        opened = open_local_certificate(tmp_path, now=now, hostname="vm", lan_names=self.NAMES)
        assert run_handshake(opened.ca_path, opened.path, host) == "TLSv1.3"

    def test_a_name_that_it_has_anyway_stands_there_once(self, tmp_path: Path) -> None:
        opened = open_local_certificate(
            tmp_path, now=NOW, hostname="VM.local", lan_names=["vm.local"]
        )
        assert opened.leaf.names.count("vm.local") == 1

    def test_it_is_issued_again_when_the_machine_has_moved(self, tmp_path: Path) -> None:
        first = open_local_certificate(tmp_path, now=NOW, hostname="vm", lan_names=self.NAMES)
        moved = ("vm.local", ip_address("10.0.0.7"))
        second = open_local_certificate(tmp_path, now=NOW, hostname="vm", lan_names=moved)
        assert (first.issued, second.issued, second.ca_made) == (True, True, False)
        assert "192.168.1.7" not in second.leaf.names

    def test_a_server_without_them_keeps_its_own_file(self, tmp_path: Path) -> None:
        alone = open_at(tmp_path)
        beside = open_local_certificate(tmp_path, now=NOW, hostname="vm", lan_names=self.NAMES)
        assert beside.path != alone.path
        assert not open_at(tmp_path).issued

    def test_one_that_the_ca_may_not_sign_for_is_left_out(self, tmp_path: Path) -> None:
        public = ip_address("203.0.113.7")
        opened = open_local_certificate(tmp_path, now=NOW, hostname="vm", lan_names=[public])
        assert opened.left_out == (public,)


def test_the_ca_has_the_name_that_its_certificate_has(tmp_path: Path) -> None:
    opened = open_at(tmp_path)
    assert opened.ca_name.startswith("trio_https local CA (")
    assert opened.ca_name.endswith("@vm)")
