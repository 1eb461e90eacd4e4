"""The chat of the examples as a program: over TLS, with clients of others, until a signal."""

import json
import os
import re
import signal
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
import trio
import websockets.exceptions
from websockets.sync.client import ClientConnection, connect

from .chromium import Page, open_chromium
from .command import UNMEASURED

PROGRAM = Path(__file__).parent.parent / "examples" / "chat.py"

# Pictures to look at, when a folder for them is named.
SCREENSHOTS = os.environ.get("TRIO_HTTPS_SCREENSHOTS")


class Running(NamedTuple):
    process: trio.Process
    url: str
    ca_file: Path

    @property
    def trust(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file)


@asynccontextmanager
async def running(folder: Path, port: int = 0) -> AsyncIterator[Running]:
    """Run the program with a home of its own; at the end, it is killed if it still runs."""
    run = partial(
        trio.run_process,
        [sys.executable, str(PROGRAM), "--port", str(port)],
        env=os.environ | UNMEASURED | {"TRIO_HTTPS_HOME": str(folder)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        check=False,
    )
    async with trio.open_nursery() as nursery:
        process: trio.Process = await nursery.start(run)
        assert process.stdout is not None
        output = b""
        while b"\n" not in output:
            output += await process.stdout.receive_some()
        yield Running(process, output.split()[0].decode(), folder / "ca" / "ca.crt")
        nursery.cancel_scope.cancel()


async def exit_code_and_errors(process: trio.Process) -> tuple[int, bytes]:
    assert process.stderr is not None
    errors = b"".join([bytes(piece) async for piece in process.stderr])
    return await process.wait(), errors


async def in_thread(program: Running, author: str, use: Any) -> Any:
    """Call ``use`` with a WebSocket of websockets' synchronous client, in a thread."""

    def run() -> Any:
        url = program.url.replace("https:", "wss:") + f"chat/{author}"
        with connect(url, ssl=program.trust, proxy=None) as connection:
            return use(connection)

    return await trio.to_thread.run_sync(run)


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM])
async def test_clients_of_others_talk_with_it_until_a_signal(
    signum: signal.Signals, tmp_path: Path
) -> None:
    heard: list[dict[str, Any]] = []

    def listen(connection: ClientConnection) -> int | None:
        connection.send("Hello")
        heard.append(json.loads(connection.recv(timeout=20)))
        heard.append(json.loads(connection.recv(timeout=20)))
        with pytest.raises(websockets.exceptions.ConnectionClosedOK):
            connection.recv(timeout=20)
        return connection.close_code

    async with (
        running(tmp_path) as program,
        httpx.AsyncClient(base_url=program.url, verify=program.trust, trust_env=False) as client,
        trio.open_nursery() as nursery,
    ):

        async def note_the_end() -> None:
            assert await in_thread(program, "Ada", listen) == 1001

        nursery.start_soon(note_the_end)
        assert "Hello" in (await client.get("/")).text
        async with client.stream("GET", "/vitals") as events:
            lines = events.aiter_lines()
            while not heard:
                vitals = await anext(lines)
                assert re.match(r"data: \{|retry: |$", vitals)
            posted = await client.post("/messages", json={"author": "Bob", "text": "Hi"})
            assert posted.status_code == 201
            assert len((await client.get("/messages")).json()) == 2
            while len(heard) < 2:
                await anext(lines)
            program.process.send_signal(signum)
            assert [line async for line in lines][-1] == ""
        assert await exit_code_and_errors(program.process) == (0, b"")
    assert [(message["author"], message["text"]) for message in heard] == [
        ("Ada", "Hello"),
        ("Bob", "Hi"),
    ]


def text_of(element: str) -> str:
    return f"document.getElementById('{element}').textContent.trim()"


async def wait_until(page: Page, expression: str) -> None:
    check = f"() => ({expression}) ? done() : setTimeout(check, 20)"
    await page.evaluate(f"new Promise(done => {{ const check = {check}; check() }})")


async def fill_in(page: Page, form: str, field: str, text: str) -> None:
    value = json.dumps(text)
    await page.evaluate(
        f"document.getElementById('{field}').value = {value};"
        f"document.getElementById('{form}').requestSubmit()"
    )


async def test_two_browsers_talk_and_see_the_numbers(tmp_path: Path) -> None:
    async with (
        running(tmp_path / "home") as program,
        open_chromium(tmp_path / "browser", trust=program.ca_file) as browser,
    ):
        there = f"{text_of('members')} === '0'"
        ada = await browser.open_page(program.url, until=there)
        bob = await browser.open_page(program.url, until=there, width=390, mobile=True, dark=True)
        for page, name in ((ada, "Ada"), (bob, "Bob")):
            await fill_in(page, "join", "name", name)
            await wait_until(page, "document.documentElement.dataset.state === 'joined'")
        await fill_in(ada, "say", "text", "Hello Bob! <b>&amp;")
        await wait_until(bob, f"{text_of('messages')} === 'Ada Hello Bob! <b>&amp;'")
        await fill_in(bob, "say", "text", "Hello Ada!")
        for page in (ada, bob):
            await wait_until(page, f"{text_of('messages')}.endsWith('Bob Hello Ada!')")
            await wait_until(page, f"{text_of('members')} === '2'")
            await wait_until(page, f"{text_of('messages-said')} === '2'")
            await wait_until(page, "document.getElementById('line').points.length > 2")
            if SCREENSHOTS:
                name = await page.evaluate("document.getElementById('name').value")
                await page.screenshot(Path(SCREENSHOTS) / f"chat-{name}.png", full_page=True)
            assert page.security_state == "secure"
            assert page.console_errors == []
            assert page.failed_requests == []
            assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_page_comes_back_to_a_server_that_was_restarted(tmp_path: Path) -> None:
    joined, away = (f"document.documentElement.dataset.state === '{s}'" for s in ("joined", "away"))
    async with running(tmp_path / "home") as program:
        pass  # now there is an authority to be trusted, and a port that is free
    port = urlsplit(program.url).port or 0
    async with open_chromium(tmp_path / "browser", trust=program.ca_file) as browser:
        async with running(tmp_path / "home", port) as program:
            page = await browser.open_page(program.url, until=f"{text_of('members')} === '0'")
            await fill_in(page, "join", "name", "Ada")
            await wait_until(page, joined)
            await fill_in(page, "say", "text", "Hello")
            await wait_until(page, f"{text_of('messages-said')} === '1'")
            program.process.terminate()
            assert await exit_code_and_errors(program.process) == (0, b"")
            await wait_until(page, away)
        async with running(tmp_path / "home", port):
            await wait_until(page, joined)
            await fill_in(page, "say", "text", "Hello again")
            await wait_until(page, f"{text_of('messages')} === 'Ada Hello again'")
            await wait_until(page, f"{text_of('messages-said')} === '1'")
            await wait_until(page, f"{text_of('members')} === '1'")
