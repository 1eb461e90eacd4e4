"""The shape of the package as data: which module may know which, and what stays small.

A module imports only from rows below its own. Siblings of a row do not know each other, but for the
exceptions listed here with their reasons; an exception that nobody needs any more fails too.
"""

import ast
import importlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import trio_https

from .command import UNMEASURED

PACKAGE = Path(trio_https.__file__).parent

# From the bottom to the top. A name with ".*" is all modules of a subpackage.
ROWS = (
    ("config", "errors"),
    ("rules.*",),
    ("headers", "request_scope", "body_sink", "path_parameters"),
    ("request_body", "upgrades"),
    ("forms",),
    ("flights",),
    ("messages",),
    ("response_head",),
    ("operate.*", "workers.*"),
    (
        *(
            "http1",
            "incoming",
            "incoming_body",
            "incoming_head",
            "outgoing",
            "upgraded_stream",
            "patience",
        ),
        *("tls", "transports", "listeners", "timeouts"),
        *("stopping", "admission", "heap", "served_certificate", "alerts", "keylog"),
        *("hello_check", "server_sent_events"),
        *("handlers.*", "certificates.*", "files.*"),
    ),
    ("tls_contexts", "rehearsal"),
    ("pages.*", "prepare.*", "trust.*", "identities.*", "handshake.*"),
    ("doctor.*", "websocket.*"),
    ("departures",),
    ("service",),
    ("exchange",),
    ("conversation",),
    ("connection",),
    ("accepting",),
    ("server",),
    ("testing.*",),
    ("cli.*", "__main__"),
)

# A subpackage that is one room: its modules know each other as they need, but in no circle.
ROOMS = (
    *("certificates", "cli", "doctor", "files", "handshake", "identities", "pages", "prepare"),
    *("testing", "trust", "websocket", "workers"),
)

SIBLINGS = {
    ("rules.byte_range", "rules.entity_tag"): "If-Range compares entity tags",
    ("rules.byte_range", "rules.http_dates"): "If-Range compares dates",
    ("rules.chunked_framing", "rules.request_head"): "trailers are field lines too",
    ("rules.preconditions", "rules.entity_tag"): "a precondition compares entity tags",
    ("rules.preconditions", "rules.http_dates"): "a precondition compares dates",
    ("rules.path_pattern", "rules.author_lines"): "what is wrong in a pattern is told by its line",
    ("rules.path_pattern", "rules.request_target"): "a pattern may begin with an authority",
    ("rules.route_pattern", "rules.author_lines"): "what is wrong in a key is told as in a line",
    ("rules.route_pattern", "rules.path_pattern"): "literals are decoded as an author's are",
    (
        "rules.route_pattern",
        "rules.request_method",
    ): "a key names methods that handlers are asked for",
    ("rules.route_tree", "rules.route_pattern"): "the tree is made of patterns",
    ("rules.route_tree", "rules.url_path"): "segments are decoded as all paths are",
    ("rules.permessage_deflate", "rules.websocket_handshake"): "its parameters were offered there",
    ("rules.redirect_rules", "rules.author_lines"): "a rule is a line",
    ("rules.redirect_rules", "rules.path_pattern"): "a rule begins with a pattern",
    ("rules.redirect_rules", "rules.request_target"): "a rule may lead to another authority",
    ("rules.header_rules", "rules.author_lines"): "a rule is lines",
    ("rules.header_rules", "rules.path_pattern"): "a rule begins with a pattern",
    ("rules.client_hello", "rules.octet_reader"): "a hello is read octet by octet",
    ("rules.handshake_messages", "rules.octet_reader"): "so are the messages after it",
    ("rules.tls_records", "rules.octet_reader"): "what is no record is malformed, too",
    ("handlers.connection_info", "handlers.own_pages"): "only pages of one's own may ask",
    (
        "handlers.basic_auth",
        "handlers.passwords",
    ): "passwords are compared with what is kept of them",
    ("handlers.cors", "handlers.reply_fields"): "responses get fields, whatever they are",
    ("handlers.request_id", "handlers.reply_fields"): "so do they here",
    ("handlers.security_headers", "handlers.reply_fields"): "and here",
    ("http1", "stopping"): "a request tells whether the server is to stop",
    ("http1", "timeouts"): "a response that is sent in one piece has so long",
    ("outgoing", "timeouts"): "and so it is sent",
    ("outgoing", "transports"): "a transport has so long to take a piece",
    ("tls", "transports"): "what is below TLS",
    ("transports", "alerts"): "a transport knows whether an alert was the last it sent",
    ("http1", "incoming"): "what the border parses has come into a buffer",
    ("http1", "incoming_head"): "a head is taken from it when it is whole",
    ("incoming_head", "incoming"): "it is waited for until then",
    ("http1", "incoming_body"): "the octets of a body that h11 is to decode",
    ("http1", "outgoing"): "what the border makes is sent in pieces",
    ("http1", "upgraded_stream"): "what another protocol gets of the connection",
    ("upgraded_stream", "incoming"): "what came early comes first",
    ("upgraded_stream", "tls"): "an end at once is that of the connection",
    ("upgraded_stream", "outgoing"): "a slow client has so long, whatever is spoken",
    ("incoming_body", "incoming"): "a body is taken from what has come",
    ("incoming_body", "patience"): "a slow client has so long to send a body, and no longer",
    ("outgoing", "patience"): "a slow client has so long to take a response, and no longer",
    ("tls", "alerts"): "a TLS stream sends its alerts",
    ("tls", "hello_check"): "a handshake is refused for what Python would not refuse",
    ("hello_check", "alerts"): "each fault has its alert",
    ("tls", "keylog"): "a context may log its secrets",
    ("__main__", "cli"): "python -m trio_https is the command",
}

