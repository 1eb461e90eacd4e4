import re
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.rules.author_lines import LineMistake
from trio_https.rules.path_pattern import (
    Template,
    parse_pattern,
    parse_template,
    placeholders,
    split_authority,
    split_path,
    without_slash,
)

HOST = "www.example.com"


def match(pattern: str, path: str, authority: str = HOST) -> dict[str, str] | None:
    return parse_pattern(pattern).match(split_path(path), authority)


# Paths


@pytest.mark.parametrize(
    ("pattern", "path", "captures"),
    [
        # Exact paths
        ("/", "/", {}),
        ("/home", "/home", {}),
        ("/blog/my-post.php", "/blog/my-post.php", {}),
        # A slash at the end says nothing (Netlify)
        ("/home", "/home/", {}),
        ("/home/", "/home", {}),
        ("/home/", "/home/", {}),
        # Percent-encoding and what it stands for are the same (Netlify: authors of any language)
        ("/authors/c%C3%A9line", "/authors/céline", {}),
        ("/authors/céline", "/authors/céline", {}),
        ("/a%20b", "/a b", {}),
        ("/%2A", "/*", {}),
        ("/%3Aid", "/:id", {}),
        ("/%ff", "/\udcff", {}),
        ("/a:1", "/a:1", {}),
        # A splat takes any rest (Netlify, Cloudflare)
        ("/*", "/", {"splat": ""}),
        ("/*", "/a/b.html", {"splat": "a/b.html"}),
        ("/news/*", "/news/2004/01/10/my-story", {"splat": "2004/01/10/my-story"}),
        ("/news/*", "/news/", {"splat": ""}),
        ("/news/*", "/news", {"splat": ""}),  # Netlify; at Cloudflare it does not
        ("/news/*", "/news/a/", {"splat": "a/"}),
        ("/news/*", "/news//a", {"splat": "/a"}),
        # ... also in the middle (Cloudflare)
        ("/*.js", "/app/main.js", {"splat": "app/main"}),
        ("/*.js", "/main.js/", {"splat": "main"}),
        ("/img-*", "/img-1/a.png", {"splat": "1/a.png"}),
        ("/img-*.png", "/img-1/a.png", {"splat": "1/a"}),
        ("/img-*", "/img-", {"splat": ""}),
        ("/a/*/z", "/a/b/c/z", {"splat": "b/c"}),
        ("/a/*/z", "/a//z", {"splat": ""}),
        # A placeholder takes a segment (Netlify, Cloudflare)
        ("/movies/:title", "/movies/up", {"title": "up"}),
        ("/movies/:title", "/movies/up/", {"title": "up"}),
        ("/movies/:title", "/movies/:title", {"title": ":title"}),
        ("/:year/:month/:slug", "/2004/02/it", {"year": "2004", "month": "02", "slug": "it"}),
        ("/post-:id.html", "/post-12.html", {"id": "12"}),
        ("/:a/*", "/x/y/z", {"a": "x", "splat": "y/z"}),
        ("/:a/*/:b", "/x/y/z/q", {"a": "x", "splat": "y/z", "b": "q"}),
        ("/:Name_1", "/x", {"Name_1": "x"}),
        ("/:splat", "/x", {"splat": "x"}),
    ],
)
def test_a_pattern_matches_and_captures(pattern: str, path: str, captures: dict[str, str]) -> None:
    assert match(pattern, path) == captures


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/", "/a"),
        ("/", "//"),
        ("/home", "/"),
        ("/home", "/Home"),  # paths are case-sensitive (RFC 3986 §6.2.2.1)
        ("/home", "/homes"),
        ("/home", "/home//"),
        ("/home", "/home/a"),
        ("/news/*", "/newsletter"),
        ("/news/*", "/"),
        ("/*.js", "/main.css"),
        ("/*.js", "/main.js/a"),
        ("/a*a", "/a"),  # the two are not the same "a"
        ("/img-*", "/img/"),
        ("/a/*/z", "/a/z"),
        ("/a/*/z", "/a"),
        ("/movies/:title", "/movies/"),
        ("/movies/:title", "/movies"),
        ("/movies/:title", "/movies/up/cast"),
        ("/post-:id.html", "/post-.html"),
        ("/post-:id.html", "/post-1.htm"),
        ("/post-:id.html", "/Post-1.html"),
        ("/:a/*/:b", "/x/y"),
    ],
)
def test_a_pattern_leaves_other_paths_alone(pattern: str, path: str) -> None:
    assert match(pattern, path) is None


