"""The opening handshake of WebSockets, rule by rule (RFC 6455 §4.2, RFC 6454)."""

import base64
from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https import HTTPError
from trio_https.rules.websocket_handshake import (
    Extension,
    accept_value,
    check_method,
    check_no_content,
    check_version,
    choose_subprotocol,
    is_allowed_origin,
    is_origin,
    parse_extensions,
    parse_key,
)

KEY = "dGhlIHNhbXBsZSBub25jZQ=="  # RFC 6455 §1.3


def refusal(check: Callable[[], object]) -> tuple[int, dict[str, str]]:
    with pytest.raises(HTTPError) as caught:
        check()
    return caught.value.status, dict(caught.value.headers)


def test_the_accept_value_is_that_of_the_rfc() -> None:
    assert accept_value(parse_key([KEY])) == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize("method", ["POST", "HEAD", "OPTIONS", "get"])
def test_a_websocket_is_opened_with_get_only(method: str) -> None:
    assert refusal(lambda: check_method(method)) == (405, {"Allow": "GET"})


@pytest.mark.parametrize("lines", [[], ["12"], ["8"], ["13", "13"], ["13, 8"], ["013"], ["13 "]])
def test_another_version_is_told_the_one_that_there_is(lines: list[str]) -> None:
    status, fields = refusal(lambda: check_version(lines))
    assert status == 426
    assert fields == {"Upgrade": "websocket", "Sec-WebSocket-Version": "13"}


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["bad"],  # wsproto takes it
        [""],
        [KEY, KEY],
        [KEY + ", " + KEY],
        [base64.b64encode(b"x" * 15).decode()],
        [base64.b64encode(b"x" * 17).decode()],
        [base64.b64encode(b"x" * 18).decode()],
        ["dGhlIHNhbXBsZSBub25jZ===="],
        ["dGhlIHNhbXBsZSBub25j-Q=="],  # the alphabet for URLs
        ["dGhlIHNhbXBsZSBub25jZQ==\n"],
    ],
)
def test_a_key_that_is_not_16_octets_in_base64_once_is_refused(lines: list[str]) -> None:
    assert refusal(lambda: parse_key(lines)) == (400, {})


@given(st.binary(min_size=16, max_size=16))
def test_any_16_octets_are_a_key(nonce: bytes) -> None:
    assert base64.b64decode(parse_key([base64.b64encode(nonce).decode()])) == nonce


@pytest.mark.parametrize(("length", "coding"), [("1", None), ("010", None), (None, "chunked")])
def test_content_is_refused(length: str | None, coding: str | None) -> None:
    check = lambda: check_no_content(content_length=length, transfer_encoding=coding)  # noqa: E731
    assert refusal(check) == (400, {})


@pytest.mark.parametrize("length", [None, "0", "00"])
def test_no_content_is_fine_however_it_is_said(length: str | None) -> None:
    check_no_content(content_length=length, transfer_encoding=None)


OURS = [
    ("https", "example.org", "https://example.org"),
    ("https", "example.org:443", "https://example.org"),  # RFC 6454 §6.1: no default port
    ("https", "example.org", "https://example.org:443"),
    ("https", "Example.org", "https://example.org"),
    ("https", "example.org:", "https://example.org"),
    ("https", "localhost:8443", "https://localhost:8443"),
    ("https", "[::1]:8443", "https://[::1]:8443"),
    ("http", "localhost:80", "http://localhost"),
]
FOREIGN = [
    ("https", "example.org", "https://evil.example"),
    ("https", "example.org", "http://example.org"),  # whoever is on the line has written it
    ("https", "localhost:8443", "https://localhost"),
    ("https", "localhost:8443", "https://localhost:8444"),
    ("https", "localhost:8443", "https://localhost:84430"),
    ("https", "example.org", "https://example.org.evil.example"),
    ("https", "example.org", "https://evil.example/https://example.org"),
    ("https", "example.org", "null"),
    ("https", "example.org", ""),
    ("https", "example.org:80", "https://example.org"),
    ("http", "example.org:443", "http://example.org"),
    ("https", "example.org", "https://example.org, https://example.org"),
]


