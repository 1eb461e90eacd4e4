"""A real browser, which trusts the CA and ignores no error, shows a closed padlock."""

import os
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from .chromium import BrowserError, open_chromium
from .command import RunningCommand, start_server

ROOT = Path(__file__).parent.parent
PAGES = str(ROOT / "pages")
READY = "document.documentElement.dataset.state === 'ready'"

# Pictures to look at, of the page as a newcomer sees it, when a folder for them is named.
SCREENSHOTS = os.environ.get("TRIO_HTTPS_SCREENSHOTS")

WIDTHS = {
    "desktop": {"width": 1280, "height": 900},
    "phone": {"width": 390, "height": 844, "mobile": True},
    "phone-dark": {"width": 390, "height": 844, "mobile": True, "dark": True},
}


def text_of(element: str) -> str:
    return f"document.getElementById('{element}').textContent.trim()"


@pytest.mark.parametrize("name", WIDTHS)
async def test_the_welcome_page_is_secure_and_shows_its_own_connection(
    name: str, tmp_path: Path
) -> None:
    with start_server(PAGES, folder=tmp_path) as server:
        async with open_chromium(tmp_path / "browser", trust=server.ca_file) as browser:
            view: dict[str, Any] = WIDTHS[name]
            page = await browser.open_page(server.url, until=READY, **view)
            if SCREENSHOTS:
                await page.screenshot(Path(SCREENSHOTS) / f"{name}.png", full_page=True)
            assert page.security_state == "secure"
            assert page.console_errors == []
            assert page.failed_requests == []
            certificate = page.security["certificateSecurityState"]
            # DevTools names version and cipher in its own way: "TLS 1.3", "AES_128_GCM".
            shown = await page.evaluate(text_of("tls-version"))
            assert shown.replace("v", " ") == certificate["protocol"]
            assert certificate["cipher"] in await page.evaluate(text_of("cipher-suite"))
            assert await page.evaluate(text_of("alpn")) == "http/1.1"
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            log_line = await page.evaluate(text_of("log-line"))
    assert_logged(server, log_line)


def assert_logged(server: RunningCommand, shown: str) -> None:
    """The line that the page shows stands in the log; only the time it took is not known before."""
    without_duration = shown.rpartition(" ")[0]
    assert without_duration in server.stdout


@pytest.mark.parametrize("name", WIDTHS)
async def test_the_handshake_page_draws_the_handshake_of_its_own_connection(
    name: str, tmp_path: Path
) -> None:
    with start_server(PAGES, folder=tmp_path) as server:
        async with open_chromium(tmp_path / "browser", trust=server.ca_file) as browser:
            view: dict[str, Any] = WIDTHS[name]
            page = await browser.open_page(f"{server.url}handshake", until=READY, **view)
            if SCREENSHOTS:
                picture = Path(SCREENSHOTS) / f"handshake-{name}.png"
                await page.screenshot(picture, full_page=True)
            assert page.security_state == "secure"
            assert page.console_errors == []
            assert page.failed_requests == []
            titles = "[...document.querySelectorAll('.title')].map(e => e.textContent)"
            drawn = await page.evaluate(titles)
            assert drawn[:3] == ["ClientHello", "ServerHello", "Both sides make the keys"]
            suite = page.security["certificateSecurityState"]["cipher"]
            assert suite in await page.evaluate(text_of("agreed"))
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_without_the_authority_the_browser_refuses_the_page(tmp_path: Path) -> None:
    with start_server(PAGES, folder=tmp_path) as server:
        async with open_chromium(tmp_path / "browser", trust=None) as browser:
            with pytest.raises(BrowserError, match="net::ERR_CERT_AUTHORITY_INVALID"):
                await browser.open_page(server.url)
        server.wait_for_stderr("TLS handshake failed: .*certificate_unknown")


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]"])
async def test_the_loopback_addresses_are_secure_too(host: str, tmp_path: Path) -> None:
    with start_server(PAGES, folder=tmp_path) as server:
        async with open_chromium(tmp_path / "browser", trust=server.ca_file) as browser:
            page = await browser.open_page(f"https://{host}:{server.port}/", until=READY)
            assert page.security_state == "secure"


async def test_a_page_of_another_origin_learns_nothing_of_the_connection(tmp_path: Path) -> None:
    with start_server(PAGES, folder=tmp_path) as server:
        async with open_chromium(tmp_path / "browser", trust=server.ca_file) as browser:
            page = await browser.open_page(f"https://127.0.0.1:{server.port}/", until=READY)
            url = f"https://localhost:{server.port}/.trio-https/connection"
            fetch = "fetch('{url}', {{mode: '{mode}'}}).then(r => r.text()).catch(() => 'refused')"
            assert await page.evaluate(fetch.format(url=url, mode="cors")) == "refused"
            # An opaque response: there, but not to be read (Fetch standard).
            assert await page.evaluate(fetch.format(url=url, mode="no-cors")) == ""


async def test_the_page_for_what_is_not_there_is_the_folders_own(tmp_path: Path) -> None:
    with start_server(PAGES, folder=tmp_path) as server:
        async with open_chromium(tmp_path / "browser", trust=server.ca_file) as browser:
            page = await browser.open_page(f"{server.url}no/such/page")
            assert page.security_state == "secure"
            assert await page.evaluate("document.styleSheets.length") > 0
            if SCREENSHOTS:
                await page.screenshot(Path(SCREENSHOTS) / "404.png")


async def test_the_certificate_shown_is_the_one_presented(tmp_path: Path) -> None:
    with start_server(PAGES, folder=tmp_path) as server:
        presented = ssl.get_server_certificate(("127.0.0.1", server.port))
        async with open_chromium(tmp_path / "browser", trust=server.ca_file) as browser:
            page = await browser.open_page(server.url, until=READY)
            digest = x509.load_pem_x509_certificate(presented.encode()).fingerprint(SHA256())
            shown = await page.evaluate(text_of("sha256"))
            assert "".join(shown.replace(":", "").split()).lower() == digest.hex()