# Who may import what is foreign: each foreign thing is touched in one place.
BORDERS = {
    "h11": {
        "http1": "the border to h11",
        "response_head": "the border to h11: what it is given of a head",
        "testing.client_http1": "the border to h11, as a client",
    },
    "httpx": {"testing.httpx": "the border to httpx"},
    "ssl": {
        "tls": "the border to ssl",
        "tls_contexts": "one certificate a context",
        "rehearsal": "the border to ssl, without a client",
        "served_certificate": "the border to ssl, from the client's side",
        "alerts": "the border to ssl: its errors",
        "keylog": "the type SSLContext",
        "handshake.dialogue": "the border to ssl, for a client that listens to every message",
        "handshake.explanation": "the types of a client",
        "connection": "the type SSLContext",
        "service": "the type SSLContext",
        "server": "the type SSLContext",
        "testing.served_connection": "the type SSLContext",
        "testing.throwaway": "the border to ssl, for both sides of a test",
        "testing.client_pool": "the errors of a client",
        "cli.explain_server": "the type SSLContext",
        "cli.commands": "the text OPENSSL_VERSION",
        "cli.serve": "the text OPENSSL_VERSION",
    },
    "cryptography": {"certificates.*": "the border to cryptography"},
    "ifaddr": {"certificates.local_network": "the interfaces of this machine"},
    "segno": {"cli.qr_code": "QR codes"},
    "platformdirs": {"certificates.home": "where a user's data are kept"},
    "click": {"cli.*": "the border to click"},
    "brotli": {"files.codecs": "the border to the compressors"},
    "backports": {"files.codecs": "Zstandard, before Python 3.14"},
    "compression": {"files.codecs": "Zstandard, from Python 3.14 on"},
    "zlib": {
        "files.codecs": "the border to the compressors",
        "websocket.deflate": "the compressor of messages",
    },
    "python_multipart": {"forms": "the border to python_multipart"},
    "trio_websocket": {
        "websocket.conversation": "the border to trio-websocket",
        "upgrades": "the type WebSocketConnection, for who checks types",
        "testing.websocket_client": "the border to trio-websocket, as a client",
        "testing.client": "the type WebSocketConnection, for who checks types",
        "testing.handler_errors": "the exception ConnectionClosed, which is no bug",
    },
    "wsproto": {
        "websocket.frames": "the border to wsproto",
        "websocket.deflate": "an extension for wsproto",
        "websocket.agreement": "the type Extension",
        "websocket.conversation": "the type WSConnection",
        "testing.websocket_client": "the exception LocalProtocolError of trio-websocket's reading",
    },
}

# What the borders that are only about a name take of ssl.
SSL_NAMES = {
    "the type SSLContext": {"SSLContext"},
    "the types of a client": {"SSLContext", "SSLSession"},
    "the text OPENSSL_VERSION": {"OPENSSL_VERSION"},
}

MAX_LINES = 400
NO_NAMES = {"util", "utils", "helper", "helpers", "common", "core", "base", "misc", "tools", "lib"}


def module_name(path: Path) -> str:
    """Return the name inside the package: "rules.url_path"; "" is the package itself."""
    parts = path.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


@cache
def parse(name: str) -> ast.Module:
    return ast.parse(MODULES[name].read_text(encoding="utf-8"))


