"""The keys of a router: what they say, and what is told of the wrong ones."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.rules.route_pattern import (
    RouteKey,
    Segment,
    is_int,
    is_text,
    is_uuid,
    parse_route_key,
)


def literals(*texts: str) -> tuple[Segment, ...]:
    return tuple(Segment("literal", text) for text in texts)


@pytest.mark.parametrize(
    ("key", "parsed"),
    [
        ("/ws", RouteKey((), literals("ws"), is_mount=False)),
        ("/", RouteKey((), (), is_mount=True)),
        ("/static/", RouteKey((), literals("static"), is_mount=True)),
        ("GET /", RouteKey(("GET",), literals(""), is_mount=False)),
        ("GET /docs/", RouteKey(("GET",), literals("docs", ""), is_mount=False)),
        ("GET,POST /a", RouteKey(("GET", "POST"), literals("a"), is_mount=False)),
        ("M-SEARCH /a", RouteKey(("M-SEARCH",), literals("a"), is_mount=False)),
        ("/a b/%c3%bc", RouteKey((), literals("a b", "ü"), is_mount=False)),
        ("/a%2Fb", RouteKey((), literals("a/b"), is_mount=False)),
        ("/v1/x:cancel", RouteKey((), literals("v1", "x:cancel"), is_mount=False)),
        ("/{name}", RouteKey((), (Segment("text", "name"),), is_mount=False)),
        ("/{a:int}/", RouteKey((), (Segment("int", "a"),), is_mount=True)),
        ("/{a:uuid}", RouteKey((), (Segment("uuid", "a"),), is_mount=False)),
        ("/{a:path}", RouteKey((), (Segment("path", "a"),), is_mount=False)),
    ],
)
def test_a_key_is_methods_and_segments(key: str, parsed: RouteKey) -> None:
    assert parse_route_key(key) == parsed


@pytest.mark.parametrize(
    ("key", "mistake"),
    [
        ("", "is no path"),
        ("static/", "is no path"),
        ("GET", "is no path"),
        ("GET  /a", "is no path"),
        ("get /a", "'get' is no method"),
        ("GET, POST /a", "'' is no method"),
        (" /a", "'' is no method"),
        ("GET,GET /a", "GET is there twice"),
        ("TRACE /a", "no handler is asked for TRACE"),
        ("CONNECT /a", "no handler is asked for CONNECT"),
        ("//a", "nothing between two slashes"),
        ("/a//", "nothing between two slashes"),
        ("/a?b", "a query"),
        ("/a#b", "a fragment"),
        ("/a\\b", "a backslash"),
        ("/a%2", "% without two hexadecimal digits"),
        ("/a/../b", "no request has a segment '..'"),
        ("/a/%2e", "no request has a segment '%2e'"),
        ("/{}", "'' is no identifier"),
        ("/{a-b}", "'a-b' is no identifier"),
        ("/{1}", "'1' is no identifier"),
        ("/{$}", r"'\$' is no identifier"),
        ("/{a:float}", "there is no type 'float', but int, uuid, path"),
        ("/{a:}", "there is no type ''"),
        ("/{a", "is no parameter"),
        ("/a}", "is no parameter"),
        ("/x{a}", "a segment by itself"),
        ("/{a}{b}", "a segment by itself"),
        ("/{a...}", "is no identifier"),
        ("/:name", "a parameter is written {name}"),
        ("/*", "the rest {name:path}"),
        ("/<int:name>", "a parameter is written {name}"),
        ("/{a}/{a:int}", "{a} is there twice"),
        ("/{a:path}/b", "takes the rest"),
        ("/{a:path}/", "takes the rest"),
        ("GET /{a:path}/", "takes the rest"),
    ],
)
def test_a_wrong_key_is_named_with_what_is_wrong(key: str, mistake: str) -> None:
    with pytest.raises(ValueError, match=mistake) as caught:
        parse_route_key(key)
    assert str(caught.value).startswith(f"{key!r}: ")


@given(st.text() | st.text("/{}:%* GETintpah", max_size=12))
def test_any_text_is_a_key_or_a_value_error(key: str) -> None:
    try:
        parsed = parse_route_key(key)
    except ValueError:
        return
    assert all(name.isidentifier() for name in parsed.names)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("0", True),
        ("007", True),
        ("9" * 18, True),
        ("9" * 19, False),  # may be over 2**63
        ("", False),
        ("-1", False),
        ("+1", False),
        ("1_0", False),  # int() takes it
        (" 1", False),  # this too
        ("٣", False),  # and this
        ("²", False),
        ("1.0", False),
    ],
)
def test_what_a_number_is(text: str, *, is_one: bool) -> None:
    assert is_int(text) == is_one


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6", True),  # RFC 9562 §4
        ("F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6", True),
        ("f81d4fae7dec11d0a76500a0c91e6bf6", False),
        ("{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}", False),
        ("urn:uuid:f81d4fae-7dec-11d0-a765-00a0c91e6bf6", False),
        ("f81d4fae-7dec-11d0-a765-00a0c91e6bf6\n", False),
        ("", False),
    ],
)
def test_what_a_uuid_is(text: str, *, is_one: bool) -> None:
    assert is_uuid(text) == is_one


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("a", True),
        ("a b", True),
        ("a\xa0b", True),
        ("👩\u200d💻", True),
        ("a/b", True),
        ("", False),
        ("a\n", False),
        ("\x00", False),
        ("\x9f", False),
        ("\udcff", False),
    ],
)
def test_what_a_text_is(text: str, *, is_one: bool) -> None:
    assert is_text(text) == is_one
