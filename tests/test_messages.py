"""Requests and responses as values: header fields, constructors, and that nothing can change."""

import dataclasses
import json
import re
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https import Address, Headers, Limits, Response, TLSInfo

# Header fields (RFC 9110 §5)

NAMES = st.sampled_from(["Accept", "ACCEPT", "accept", "Set-Cookie", "set-cookie", "X"])
FIELDS = st.lists(st.tuples(NAMES, st.text(max_size=3)), max_size=8)


def has(headers: Headers, name: str) -> bool:
    return name in headers


@pytest.mark.parametrize("name", ["Content-Type", "content-type", "CONTENT-TYPE", "cOnTeNt-tYpE"])
def test_a_name_is_found_in_any_case(name: str) -> None:
    headers = Headers({"Content-Type": "text/html"})
    assert headers.get(name) == "text/html"
    assert headers.get_all(name) == ["text/html"]
    assert has(headers, name)


@pytest.mark.parametrize("name", ["Content", "Content-Type ", "Content-Type-X", "", ":"])
def test_another_name_is_not_found(name: str) -> None:
    headers = Headers({"Content-Type": "text/html"})
    assert headers.get(name) is None
    assert headers.get_all(name) == []
    assert not has(headers, name)


def test_field_lines_of_one_name_are_one_value_in_their_order() -> None:
    headers = Headers([("Accept", "a"), ("X", "y"), ("accept", "b, c"), ("ACCEPT", "")])
    assert headers.get("Accept") == "a, b, c, "  # RFC 9110 §5.3
    assert headers.get_all("Accept") == ["a", "b, c", ""]


def test_an_empty_value_is_a_value() -> None:
    headers = Headers({"Host": ""})
    assert headers.get("Host") == ""
    assert has(headers, "Host")


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"A": "1", "B": "2"}, id="mapping"),
        pytest.param([("A", "1"), ("B", "2")], id="list"),
        pytest.param((pair for pair in [("A", "1"), ("B", "2")]), id="generator"),
        pytest.param(Headers({"A": "1", "B": "2"}), id="headers"),
    ],
)
def test_fields_come_as_pairs_or_as_a_mapping(fields: Any) -> None:
    assert list(Headers(fields)) == [("A", "1"), ("B", "2")]


def test_without_fields_there_are_none() -> None:
    assert len(Headers()) == 0
    assert not Headers()
    assert list(Headers()) == []


def test_headers_are_a_sequence_of_pairs_in_the_order_of_the_wire() -> None:
    pairs = [("B", "1"), ("a", "2"), ("b", "3")]
    headers = Headers(pairs)
    assert len(headers) == 3
    assert list(headers) == pairs
    assert list(reversed(headers)) == pairs[::-1]
    assert (headers[0], headers[-1]) == (("B", "1"), ("b", "3"))
    with pytest.raises(IndexError):
        headers[3]


@pytest.mark.parametrize("part", [slice(1), slice(1, None), slice(None), slice(None, None, -1)])
def test_a_slice_holds_the_fields_that_a_slice_of_a_list_would(part: slice) -> None:
    pairs = [("B", "1"), ("a", "2"), ("b", "3")]
    assert list(Headers(pairs)[part]) == pairs[part]


def test_a_header_takes_the_place_of_all_fields_of_its_name() -> None:
    headers = Headers([("ETag", "1"), ("X", "y"), ("etag", "2")])
    changed = headers.with_header("Etag", "3")
    assert list(changed) == [("X", "y"), ("Etag", "3")]
    assert list(headers) == [("ETag", "1"), ("X", "y"), ("etag", "2")]


@given(FIELDS, NAMES, st.text(max_size=3))
def test_with_header_changes_one_name_and_no_other(
    fields: list[tuple[str, str]], name: str, value: str
) -> None:
    before = Headers(fields)
    after = before.with_header(name, value)
    assert after.get_all(name) == [value]
    others = [field for field in fields if field[0].lower() != name.lower()]
    assert [field for field in after if field[0].lower() != name.lower()] == others
    assert list(before) == fields


