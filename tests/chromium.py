"""Headless Chromium for tests, driven over its DevTools protocol.

A browser here has a profile and a home folder of its own. Its NSS database trusts one more CA, and
no certificate error is ignored: a page that loads does so because its certificate chain holds.
Every wait has a deadline, names other than localhost do not resolve, and the process ends with its
block. Nothing here knows of trio_https.
"""

import base64
import json
import os
import re
import signal
import subprocess
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager, suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_client_stream

from .programs import require_program

__all__ = ["Browser", "BrowserError", "Page", "open_chromium"]

START_TIMEOUT = 30.0  # seconds; a first start on a busy machine takes up to ten
COMMAND_TIMEOUT = 20.0
END_TIMEOUT = 5.0
MAX_MESSAGE_BYTES = 64 * 1024 * 1024  # the screenshot of a long page comes in one message

ARGUMENTS = (
    "--headless",
    "--remote-debugging-port=0",
    "--hide-scrollbars",
    "--no-first-run",
    "--no-proxy-server",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE *localhost, EXCLUDE 127.0.0.1, EXCLUDE ::1",
)


class BrowserError(Exception):
    """Chromium did not start, went away, or refused: ``net::ERR_CERT_AUTHORITY_INVALID``, say."""


class Page:
    """A tab, with what went wrong in it since it was opened."""

    def __init__(self, browser: "Browser", session_id: str) -> None:
        self.security: dict[str, Any] = {}
        """DevTools' Security.VisibleSecurityState of the page that was loaded last."""
        self.console_errors: list[str] = []
        """Errors and warnings: of scripts, of the browser (CSP, a 404), uncaught exceptions."""
        self.failed_requests: list[str] = []
        """URL and reason of each request that got no response."""
        self._send = partial(browser.send, to_session=session_id)
        self._wait_for = browser.wait_for
        self._reached: set[tuple[str, str]] = set()
        self._urls: dict[str, str] = {}

    @property
    def security_state(self) -> str:
        """The icon in the address bar: "secure" is the closed padlock."""
        return str(self.security["securityState"])

    async def goto(self, url: str, *, until: str | None = None) -> None:
        """Load ``url``; return when it is there and the network is idle.

        With ``until``, a JavaScript expression, return as soon as that is true instead. Raises
        ``BrowserError`` with Chromium's name of the error where no page came.
        """
        navigation = await self._send("Page.navigate", url=url)
        if error := navigation.get("errorText"):
            raise BrowserError(f"{url}: {error}")
        loader = navigation["loaderId"]
        await self._wait_for(lambda: (loader, "load") in self._reached)
        if until is None:
            await self._wait_for(lambda: (loader, "networkIdle") in self._reached)
        else:
            again = f"() => ({until}) ? done() : setTimeout(check, 10)"
            await self.evaluate(f"new Promise(done => {{ const check = {again}; check() }})")
        # A state that did not change is announced only to a domain that was just enabled.
        self.security = {}
        await self._send("Security.disable")
        await self._send("Security.enable")
        await self._wait_for(lambda: bool(self.security))

    async def evaluate(self, expression: str) -> Any:
        """Return the value of a JavaScript expression, which must be JSON; a promise is awaited.

        Raises ``BrowserError`` with the message and stack of a JavaScript exception.
        """
        reply = await self._send(
            "Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True
        )
        if details := reply.get("exceptionDetails"):
            raise BrowserError(_exception_text(details))
        return reply["result"].get("value")

    async def screenshot(self, path: Path, *, full_page: bool = False) -> None:
        """Write a PNG of what the window shows, or of the page from top to bottom."""
        options: dict[str, Any] = {}
        if full_page:
            size = (await self._send("Page.getLayoutMetrics"))["cssContentSize"]
            options = {"captureBeyondViewport": True, "clip": {**size, "scale": 1}}
        picture = await self._send("Page.captureScreenshot", **options)
        await trio.Path(path).write_bytes(base64.b64decode(picture["data"]))

    async def _set_up(self, width: int, height: int, *, mobile: bool, dark: bool) -> None:
        for domain in ("Page", "Runtime", "Log", "Network"):
            await self._send(f"{domain}.enable")
        await self._send("Page.setLifecycleEventsEnabled", enabled=True)
        size: dict[str, Any] = {"width": width, "height": height, "deviceScaleFactor": 1 + mobile}
        await self._send("Emulation.setDeviceMetricsOverride", **size, mobile=mobile)
        await self._send("Emulation.setTouchEmulationEnabled", enabled=mobile)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        await self._send("Emulation.setEmulatedMedia", features=[scheme])

    def _take_event(self, method: str, event: dict[str, Any]) -> None:
        match method:
            case "Page.lifecycleEvent":
                self._reached.add((event["loaderId"], event["name"]))
            case "Security.visibleSecurityStateChanged":
                self.security = event["visibleSecurityState"]
            case "Network.requestWillBeSent":
                self._urls[event["requestId"]] = event["request"]["url"]
            case "Network.loadingFailed":
                url = self._urls.get(event["requestId"], "?")
                self.failed_requests.append(f"{url}: {event['errorText']}")
            case "Runtime.exceptionThrown":
                self.console_errors.append(_exception_text(event["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if event["type"] in {"error", "warning", "assert"}:
                words = [str(a.get("value", a.get("description"))) for a in event["args"]]
                self.console_errors.append(" ".join(words))
            case "Log.entryAdded" if event["entry"]["level"] in {"error", "warning"}:
                entry = event["entry"]
                self.console_errors.append(f"{entry['text']} {entry.get('url', '')}")


class Browser:
    """A running Chromium. Closed, with its pages, by ``open_chromium``."""

    def __init__(self, connection: WebSocketConnection) -> None:
        self._connection = connection
        self._ids = count(1)
        self._replies: dict[int, dict[str, Any]] = {}
        self._pages: dict[str, Page] = {}
        self._gone = False
        self._news = trio.lowlevel.ParkingLot()

    async def open_page(
        self,
        url: str,
        *,
        width: int = 1280,
        height: int = 900,
        mobile: bool = False,
        dark: bool = False,
        until: str | None = None,
    ) -> Page:
        """Open a tab of that size in CSS pixels and load ``url``: see ``Page.goto``.

        ``mobile`` is a touch screen with two device pixels to a CSS pixel, ``dark`` a user who
        prefers dark colours.
        """
        target = (await self.send("Target.createTarget", url="about:blank"))["targetId"]
        session = await self.send("Target.attachToTarget", targetId=target, flatten=True)
        session_id = session["sessionId"]
        page = self._pages[session_id] = Page(self, session_id)
        await page._set_up(width, height, mobile=mobile, dark=dark)
        await page.goto(url, until=until)
        return page

    async def send(self, method: str, *, to_session: str = "", **params: Any) -> dict[str, Any]:
        """Send a command of the DevTools protocol and return its result."""
        number = next(self._ids)
        session = {"sessionId": to_session} if to_session else {}
        command = {"id": number, "method": method, "params": params, **session}
        with trio.fail_after(COMMAND_TIMEOUT):
            await self._connection.send_message(json.dumps(command))
        await self.wait_for(lambda: number in self._replies)
        reply = self._replies.pop(number)
        if "error" in reply:
            raise BrowserError(f"{method}: {reply['error']['message']}")
        return dict(reply["result"])

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Return when ``condition``, which some message from Chromium makes true, is true."""
        with trio.fail_after(COMMAND_TIMEOUT):
            while not condition():
                if self._gone:
                    raise BrowserError("Chromium has gone")
                await self._news.park()

    async def _receive_messages(self) -> None:
        with suppress(ConnectionClosed):
            while True:
                message = json.loads(await self._connection.get_message())
                if "id" in message:
                    self._replies[message["id"]] = message
                elif page := self._pages.get(message.get("sessionId")):
                    page._take_event(message["method"], message["params"])
                self._news.unpark_all()
        self._gone = True
        self._news.unpark_all()


@asynccontextmanager
async def open_chromium(profile: Path, *, trust: Path | None = None) -> AsyncGenerator[Browser]:
    """Run a headless Chromium that keeps its files in ``profile`` and trusts the CA in ``trust``.

    ``trust`` is a PEM file. The test is skipped, in CI failed, where the programs are missing. The
    process and its children are gone when the block is left, in whatever way.
    """
    home = profile / "home"
    await _fill_home(home, trust)
    command = [require_program("chromium"), f"--user-data-dir={profile / 'data'}", *ARGUMENTS]
    if os.geteuid() == 0:
        command.append("--no-sandbox")  # as root, Chromium does not start with it
    try:
        async with trio.open_nursery() as nursery:
            url = urlsplit(await nursery.start(_run, nursery, command, home))
            # A stream of our own: the library leaves its one open when Chromium crashes.
            async with await trio.open_tcp_stream("127.0.0.1", url.port or 0) as stream:
                with trio.fail_after(COMMAND_TIMEOUT):
                    connection = await wrap_client_stream(
                        nursery, stream, url.netloc, url.path, max_message_size=MAX_MESSAGE_BYTES
                    )
                browser = Browser(connection)
                nursery.start_soon(browser._receive_messages)
                yield browser
            nursery.cancel_scope.cancel()
    except BaseExceptionGroup as group:
        if len(group.exceptions) > 1:
            raise
        raise group.exceptions[0] from group.exceptions[0].__cause__  # what the block raised


async def _fill_home(home: Path, trust: Path | None) -> None:
    # Where Chromium on Linux looks for what a user trusts beyond its own list.
    database = home / ".pki" / "nssdb"
    database.mkdir(parents=True, exist_ok=True)
    certutil = [require_program("certutil"), "-d", f"sql:{database}"]
    with trio.fail_after(COMMAND_TIMEOUT):
        if not (database / "cert9.db").exists():
            await trio.run_process([*certutil, "-N", "--empty-password"])
        if trust is not None:
            await trio.run_process([*certutil, "-A", "-n", "CA", "-t", "C,,", "-i", str(trust)])


async def _run(
    nursery: trio.Nursery, command: list[str], home: Path, *, task_status: trio.TaskStatus[str]
) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")}
    run = partial(
        trio.run_process,
        command,
        env=environment | {"HOME": str(home)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        check=False,
        start_new_session=True,
        deliver_cancel=_end,
    )
    async with (await nursery.start(run)).stderr as stderr:
        task_status.started(await _read_address(stderr))
        async for _ in stderr:
            pass  # a full pipe would stop Chromium


async def _end(process: trio.Process) -> None:
    # At SIGINT Chromium tidies up; at SIGTERM it leaves a folder in /tmp and children behind.
    process.send_signal(signal.SIGINT)
    await trio.sleep(END_TIMEOUT)  # cancelled by the end of the process
    os.killpg(process.pid, signal.SIGKILL)


async def _read_address(stderr: trio.abc.ReceiveStream) -> str:
    output = b""
    with trio.fail_after(START_TIMEOUT):
        async for chunk in stderr:
            output += chunk
            if found := re.search(rb"^DevTools listening on (ws://\S+)\n", output, re.MULTILINE):
                return found[1].decode()
    raise BrowserError(f"Chromium did not start:\n{output.decode(errors='replace')}")


def _exception_text(details: dict[str, Any]) -> str:
    return str(details.get("exception", {}).get("description", details["text"]))
