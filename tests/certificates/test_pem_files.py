import base64
import os
import re
import shlex
import ssl
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trio_https import ConfigError
from trio_https.certificates.pem_files import CertificateDescription, read_certificate_files

from ..programs import require_program

ALGORITHMS = {
    "rsa": ["rsa:2048"],
    "ecdsa": ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
    "ed25519": ["ed25519"],
}


def openssl(*arguments: object) -> None:
    """Run OpenSSL's command, the tool that most of these files come from."""
    command = [require_program("openssl"), *map(str, arguments)]
    subprocess.run(command, check=True, capture_output=True, timeout=30)


@dataclass(frozen=True)
class Originals:
    """Files made once, for tests that copy them."""

    folder: Path

    def __getitem__(self, name: str) -> bytes:
        return (self.folder / name).read_bytes()

    def path(self, name: str) -> Path:
        return self.folder / name


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Originals:
    """``rsa.crt`` and ``rsa.key`` and so on; ``leaf.crt`` is signed by ``inter.crt``, that by
    ``rsa.crt``."""
    originals = Originals(tmp_path_factory.mktemp("made"))
    path = originals.path
    for name, algorithm in ALGORITHMS.items():
        make_self_signed(originals.folder, name, *algorithm)
    for name, issuer in (("inter", "rsa"), ("leaf", "inter")):
        sign(originals.folder, name, issuer)
    openssl("x509", "-in", path("rsa.crt"), "-text", "-out", path("text.crt"))
    openssl("x509", "-in", path("rsa.crt"), "-trustout", "-out", path("trusted.crt"))
    openssl("x509", "-in", path("rsa.crt"), "-outform", "der", "-out", path("der.crt"))
    openssl("pkey", "-in", path("rsa.key"), "-outform", "der", "-out", path("der.key"))
    openssl("rsa", "-in", path("rsa.key"), "-traditional", "-out", path("pkcs1.key"))
    openssl("ec", "-in", path("ecdsa.key"), "-out", path("sec1.key"))
    with_password = ["-passout", "pass:secret", "-out"]
    openssl("pkey", "-in", path("rsa.key"), "-aes256", *with_password, path("pkcs8.enc.key"))
    openssl(
        "rsa",
        "-in",
        path("rsa.key"),
        "-traditional",
        "-des3",
        *with_password,
        path("pkcs1.enc.key"),
    )
    to_der = ["pkcs8", "-topk8", "-outform", "der", "-in", path("rsa.key")]
    openssl(*to_der, *with_password, path("der.enc.key"))
    export = ["pkcs12", "-export", "-in", path("rsa.crt"), "-inkey", path("rsa.key")]
    openssl(*export, *with_password, path("both.p12"))
    openssl("req", "-new", "-key", path("rsa.key"), "-subj", "/CN=x", "-out", path("request.csr"))
    openssl("ecparam", "-name", "prime256v1", "-genkey", "-out", path("parameters.key"))
    request = ["req", "-x509", "-key", path("parameters.key"), "-subj", "/CN=x"]
    openssl(*request, "-out", path("parameters.crt"))
    return originals