@pytest.mark.parametrize(("scheme", "authority", "origin"), OURS)
def test_a_page_of_ours_may_connect(scheme: str, authority: str, origin: str) -> None:
    assert is_allowed_origin([origin], scheme=scheme, authority=authority, allowed=())


@pytest.mark.parametrize(("scheme", "authority", "origin"), FOREIGN)
def test_a_page_of_another_origin_may_not(scheme: str, authority: str, origin: str) -> None:
    assert not is_allowed_origin([origin], scheme=scheme, authority=authority, allowed=())
    assert is_allowed_origin([origin], scheme=scheme, authority=authority, allowed=("*",))


def allows(lines: list[str], *allowed: str) -> bool:
    return is_allowed_origin(lines, scheme="https", authority="a.example", allowed=allowed)


def test_origins_may_be_allowed_by_name() -> None:
    assert allows(["https://App.example"], "https://app.example:443")
    assert allows(["null"], "null")
    assert not allows(["https://app.example"], "null", "http://app.example")


def test_a_client_without_an_origin_is_no_browser() -> None:
    assert allows([])


def test_two_origins_are_none() -> None:
    assert not allows(["https://a.example", "https://a.example"])


@pytest.mark.parametrize("text", ["https://a.example", "http://[::1]:80", "null", "tauri://app"])
def test_what_browsers_send_is_an_origin(text: str) -> None:
    assert is_origin(text)


@pytest.mark.parametrize("text", ["https://a.example/", "a.example", "https://", "", "https://a b"])
def test_what_they_never_send_is_none(text: str) -> None:
    assert not is_origin(text)


@pytest.mark.parametrize(
    ("lines", "supported", "chosen"),
    [
        ([], ("chat",), None),
        (["chat"], (), None),
        (["chat, superchat"], ("superchat", "chat"), "superchat"),  # ours is the order
        (["a", "b"], ("b",), "b"),
        (["Chat"], ("chat",), None),  # RFC 6455 §11.5: compared as they are
        ([" , chat,"], ("chat",), "chat"),
    ],
)
def test_the_best_subprotocol_that_both_speak_is_chosen(
    lines: list[str], supported: tuple[str, ...], chosen: str | None
) -> None:
    assert choose_subprotocol(lines, supported) == chosen


@pytest.mark.parametrize("line", ["a b", "a;b", '"chat"', "chät"])
def test_subprotocols_that_are_no_tokens_are_refused(line: str) -> None:
    assert refusal(lambda: choose_subprotocol([line], ("chat",))) == (400, {})


@pytest.mark.parametrize(
    ("lines", "extensions"),
    [
        ([], []),
        (["foo"], [("foo", ())]),
        (["foo, bar; baz=2"], [("foo", ()), ("bar", (("baz", "2"),))]),  # RFC 6455 §9.1
        (["foo; a ; b = 1", "bar"], [("foo", (("a", None), ("b", "1"))), ("bar", ())]),
        (['mux; max-channels="4"'], [("mux", (("max-channels", "4"),))]),
        ([",foo,,"], [("foo", ())]),
    ],
)
def test_extensions_are_read_with_their_parameters(
    lines: list[str], extensions: list[tuple[str, tuple[tuple[str, str | None], ...]]]
) -> None:
    assert parse_extensions(lines) == [Extension(*extension) for extension in extensions]


@pytest.mark.parametrize(
    "line", ["foo bar", "foo;", "foo;=1", "foo; a=", 'foo; a="1', 'foo; a="1,2"', "foo; a b", ";"]
)
def test_malformed_extensions_are_refused(line: str) -> None:
    assert refusal(lambda: parse_extensions([line])) == (400, {})


@given(st.lists(st.text(st.characters(max_codepoint=255))))
def test_any_fields_are_read_or_refused(lines: list[str]) -> None:
    for read in (parse_extensions, parse_key, check_version):
        with suppress(HTTPError):
            read(lines)