def absolute(name: str, node: ast.ImportFrom) -> str:
    """Return the absolute name of the module that an import in module ``name`` is from."""
    if node.level == 0:
        return node.module or ""
    package = ("trio_https." + name).rstrip(".").split(".")
    if MODULES[name].name != "__init__.py":
        package.pop()
    package = package[: len(package) - node.level + 1]
    return ".".join([*package, node.module] if node.module else package)


@cache
def imported(name: str) -> tuple[str, ...]:
    """Return the absolute name of each module that module ``name`` imports, wherever it does."""
    return tuple(_imported(name))


def _imported(name: str) -> Iterator[str]:
    for node in ast.walk(parse(name)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            source = absolute(name, node)
            for alias in node.names:
                inner = f"{source}.{alias.name}"
                yield inner if inner.removeprefix("trio_https.") in MODULES else source


def neighbours(name: str) -> set[str]:
    """Return the modules of this package that module ``name`` imports; "" is the package itself."""
    return {
        found.removeprefix("trio_https").removeprefix(".")
        for found in imported(name)
        if found.partition(".")[0] == "trio_https"
    }


def matches(name: str, pattern: str) -> bool:
    folder = pattern.removesuffix(".*")
    return name == pattern or (folder != pattern and (name + ".").startswith(folder + "."))


def row_of(name: str) -> int:
    rows = [number for number, row in enumerate(ROWS) for pattern in row if matches(name, pattern)]
    assert len(rows) == 1, f"{name} stands in {len(rows)} rows of the table"
    return rows[0]


def room_of(name: str) -> str:
    room = name.partition(".")[0]
    return room if room in ROOMS else name


# Packages that hold nothing but their docstring need no row.
PLACED = [
    name
    for name in MODULES
    if name
    and name
    not in ("rules", "handlers", "operate", "prepare", "files", "pages", "trust", "identities")
    and name not in ("handshake", "doctor", "websocket", "workers")
]


@pytest.mark.parametrize("name", PLACED)
def test_a_module_knows_only_what_stands_below_it(name: str) -> None:
    for other in neighbours(name):
        if not other:  # the package itself, that is its version and the names it gives to users
            assert room_of(name) == "cli"
        elif room_of(other) != room_of(name):
            allowed = row_of(other) < row_of(name) or (name, other) in SIBLINGS
            assert allowed, f"{name} imports {other}"


@pytest.mark.parametrize("pair", SIBLINGS, ids=" -> ".join)
def test_an_exception_is_between_siblings_and_still_needed(pair: tuple[str, str]) -> None:
    name, other = pair
    assert row_of(name) == row_of(other)
    assert other in neighbours(name)


@pytest.mark.parametrize("pattern", [pattern for row in ROWS for pattern in row])
def test_a_row_of_the_table_names_what_there_is(pattern: str) -> None:
    assert any(matches(name, pattern) for name in MODULES)


def test_imports_go_in_no_circle() -> None:
    known = {name: {other for other in neighbours(name) if other} for name in MODULES if name}
    while known:
        free = {name for name, others in known.items() if not others & known.keys()}
        assert free, f"these import each other: {sorted(known)}"
        known = {name: others for name, others in known.items() if name not in free}


@pytest.mark.parametrize(
    "name",
    [
        *("rules", "handlers", "operate", "certificates", "files", "pages", "prepare", "trust"),
        *("identities", "handshake", "doctor", "testing", "websocket", "workers"),
    ],
)
def test_a_package_holds_no_code_of_its_own(name: str) -> None:
    """Docstring, imports and ``__all__``; the topmost one has more, for it loads names late."""
    for node in parse(name).body:
        assert isinstance(node, ast.Expr | ast.ImportFrom | ast.Assign)
        if isinstance(node, ast.Assign):
            [target] = node.targets
            assert isinstance(target, ast.Name)
            assert target.id == "__all__"


def test_the_package_gives_the_names_that_it_lists() -> None:
    assert len(set(trio_https.__all__)) == len(trio_https.__all__)
    for_types, _ = [node for node in parse("").body if isinstance(node, ast.If)]
    imports = [node for node in for_types.body if isinstance(node, ast.ImportFrom)]
    homes = {alias.name: node.module for node in imports for alias in node.names}
    assert homes == trio_https._MODULE_OF
    assert homes.keys() == set(trio_https.__all__)


def test_a_public_name_is_what_its_module_has() -> None:
    for name, module in trio_https._MODULE_OF.items():
        there = getattr(importlib.import_module(f"trio_https.{module}"), name)
        assert getattr(trio_https, name) is there
    assert set(trio_https.__all__) <= set(dir(trio_https))


def test_what_is_no_public_name_is_no_attribute() -> None:
    with pytest.raises(AttributeError, match="'trio_https' has no attribute 'Page'"):
        trio_https.Page  # type: ignore[attr-defined]  # noqa: B018 -- a slip of the pen


# Borders


@pytest.mark.parametrize("foreign", BORDERS)
def test_what_is_foreign_is_imported_at_its_border_only(foreign: str) -> None:
    importers = {
        name for name in MODULES if foreign in {found.partition(".")[0] for found in imported(name)}
    }
    for name in importers:
        assert any(matches(name, pattern) for pattern in BORDERS[foreign]), f"{name}: {foreign}"
    for pattern in BORDERS[foreign]:
        assert any(matches(name, pattern) for name in importers), f"{pattern} needs no {foreign}"


@pytest.mark.parametrize(
    "name", [name for name, what in BORDERS["ssl"].items() if what in SSL_NAMES]
)
def test_who_needs_a_name_of_ssl_takes_no_more_of_it(name: str) -> None:
    used = {
        node.attr
        for node in ast.walk(parse(name))
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "ssl"
    }
    assert used == SSL_NAMES[BORDERS["ssl"][name]]


PURE = {
    "base64",
    "collections",
    "dataclasses",
    "datetime",
    "functools",
    "hashlib",
    "http",  # http.cookies
    "ipaddress",
    "itertools",
    "operator",
    "re",
    "struct",
    "time",
    "typing",
    "unicodedata",
    "urllib",
}


@pytest.mark.parametrize("name", [name for name in MODULES if name.startswith("rules.")])
def test_a_rule_is_pure(name: str) -> None:
    """No Trio, no files, no network: of what is not ours, only what computes."""
    foreign = {found.partition(".")[0] for found in imported(name)} - {"trio_https"}
    assert foreign <= PURE


HEAVY = (
    "backports",
    "brotli",
    "click",
    "cryptography",
    "ifaddr",
    "platformdirs",
    "python_multipart",
    "segno",
    "trio_websocket",
    "wsproto",
    "asyncio",
)


def loaded_by(statement: str) -> set[str]:
    """Return what is in ``sys.modules`` of a fresh Python after ``statement``."""
    program = f"{statement}\nimport json, sys\nprint(json.dumps(sorted(sys.modules)))"
    finished = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | UNMEASURED,  # with coverage.py it would load more
        capture_output=True,
        text=True,
        check=True,
    )
    return set(json.loads(finished.stdout))


