"""The messages of a handshake: by the RFC's layout, those of OpenSSL, and any bytes at all."""

from collections.abc import Callable
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.rules.handshake_messages import (
    ServerKeyExchange,
    SessionTicket,
    Signature,
    parse_certificates,
    parse_encrypted_extensions,
    parse_server_hello,
    parse_server_key_exchange,
    parse_session_ticket,
    parse_signature,
    read_protocol,
)
from trio_https.rules.octet_reader import Malformed


def vector(size: int, content: bytes) -> bytes:
    return len(content).to_bytes(size, "big") + content


def extension(number: int, content: bytes) -> bytes:
    return number.to_bytes(2, "big") + vector(2, content)


RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")


def server_hello(*extensions: bytes, random: bytes = b"r" * 32) -> bytes:
    """RFC 8446 §4.1.3."""
    head = b"\x03\x03" + random + vector(1, b"s" * 32) + b"\x13\x02\x00"
    return head + vector(2, b"".join(extensions))


def test_a_server_hello_of_tls_13_says_its_version_in_an_extension() -> None:
    """RFC 8446 §4.2.1."""
    hello = parse_server_hello(
        server_hello(extension(43, b"\x03\x04"), extension(51, b"\x00\x1d" + vector(2, b"k" * 32)))
    )
    assert (hello.version, hello.legacy_version) == (0x0304, 0x0303)
    assert hello.cipher_suite == 0x1302
    assert hello.key_share == (29, b"k" * 32)
    assert not hello.is_retry
    assert not hello.accepts_session


def test_a_server_hello_of_tls_12_may_have_no_extensions() -> None:
    """RFC 5246 §7.4.1.3."""
    hello = parse_server_hello(b"\x03\x03" + b"r" * 32 + b"\x00" + b"\xc0\x2f\x00")
    assert (hello.version, hello.cipher_suite, hello.extensions) == (0x0303, 0xC02F, ())
    assert hello.key_share is None
    assert hello.protocol is None


def test_a_hello_retry_request_is_known_by_its_random_value() -> None:
    """RFC 8446 §4.1.4: its key share is a group without a key."""
    hello = parse_server_hello(server_hello(extension(51, b"\x00\x18"), random=RETRY))
    assert hello.is_retry
    assert hello.key_share == (24, b"")


def test_a_session_of_before_is_accepted_by_an_extension() -> None:
    """RFC 8446 §4.2.11."""
    assert parse_server_hello(server_hello(extension(41, b"\x00\x00"))).accepts_session


def test_the_protocol_of_alpn_is_read_as_text() -> None:
    """RFC 7301 §3.1."""
    chosen = extension(16, vector(2, vector(1, b"http/1.1")))
    assert parse_server_hello(server_hello(chosen)).protocol == "http/1.1"
    assert read_protocol(parse_encrypted_extensions(vector(2, chosen))) == "http/1.1"


def test_a_protocol_may_hold_anything() -> None:
    chosen = vector(2, extension(16, vector(2, vector(1, b"\x1b[2J\xff"))))
    assert read_protocol(parse_encrypted_extensions(chosen)) == "\x1b[2J\\xff"


def test_a_chain_of_tls_13_has_extensions_between() -> None:
    """RFC 8446 §4.4.2."""
    entries = vector(3, b"leaf") + vector(2, extension(5, b"ocsp")) + vector(3, b"root") + b"\0\0"
    content = b"\x00" + vector(3, entries)
    assert parse_certificates(content, tls13=True) == (b"leaf", b"root")


def test_a_chain_of_tls_12_has_certificates_only() -> None:
    """RFC 5246 §7.4.2."""
    content = vector(3, vector(3, b"leaf") + vector(3, b"root"))
    assert parse_certificates(content, tls13=False) == (b"leaf", b"root")


def test_a_signature_is_a_scheme_and_a_size() -> None:
    """RFC 8446 §4.4.3."""
    assert parse_signature(b"\x04\x03" + vector(2, b"s" * 71)) == Signature(0x0403, 71)


def test_a_key_exchange_on_a_curve_names_it() -> None:
    """RFC 8422 §5.4."""
    content = b"\x03\x00\x1d" + vector(1, b"k" * 32) + b"\x08\x04" + vector(2, b"s" * 256)
    assert parse_server_key_exchange(content, elliptic=True) == ServerKeyExchange(
        29, b"k" * 32, Signature(0x0804, 256)
    )


def test_a_key_exchange_in_a_finite_field_brings_its_own() -> None:
    """RFC 5246 §7.4.3."""
    parameters = vector(2, b"p" * 256) + vector(2, b"\x02") + vector(2, b"y" * 256)
    content = parameters + b"\x04\x01" + vector(2, b"s" * 256)
    exchange = parse_server_key_exchange(content, elliptic=False)
    assert (exchange.group, exchange.public_key) == (None, b"y" * 256)


def test_of_a_ticket_only_lifetime_and_size_are_taken() -> None:
    """RFC 8446 §4.6.1, RFC 5077 §3.3."""
    lifetime = (7200).to_bytes(4, "big")
    later = lifetime + b"age!" + vector(1, b"nonce") + vector(2, b"t" * 200) + vector(2, b"")
    assert parse_session_ticket(later, tls13=True) == SessionTicket(7200, 200)
    earlier = lifetime + vector(2, b"t" * 180)
    assert parse_session_ticket(earlier, tls13=False) == SessionTicket(7200, 180)


PARSERS: dict[str, Callable[[bytes], object]] = {
    "server hello": parse_server_hello,
    "encrypted extensions": parse_encrypted_extensions,
    "certificates 1.3": partial(parse_certificates, tls13=True),
    "certificates 1.2": partial(parse_certificates, tls13=False),
    "signature": parse_signature,
    "curve": partial(parse_server_key_exchange, elliptic=True),
    "field": partial(parse_server_key_exchange, elliptic=False),
    "ticket 1.3": partial(parse_session_ticket, tls13=True),
    "ticket 1.2": partial(parse_session_ticket, tls13=False),
}


@pytest.mark.parametrize("name", PARSERS)
@given(content=st.binary(max_size=200))
def test_any_octets_give_a_value_or_are_malformed(name: str, content: bytes) -> None:
    try:
        value = PARSERS[name](content)
    except Malformed:
        return
    assert value is not None


@given(
    start=st.integers(0, 120),
    extra=st.binary(max_size=8),
)
def test_a_damaged_server_hello_gives_a_value_or_is_malformed(start: int, extra: bytes) -> None:
    whole = server_hello(extension(43, b"\x03\x04"), extension(51, b"\x00\x1d\x00\x01k"))
    damaged = whole[:start] + extra + whole[start + len(extra) :]
    try:
        hello = parse_server_hello(damaged)
    except Malformed:
        return
    assert isinstance(hello.version, int)
    assert hello.key_share is None or isinstance(hello.key_share[1], bytes)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        server_hello()[:-1],
        server_hello() + b"x",
        server_hello(extension(43, b"\x03")),
        server_hello(extension(51, b"\x00\x1d\x00\x20short")),
    ],
)
def test_a_server_hello_that_ends_too_soon_is_malformed(content: bytes) -> None:
    with pytest.raises(Malformed):
        parse_server_hello(content)
