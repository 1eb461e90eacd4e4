"""The request target in its four forms, and which texts name a host (RFC 9112 §3.2)."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from trio_https import HTTPError
from trio_https.rules.request_target import (
    RequestTarget,
    format_origin,
    host_of,
    is_authority,
    resolve_target,
)

# What a target means

UNDERSTOOD = {
    # §3.2.1 origin-form
    "§3.2.1: a path": ("GET", "/where", "a", ("/where", "a")),
    "§3.2.1: a path and a query": ("GET", "/where?q=now", "www.example.org", None),
    "§3.2.1: the root": ("GET", "/", "a:8443", ("/", "a:8443")),
    "§3.2.1: an empty query": ("GET", "/?", "a", ("/?", "a")),
    "§3.2.1: a question mark in the query": ("GET", "/a?b?c/d", "a", ("/a?b?c/d", "a")),
    "§3.2.1: two slashes are no authority": ("GET", "//evil/a", "a", ("//evil/a", "a")),
    "§3.2.1: a URI in the path": ("GET", "/http://evil/", "a", ("/http://evil/", "a")),
    "§3.2.1: what browsers send raw": ("GET", "/[a]|b?c\\{d}", "a", ("/[a]|b?c\\{d}", "a")),
    "§3.2.1: percent-encoded, kept so": ("GET", "/%2e%2e/%23", "a", ("/%2e%2e/%23", "a")),
    "§3.2.1: without a Host, as in HTTP/1.0": ("GET", "/", None, ("/", "")),
    "§3.2.1: with OPTIONS": ("OPTIONS", "/", "a", ("/", "a")),
    # §3.2.2 absolute-form
    "§3.2.2: the example of the RFC": (
        "GET",
        "http://www.example.org/pub/WWW/TheProject.html",
        "www.example.org",
        ("/pub/WWW/TheProject.html", "www.example.org"),
    ),
    "§3.2.2: its authority wins over Host": ("GET", "https://b:1/x", "a", ("/x", "b:1")),
    "§3.2.2: without a Host": ("GET", "https://b/x", None, ("/x", "b")),
    "§3.2.2: an IPv6 address": ("GET", "https://[::1]:8443/", "a", ("/", "[::1]:8443")),
    "§3.2.2: with a query": ("GET", "http://b/x?y=z", "a", ("/x?y=z", "b")),
    "§3.2.2: a question mark ends the authority": ("GET", "http://b?y", "a", ("/?y", "b")),
    "§3.2.2: a URI in the query": ("GET", "http://b/?u=http://c/", "a", ("/?u=http://c/", "b")),
    "RFC 9110 §4.2.3: an empty path": ("GET", "http://b", "a", ("/", "b")),
    "RFC 9110 §4.2.3: a scheme in capitals": ("GET", "HTTPS://b/", "a", ("/", "b")),
    # §3.2.4 asterisk-form
    "§3.2.4: OPTIONS *": ("OPTIONS", "*", "a:8001", ("*", "a:8001")),
    "§3.2.4: OPTIONS * without a Host": ("OPTIONS", "*", None, ("*", "")),
    "§3.2.4: OPTIONS without a path": ("OPTIONS", "http://b:8001", "a", ("*", "b:8001")),
    "§3.2.4: OPTIONS with a query": ("OPTIONS", "http://b?c", "a", ("/?c", "b")),
    "§3.2.4: OPTIONS with a path": ("OPTIONS", "http://b/", "a", ("/", "b")),
}


@pytest.mark.parametrize(
    ("method", "target", "host", "meant"), UNDERSTOOD.values(), ids=UNDERSTOOD.keys()
)
def test_a_target_means_a_path_and_an_authority(
    method: str, target: str, host: str | None, meant: tuple[str, str] | None
) -> None:
    path_and_query, authority = meant or (target, host or "")
    assert resolve_target(method, target, host) == RequestTarget(path_and_query, authority)


REFUSED = {
    "§3.2: a malformed Host": ("GET", "/", "a b", 400),
    "§3.2: an empty Host": ("GET", "/", "", 400),
    "§3.2: a malformed Host beside absolute-form": ("GET", "http://b/", "a b", 400),
    "§3.2: a malformed Host beside asterisk-form": ("OPTIONS", "*", "a b", 400),
    "§3.2: no target": ("GET", "", "a", 400),
    "§3.2.1: a path without a slash": ("GET", "where", "a", 400),
    "§3.2.1: a query without a path": ("GET", "?q", "a", 400),
    "§3.2.1: a fragment": ("GET", "/where#part", "a", 400),
    "§3.2.1: a fragment after the query": ("GET", "/where?q#part", "a", 400),
    "§3.2.1: a backslash for a slash": ("GET", "\\where", "a", 400),
    "§3.2.1: a backslash in the path": ("GET", "/some\\where", "a", 400),
    "§3.2.2: a backslash in the path": ("GET", "http://b/some\\where", "a", 400),
    "§3.2.2: another scheme": ("GET", "ftp://b/", "a", 400),
    "§3.2.2: a scheme that only begins so": ("GET", "httpss://b/", "a", 400),
    "§3.2.2: one slash": ("GET", "http:/b/", "a", 400),
    "§3.2.2: no authority": ("GET", "http:///where", "a", 400),
    "§3.2.2: a port and no host": ("GET", "http://:80/", "a", 400),
    "§3.2.2: a fragment": ("GET", "http://b/#part", "a", 400),
    "§3.2.2: a fragment behind the authority": ("GET", "http://b#part", "a", 400),
    "§3.2.2: a malformed authority": ("GET", "http://b c/", "a", 400),
    "§3.2.2: a backslash in the authority": ("GET", "http://a\\@b/", "a", 400),
    "§3.2.2: something before the scheme": ("GET", " http://b/", "a", 400),
    "RFC 9110 §4.2.4: userinfo": ("GET", "http://user@b/", "a", 400),
    "RFC 9110 §4.2.4: userinfo with a password": ("GET", "http://user:word@b/", "a", 400),
    "§3.2.3: authority-form of CONNECT": ("CONNECT", "b:443", "b:443", 400),
    "§3.2.3: authority-form without CONNECT": ("GET", "b:443", "b:443", 400),
    "§3.2.4: * with another method": ("GET", "*", "a", 400),
    "§3.2.4: * with another case of the method": ("options", "*", "a", 400),
    "§3.2.4: more than *": ("OPTIONS", "*/", "a", 400),
    "§3.2.4: * and a query": ("OPTIONS", "*?q", "a", 400),
}


@pytest.mark.parametrize(
    ("method", "target", "host", "status"), REFUSED.values(), ids=REFUSED.keys()
)
def test_what_means_nothing_is_refused(
    method: str, target: str, host: str | None, status: int
) -> None:
    with pytest.raises(HTTPError) as caught:
        resolve_target(method, target, host)
    assert (caught.value.status, caught.value.close) == (status, True)


TARGETS = st.text() | st.lists(
    st.sampled_from(["/", "*", "http:", "https:", "//", "a", ":1", "?", "#", "@", "[::1]", "%2f"])
).map("".join)


def refusal_of(method: str, target: str, host: str | None) -> tuple[int, bool] | None:
    try:
        resolve_target(method, target, host)
    except HTTPError as refusal:
        return refusal.status, refusal.close
    return None


@given(st.sampled_from(["GET", "OPTIONS", "get", ""]), TARGETS, st.none() | TARGETS)
@example("GET", "http://[", None)
def test_any_text_is_understood_or_refused(method: str, target: str, host: str | None) -> None:
    refusal = refusal_of(method, target, host)
    if refusal is not None:
        assert refusal == (400, True)
        return
    path_and_query, authority = resolve_target(method, target, host)
    assert path_and_query.startswith("/") or (method, path_and_query) == ("OPTIONS", "*")
    assert "#" not in path_and_query
    assert is_authority(authority) or (host is None and not authority)


@given(st.from_regex(r"/[a-z/%.]{0,5}(\?[a-z?/]{0,5})?", fullmatch=True))
def test_origin_form_and_absolute_form_mean_the_same(path_and_query: str) -> None:
    origin = resolve_target("GET", path_and_query, "example.org:8443")
    absolute = resolve_target("GET", f"https://example.org:8443{path_and_query}", "other")
    assert origin == absolute


# Authorities (RFC 3986 §3.2.2, §3.2.3)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("localhost", id="name"),
        pytest.param("localhost:8443", id="name and port"),
        pytest.param("www.example.org", id="domain"),
        pytest.param("www.example.org.", id="domain, fully qualified"),
        pytest.param("LOCALHOST", id="capitals"),
        pytest.param("a", id="one letter"),
        pytest.param("a-b_c~d", id="unreserved"),
        pytest.param("!$&'()*+,;=", id="sub-delims"),
        pytest.param("caf%C3%A9.example", id="percent-encoded"),
        pytest.param("xn--caf-dma.example", id="IDNA"),
        pytest.param("192.0.2.16", id="IPv4"),
        pytest.param("192.0.2.16:80", id="IPv4 and port, as in §1.1.2"),
        pytest.param("999.999.999.999", id="looks like IPv4, is a name"),
        pytest.param("[2001:db8::7]", id="IPv6, as in §1.1.2"),
        pytest.param("[2001:db8::7]:443", id="IPv6 and port"),
        pytest.param("[::1]", id="IPv6, loopback"),
        pytest.param("[::]", id="IPv6, unspecified"),
        pytest.param("[::ffff:192.0.2.16]", id="IPv6 with IPv4 in it"),
        pytest.param("[2001:DB8:0:0:8:800:200C:417A]", id="IPv6, all eight"),
        pytest.param("example.org:", id="§3.2.3: an empty port"),
        pytest.param("example.org:0", id="port 0"),
        pytest.param("example.org:00080", id="leading zeros"),
        pytest.param("example.org:65535", id="the last port"),
    ],
)
def test_a_host_with_an_optional_port_is_an_authority(text: str) -> None:
    assert is_authority(text)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="nothing"),
        pytest.param(":", id="only a colon"),
        pytest.param(":80", id="only a port"),
        pytest.param("a:b", id="a port that is no number"),
        pytest.param("a:-1", id="a port with a sign"),
        pytest.param("a:80:80", id="two ports"),
        pytest.param("a:65536", id="one above the last port"),
        pytest.param("[::1]:99999", id="far above the last port"),
        pytest.param("a:8 0", id="a space in the port"),
        pytest.param("a:\u0668\u0660", id="digits of another script"),
        pytest.param("user@a", id="userinfo"),
        pytest.param("user:word@a", id="userinfo and password"),
        pytest.param("a b", id="a space"),
        pytest.param(" a", id="a space before"),
        pytest.param("a ", id="a space behind"),
        pytest.param("a\n", id="a line feed behind"),
        pytest.param("a\r\nb", id="a line break"),
        pytest.param("a\x00", id="NUL"),
        pytest.param("a/b", id="a slash"),
        pytest.param("a\\b", id="a backslash"),
        pytest.param("a?b", id="a question mark"),
        pytest.param("a#b", id="a number sign"),
        pytest.param('a"b', id="a quote"),
        pytest.param("a<b>", id="angle brackets"),
        pytest.param("a%", id="a percent sign alone"),
        pytest.param("a%2", id="half an octet"),
        pytest.param("a%zz", id="an octet that is none"),
        pytest.param("café", id="not ASCII"),
        pytest.param("a,b c", id="two hosts"),
        pytest.param("a, b", id="two Host fields joined"),
        pytest.param("::1", id="IPv6 without brackets"),
        pytest.param("2001:db8::7:443", id="IPv6 without brackets, and port"),
        pytest.param("[::1", id="a bracket open"),
        pytest.param("::1]", id="a bracket too many"),
        pytest.param("[]", id="brackets around nothing"),
        pytest.param("[::1]a", id="something behind the bracket"),
        pytest.param("a[::1]", id="something before the bracket"),
        pytest.param("[::1]]", id="two brackets"),
        pytest.param("[[::1]]", id="brackets in brackets"),
        pytest.param("[::1%25eth0]", id="RFC 6874: a zone"),
        pytest.param("[localhost]", id="a name in brackets"),
        pytest.param("[192.0.2.16]", id="IPv4 in brackets"),
        pytest.param("[1]", id="a digit in brackets"),
        pytest.param("[:::]", id="only colons in brackets"),
        pytest.param("[1::2::3]", id="two gaps"),
        pytest.param("[1:2:3:4:5:6:7:8:9]", id="nine groups"),
        pytest.param("[v1.a]", id="an address of the future"),
    ],
)
def test_all_else_is_not(text: str) -> None:
    assert not is_authority(text)


@given(st.text())
@example("a\n")
def test_an_authority_is_plain_ascii_without_a_delimiter(text: str) -> None:
    if is_authority(text):
        assert text.isascii()
        assert text.isprintable()
        assert not set(text) & set(' "/\\?#@<>^`{|}')


# From an authority to a URL


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("localhost", "localhost"),
        ("LocalHost:8443", "localhost"),  # RFC 9110 §4.2.3: without regard to case
        ("www.example.org.:", "www.example.org"),
        ("192.168.1.7:80", "192.168.1.7"),
        ("[::1]", "::1"),
        ("[FD00::7]:8443", "fd00::7"),
    ],
)
def test_the_host_of_an_authority_is_without_its_port(authority: str, host: str) -> None:
    assert host_of(authority) == host


@pytest.mark.parametrize(
    ("scheme", "host", "port", "origin"),
    [
        ("https", "localhost", 8443, "https://localhost:8443"),
        ("https", "localhost", 443, "https://localhost"),  # RFC 9110 §4.2.3
        ("https", "localhost", 80, "https://localhost:80"),
        ("http", "localhost", 80, "http://localhost"),
        ("https", "::1", 8443, "https://[::1]:8443"),
    ],
)
def test_an_origin_is_written_as_in_a_url(scheme: str, host: str, port: int, origin: str) -> None:
    assert format_origin(scheme, host, port) == origin