def make_self_signed(folder: Path, name: str, *algorithm: str) -> None:
    files = ["-keyout", folder / f"{name}.key", "-out", folder / f"{name}.crt"]
    names = ["-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    openssl("req", "-x509", "-nodes", "-days", "30", "-newkey", *algorithm, *names, *files)


def sign(folder: Path, name: str, issuer: str, *options: str) -> None:
    key, request = folder / f"{name}.key", folder / f"{name}.csr"
    subject = ["-subj", f"/CN={name}", "-out", request, "-keyout", key]
    openssl("req", "-new", "-nodes", "-newkey", *ALGORITHMS["ecdsa"], *subject)
    signer = ["-CA", folder / f"{issuer}.crt", "-CAkey", folder / f"{issuer}.key"]
    lasting = ["-days", "30", "-set_serial", str(len(name) + len(issuer))]
    openssl(
        "x509", "-req", "-in", request, *signer, *lasting, *options, "-out", folder / f"{name}.crt"
    )


@pytest.fixture
def certs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder ``certs`` in the current one, so that messages are short."""
    monkeypatch.chdir(tmp_path)
    folder = Path("certs")
    folder.mkdir()
    return folder


def check(
    certificate: Path, key: Path | None = None, password: bytes | None = None
) -> CertificateDescription:
    return read_certificate_files(certificate, key, password, now=datetime.now(UTC))


def load_with_ssl(certificate: Path, key: Path | None, password: bytes | None = None) -> None:
    """Load the files as the server does. Without a password OpenSSL would ask the terminal."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key, password=password or "none")


def refusal(certificate: Path, key: Path | None = None, password: bytes | None = None) -> str:
    with pytest.raises(ConfigError) as caught:
        check(certificate, key, password)
    return str(caught.value)


def change_der(pem: bytes, part: bytes, replacement: bytes) -> bytes:
    """Return a certificate in PEM with other bytes in its DER."""
    lines = pem.splitlines()
    der = base64.b64decode(b"".join(lines[1:-1]))
    assert part in der
    changed = base64.encodebytes(der.replace(part, replacement))
    return b"\n".join([lines[0], *changed.splitlines(), lines[-1], b""])


def advised_command(message: str) -> list[str]:
    return shlex.split(message.partition('"openssl ')[2].removesuffix('".'))


class TestFilesThatServe:
    @pytest.mark.parametrize(
        ("certificate", "key", "password"),
        [
            ("rsa.crt", "rsa.key", None),
            ("rsa.crt", "pkcs1.key", None),
            ("rsa.crt", "pkcs8.enc.key", b"secret"),
            ("rsa.crt", "pkcs1.enc.key", b"secret"),
            ("rsa.crt", "rsa.key", b"no need of it"),
            ("ecdsa.crt", "ecdsa.key", None),
            ("ecdsa.crt", "sec1.key", None),
            ("parameters.crt", "parameters.key", None),
            ("ed25519.crt", "ed25519.key", None),
            ("text.crt", "rsa.key", None),
            ("leaf.crt", "leaf.key", None),
        ],
    )
    def test_of_every_form_pass_and_load(
        self, made: Originals, certificate: str, key: str, password: bytes | None
    ) -> None:
        check(made.path(certificate), made.path(key), password)
        load_with_ssl(made.path(certificate), made.path(key), password)

    @pytest.mark.parametrize(
        "change",
        [
            lambda content: content.replace(b"\n", b"\r\n"),
            lambda content: b"\xef\xbb\xbf" + content,
            lambda content: b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"),
            lambda content: b"B\xfcro & Co.\n\n" + content + b"\n\nthe end",
            lambda content: content.rstrip(),
            lambda content: content.replace(b"\n", b"  \n"),
        ],
    )
    def test_of_any_editor_pass_and_load(
        self, made: Originals, certs: Path, change: Callable[[bytes], bytes]
    ) -> None:
        certificate, key = certs / "server.crt", certs / "server.key"
        certificate.write_bytes(change(made["rsa.crt"]))
        key.write_bytes(change(made["rsa.key"]))
        check(certificate, key)
        load_with_ssl(certificate, key)

    @pytest.mark.parametrize("order", [["rsa.crt", "rsa.key"], ["rsa.key", "rsa.crt"]])
    def test_may_be_one_file(self, made: Originals, certs: Path, order: list[str]) -> None:
        both = certs / "server.pem"
        both.write_bytes(b"".join(made[name] for name in order))
        assert check(both, None) == check(both, both)
        load_with_ssl(both, None)

    def test_hold_the_whole_chain_with_the_leaf_first(self, made: Originals, certs: Path) -> None:
        chain = certs / "chain.crt"
        chain.write_bytes(made["leaf.crt"] + made["inter.crt"] + made["rsa.crt"])
        described = check(chain, made.path("leaf.key"))
        assert (described.subject, described.issuer) == ("CN=leaf", "CN=inter")
        assert not described.self_signed
        load_with_ssl(chain, made.path("leaf.key"))

    def test_are_described(self, made: Originals) -> None:
        described = check(made.path("rsa.crt"), made.path("rsa.key"))
        assert described.names == ("localhost", "127.0.0.1")
        assert described.key == "RSA 2048"
        assert described.self_signed

    @pytest.mark.parametrize("bits", ["P-384", "P-521"])
    def test_may_have_other_curves(self, tmp_path: Path, bits: str) -> None:
        make_self_signed(tmp_path, "x", "ec", "-pkeyopt", f"ec_paramgen_curve:{bits}")
        assert check(tmp_path / "x.crt", tmp_path / "x.key").key == f"ECDSA {bits}"
        load_with_ssl(tmp_path / "x.crt", tmp_path / "x.key")


class TestAFileThatCannotBeRead:
    def test_since_it_is_not_there(self, made: Originals, certs: Path) -> None:
        assert refusal(certs / "server.crt") == (
            "certs/server.crt: no such file. Give the server's certificate, in PEM, with --cert."
        )
        assert refusal(made.path("rsa.crt"), certs / "server.key") == (
            "certs/server.key: no such file."
            " Give the certificate's private key, in PEM, with --key."
        )

    def test_since_it_is_a_folder(self, certs: Path) -> None:
        assert refusal(certs).startswith("certs: this is a folder. Give the server's certificate")

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such files")
    def test_since_it_is_a_pipe(self, certs: Path) -> None:
        os.mkfifo(certs / "server.crt")
        assert "server.crt: this is not a regular file. Give" in refusal(certs / "server.crt")

    @pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such modes")
    def test_since_the_user_may_not(self, own_folder: Path) -> None:
        path = own_folder / "server.crt"
        path.touch(mode=0)
        assert refusal(path) == (
            f"{path}: permission denied. Let the user who runs the server read it (chown or chmod)."
        )

    @pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
    def test_since_it_is_a_link_to_itself(self, certs: Path) -> None:
        (certs / "server.crt").symlink_to("server.crt")
        assert "server.crt: too many levels of symbolic links. Give" in refusal(
            certs / "server.crt"
        )


class TestAFileThatIsNotInPem:
    @pytest.mark.parametrize("content", [b"", b"some text\n", b"0x30 some text\n"])
    def test_but_text_is_refused(self, certs: Path, content: bytes) -> None:
        (certs / "server.crt").write_bytes(content)
        assert refusal(certs / "server.crt") == (
            "certs/server.crt: there is nothing in PEM in this file."
            " Give the server's certificate, in PEM, with --cert."
        )

    @pytest.mark.parametrize("content", [b"\0\1\2", b"\x30\x82\0\0\0", b"\x89PNG\r\n\x1a\n\0"])
    def test_nor_text_is_refused(self, certs: Path, content: bytes) -> None:
        (certs / "server.crt").write_bytes(content)
        assert refusal(certs / "server.crt").startswith(
            "certs/server.crt: this is not text in UTF-8 or ASCII. Give the server's certificate"
        )

    @pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
    def test_but_in_utf_16_is_refused(self, made: Originals, certs: Path, encoding: str) -> None:
        text = "\ufeff" * (encoding != "utf-16") + made["rsa.crt"].decode()
        (certs / "server.crt").write_bytes(text.encode(encoding))
        assert refusal(certs / "server.crt") == (
            "certs/server.crt: this text is in UTF-16. Save it in UTF-8 or ASCII."
        )

    @pytest.mark.parametrize(
        ("name", "what", "command"),
        [
            ("der.crt", "this certificate is in DER, not in PEM", "x509 -inform der"),
            ("der.key", "this key is in DER, not in PEM", "pkey -inform der"),
            ("der.enc.key", "this key is in DER, not in PEM", "pkey -inform der"),
            ("both.p12", "this is a PKCS #12 file, not one in PEM", "pkcs12 -nodes"),
        ],
    )
    def test_but_binary_is_refused_with_the_command_that_converts_it(
        self, made: Originals, certs: Path, name: str, what: str, command: str
    ) -> None:
        (certs / "server.bin").write_bytes(made[name])
        assert refusal(certs / "server.bin") == (
            f"certs/server.bin: {what}. Convert it with"
            f' "openssl {command} -in certs/server.bin -out certs/server.new.pem".'
        )

    def test_is_converted_by_that_command(self, made: Originals, certs: Path) -> None:
        (certs / "my server.der").write_bytes(made["der.crt"])
        openssl(*advised_command(refusal(certs / "my server.der")))
        check(certs / "my server.new.pem", made.path("rsa.key"))


class TestACertificate:
    def test_that_is_missing_is_told_with_what_is_there(self, made: Originals) -> None:
        remedy = "Give the server's certificate with --cert, and its private key with --key."
        key, request = made.path("rsa.key"), made.path("request.csr")
        assert refusal(key, made.path("rsa.crt")) == (
            f"{key}: there is no certificate in it, only PRIVATE KEY. {remedy}"
        )
        assert "no certificate in it, only CERTIFICATE REQUEST." in refusal(request)

    def test_with_trust_settings_is_refused(self, made: Originals) -> None:
        path = made.path("trusted.crt")
        assert refusal(path, made.path("rsa.key")) == (
            f"{path}: this is a certificate with OpenSSL's own trust settings."
            f' Convert it with "openssl x509 -in {path} -out {path.with_suffix(".new.pem")}".'
        )

    @pytest.mark.parametrize(
        "damage",
        [
            lambda content: content.replace(b"MII", b"MIJ", 1),
            # Version 3 is written as 2, and 9 is none.
            lambda content: change_der(content, b"\xa0\3\2\1\2", b"\xa0\3\2\1\x09"),
            lambda content: content.replace(
                b"E-----\n", b"E-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: X,00\n\n", 1
            ),
        ],
    )
    def test_that_is_damaged_is_refused_with_its_number(
        self, made: Originals, certs: Path, damage: Callable[[bytes], bytes]
    ) -> None:
        path = certs / "server.crt"
        path.write_bytes(made["leaf.crt"] + damage(made["rsa.crt"]))
        assert refusal(path, made.path("leaf.key")) == (
            "certs/server.crt: certificate number 2 in it is damaged."
            " Get the file anew from where it comes from."
        )

    def test_that_is_cut_off_is_refused(self, made: Originals, certs: Path) -> None:
        path = certs / "server.crt"
        path.write_bytes(made["leaf.crt"] + made["rsa.crt"][:200])
        assert "certs/server.crt: the block BEGIN CERTIFICATE has no END line. Give" in refusal(
            path, made.path("leaf.key")
        )

    @pytest.mark.parametrize(
        ("part", "unknown"),
        [
            # id-ecPublicKey and sha256WithRSAEncryption become identifiers that nobody knows.
            ("2a8648ce3d0201", "2a8648ce3d0270"),
            ("2a864886f70d01010b", "2a864886f70d010170"),
        ],
    )
    def test_of_an_unknown_kind_is_refused_also_as_a_ca(
        self, made: Originals, certs: Path, part: str, unknown: str
    ) -> None:
        path = certs / "server.crt"
        odd = change_der(made["inter.crt"], bytes.fromhex(part), bytes.fromhex(unknown))
        path.write_bytes(odd)
        reason = "has a key or a signature of an unknown kind. Make key and certificate anew"
        assert f"certs/server.crt: certificate number 1 {reason}" in refusal(
            path, made.path("inter.key")
        )
        path.write_bytes(made["leaf.crt"] + odd)
        assert f"certificate number 2 {reason}" in refusal(path, made.path("leaf.key"))
        with pytest.raises(ssl.SSLError):
            load_with_ssl(path, made.path("leaf.key"))

    def test_with_a_name_that_is_none_is_refused(self, made: Originals, certs: Path) -> None:
        path = certs / "server.crt"
        path.write_bytes(change_der(made["rsa.crt"], b"localhost", b"local\xffost"))
        assert "certs/server.crt: the certificate holds something that is not und" in refusal(
            path, made.path("rsa.key")
        )

    def test_that_has_expired_is_refused(self, made: Originals) -> None:
        certificate, key = made.path("rsa.crt"), made.path("rsa.key")
        last = check(certificate, key).not_after
        read_certificate_files(certificate, key, None, now=last)
        with pytest.raises(ConfigError) as caught:
            read_certificate_files(certificate, key, None, now=last + timedelta(seconds=1))
        assert str(caught.value) == (
            f"{certificate}: the certificate has expired, on {last:%Y-%m-%d %H:%M} UTC."
            " Renew it, or make a new one."
        )

    def test_that_is_not_valid_yet_is_refused(self, made: Originals) -> None:
        certificate, key = made.path("rsa.crt"), made.path("rsa.key")
        first = check(certificate, key).not_before
        read_certificate_files(certificate, key, None, now=first)
        now = first - timedelta(days=1)
        with pytest.raises(ConfigError) as caught:
            read_certificate_files(certificate, key, None, now=now)
        assert str(caught.value) == (
            f"{certificate}: the certificate is valid only from {first:%Y-%m-%d %H:%M} UTC on."
            f" Wait for that, or set this machine's clock (it says {now:%Y-%m-%d %H:%M} UTC)."
        )


class TestAKey:
    def test_that_is_missing_is_told_with_what_is_there(self, made: Originals) -> None:
        certificate = made.path("rsa.crt")
        expected = (
            f"{certificate}: there is no private key in it, only CERTIFICATE."
            " Give the certificate's private key with --key."
        )
        assert refusal(certificate) == expected
        assert refusal(certificate, certificate) == expected

    def test_of_another_certificate_is_refused(self, made: Originals, certs: Path) -> None:
        certificate, key = certs / "server.crt", certs / "server.key"
        certificate.write_bytes(made["rsa.crt"])
        key.write_bytes(made["ecdsa.key"])
        remedy = "Give the key that the certificate was made with, or make both anew."
        assert refusal(certificate, key) == (
            f"certs/server.key: the key does not belong to certs/server.crt. {remedy}"
        )
        certificate.write_bytes(made["ecdsa.key"] + made["rsa.crt"])
        assert refusal(certificate) == (
            "certs/server.crt: the key does not belong to the certificate in the same file."
            f" {remedy}"
        )

    def test_of_a_later_certificate_tells_that_the_order_is_wrong(
        self, made: Originals, certs: Path
    ) -> None:
        chain = certs / "chain.crt"
        chain.write_bytes(made["rsa.crt"] + made["inter.crt"] + made["leaf.crt"])
        assert refusal(chain, made.path("leaf.key")) == (
            "certs/chain.crt: the certificate that the key belongs to is number 3 in it."
            " Put it first, and after it the one that signed it, and so on."
        )
        with pytest.raises(ssl.SSLError):
            load_with_ssl(chain, made.path("leaf.key"))

    @pytest.mark.parametrize("name", ["pkcs8.enc.key", "pkcs1.enc.key"])
    def test_that_is_encrypted_needs_its_password(self, made: Originals, name: str) -> None:
        certificate, key = made.path("rsa.crt"), made.path(name)
        files = f"-in {key} -out {key.with_suffix('.new.pem')}"
        for nothing in (None, b""):
            assert refusal(certificate, key, nothing) == (
                f"{key}: the key is encrypted, and no password is given."
                " Give the password's file with --key-password-file."
            )
        assert refusal(certificate, key, b"wrong") == (
            f"{key}: the password does not open the key."
            " Give the right one, or, if it is, the key in another form."
            f' Convert it with "openssl pkey -aes256 {files}".'
        )

    @pytest.mark.parametrize("scheme", ["PBE-MD5-DES", "PBE-SHA1-RC4-128", "PBE-SHA1-RC2-40"])
    def test_encrypted_in_a_way_that_openssl_gave_up_is_refused_with_the_way_out(
        self, made: Originals, certs: Path, scheme: str
    ) -> None:
        certificate, key = made.path("rsa.crt"), certs / "server.key"
        with_legacy = ["-provider", "legacy", "-provider", "default"]
        to_pkcs8 = ["pkcs8", "-topk8", "-v1", scheme, *with_legacy, "-passout", "pass:secret"]
        try:
            openssl(*to_pkcs8, "-in", made.path("rsa.key"), "-out", key)
        except subprocess.CalledProcessError:
            pytest.skip("this OpenSSL has no legacy provider")
        with pytest.raises(ssl.SSLError):
            load_with_ssl(certificate, key, b"secret")
        message = refusal(certificate, key, b"secret")
        assert message.startswith(
            f"{key}: the key is encrypted in a way that OpenSSL has given up."
        )
        advice = advised_command(message)
        openssl(*advice, "-passin", "pass:secret", "-passout", "pass:secret")
        check(certificate, Path(advice[-1]), b"secret")
        load_with_ssl(certificate, Path(advice[-1]), b"secret")

    def test_that_is_damaged_is_refused(self, made: Originals, certs: Path) -> None:
        (certs / "server.key").write_bytes(made["rsa.key"].replace(b"MII", b"MIJ", 1))
        assert refusal(made.path("rsa.crt"), certs / "server.key") == (
            "certs/server.key: the private key in it is damaged."
            " Get the file anew from where it comes from, or make key and certificate anew."
        )

    def test_of_another_kind_is_refused(self, made: Originals, certs: Path) -> None:
        key = certs / "server.key"
        key.write_bytes(made["rsa.key"].replace(b"PRIVATE", b"OPENSSH PRIVATE"))
        assert refusal(made.path("rsa.crt"), key) == (
            "certs/server.key: TLS has no use for this kind of key, OPENSSH PRIVATE KEY."
            " Give the certificate's private key with --key."
        )

    def test_counts_only_where_it_comes_first(self, made: Originals, certs: Path) -> None:
        key = certs / "server.key"
        key.write_bytes(made["ecdsa.key"] + made["rsa.key"])
        assert "the key does not belong" in refusal(made.path("rsa.crt"), key)
        with pytest.raises(ssl.SSLError):
            load_with_ssl(made.path("rsa.crt"), key)
        check(made.path("ecdsa.crt"), key)
        load_with_ssl(made.path("ecdsa.crt"), key)


class TestWeakFiles:
    def test_with_a_short_rsa_key_are_refused(self, tmp_path: Path) -> None:
        make_self_signed(tmp_path, "weak", "rsa:1024")
        certificate, key = tmp_path / "weak.crt", tmp_path / "weak.key"
        assert refusal(certificate, key) == (
            f"{certificate}: the key of certificate number 1 is too short."
            " Make key and certificate anew, with an ECDSA P-256 key or an RSA one of 2048 bits."
        )
        with pytest.raises(ssl.SSLError, match="EE_KEY_TOO_SMALL"):
            load_with_ssl(certificate, key)

    def test_with_a_curve_that_no_browser_knows_are_refused(self, tmp_path: Path) -> None:
        make_self_signed(tmp_path, "odd", "ec", "-pkeyopt", "ec_paramgen_curve:secp256k1")
        assert "browsers know no TLS with a key of this kind. Make" in refusal(
            tmp_path / "odd.crt", tmp_path / "odd.key"
        )

    @pytest.mark.parametrize(
        "algorithm", [["rsa:1024"], ["ec", "-pkeyopt", "ec_paramgen_curve:prime192v1"]]
    )
    def test_with_a_weak_ca_in_the_chain_are_refused(
        self, made: Originals, tmp_path: Path, algorithm: list[str]
    ) -> None:
        make_self_signed(tmp_path, "weak", *algorithm)
        chain = tmp_path / "chain.crt"
        chain.write_bytes(made["leaf.crt"] + (tmp_path / "weak.crt").read_bytes())
        assert "the key of certificate number 2 is too short" in refusal(
            chain, made.path("leaf.key")
        )
        with pytest.raises(ssl.SSLError, match="CA_KEY_TOO_SMALL"):
            load_with_ssl(chain, made.path("leaf.key"))

    def test_signed_with_sha_1_are_refused_but_not_a_root(self, tmp_path: Path) -> None:
        make_self_signed(tmp_path, "root", *ALGORITHMS["rsa"], "-sha1")
        sign(tmp_path, "old", "root", "-sha1")
        sign(tmp_path, "good", "root", "-sha256")
        certificate, key = tmp_path / "old.crt", tmp_path / "old.key"
        assert refusal(certificate, key) == (
            f"{certificate}: certificate number 1 is signed with MD5 or SHA-1,"
            " which can be forged. Have it signed anew, with SHA-256."
        )
        with pytest.raises(ssl.SSLError, match="CA_MD_TOO_WEAK"):
            load_with_ssl(certificate, key)
        chain = tmp_path / "chain.crt"
        chain.write_bytes(
            (tmp_path / "good.crt").read_bytes() + (tmp_path / "root.crt").read_bytes()
        )
        check(chain, tmp_path / "good.key")
        load_with_ssl(chain, tmp_path / "good.key")


def insert(number: int, line: bytes) -> Callable[[list[bytes]], None]:
    return lambda lines: lines.insert(number % (len(lines) + 1), line)


def delete(number: int) -> Callable[[list[bytes]], None]:
    return lambda lines: lines.__delitem__(number % len(lines))


def replace(number: int, pattern: bytes, replacement: bytes) -> Callable[[list[bytes]], None]:
    def mutate(lines: list[bytes]) -> None:
        index = number % len(lines)
        lines[index] = re.sub(pattern, replacement, lines[index], count=1)

    return mutate


numbers = st.integers(0, 100)

mutations = st.one_of(
    st.builds(insert, numbers, st.sampled_from([b"", b" ", b"Comment: x", b"a: b", b"AAAA", b"="])),
    st.builds(insert, numbers, st.sampled_from([b"-----BEGIN X-----", b"-----END X-----"])),
    st.builds(delete, numbers),
    st.builds(
        replace, numbers, st.just(b"$"), st.sampled_from([b"\r", b" \t", b"=", b"\0", b"\n"])
    ),
    st.builds(replace, numbers, st.just(b"^"), st.sampled_from([b" ", b"\xef\xbb\xbf", b"\n"])),
    st.builds(replace, numbers, st.just(b"(?<=^.{20})"), st.sampled_from([b" ", b"\n", b"*"])),
    st.builds(replace, numbers, st.just(b"PRIVATE"), st.sampled_from([b"RSA PRIVATE", b"EC"])),
    st.builds(replace, numbers, st.just(b"CERT"), st.sampled_from([b"X509 CERT", b"TRUSTED CERT"])),
)

files = st.sampled_from(
    [
        ["ecdsa.crt", "ecdsa.key"],
        ["sec1.key", "ecdsa.crt", "leaf.crt"],
        ["ecdsa.crt", "leaf.crt", "ecdsa.key", "sec1.key"],
        ["leaf.crt", "ecdsa.crt", "ecdsa.key"],
        ["rsa.crt", "pkcs1.enc.key"],
    ]
)


@settings(max_examples=300, deadline=None)
@given(files, st.lists(mutations, max_size=3))
def test_what_passes_the_check_loads_in_openssl(
    made: Originals, names: list[str], changes: list[Callable[[list[bytes]], None]]
) -> None:
    lines = b"".join(made[name] for name in names).splitlines()
    for change in changes:
        change(lines)
    path = made.path("changed.pem")
    path.write_bytes(b"\n".join(lines))
    try:
        check(path, None, b"secret")
    except ConfigError:
        return
    load_with_ssl(path, None, b"secret")
