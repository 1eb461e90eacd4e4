"""Cookies, as browsers send them, as others leave them behind, and as we set them."""

import re
from contextlib import suppress
from http.cookies import CookieError, Morsel, SimpleCookie
from typing import Any

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trio_https import Headers, Response
from trio_https.rules.cookies import parse_cookies

from .pages.asking import make_request


@pytest.mark.parametrize(
    ("field_value", "cookies"),
    [
        # RFC 6265 §3.1
        ("SID=31d4d96e407aad42; lang=en-US", {"SID": "31d4d96e407aad42", "lang": "en-US"}),
        # RFC 6265bis §5.8.3: the longest path comes first
        ("a=near; a=far", {"a": "near"}),
        # what a lenient server takes: no blank, many blanks, nothing between two semicolons
        ("a=1;b=2;;  c = 3 ;", {"a": "1", "b": "2", "c": "3"}),
        ("a=b=c==", {"a": "b=c=="}),
        ("a=", {"a": ""}),
        # §5.8.3: a nameless cookie is sent as its value alone
        ("nameless; a=1; =empty", {"a": "1"}),
        ("", {}),
        # names that http.cookies takes for attributes, and all that it stops reading at
        ("path=/x; a=1; expires=never", {"path": "/x", "a": "1", "expires": "never"}),
        ('a[0]=1; j={"k": "v, w"}; b=2', {"a[0]": "1", "j": '{"k": "v, w"}', "b": "2"}),
        # http.cookies, Django and Starlette: quoted values
        ('a="x y"; b="1\\0542\\"3"; c="', {"a": "x y", "b": '1,2"3', "c": '"'}),
        # a script's text comes in UTF-8; what is none stays what it is
        ("city=K\u00c3\u00b6ln; old=K\u00f6ln", {"city": "K\u00f6ln", "old": "K\u00f6ln"}),
    ],
)
def test_cookies_are_read_one_by_one(field_value: str, cookies: dict[str, str]) -> None:
    assert parse_cookies([field_value]) == cookies


def test_several_fields_are_read_as_one() -> None:
    assert parse_cookies(["a=1; b=2", "b=3; c=4"]) == {"a": "1", "b": "2", "c": "4"}


@given(st.lists(st.text(st.characters(max_codepoint=0x2FF)), max_size=4))
def test_whatever_a_client_sends_can_be_read(field_values: list[str]) -> None:
    for name in parse_cookies(field_values):
        assert name.strip(" \t") == name != ""


TOKENS = st.text(st.sampled_from("abcXYZ019!#$%&'*+-.^_`|~"), min_size=1, max_size=20)


@given(st.dictionaries(TOKENS, st.text(st.characters(max_codepoint=0xFF)), max_size=5))
def test_what_the_standard_library_writes_is_read(values: dict[str, str]) -> None:
    written: SimpleCookie = SimpleCookie()
    for name, value in values.items():
        with suppress(CookieError):  # a name or, in later versions, a value that it refuses
            written[name] = value
    field_value = "; ".join(f"{name}={morsel.coded_value}" for name, morsel in written.items())
    assert parse_cookies([field_value]) == {name: values[name] for name in written}


def test_a_long_quoted_value_takes_no_quadratic_time() -> None:
    assert parse_cookies(['a="' + "\\" * 1_000_000 + '"']) == {"a": "\\" * 500_000}


def test_a_request_reads_its_cookies_once_and_gives_no_way_to_change_them() -> None:
    request = make_request("/", headers=Headers([("Cookie", "a=1"), ("Cookie", "b=2")]))
    assert dict(request.cookies) == {"a": "1", "b": "2"}
    assert request.cookies is request.cookies
    with pytest.raises(TypeError):
        request.cookies["a"] = "3"  # type: ignore[index]


def test_a_request_that_has_read_its_cookies_is_the_same_value() -> None:
    request = make_request("/", headers=Headers({"Cookie": "a=1"}))
    before = repr(request)
    assert request.cookies["a"] == "1"
    assert repr(request) == before


def set_cookies(response: Response) -> list[str]:
    return response.headers.get_all("set-cookie")


def test_a_cookie_is_secure_by_default() -> None:
    response = Response().with_cookie("__Host-session", "c2VjcmV0==/")
    assert set_cookies(response) == [
        "__Host-session=c2VjcmV0==/; HttpOnly; Path=/; SameSite=Lax; Secure"
    ]