def test_importing_the_library_loads_nothing_that_only_the_command_needs() -> None:
    loaded = loaded_by("from trio_https import *")
    assert "trio_https.server" in loaded
    assert not loaded & set(HEAVY)
    assert not {name for name in loaded if name.startswith(("trio_https.cli", "trio_https.certif"))}


def test_importing_the_library_waits_for_nothing() -> None:
    """Its names are loaded when they are asked for; the command's help asks for none."""
    for statement in ("import trio_https", "import trio_https.cli.commands"):
        assert not loaded_by(statement) & {*HEAVY, "trio", "h11", "ssl", "trio_https.server"} - (
            {"click"} if "cli" in statement else set()
        )


def test_testing_loads_nothing_that_few_tests_need() -> None:
    loaded = loaded_by("import trio_https.testing")
    assert "trio_https.testing.client" in loaded
    assert not loaded & {*HEAVY, "httpx"}


def test_serving_loads_nothing_that_only_lan_needs() -> None:
    loaded = loaded_by("import trio_https.cli.serve_pages")
    assert "trio_https.cli.lan" in loaded
    assert not loaded & {"ifaddr", "segno"}


# What few servers need is loaded by the first request, reply or file that asks for it.
RARE = (
    "trio_https.forms",
    "trio_https.rules.cookies",
    "trio_https.rules.route_pattern",
    "trio_https.rules.websocket_handshake",
    "http.cookies",
    "trio_https.pages.listing",
    "trio_https.pages.listing_page",
)


def test_a_start_loads_nothing_that_few_servers_need() -> None:
    loaded = loaded_by("import trio_https.cli.serve_pages; trio_https.Pages('examples')")
    assert {"trio_https.cli.identity", "trio_https.pages.handler"} <= loaded
    assert not loaded & set(RARE)


# Sizes and names


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_read_in_one_sitting(name: str) -> None:
    assert len(MODULES[name].read_text(encoding="utf-8").splitlines()) <= MAX_LINES


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_named_after_what_it_holds(name: str) -> None:
    assert not NO_NAMES & set(name.replace(".", "_").split("_"))


@pytest.mark.parametrize("name", MODULES)
def test_a_module_says_what_it_holds(name: str) -> None:
    assert ast.get_docstring(parse(name))
