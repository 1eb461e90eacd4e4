import getpass
import shutil
import socket
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Never

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from trio_https import ConfigError
from trio_https.certificates.local_ca import LocalCA, open_local_ca

from .times import NOW
from .verification import verify_with_openssl

WAIT_AND_OPEN = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from trio_https.certificates.local_ca import open_local_ca
print("ready", flush=True)
sys.stdin.readline()
ca = open_local_ca(Path(sys.argv[1]), now=datetime.now(UTC))
print(ca.made, ca.certificate.serial_number)
"""

TRUSTED_ANEW = (
    "Move the folder {folder} away, and the next start makes a new authority,"
    " which has to be trusted anew wherever this one was."
)


def fingerprint(ca: LocalCA) -> bytes:
    return ca.certificate.public_bytes(Encoding.DER)


def test_the_first_run_makes_the_ca_and_all_later_ones_load_it(tmp_path: Path) -> None:
    first = open_local_ca(tmp_path / "home", now=NOW)
    second = open_local_ca(tmp_path / "home", now=NOW + timedelta(days=365))
    assert (first.made, second.made) == (True, False)
    assert fingerprint(first) == fingerprint(second)
    assert first.key.private_numbers() == second.key.private_numbers()
    assert first.path == tmp_path / "home" / "ca" / "ca.crt"
    assert sorted(path.name for path in first.path.parent.iterdir()) == ["ca.crt", "ca.key"]
    assert [path.name for path in (tmp_path / "home").iterdir()] == ["ca"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
@pytest.mark.parametrize("umask", [0, 0o022, 0o777], ids=oct)
def test_folders_are_0700_and_files_0600_whatever_the_umask(
    own_folder: Path, set_umask: Callable[[int], int], umask: int
) -> None:
    set_umask(umask)
    ca = open_local_ca(own_folder / "home", now=NOW)
    modes = {
        path.relative_to(own_folder).as_posix(): stat.S_IMODE(path.stat().st_mode)
        for path in own_folder.rglob("*")
    }
    assert modes == {
        "home": 0o700,
        "home/ca": 0o700,
        "home/ca/ca.crt": 0o600,
        "home/ca/ca.key": 0o600,
    }
    assert not open_local_ca(own_folder / "home", now=NOW).made
    assert ca.made


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
def test_a_ca_that_others_may_read_is_closed_to_them(own_folder: Path) -> None:
    ca = open_local_ca(own_folder, now=NOW)
    key = ca.path.with_name("ca.key")
    key.chmod(0o644)
    ca.path.parent.chmod(0o755)
    open_local_ca(own_folder, now=NOW)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(ca.path.parent.stat().st_mode) == 0o700


def test_its_name_tells_whose_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "ana")
    ca = open_local_ca(tmp_path, now=NOW, hostname="laptop")
    assert ca.certificate.subject.rfc4514_string() == "CN=trio_https local CA (ana@laptop)"
    assert ca.permits("laptop")


def test_it_is_for_this_machines_host_name_by_default(tmp_path: Path) -> None:
    ca = open_local_ca(tmp_path, now=NOW)
    assert f"@{socket.gethostname()}"[:20] in ca.certificate.subject.rfc4514_string()


@pytest.mark.parametrize("error", [KeyError, OSError, ImportError])
def test_a_user_without_a_name_gets_one_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def getuser() -> Never:
        raise error("uid not found: 12345")

    monkeypatch.setattr(getpass, "getuser", getuser)
    ca = open_local_ca(tmp_path, now=NOW, hostname="laptop")
    assert "unknown@laptop" in ca.certificate.subject.rfc4514_string()


@pytest.mark.parametrize("user", ["x" * 100, "\udcff\n", "Ana, O=Büro"])
def test_odd_names_of_users_and_hosts_do_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, user: str
) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: user)
    open_local_ca(tmp_path, now=NOW, hostname="ü\0\udcff")
    assert not open_local_ca(tmp_path, now=NOW).made


class TestIssue:
    def test_gives_a_key_and_a_certificate_that_clients_accept(self, tmp_path: Path) -> None:
        now = datetime.now(UTC)
        ca = open_local_ca(tmp_path, now=now)
        names = ["localhost", "*.localhost", ip_address("127.0.0.1"), ip_address("::1")]
        key, certificate = ca.issue(names, now=now)
        assert key.startswith(b"-----BEGIN PRIVATE KEY-----\n")
        (tmp_path / "leaf.crt").write_bytes(certificate)
        assert verify_with_openssl(ca.path, tmp_path / "leaf.crt") == ""

    def test_gives_another_key_each_time(self, tmp_path: Path) -> None:
        ca = open_local_ca(tmp_path, now=NOW)
        assert ca.issue(["localhost"], now=NOW)[0] != ca.issue(["localhost"], now=NOW)[0]

    @pytest.mark.parametrize("name", ["example.com", ip_address("8.8.8.8"), "not a name"])
    def test_refuses_a_name_that_no_client_would_accept(self, tmp_path: Path, name: str) -> None:
        ca = open_local_ca(tmp_path, now=NOW)
        with pytest.raises(ConfigError) as caught:
            ca.issue(["localhost", name], now=NOW)
        assert str(caught.value) == (
            f"{ca.path}: this authority may not sign for {name}, and no client would accept it."
            " Leave that name out."
        )

    def test_does_not_show_the_key_of_the_ca(self, tmp_path: Path) -> None:
        assert "key=" not in repr(open_local_ca(tmp_path, now=NOW))


class TestRunsAtOnce:
    def test_in_threads_end_with_one_ca(self, tmp_path: Path) -> None:
        barrier = threading.Barrier(8)

        def open_one() -> LocalCA:
            barrier.wait()
            return open_local_ca(tmp_path / "home", now=NOW)

        with ThreadPoolExecutor(8) as pool:
            cas = [future.result() for future in [pool.submit(open_one) for _ in range(8)]]
        assert len({fingerprint(ca) for ca in cas}) == 1
        assert sum(ca.made for ca in cas) == 1
        assert [path.name for path in (tmp_path / "home").iterdir()] == ["ca"]

    def test_of_which_another_was_quicker_use_its_ca(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        rename = Path.rename

        def rename_too_late(path: Path, target: Path) -> Path:
            monkeypatch.setattr(Path, "rename", rename)
            winners.append(open_local_ca(tmp_path, now=NOW))
            return rename(path, target)

        winners: list[LocalCA] = []
        monkeypatch.setattr(Path, "rename", rename_too_late)
        loser = open_local_ca(tmp_path, now=NOW)
        (winner,) = winners
        assert (winner.made, loser.made) == (True, False)
        assert fingerprint(winner) == fingerprint(loser)
        assert [path.name for path in tmp_path.iterdir()] == ["ca"]

    def test_in_processes_end_with_one_ca(self, tmp_path: Path) -> None:
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", WAIT_AND_OPEN, tmp_path / "home"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
            )
            for _ in range(4)
        ]
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        outputs = [process.communicate(timeout=30)[0].split() for process in processes]
        assert [process.returncode for process in processes] == [0] * 4
        assert sorted(made for made, _ in outputs) == ["False", "False", "False", "True"]
        assert len({serial for _, serial in outputs}) == 1


class TestACrash:
    @pytest.mark.parametrize("written", [[], ["ca.key"], ["ca.key", "ca.crt"]])
    def test_before_the_rename_leaves_what_is_in_nobodys_way(
        self, tmp_path: Path, written: list[str]
    ) -> None:
        leftover = tmp_path / "ca.new-x1y2z3"
        leftover.mkdir(mode=0o700)
        for name in written:
            (leftover / name).write_text("half a f")
        assert open_local_ca(tmp_path, now=NOW).made
        assert not open_local_ca(tmp_path, now=NOW).made

    def test_of_ours_leaves_nothing(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def rename(path: Path, target: Path) -> Never:
            raise KeyboardInterrupt

        with monkeypatch.context() as patched:
            patched.setattr(Path, "rename", rename)
            with pytest.raises(KeyboardInterrupt):
                open_local_ca(tmp_path, now=NOW)
        assert list(tmp_path.iterdir()) == []
        assert open_local_ca(tmp_path, now=NOW).made


def test_an_empty_folder_is_no_ca_and_is_filled(tmp_path: Path) -> None:
    (tmp_path / "ca").mkdir()
    assert open_local_ca(tmp_path, now=NOW).made


class TestADamagedCA:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        return open_local_ca(tmp_path, now=NOW).path.parent

    def refusal(self, folder: Path, *, now: datetime = NOW) -> str:
        before = {path: path.read_bytes() for path in folder.iterdir()}
        with pytest.raises(ConfigError) as caught:
            open_local_ca(folder.parent, now=now)
        assert {path: path.read_bytes() for path in folder.iterdir()} == before
        return str(caught.value)

    @pytest.mark.parametrize(
        ("name", "content", "reason"),
        [
            ("ca.crt", b"", "there is no certificate of an authority in it, or a damaged one"),
            (
                "ca.crt",
                b"\xff\0",
                "there is no certificate of an authority in it, or a damaged one",
            ),
            ("ca.key", b"", "there is no private key in it, or a damaged one"),
            ("ca.key", b"not PEM", "there is no private key in it, or a damaged one"),
        ],
    )
    def test_is_refused_with_file_reason_and_remedy(
        self, folder: Path, name: str, content: bytes, reason: str
    ) -> None:
        (folder / name).write_bytes(content)
        remedy = TRUSTED_ANEW.format(folder=folder)
        assert self.refusal(folder) == f"{folder / name}: {reason}. {remedy}"

    @pytest.mark.parametrize("name", ["ca.crt", "ca.key"])
    def test_is_refused_where_half_of_it_is_missing(self, folder: Path, name: str) -> None:
        (folder / name).unlink()
        assert self.refusal(folder).startswith(f"{folder / name}: no such file. Move the folder")

    def test_is_refused_where_a_bit_of_the_certificate_is_wrong(self, folder: Path) -> None:
        certificate = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
        der = bytearray(certificate.public_bytes(Encoding.DER))
        der[der.index(b"home.arpa")] ^= 1
        damaged = x509.load_der_x509_certificate(bytes(der))
        (folder / "ca.crt").write_bytes(damaged.public_bytes(Encoding.PEM))
        assert "no certificate of an authority in it, or a damaged one. Move" in self.refusal(
            folder
        )

    def test_is_refused_where_the_key_is_of_another(self, folder: Path, tmp_path: Path) -> None:
        other = open_local_ca(tmp_path / "other", now=NOW)
        shutil.copy(other.path.with_name("ca.key"), folder)
        refusal = self.refusal(folder)
        assert f"ca.key: the key does not belong to {folder / 'ca.crt'}. Move" in refusal

    def test_is_refused_where_the_key_has_a_password(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        encryption = BestAvailableEncryption(b"secret")
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)
        (folder / "ca.key").write_bytes(pem)
        assert "ca.key: there is no private key in it, or a damaged one" in self.refusal(folder)

    def test_is_refused_where_it_is_not_one_of_ours(self, folder: Path) -> None:
        rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        pem = rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (folder / "ca.key").write_bytes(pem)
        assert "the key is not an ECDSA one, so trio_https did not make it" in self.refusal(folder)

    def test_is_refused_where_it_could_sign_for_every_site(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([])
        builder = x509.CertificateBuilder(name, name, key.public_key(), 1, NOW, NOW)
        certificate = builder.sign(key, SHA256())
        (folder / "ca.crt").write_bytes(certificate.public_bytes(Encoding.PEM))
        assert "this authority has no name constraints, so" in self.refusal(folder)

    def test_is_not_replaced_where_it_has_expired(self, folder: Path) -> None:
        last = NOW + timedelta(days=3649)
        open_local_ca(folder.parent, now=last)
        refusal = self.refusal(folder, now=last + timedelta(seconds=1))
        remedy = TRUSTED_ANEW.format(folder=folder)
        assert (
            refusal == f"{folder}/ca.crt: the local authority has expired, on 2036-11-19. {remedy}"
        )

    def test_is_not_replaced_where_the_clock_is_wrong(self, folder: Path) -> None:
        first = NOW - timedelta(days=1)
        open_local_ca(folder.parent, now=first)
        assert self.refusal(folder, now=first - timedelta(seconds=1)) == (
            f"{folder}/ca.crt: the local authority is valid from 2026-11-22 12:00 UTC on,"
            " and the clock says 2026-11-22 11:59. Set this machine's clock."
        )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
class TestAHomeThatTakesNothing:
    def test_is_an_error(self, own_folder: Path) -> None:
        own_folder.chmod(0o500)
        with pytest.raises(ConfigError, match=r"/ca: permission denied\. Make .* writable\.$"):
            open_local_ca(own_folder, now=NOW)

    def test_since_a_file_is_in_the_way_is_an_error(self, own_folder: Path) -> None:
        (own_folder / "ca").write_text("a file")
        with pytest.raises(ConfigError, match=r"/ca: this is not a folder\. Move it away"):
            open_local_ca(own_folder, now=NOW)

    def test_since_a_link_to_nowhere_is_in_the_way_is_an_error(self, own_folder: Path) -> None:
        (own_folder / "ca").symlink_to("gone")
        with pytest.raises(ConfigError, match=r"/ca: not a directory\. Move it away\."):
            open_local_ca(own_folder, now=NOW)
