import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.errors import ConfigError
from trio_https.rules.header_rules import HeaderRules, parse_headers

HOST = "www.example.com"
SERVER = (
    ("Cache-Control", "no-cache"),
    ("X-Content-Type-Options", "nosniff"),
    ("Vary", "Accept-Encoding"),
    ("ETag", '"a"'),
    ("Content-Type", "text/html; charset=utf-8"),
)


def added(text: str, path: str, authority: str = HOST) -> list[tuple[str, str]]:
    """Return the fields that a response gets which has none of its own."""
    return list(parse_headers(text, name="_headers").apply((), path=path, authority=authority))


def changed(text: str) -> list[tuple[str, str]]:
    """Return the fields of "/" that differ from the server's: what came, and "" for what went."""
    fields = parse_headers(text, name="_headers").apply(SERVER, path="/", authority=HOST)
    left = {name.lower() for name, _ in fields}
    gone = [(name, "") for name, _ in SERVER if name.lower() not in left]
    return [field for field in fields if field not in SERVER] + gone


def mistakes_of(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse_headers(text, name="site/_headers")
    first, *lines = str(caught.value).splitlines()
    assert first.startswith("site/_headers: ")
    return lines


# Which rules: the example of Cloudflare's documentation, and what it says of it

CLOUDFLARE = """
# This is a comment
/secure/page
  X-Frame-Options: DENY
  X-Content-Type-Options: nosniff
  Referrer-Policy: no-referrer

/static/*
  Access-Control-Allow-Origin: *
  X-Robots-Tag: nosnippet

https://myproject.pages.example/*
  X-Robots-Tag: noindex
"""
SECURE = [
    ("X-Frame-Options", "DENY"),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
]
ANY_ORIGIN = ("Access-Control-Allow-Origin", "*")


@pytest.mark.parametrize(
    ("authority", "path", "fields"),
    [
        ("custom.example", "/secure/page", SECURE),
        ("custom.example", "/static/a.jpg", [ANY_ORIGIN, ("X-Robots-Tag", "nosnippet")]),
        ("custom.example", "/home", []),
        ("myproject.pages.example", "/home", [("X-Robots-Tag", "noindex")]),
        ("myproject.pages.example:8443", "/home", [("X-Robots-Tag", "noindex")]),
        ("myproject.pages.example", "/secure/page", [*SECURE, ("X-Robots-Tag", "noindex")]),
        (
            "myproject.pages.example",
            "/static/a.css",
            [ANY_ORIGIN, ("X-Robots-Tag", "nosnippet, noindex")],
        ),
    ],
)
def test_all_rules_that_match_are_applied(
    authority: str, path: str, fields: list[tuple[str, str]]
) -> None:
    assert added(CLOUDFLARE, path, authority) == fields


@pytest.mark.parametrize(
    ("text", "path", "fields"),
    [
        # Netlify: a rule for all, one for a page, several values on several lines
        ("/*\n  X-Frame-Options: DENY", "/a/b", [("X-Frame-Options", "DENY")]),
        ("/\n  Link: </a.css>; rel=preload", "/", [("Link", "</a.css>; rel=preload")]),
        ("/\n  Link: </a.css>; rel=preload", "/a", []),
        (
            "/*\n  cache-control: max-age=0\n  cache-control: no-cache\n  Cache-Control: no-store",
            "/",
            [("cache-control", "max-age=0, no-cache, no-store")],
        ),
        # Cloudflare: placeholders and splats in values, a splat before an extension
        (
            '/movies/:title\n  X-Movie-Name: Now showing ":title"',
            "/movies/up & away",
            [("X-Movie-Name", 'Now showing "up%20%26%20away"')],
        ),
        ("/*.jpg\n  X-Name: :splat", "/a/b.jpg", [("X-Name", "a/b")]),
        ("/a\n  X: :splat data:x 12:30", "/a", [("X", ":splat data:x 12:30")]),
        # Forms
        ("/a\r\n\tA:1\r\n\r\n  # no\r\n    B :  2 # b \r\n", "/a", [("A", "1"), ("B", "2 # b")]),
        ("/a\n  X: ::1", "/a", [("X", "::1")]),
        ("/a\n  X: caf\xe9\ty", "/a", [("X", "caf\xe9\ty")]),
        ("", "/", []),
        ("# nothing\n\n", "/", []),
    ],
)  # fmt: skip
def test_a_rule_adds_its_fields(text: str, path: str, fields: list[tuple[str, str]]) -> None:
    assert added(text, path) == fields


def test_cookies_stay_apart() -> None:
    """RFC 9110 §5.3: they can't be joined."""
    text = "/*\n  Set-Cookie: a=1\n  X: 1\n/\n  set-cookie: b=2\n  X: 2"
    assert added(text, "/") == [("Set-Cookie", "a=1"), ("set-cookie", "b=2"), ("X", "1, 2")]


def test_of_fields_with_one_value_the_last_counts() -> None:
    text = "/*\n  X-Frame-Options: DENY\n/a\n  X-Frame-Options: SAMEORIGIN"
    assert added(text, "/a") == [("X-Frame-Options", "SAMEORIGIN")]
    assert added(text, "/b") == [("X-Frame-Options", "DENY")]


# Beside the fields of the server


@pytest.mark.parametrize(
    ("lines", "changes"),
    [
        (["X-New: 1"], [("X-New", "1")]),
        (["cache-control: max-age=60"], [("cache-control", "max-age=60")]),
        (["Content-Type: text/plain"], [("Content-Type", "text/plain")]),
        (["Vary: Origin"], [("Vary", "Accept-Encoding, Origin")]),
        (["! X-Content-Type-Options"], [("X-Content-Type-Options", "")]),
        (["!x-content-type-options"], [("X-Content-Type-Options", "")]),
        (["! X-Not-There"], []),
        (["X-New: 1", "! X-New"], []),
        (["! Cache-Control", "Cache-Control: max-age=60"], [("Cache-Control", "max-age=60")]),
        (["Cache-Control: a", "! Cache-Control", "Cache-Control: b"], [("Cache-Control", "b")]),
    ],
)
def test_the_author_has_the_last_word(lines: list[str], changes: list[tuple[str, str]]) -> None:
    assert changed("/*\n" + "".join(f"  {line}\n" for line in lines)) == changes


def test_a_later_rule_takes_out_what_an_earlier_one_set() -> None:
    """Cloudflare, "Detach a header"."""
    text = (
        "/*\n  Content-Security-Policy: default-src 'self'\n/*.jpg\n  ! Content-Security-Policy\n"
    )
    assert added(text, "/a.html") == [("Content-Security-Policy", "default-src 'self'")]
    assert added(text, "/a.jpg") == []


def test_without_rules_or_changes_nothing_is_done() -> None:
    assert HeaderRules().apply(SERVER, path="/", authority=HOST) is SERVER
    assert not HeaderRules().has_any
    rules = parse_headers("/a\n  X: 1", name="_headers")
    assert rules.has_any
    assert rules.apply(SERVER, path="/b", authority=HOST) is SERVER


# Strict-Transport-Security


@pytest.mark.parametrize(
    ("authority", "is_sent"),
    [
        ("www.example.com", True),
        ("www.example.com:8443", True),
        ("localhost", False),
        ("LOCALHOST.:8443", False),
        ("app.localhost:8443", False),
        ("printer.local", False),
        ("nas.home.arpa", False),
        ("notlocal", False),
        ("www.notlocal.example", True),
        ("example.thelocal", True),
        ("nas", False),
        ("", False),
    ],
)
def test_hosts_of_this_machine_or_network_are_not_bound_to_tls(
    authority: str, is_sent: bool
) -> None:
    text = "/*\n  Strict-Transport-Security: max-age=63072000"
    assert bool(added(text, "/", authority)) is is_sent


# Mistakes


@pytest.mark.parametrize(
    ("text", "number", "what"),
    [
        ("  X: 1", 1, "no path above"),
        ("\nX-Frame-Options: DENY\n  X: 1", 2, "'X-Frame-Options: DENY' stands where a path does"),
        ("! X\n  X: 1", 1, "stands where a path does"),
        ("index.html\n  X: 1", 1, "'index.html' is no path"),
        ("/*/*\n  X: 1", 1, "is there twice"),
        ("https://*/a\n  X: 1", 1, "has a \\* in it"),
        ("/a", 1, "'/a' has no header fields below"),
        ("/a\n/b\n  X: 1", 1, "'/a' has no header fields below"),
        ("/a\n  X: 1\n/b\n# nothing\n", 3, "'/b' has no header fields below"),
        ("/a\n  X", 2, "'X' is no field"),
        ("/a\n  /b", 2, "'/b' is no field"),
        ("/a\n  /b: c", 2, "a path is not indented"),
        ("/a\n  : b", 2, "'' is no name"),
        ("/a\n  !", 2, "'' is no name"),
        ("/a\n  X Y: b", 2, "'X Y' is no name"),
        ("/a\n  Ünï: b", 2, "is no name"),
        ("/a\n  ! X: b", 2, "'X: b' is no name"),
        ("/a\n  X:", 2, "X has no value"),
        ("/a\n  X: \t", 2, "X has no value"),
        ("/a\n  X: →", 2, "X has '→' in it"),
        ("/a\n  X: a\x00b", 2, "control character, U\\+0000"),
        ("/a\n  X: a\rSet-Cookie: b", 2, "control character, U\\+000D"),
        ("/a\x1b[31m\n  X: 1", 1, "control character, U\\+001B"),
        ("/*\n  X: " + ":splat" * 11, 2, "more than 10 placeholders"),
        ("/a\n  ! Vary", 2, "Vary can't be taken out"),
    ],
)  # fmt: skip
def test_a_mistake_is_told(text: str, number: int, what: str) -> None:
    [told] = mistakes_of(text)
    assert told.startswith(f"  line {number}: ")
    assert re.search(what, told)


@pytest.mark.parametrize(
    "name",
    [
        # Netlify's list of fields that can't be set, as far as this server sets them
        *("Accept-Ranges", "Allow", "Connection", "Content-Encoding", "Content-Length"),
        *("Content-Range", "Date", "Location", "Trailer", "Transfer-Encoding", "Upgrade"),
        # RFC 9110 §7.6.1, and validators
        *("Keep-Alive", "Proxy-Connection", "TE", "ETag", "Last-Modified", "eTAG"),
        # Netlify would ask for this password; as a field it would be told to everyone
        "Basic-Auth",
    ],
)
def test_fields_that_are_the_servers_can_be_neither_set_nor_taken_out(name: str) -> None:
    for line in (f"{name}: a", f"! {name}"):
        [told] = mistakes_of(f"/*\n  {line}\n")
        assert told.startswith(f"  line 2: {name} can't be set here: ")


def test_all_mistakes_of_a_file_are_told() -> None:
    text = "  X: 1\nno path\n  Y\n  X: 1\n/a\n/b\n  Date: now\n"
    told = [line.split(":")[0] for line in mistakes_of(text)]
    assert told == ["  line 1", "  line 2", "  line 3", "  line 5", "  line 7"]


def test_paths_may_be_a_thousand() -> None:
    blocks = [f"/{number}\n  X: 1" for number in range(1000)]
    assert added("\n".join(blocks), "/999") == [("X", "1")]
    [told] = mistakes_of("\n".join([*blocks, "/a\n  X: 1", "/b\n  X: 1"]))
    assert told.startswith("  line 2001: there are more than 1,000")


PATHS = st.text(min_size=1).map("/{}".format) | st.binary().map(
    lambda octets: "/" + octets.decode("utf-8", "surrogateescape")
)
LINES = st.lists(st.text("/*:a# !XY\t\r\0é\u2028", max_size=20), max_size=8)


@given(PATHS, st.text(max_size=12))
def test_no_request_puts_anything_into_a_field_but_its_text(path: str, host: str) -> None:
    text = 'https://:h/*\n  X: ":splat"; <:h>\n/:a\n  Y: :a, b\n  Set-Cookie: a=:a; Secure\n'
    values = r'"[\w\-.~/@%]*"; <[\w\-.~/@%]*>|[\w\-.~/@%]+, b|a=[\w\-.~/@%]+; Secure'
    for _, value in added(text, path, host):
        assert re.fullmatch(values, value, re.ASCII)


@given(st.text() | LINES.map("\n".join), PATHS)
def test_any_text_has_rules_or_mistakes(text: str, path: str) -> None:
    try:
        fields = added(text, path)
    except ConfigError:
        return
    for name, value in fields:
        assert re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+", name)
        assert re.fullmatch(r"[\t\x20-\x7e\xa0-\xff]+", value)
        assert value.strip() == value
