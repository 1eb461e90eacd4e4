"""What the command says of a server that has come up: where its certificate is refused, and why."""

import re
from pathlib import Path

import pytest
import trustme

from trio_https import Identities
from trio_https.certificates.local_issuer import LocalIssuer
from trio_https.cli.announcement import announce
from trio_https.cli.identity import Identity

from .identities.key_files import write_pair

LOCAL = LocalIssuer(Path("/home/ada/ca.crt"), "local", "AB:CD")


@pytest.fixture
def trusted(authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "trusted.pem"
    authority.cert_pem.write_to_path(path)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))


@pytest.fixture
def told(authority: trustme.CA, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> "Tell":
    return Tell(authority, tmp_path, capsys)


class Tell:
    """Announces a server whose certificates have the given names."""

    def __init__(
        self, authority: trustme.CA, folder: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._authority, self._folder, self._capsys = authority, folder, capsys

    def __call__(
        self,
        urls: list[str],
        *certificates: list[str],
        by: LocalIssuer | None = None,
        exposed: list[str] | None = None,
    ) -> str:
        pairs = [
            write_pair(self._authority, self._folder, str(number), *names)
            for number, names in enumerate(certificates)
        ]
        announce(urls, Identity(Identities(pairs), (), by), exposed=exposed or [])
        return self._capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "certificates"),
    [
        ("https://localhost:8443/", [["localhost"]]),
        ("https://127.0.0.1/", [["localhost", "127.0.0.1"]]),
        ("https://[::1]:8443/x/", [["::1"]]),
        ("https://www.a.test/", [["other.test"], ["*.A.test"]]),
    ],
)
@pytest.mark.usefixtures("trusted")
def test_where_the_certificate_fits_and_is_trusted_there_is_nothing_else_to_tell(
    url: str, certificates: list[list[str]], told: Tell
) -> None:
    assert told([url], *certificates) == f"\n  {url}\n\n  Trusted by this machine's clients.\n\n"


@pytest.mark.parametrize(
    ("url", "certificates", "refused", "remedy"),
    [
        (
            "https://localhost:8443/",
            [["a.org", "www.a.org"]],
            "localhost",
            "Open https://a.org:8443/ if that leads here, or make one: {NEW} localhost",
        ),
        (
            "https://192.168.1.7/x/",
            [["*.example.org"]],
            "192.168.1.7",
            "Make one: {NEW} 192.168.1.7",
        ),
        (
            "https://192.0.2.7:8443/x/",
            [["::1"]],
            "192.0.2.7",
            "Open https://[::1]:8443/x/ if that leads here, or have one made that is.",
        ),
        (  # no client says by SNI that it wants an address
            "https://127.0.0.1/",
            [["*.a.test"], ["127.0.0.1"]],
            "127.0.0.1",
            "Make one: {NEW} 127.0.0.1",
        ),
    ],
)
@pytest.mark.usefixtures("trusted")
def test_a_url_that_the_certificate_is_not_for_is_told_with_what_to_do(
    url: str, certificates: list[list[str]], refused: str, remedy: str, told: Tell
) -> None:
    assert told([url], *certificates).splitlines()[3:] == [
        f"  The certificate is not for {refused}, and clients refuse it there.",
        f"  {remedy.format(NEW='trio-https cert new --ca local')}",
        # A question of its own: the authority is trusted.
        "  Trusted by this machine's clients.",
        "",
    ]


def test_what_to_trust_and_how_to_try_it_is_told_for_the_url_that_the_certificate_fits(
    told: Tell,
) -> None:
    urls = ["https://127.0.0.1:8443/", "https://[::1]:8443/"]
    text = told(urls, ["::1"], by=LOCAL, exposed=["https://vm.local:8443/"])
    assert "not for 127.0.0.1, vm.local, and clients refuse it at these.\n" in text
    assert "cert new --ca local 127.0.0.1 vm.local\n" in text
    assert "  Not trusted by this machine's clients yet: unable to get local issuer" in text
    assert "  Run trio-https trust, and they and your browsers do.\n" in text
    assert "    file     /home/ada/ca.crt\n    SHA-256  AB:CD\n" in text
    assert "  Or try:  curl --cacert /home/ada/ca.crt https://[::1]:8443/\n" in text


def test_nothing_is_to_be_tried_that_is_bound_to_fail(told: Tell) -> None:
    text = told(["https://localhost/"], ["a.test"], by=LOCAL)
    assert "SHA-256  AB:CD" in text
    assert "curl" not in text


def test_where_the_authority_is_somebody_elses_the_doctor_is_to_be_asked(told: Tell) -> None:
    text = told(["https://[::1]/"], ["::1"])
    assert re.search(r"\n    trio-https doctor --host ::1 --port 443\n\n$", text)