# Hosts


@pytest.mark.parametrize(
    ("pattern", "authority", "captures"),
    [
        ("https://www.example.com/a", "www.example.com", {}),
        ("https://www.example.com/a", "WWW.example.COM", {}),
        ("https://WWW.example.com/a", "www.example.com.", {}),
        ("https://www.example.com./a", "www.example.com", {}),
        ("HTTPS://www.example.com/a", "www.example.com", {}),
        # Neither scheme nor port of the request count (Cloudflare)
        ("http://www.example.com/a", "www.example.com", {}),
        ("https://www.example.com/a", "www.example.com:8443", {}),
        ("https://www.example.com:8443/a", "www.example.com:8443", {}),
        # A placeholder takes a label (Cloudflare)
        ("https://:site.pages.example/a", "mine.pages.example", {"site": "mine"}),
        ("https://:Site.pages.example/a", "MINE.pages.example", {"Site": "mine"}),
        ("https://v:no.pages.example/a", "v2.pages.example", {"no": "2"}),
        ("https://:version.:site.example/a", "v1.a.example", {"version": "v1", "site": "a"}),
        ("https://:site.example:8443/a", "a.example:8443", {"site": "a"}),
        ("https://[::1]/a", "[::1]:8443", {}),
        ("https://[FE80::A]:8443/a", "[fe80::a]:8443", {}),
        ("https://127.0.0.1/a", "127.0.0.1", {}),
    ],
)
def test_a_pattern_of_a_host_matches(
    pattern: str, authority: str, captures: dict[str, str]
) -> None:
    assert match(pattern, "/a", authority) == captures


@pytest.mark.parametrize(
    ("pattern", "authority"),
    [
        ("https://www.example.com/a", "example.com"),
        ("https://www.example.com/a", "www.example.com.evil.example"),
        ("https://www.example.com/a", ""),
        ("https://www.example.com:8443/a", "www.example.com"),
        ("https://www.example.com:8443/a", "www.example.com:443"),
        ("https://:site.pages.example/a", "a.b.pages.example"),
        ("https://:site.pages.example/a", ".pages.example"),
        ("https://[::1]/a", "[::2]"),
        ("https://www.example.com/b", "www.example.com"),
    ],
)
def test_a_pattern_of_a_host_leaves_others_alone(pattern: str, authority: str) -> None:
    assert match(pattern, "/a", authority) is None


def test_a_host_alone_stands_for_its_root() -> None:
    assert match("https://www.example.com", "/") == {}
    assert match("https://www.example.com", "/a") is None


@pytest.mark.parametrize(
    ("authority", "host", "port"),
    [
        ("", "", ""),
        ("Localhost", "localhost", ""),
        ("localhost:8443", "localhost", "8443"),
        ("localhost:", "localhost", ""),
        ("example.com.:1", "example.com", "1"),
        ("[::1]", "[::1]", ""),
        ("[::1]:8443", "[::1]", "8443"),
        ("a:b", "a:b", ""),
    ],
)
def test_an_authority_has_a_host_and_a_port(authority: str, host: str, port: str) -> None:
    assert split_authority(authority) == (host, port)


# What a pattern tells of itself


@pytest.mark.parametrize(
    ("pattern", "path", "is_literal"),
    [
        ("/", "/", True),
        ("/a/b/", "/a/b", True),
        ("/c%C3%A9", "/cé", True),
        ("/a/*", "/a/:splat", False),
        ("/post-:id.html", "/post-:id.html", False),
        ("/:a/*/:b", "/:a/:splat/:b", False),
        ("https://example.com/a", "/a", False),
    ],
)
def test_a_pattern_has_a_path(pattern: str, path: str, is_literal: bool) -> None:
    parsed = parse_pattern(pattern)
    assert (parsed.path, parsed.is_literal) == (path, is_literal)


def test_a_pattern_knows_what_it_captures() -> None:
    assert parse_pattern("https://:site.example/:page/*").names == {"site", "page", "splat"}
    assert parse_pattern("/a").names == set()