def test_a_cookie_has_the_attributes_that_it_is_given() -> None:
    response = Response().with_cookie(
        "theme",
        "dark",
        max_age=86_400,
        path="/app",
        domain="example.org",
        http_only=False,
        same_site="None",
        partitioned=True,
    )
    [line] = set_cookies(response)
    first, *attributes = line.split("; ")
    assert first == "theme=dark"
    assert set(attributes) == {
        *("Domain=example.org", "Max-Age=86400", "Path=/app", "SameSite=None", "Secure"),
        "Partitioned",
    }


def test_each_cookie_has_a_line_of_its_own() -> None:
    response = Response.text("hello").with_cookie("a", "1").with_cookie("b", "2")
    assert [line.partition(";")[0] for line in set_cookies(response)] == ["a=1", "b=2"]
    assert response.headers.get("content-type") == "text/plain; charset=utf-8"


def test_a_cookie_that_is_not_wanted_any_more_expires_at_once() -> None:
    [line] = set_cookies(Response().without_cookie("__Host-session"))
    assert line == "__Host-session=; HttpOnly; Max-Age=0; Path=/; SameSite=Lax; Secure"


def test_a_client_keeps_a_cookie_and_forgets_it() -> None:
    """httpx's jar is the standard library's, http.cookiejar."""
    request = httpx.Request("GET", "https://example.org/")
    jar = httpx.Cookies()

    def receive(response: Response) -> None:
        jar.extract_cookies(httpx.Response(200, headers=list(response.headers), request=request))

    receive(Response().with_cookie("a", "1", max_age=60).with_cookie("b", "2"))
    assert dict(jar) == {"a": "1", "b": "2"}
    receive(Response().without_cookie("a"))
    assert dict(jar) == {"b": "2"}


@pytest.mark.parametrize(
    ("name", "value", "attributes", "reason"),
    [
        ("a b", "1", {}, "can't be the name"),
        ("", "1", {}, "can't be the name"),
        ("path", "1", {}, "can't be the name"),
        ("a\r\nX-Injected", "1", {}, "can't be the name"),
        ("a", "two words", {}, "urllib.parse.quote"),
        ("a", "1; Domain=evil.example", {}, "encode it"),
        ("a", "1\r\nX-Injected: 1", {}, "encode it"),
        ("a", "K\u00f6ln", {}, "encode it"),
        ("a", "1,2", {}, "encode it"),
        ("a", "1", {"path": "relative"}, "begins with a slash"),
        ("a", "1", {"path": "/; Secure"}, "begins with a slash"),
        ("a", "1", {"path": "/\n"}, "begins with a slash"),
        ("a", "1", {"path": "/" + "x" * 1024}, "over 1024 bytes"),
        ("a", "1", {"domain": "example.org; Path=/"}, "no domain"),
        ("a", "1", {"domain": ""}, "no domain"),
        ("a", "x" * 4096, {}, "over 4096 bytes"),
        ("a", "1", {"same_site": "lax"}, '"Strict", "Lax" or "None"'),
        ("a", "1", {"same_site": "None", "secure": False}, "takes secure=True"),
        ("a", "1", {"partitioned": True, "secure": False}, "takes secure=True"),
        # RFC 6265bis §4.1.3, and its §5.7: in any case of letters
        ("__Secure-a", "1", {"secure": False}, "takes secure=True"),
        ("__Host-a", "1", {"secure": False}, "takes secure=True"),
        ("__Host-a", "1", {"path": "/app"}, 'path="/" and no domain'),
        ("__host-a", "1", {"domain": "example.org"}, 'path="/" and no domain'),
        # layered cookies, draft-ietf-httpbis-layered-cookies
        ("__Http-a", "1", {"http_only": False}, "takes http_only=True"),
        ("__Host-Http-a", "1", {"http_only": False}, "takes http_only=True"),
    ],
)
def test_what_a_browser_would_drop_or_misread_is_not_set(
    name: str, value: str, attributes: dict[str, Any], reason: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        Response().with_cookie(name, value, **attributes)


@given(TOKENS, st.text(st.sampled_from("abcXYZ019!#$%&'()*+-./:<=>?@[]^_`{|}~"), max_size=50))
def test_what_is_set_comes_back(name: str, value: str) -> None:
    assume(not Morsel().isReservedKey(name))
    [line] = set_cookies(Response().with_cookie(name, value))
    assert parse_cookies([line.partition(";")[0]]) == {name: value}
