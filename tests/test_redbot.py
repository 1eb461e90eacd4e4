"""REDbot over the welcome pages and a folder of all kinds: what it holds against our answers.

It knows the RFCs by code that is not ours, asks as caches and browsers do, and says of each answer
what is good, bad, or worth a warning. No bad note and no warning stays without its reason here.
"""

import gzip
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from .command import DEADLINE, UNMEASURED, start_server
from .pages.asking import write
from .programs import require_package

ROOT = Path(__file__).parent.parent

WELCOME_PAGES = {
    "index.html": "/",
    "404.html": "/404",
    "style.css": "/style.css",
    "connection.js": "/connection.js",
    "handshake.html": "/handshake",
    "handshake.css": "/handshake.css",
    "handshake.js": "/handshake.js",
    "favicon.svg": "/favicon.svg",
}

# What REDbot has tried, and found to be right.
TAG = "INM_304"  # If-None-Match
DATE = "IMS_304"  # If-Modified-Since
PART = "RANGE_CORRECT"
GZIP = "CONNEG_GZIP_GOOD"
FILE = {TAG, DATE, PART}
TEXT = {TAG, DATE, PART, GZIP}

ANSWERS: dict[str, tuple[int, set[str]]] = {
    "/": (200, TEXT),
    "/404": (200, TEXT),
    "/style.css": (200, TEXT),
    "/connection.js": (200, TEXT),
    "/handshake": (200, TEXT),
    "/handshake.css": (200, TEXT),
    "/handshake.js": (200, TEXT),
    "/favicon.svg": (200, FILE),
    "/.trio-https/connection": (200, set()),
    "/.trio-https/handshake": (200, set()),
    "/missing": (404, {GZIP}),
    "/index.html": (301, set()),
    "/all": (301, set()),
    "/old": (302, set()),
    "/moved": (301, set()),
    "/all/": (200, {TAG, GZIP}),
    "/all/picture.png": (200, FILE),
    "/all/paper.pdf": (200, FILE),
    "/all/film.mp4": (200, FILE),
    "/all/font.woff2": (200, FILE),
    "/all/big.bin": (200, FILE),
    "/all/app.8e0d62a0.js": (200, TEXT),
    "/all/neighbour.css": (200, TEXT),
    "/all/tiny.txt": (200, FILE),
    "/all/empty.txt": (200, {TAG, DATE}),
}

NO_CONTENT = (
    "RFC 9110 §15.4.2: a 301 may be kept without being asked about, for how long is the guess of"
    " each cache, and no-cache forbids that. A redirect has no content: to get it again costs what"
    " a 304 would, so it needs no validator."
)
EXPLAINED = {
    ("/index.html", "FRESHNESS_NO_CACHE_NO_VALIDATOR"): NO_CONTENT,
    ("/all", "FRESHNESS_NO_CACHE_NO_VALIDATOR"): NO_CONTENT,
    ("/moved", "FRESHNESS_NO_CACHE_NO_VALIDATOR"): NO_CONTENT,
    ("/all/film.mp4", "CONTENT_TYPE_MISMATCH"): (
        "The type is right, and so are the bytes. sniffpy, by which REDbot tells types by content,"
        " looks for films that are so called among the pictures only, and finds none."
    ),
    ("/all/tiny.txt", "RANGE_CL_FULL"): (
        "REDbot asks for 97 bytes, which is all of this file. RFC 9110 §14.2: the last position may"
        " be beyond the end, and §15.3.7: a part may be the whole."
    ),
}


class Finding(NamedTuple):
    status: int
    errors: list[str]
    notes: list[dict[str, str]]
    """Each with its level, name and summary."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the pages in ``site``, old enough for their entity tags to be strong."""
    require_package("redbot")
    folder = tmp_path_factory.mktemp("redbot")
    fill(folder / "site")
    time.sleep(2.1)
    return folder


@pytest.fixture(scope="module", params=["file", "content"])
def etag(request: pytest.FixtureRequest) -> str:
    """What entity tags are made of: the status of a file, or what is in it."""
    return str(request.param)


@pytest.fixture(scope="module")
def findings(folder: Path, etag: str) -> dict[str, Finding]:
    """What REDbot has found at each target, where the command serves as a user runs it."""
    with start_server("site", "--listing", "--etag", etag, folder=folder) as server:
        return ask_redbot(f"https://127.0.0.1:{server.port}")


def fill(site: Path) -> None:
    """Put the welcome pages there, and beside them a file of each kind."""
    shutil.copytree(ROOT / "pages", site)
    write(site / "_redirects", "/old /all/ 302\n/moved /all/ 301\n")
    folder = site / "all"
    for name, signature in {
        "picture.png": b"\x89PNG\r\n\x1a\n",
        "paper.pdf": b"%PDF-1.7\n",
        "film.mp4": b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom",
        "font.woff2": b"wOF2",
    }.items():
        write(folder / name, signature + bytes(range(256)) * 40)
    write(folder / "big.bin", bytes(range(256)) * 12_000)
    write(folder / "app.8e0d62a0.js", "let answer = 42;\n" * 500)
    style = "body { color: rebeccapurple }\n" * 500
    write(folder / "neighbour.css", style)
    write(folder / "neighbour.css.gz", gzip.compress(style.encode()))
    write(folder / "tiny.txt", "hello\n")
    write(folder / "empty.txt", "")


def ask_redbot(origin: str) -> dict[str, Finding]:
    command = [sys.executable, "-m", "tests.redbot_notes", *(origin + path for path in ANSWERS)]
    process = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | UNMEASURED,
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert process.returncode == 0, process.stderr
    told = [json.loads(line) for line in process.stdout.splitlines()]
    return {fact.pop("url").removeprefix(origin): Finding(**fact) for fact in told}


def complaints(finding: Finding) -> dict[str, str]:
    """Return name and summary of each warning and each bad note."""
    return {
        note["name"]: note["summary"]
        for note in finding.notes
        if note["level"] in ("warning", "bad")
    }


def test_every_welcome_page_is_among_the_targets() -> None:
    assert {path.name for path in (ROOT / "pages").iterdir()} == WELCOME_PAGES.keys()
    assert set(WELCOME_PAGES.values()) <= ANSWERS.keys()


@pytest.mark.parametrize("target", ANSWERS)
def test_redbot_gets_an_answer_and_finds_right_what_it_tries(
    findings: dict[str, Finding], target: str, etag: str
) -> None:
    status, expected = ANSWERS[target]
    finding = findings[target]
    assert finding.status == status
    assert finding.errors == []
    assert {note["name"] for note in finding.notes if note["level"] == "good"} & TEXT == (
        expected if etag == "file" else expected - {DATE}  # a content says nothing of a time
    )


@pytest.mark.parametrize("target", ANSWERS)
def test_redbot_holds_nothing_against_an_answer_that_is_not_explained(
    findings: dict[str, Finding], target: str
) -> None:
    unexplained = {
        name: summary
        for name, summary in complaints(findings[target]).items()
        if (target, name) not in EXPLAINED
    }
    assert unexplained == {}


@pytest.mark.parametrize("complaint", EXPLAINED, ids=" ".join)
def test_an_explanation_is_still_needed(
    findings: dict[str, Finding], complaint: tuple[str, str]
) -> None:
    target, name = complaint
    assert name in complaints(findings[target])
