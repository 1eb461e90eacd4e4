"""A real browser, which trusts the CA and ignores no error, shows a closed padlock."""

import os
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from .chromium import Browser, BrowserError, Page, open_chromium
from .command import RunningCommand, start_server

ROOT = Path(__file__).parent.parent
PAGES = str(ROOT / "pages")
READY = "document.documentElement.dataset.state === 'ready'"

# Pictures to look at, of the page as a newcomer sees it, when a folder for them is named.
SCREENSHOTS = os.environ.get("TRIO_HTTPS_SCREENSHOTS")

WIDTHS: dict[str, dict[str, Any]] = {
    "desktop": {"width": 1280, "height": 900},
    "phone": {"width": 390, "height": 844, "mobile": True},
    "phone-dark": {"width": 390, "height": 844, "mobile": True, "dark": True},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCommand]:
    """The command, which serves the welcome pages to all browsers of this file."""
    with start_server(PAGES, folder=tmp_path_factory.mktemp("padlock")) as server:
        yield server


def text_of(element: str) -> str:
    return f"document.getElementById('{element}').textContent.trim()"


async def test_the_welcome_page_is_secure_and_shows_its_own_connection(
    server: RunningCommand, tmp_path: Path
) -> None:
    async with open_chromium(tmp_path / "browser", trust=server.ca_file) as browser:
        for name in WIDTHS:
            page = await open_in(browser, server.url, name)
            certificate = page.security["certificateSecurityState"]
            # DevTools names version and cipher in its own way: "TLS 1.3", "AES_128_GCM".
            shown = await page.evaluate(text_of("tls-version"))
            assert shown.replace("v", " ") == certificate["protocol"]
            assert certificate["cipher"] in await page.evaluate(text_of("cipher-suite"))
            assert await page.evaluate(text_of("alpn")) == "http/1.1"
            wait_for_log(server, await page.evaluate(text_of("log-line")))


async def open_in(browser: Browser, url: str, name: str, *, picture: str = "") -> Page:
    """Open a page in a window of one of the widths, into which it fits, without any complaint."""
    page = await browser.open_page(url, until=READY, **WIDTHS[name])
    if SCREENSHOTS:
        await page.screenshot(Path(SCREENSHOTS) / f"{picture}{name}.png", full_page=True)
    assert page.security_state == "secure", name
    assert page.console_errors == [], name
    assert page.failed_requests == [], name
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
    return page


def wait_for_log(server: RunningCommand, shown: str) -> None:
    """The line that the page shows stands in the log; only the time it took is not known before."""
    without_duration = shown.rpartition(" ")[0]
    server.wait_for_stdout(re.escape(without_duration))


async def test_the_handshake_page_draws_the_handshake_of_its_own_connection(
    server: RunningCommand, tmp_path: Path
) -> None:
    async with open_chromium(tmp_path / "browser", trust=server.ca_file) as browser:
        for name in WIDTHS:
            page = await open_in(browser, f"{server.url}handshake", name, picture="handshake-")
            titles = "[...document.querySelectorAll('.title')].map(e => e.textContent)"
            drawn = await page.evaluate(titles)
            assert drawn[:3] == ["ClientHello", "ServerHello", "Both sides make the keys"]
            suite = page.security["certificateSecurityState"]["cipher"]
            assert suite in await page.evaluate(text_of("agreed"))


async def test_without_the_authority_the_browser_refuses_the_page(
    server: RunningCommand, tmp_path: Path
) -> None:
    async with open_chromium(tmp_path / "browser", trust=None) as browser:
        with pytest.raises(BrowserError, match="net::ERR_CERT_AUTHORITY_INVALID"):
            await browser.open_page(server.url)
    server.wait_for_stderr("TLS handshake failed: .*certificate_unknown")


async def test_the_loopback_addresses_are_secure_too(
    server: RunningCommand, tmp_path: Path
) -> None:
    async with open_chromium(tmp_path / "browser", trust=server.ca_file) as browser:
        for host in ("127.0.0.1", "[::1]"):
            page = await browser.open_page(f"https://{host}:{server.port}/", until=READY)
            assert page.security_state == "secure", host


async def test_a_page_of_another_origin_learns_nothing_of_the_connection(
    server: RunningCommand, tmp_path: Path
) -> None:
    async with open_chromium(tmp_path / "browser", trust=server.ca_file) as browser:
        page = await browser.open_page(f"https://127.0.0.1:{server.port}/", until=READY)
        url = f"https://localhost:{server.port}/.trio-https/connection"
        fetch = "fetch('{url}', {{mode: '{mode}'}}).then(r => r.text()).catch(() => 'refused')"
        assert await page.evaluate(fetch.format(url=url, mode="cors")) == "refused"
        # An opaque response: there, but not to be read (Fetch standard).
        assert await page.evaluate(fetch.format(url=url, mode="no-cors")) == ""


async def test_the_page_for_what_is_not_there_is_the_folders_own(
    server: RunningCommand, tmp_path: Path
) -> None:
    async with open_chromium(tmp_path / "browser", trust=server.ca_file) as browser:
        page = await browser.open_page(f"{server.url}no/such/page")
        assert page.security_state == "secure"
        assert await page.evaluate("document.styleSheets.length") > 0
        if SCREENSHOTS:
            await page.screenshot(Path(SCREENSHOTS) / "404.png")


async def test_the_certificate_shown_is_the_one_presented(
    server: RunningCommand, tmp_path: Path
) -> None:
    presented = ssl.get_server_certificate(("127.0.0.1", server.port))
    async with open_chromium(tmp_path / "browser", trust=server.ca_file) as browser:
        page = await browser.open_page(server.url, until=READY)
        digest = x509.load_pem_x509_certificate(presented.encode()).fingerprint(SHA256())
        shown = await page.evaluate(text_of("sha256"))
        assert "".join(shown.replace(":", "").split()).lower() == digest.hex()