@given(FIELDS)
def test_every_field_is_in_one_answer_of_get_all(fields: list[tuple[str, str]]) -> None:
    headers = Headers(fields)
    names = {name.lower() for name, _ in fields}
    assert sum(len(headers.get_all(name)) for name in names) == len(fields)
    for name, value in fields:
        assert value in headers.get_all(name)
        assert value in (headers.get(name) or "")


def test_the_same_fields_in_the_same_order_are_equal() -> None:
    one, same = Headers({"A": "1", "B": "2"}), Headers([("A", "1"), ("B", "2")])
    assert one == same
    assert hash(one) == hash(same)
    assert len({one, same}) == 1


@pytest.mark.parametrize(
    "other",
    [
        pytest.param(Headers({"B": "2", "A": "1"}), id="another order"),
        pytest.param(Headers({"A": "1", "B": "3"}), id="another value"),
        pytest.param(Headers({"A": "1"}), id="fewer"),
        pytest.param([("A", "1"), ("B", "2")], id="a list"),
        pytest.param((("A", "1"), ("B", "2")), id="a tuple"),
    ],
)
def test_other_fields_are_not_equal(other: object) -> None:
    assert Headers({"A": "1", "B": "2"}) != other


def test_headers_show_their_fields() -> None:
    assert repr(Headers({"A": "1"})) == "Headers([('A', '1')])"


def test_headers_do_not_change_with_what_they_came_in() -> None:
    fields = {"A": "1"}
    headers = Headers(fields)
    fields["A"] = "2"
    assert headers.get("A") == "1"


def test_headers_have_no_place_for_other_attributes() -> None:
    with pytest.raises(AttributeError):
        Headers().extra = 1  # type: ignore[attr-defined]
    with pytest.raises(TypeError):
        Headers({"A": "1"})[0] = ("A", "2")  # type: ignore[index]


# Addresses


@pytest.mark.parametrize(
    ("address", "text"),
    [
        (Address("192.0.2.7", 49152), "192.0.2.7:49152"),
        (Address("localhost", 0), "localhost:0"),
        (Address("::1", 8443), "[::1]:8443"),
        (Address("2001:db8::7", 443), "[2001:db8::7]:443"),
    ],
)
def test_an_address_is_written_as_in_a_url(address: Address, text: str) -> None:
    assert str(address) == text  # RFC 3986 §3.2.2


def test_an_address_is_a_pair() -> None:
    host, port = Address("::1", 8443)
    assert (host, port) == ("::1", 8443)


# Responses


def test_a_response_is_empty_and_ok_by_default() -> None:
    response = Response()
    assert (response.status, list(response.headers), response.body) == (200, [], b"")


@pytest.mark.parametrize(
    ("response", "media_type", "body"),
    [
        pytest.param(Response.text("é"), "text/plain; charset=utf-8", b"\xc3\xa9", id="text"),
        pytest.param(Response.html("<p>é"), "text/html; charset=utf-8", b"<p>\xc3\xa9", id="HTML"),
        pytest.param(Response.json({"a": [1]}), "application/json", b'{"a": [1]}', id="JSON"),
        pytest.param(Response.json("é\n"), "application/json", b'"\\u00e9\\n"', id="JSON, escaped"),
        pytest.param(Response.json(None), "application/json", b"null", id="JSON, null"),
    ],
)
def test_a_constructor_encodes_and_names_the_type(
    response: Response, media_type: str, body: bytes
) -> None:
    assert response.status == 200
    assert list(response.headers) == [("Content-Type", media_type)]
    assert response.body == body


@pytest.mark.parametrize(
    "response",
    [Response.text("", 404), Response.html("", 404), Response.json("", 404), Response(404)],
)
def test_a_constructor_takes_a_status(response: Response) -> None:
    assert response.status == 404


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=5,
)


@given(JSON)
def test_json_comes_back_as_it_was(value: object) -> None:
    body = Response.json(value).body
    assert isinstance(body, bytes)
    assert json.loads(body) == value


@pytest.mark.parametrize("value", [object(), {1, 2}, b"bytes", {("a", "b"): 1}])
def test_what_json_has_no_form_for_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        Response.json(value)