@pytest.mark.parametrize(("path", "without"), [("/", "/"), ("/a/", "/a"), ("/a", "/a"), ("", "/")])
def test_a_slash_at_the_end_is_taken_off(path: str, without: str) -> None:
    assert without_slash(path) == without


# Mistakes


@pytest.mark.parametrize(
    ("pattern", "what"),
    [
        ("home", "begin it with /"),
        ("", "begin it with /"),
        ("*", "begin it with /"),
        ("ftp://example.com/a", "begin it with /"),
        ("/store?id=1", "has a query"),
        ("/a#b", "has a fragment"),
        ("https://example.com?a", "begin it with /"),
        ("/100%", "write %25"),
        ("/%zz", "write %25"),
        ("/a%2Fb", "slash inside a name"),
        ("//", "between two slashes"),
        ("/a//b", "between two slashes"),
        ("https://example.com//", "between two slashes"),
        ("/*/*", ":splat is there twice"),
        ("/:a/:a", ":a is there twice"),
        ("/*/:splat", ":splat is there twice"),
        ("https://:a.example/:a", ":a is there twice"),
        ("/:year-:month", "has two wildcards"),
        ("/:year*", "has two wildcards"),
        ("/**", "has two wildcards"),
        ("https://*.example/a", "has a \\* in it"),
        ("https:///a", "is no host"),
        ("https://user@example.com/a", "is no host"),
        ("https://exa mple.com/a", "is no host"),
        ("https://example.com:99999/a", "is no host"),
        ("https://[::g]/a", "is no host"),
    ],
)
def test_a_mistake_in_a_pattern_is_told(pattern: str, what: str) -> None:
    with pytest.raises(LineMistake, match=what):
        parse_pattern(pattern)


# Templates


@pytest.mark.parametrize(
    ("template", "expanded"),
    [
        ("/blog/:splat", "/blog/a/b"),
        ("/:title/:splat", "/up%20%26%20away/a/b"),
        (":title", "up%20%26%20away"),
        ("/:titles/:splat_", "/:titles/:splat_"),  # the longest name counts
        ("a:b :unknown 12:30", "a:b :unknown 12:30"),
        ("", ""),
    ],
)
def test_what_was_captured_is_put_into_a_template(template: str, expanded: str) -> None:
    captures = {"splat": "a/b", "title": "up & away"}
    assert parse_template(template, captures).expand(captures) == expanded


def test_what_looks_like_a_placeholder_is_found() -> None:
    assert placeholders("/:a/:b_2.:c:d :1 a: %3Ae") == {"a", "b_2", "c", "d"}


def test_a_response_is_not_many_times_the_request() -> None:
    with pytest.raises(LineMistake, match="more than 10 placeholders"):
        parse_template(":splat" * 11, ["splat"])
    assert parse_template(":splat" * 10, ["splat"]).expand({"splat": "a"}) == "a" * 10


@given(st.binary().map(lambda octets: octets.decode("utf-8", "surrogateescape")))
def test_what_was_captured_delimits_nothing(captured: str) -> None:
    expanded = Template(("", "splat", "")).expand({"splat": captured})
    assert re.fullmatch(r"[A-Za-z0-9\-._~/@%]*", expanded)
    assert unquote(expanded, errors="surrogateescape") == captured


# Against a slower judge


SEGMENT = st.sampled_from(["a", "b", "ab", "a.b", ".", "*", ":x", "a:x", ":x.b", "a*", "*b"])
PATTERNS = st.lists(SEGMENT, max_size=5).map(lambda segments: "/" + "/".join(segments))
PATHS = st.lists(st.sampled_from(["a", "b", "ab", "", "a.b", "x.b"]), max_size=6)


@given(PATTERNS, PATHS.map(lambda segments: "/" + "/".join(segments)))
def test_a_pattern_means_what_a_regular_expression_means(pattern: str, path: str) -> None:
    try:
        parsed = parse_pattern(pattern)
    except LineMistake:
        return
    expression = re.escape(pattern.removesuffix("/"))
    expression = expression.replace(":x", "[^/]+").replace(re.escape("*"), ".*")
    if expression.endswith("/.*"):
        expression = expression.removesuffix("/.*") + "(?:/.*)?"
    expected = re.fullmatch(expression + "/?", path)
    assert (parsed.match(split_path(path), HOST) is not None) == (expected is not None)
