"""The pytest plugin, in runs of pytest of its own: with pytest-trio and without."""

import importlib
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from ..command import UNMEASURED

ROOT = Path(__file__).parent.parent.parent
PLUGIN = ("-p", "trio_https_pytest")
PYTEST_TRIO = ("-p", "pytest_trio.plugin")

ASYNC_TESTS = """
import pytest
import trio
from trio_https import Response

pytestmark = pytest.mark.trio


async def hello(request):
    await trio.sleep(float(request.query or 0))
    return Response.text(f"Hello over {request.tls and request.tls.version}")


async def fail(request):
    raise LookupError("no such thing")


async def test_clients_are_opened(open_https_client, autojump_clock):
    client = await open_https_client(hello)
    plain = await open_https_client(hello, tls=False)
    assert (await client.get("/?60")).text == "Hello over TLSv1.3"
    assert (await plain.get("/")).text == "Hello over None"
    assert trio.current_time() == 60


async def test_servers_are_started(start_https_server, https_client_context):
    for server in [await start_https_server(hello), await start_https_server(hello)]:
        async with await trio.open_ssl_over_tcp_stream(
            "localhost", server.port, ssl_context=https_client_context
        ) as stream:
            await stream.send_all(b"GET / HTTP/1.0\\r\\n\\r\\n")
            assert (await stream.receive_some()).endswith(b"Hello over TLSv1.3")


async def test_a_bug_of_the_handler_is_raised(open_https_client):
    client = await open_https_client(fail)
    with pytest.raises(LookupError):
        await client.get("/")


async def test_one_that_nobody_met_fails(open_https_client, autojump_clock):
    async def fail_later(request):
        request.outlive_client()
        await trio.sleep(10)
        raise LookupError("too late")

    client = await open_https_client(fail_later)
    with trio.move_on_after(1):
        await client.get("/")


async def test_an_exception_fails(open_https_client):
    await open_https_client(hello)
    raise RuntimeError("of the test")
"""
LIST_MODULES = """
import sys


def test_modules():
    print("LOADED", *sorted(name for name in sys.modules if name.startswith("trio_https")))
"""


# Two runs of pytest, each with all its imports.
pytestmark = pytest.mark.timeout(180)


def run_pytest(folder: Path, content: str, *arguments: str) -> str:
    """Run pytest over a file, with no plugins but those that are given; return what it prints."""
    (folder / "test_it.py").write_text(content)
    (folder / "pytest.ini").write_text("[pytest]\nfilterwarnings = error\n")
    environment = {
        **os.environ,
        **UNMEASURED,
        "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        "PYTHONPATH": str(ROOT),
        "PYTEST_ADDOPTS": "",
    }
    command = [sys.executable, "-m", "pytest", *arguments]
    finished = subprocess.run(
        command, capture_output=True, text=True, cwd=folder, env=environment, timeout=60
    )
    return finished.stdout + finished.stderr


def test_its_fixtures_are_there_with_pytest_trio(tmp_path: Path) -> None:
    output = run_pytest(tmp_path, ASYNC_TESTS, *PLUGIN, *PYTEST_TRIO, "-rA")
    assert "3 passed" in output, output
    assert "FAILED test_it.py::test_one_that_nobody_met_fails - LookupError" in output
    assert "FAILED test_it.py::test_an_exception_fails - RuntimeError" in output


@pytest.mark.parametrize("order", [PLUGIN + PYTEST_TRIO, PYTEST_TRIO + PLUGIN])
def test_they_are_listed_in_either_order(order: tuple[str, ...], tmp_path: Path) -> None:
    output = run_pytest(tmp_path, "", *order, "--fixtures")
    for name in ("open_https_client", "start_https_server", "https_client_context"):
        assert f"\n{name} -- " in output


def test_there_are_none_without_it(tmp_path: Path) -> None:
    output = run_pytest(tmp_path, "", *PLUGIN, "--fixtures")
    assert "https" not in output.replace("trio_https", "")


def test_it_loads_nothing_until_a_fixture_is_used(tmp_path: Path) -> None:
    output = run_pytest(tmp_path, LIST_MODULES, *PLUGIN, "-s")
    assert "LOADED trio_https_pytest\n" in output
    output = run_pytest(tmp_path, LIST_MODULES, *PLUGIN, *PYTEST_TRIO, "-s")
    assert "LOADED trio_https_pytest trio_https_pytest.fixtures\n" in output


def test_pytest_finds_it() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    [(name, module)] = project["project"]["entry-points"]["pytest11"].items()
    assert name == "trio_https"
    assert hasattr(importlib.import_module(module), "pytest_configure")
    assert module in project["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]