def test_with_header_keeps_all_else() -> None:
    response = Response.text("hello", 404)
    changed = response.with_header("content-type", "text/css").with_header("X", "y")
    assert list(changed.headers) == [("content-type", "text/css"), ("X", "y")]
    assert (changed.status, changed.body) == (404, b"hello")
    assert list(response.headers) == [("Content-Type", "text/plain; charset=utf-8")]


# Redirects (RFC 9110 §10.2.2, §15.4)


def location(text: str) -> str:
    value = Response.redirect(text).headers.get("Location")
    assert value is not None
    return value


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_has_a_status_a_location_and_no_body(status: int) -> None:
    response = Response.redirect("/there", status)
    assert response.status == status
    assert (list(response.headers), response.body) == ([("Location", "/there")], b"")


def test_a_redirect_keeps_the_method_and_is_not_remembered_by_default() -> None:
    assert Response.redirect("/there").status == 307


@pytest.mark.parametrize(
    "reference",
    [
        "/a/b?q=1&r=2#part",
        "https://user@example.org:8443/a;b=c,d?e=f/g?h",
        "//example.org/",
        "../up/",
        "?only=query",
        "#only-fragment",
        "https://[2001:db8::7]:443/",
        "mailto:a@example.org",
        "/a%20b/%C3%A9",
        "/unreserved-._~/sub-delims!$&'()*+,;=",
        "",
    ],
)
def test_a_uri_reference_stays_as_it_is(reference: str) -> None:
    assert location(reference) == reference  # RFC 3986 §4.1


@pytest.mark.parametrize(
    ("given", "encoded"),
    [
        ("/a b", "/a%20b"),
        ("/é", "/%C3%A9"),
        ("/\U0001f512", "/%F0%9F%94%92"),
        ('/"<>^`{|}', "/%22%3C%3E%5E%60%7B%7C%7D"),
        ("/\\example.org", "/%5Cexample.org"),  # browsers would read a slash
    ],
)
def test_what_no_uri_may_hold_is_percent_encoded(given: str, encoded: str) -> None:
    assert location(given) == encoded


@pytest.mark.parametrize(
    "attack",
    [
        "/\r\nSet-Cookie: a=b",
        "/\nSet-Cookie: a=b",
        "/\rSet-Cookie: a=b",
        "/\r\n\r\n<script>alert(1)</script>",
        "/\x00",
        "/\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029",
        "/\u560d\u560aSet-Cookie: a=b",  # CR and LF where only the low octet is kept
        "\r\n/",
    ],
)
def test_no_location_begins_a_new_header_field(attack: str) -> None:
    value = location(attack)
    assert value.isascii()
    assert value.isprintable()
    assert " " not in value


@given(st.text())
def test_any_text_becomes_a_location_that_means_the_same(text: str) -> None:
    value = location(text)
    assert re.fullmatch(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*", value)  # RFC 3986 §2
    assert unquote(value) == unquote(text)
    assert location(value) == value


# Frozen


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(Response(), id="response"),
        pytest.param(Limits(), id="limits"),
        pytest.param(
            TLSInfo(version="TLSv1.3", cipher_suite="", alpn=None, resumed=False), id="TLS"
        ),
    ],
)
def test_values_are_frozen(value: Any) -> None:
    for field in dataclasses.fields(value):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(value, field.name, None)
    with pytest.raises((AttributeError, TypeError)):  # which one, Python's version decides
        value.no_such_setting = 1


def test_limits_are_positive_and_fit_each_other() -> None:
    limits = Limits()
    amounts = [value for value in dataclasses.astuple(limits) if not isinstance(value, bool)]
    assert all(value > 0 for value in amounts)
    assert limits.max_target_bytes < limits.max_head_bytes
    assert limits.max_target_bytes >= 8000  # RFC 9112 §3
    assert limits.max_drain_bytes < limits.max_body_bytes


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [float("-inf")]])
def test_what_is_no_number_in_json_is_no_response(value: object) -> None:
    with pytest.raises(ValueError, match="JSON"):
        Response.json(value)


def test_a_path_that_is_no_utf8_can_be_shown_and_redirected_to() -> None:
    assert Response.text("/\udcff").body == b"/?"
    assert Response.html("/\udcff").body == b"/?"
    assert Response.redirect("/\udcff").headers.get("location") == "/%FF"
