"""The ClientHello: what is read of it, how much of it is waited for, and that any bytes will do."""

import ssl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tlslite.constants import ExtensionType
from tlslite.extensions import (
    ALPNExtension,
    ClientKeyShareExtension,
    KeyShareEntry,
    SignatureAlgorithmsExtension,
    SNIExtension,
    SupportedGroupsExtension,
    SupportedVersionsExtension,
    TLSExtension,
)
from tlslite.messages import ClientHello as Message

from trio_https.rules.client_hello import (
    MAX_HELLO_BYTES,
    ClientHello,
    is_cut_off,
    parse_client_hello_content,
)
from trio_https.rules.octet_reader import Malformed
from trio_https.rules.tls_records import FlightReader, HandshakeMessage


def read_hello(received: bytes) -> ClientHello | None:
    try:
        for event in FlightReader().receive(received):
            if isinstance(event, HandshakeMessage) and event.kind == 1:
                return parse_client_hello_content(event.content)
    except Malformed:
        pass
    return None


def in_records(message: bytes, size: int = 2**14) -> bytes:
    pieces = [message[start : start + size] for start in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + len(piece).to_bytes(2, "big") + piece for piece in pieces)


def make_hello(*extensions: TLSExtension) -> bytes:
    message = Message().create(
        (3, 3), bytearray(range(32)), bytearray(b"session"), [0x1301, 0xC02B], extensions=[]
    )
    message.extensions = list(extensions)
    return in_records(bytes(message.write()))


def parse(*extensions: TLSExtension) -> ClientHello:
    hello = read_hello(make_hello(*extensions))
    assert hello is not None
    return hello


EVERYTHING = make_hello(
    SNIExtension().create(bytearray(b"localhost")),
    ALPNExtension().create([bytearray(b"h2"), bytearray(b"http/1.1")]),
    SupportedVersionsExtension().create([(3, 4), (3, 3)]),
    SupportedGroupsExtension().create([29, 23]),
    ClientKeyShareExtension().create([KeyShareEntry().create(29, bytearray(32))]),
    SignatureAlgorithmsExtension().create([(4, 3), (8, 4)]),
)


def test_all_that_a_client_offers_is_read() -> None:
    """What tlslite-ng has written; the numbers are IANA's."""
    hello = read_hello(EVERYTHING)
    assert hello is not None
    assert hello.legacy_version == 0x0303
    assert hello.random == bytes(range(32))
    assert hello.session_id == b"session"
    assert hello.cipher_suites == (0x1301, 0xC02B)
    assert hello.compression_methods == b"\0"
    assert [number for number, _ in hello.extensions] == [0, 16, 43, 10, 51, 13]
    assert hello.server_name == "localhost"
    assert hello.alpn_protocols == (b"h2", b"http/1.1")
    assert hello.versions == (0x0304, 0x0303)
    assert hello.groups == (29, 23)
    assert [group for group, _key in hello.key_shares] == [29]
    assert hello.signature_algorithms == (0x0403, 0x0804)


def test_what_openssl_says_first_is_read() -> None:
    outgoing = ssl.MemoryBIO()
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    client = context.wrap_bio(ssl.MemoryBIO(), outgoing, server_hostname="pages.test")
    with pytest.raises(ssl.SSLWantReadError):
        client.do_handshake()
    sent = outgoing.read()
    hello = read_hello(sent)
    assert hello is not None
    assert not is_cut_off(sent)
    assert hello.server_name == "pages.test"
    assert hello.alpn_protocols == (b"http/1.1",)
    assert {0x0304, 0x0303} <= set(hello.versions)
    assert {group for group, _key in hello.key_shares} <= set(hello.groups)


def test_a_hello_without_extensions_offers_what_it_says_itself() -> None:
    """RFC 5246 §7.4.1.2: as in TLS 1.0, where there were none."""
    message = Message().create((3, 1), bytearray(32), bytearray(), [0x002F])
    message.extensions = None
    hello = read_hello(in_records(bytes(message.write())))
    assert hello is not None
    assert hello.extensions == ()
    assert hello.versions == (0x0301,)
    assert hello.server_name is None
    assert hello.alpn_protocols == ()
    assert (hello.groups, hello.key_shares) == ((), ())


@pytest.mark.parametrize(
    ("number", "content"),
    [
        pytest.param(ExtensionType.alpn, b"", id="nothing"),
        pytest.param(ExtensionType.alpn, b"\x00\x05\x02h2", id="a list that is cut off"),
        pytest.param(ExtensionType.alpn, b"\x00\x03\x05h2", id="a protocol that is cut off"),
        pytest.param(ExtensionType.alpn, b"\x00\x03\x02h2x", id="something behind the list"),
        pytest.param(ExtensionType.server_name, b"\x00\x04\x01\x00\x01x", id="no host name"),
        pytest.param(ExtensionType.supported_groups, b"\x00\x03\x00\x1d\x00", id="half a number"),
        pytest.param(ExtensionType.supported_versions, b"\x03\x03\x04", id="too few versions"),
        pytest.param(
            ExtensionType.key_share, b"\x00\x04\x00\x1d\x00\x20", id="a share without key"
        ),
    ],
)
def test_an_extension_with_malformed_content_counts_as_absent(number: int, content: bytes) -> None:
    hello = parse(TLSExtension(extType=number).create(bytearray(content)))
    assert hello.extensions == ((number, content),)
    assert hello.alpn_protocols == ()
    assert (hello.groups, hello.key_shares) == ((), ())
    assert hello.server_name is None
    assert hello.versions == (0x0303,)


def test_a_name_that_is_no_text_is_told_escaped() -> None:
    assert parse(SNIExtension().create(bytearray(b"b\xe9\n"))).server_name == "b\\xe9\n"


@pytest.mark.parametrize(
    "received",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="HTTP"),
        pytest.param(b"\x17\x03\x03\x00\x01x", id="another type of record"),
        pytest.param(b"\x16\x02\x00\x00\x01\x01", id="a record of version 2"),
        pytest.param(b"\x16\x03\x01\x00\x00", id="an empty record"),
        pytest.param(b"\x16\x03\x01\x40\x01" + bytes(2**14 + 1), id="too long a record"),
        pytest.param(in_records(b"\x02\x00\x00\x01x"), id="another message"),
        pytest.param(in_records(b"\x01\x00\x00\x05" + bytes(5)), id="too short a hello"),
        pytest.param(EVERYTHING[:-1], id="a record that is cut off"),
    ],
)
def test_what_is_no_whole_hello_is_none(received: bytes) -> None:
    assert read_hello(received) is None


def test_extensions_that_end_before_the_hello_does_make_it_none() -> None:
    size = len(EVERYTHING) - 5 - 4
    message = bytes([1]) + (size + 1).to_bytes(3, "big") + EVERYTHING[9:] + b"x"
    assert read_hello(in_records(message)) is None


@pytest.mark.parametrize("size", [200, 50])
def test_a_hello_may_come_in_several_records(size: int) -> None:
    """RFC 8446 §5.1."""
    received = in_records(EVERYTHING[5:], size)
    assert read_hello(received) == read_hello(EVERYTHING)
    assert not is_cut_off(received)
    assert all(is_cut_off(received[:end]) for end in range(1, len(received)))


@pytest.mark.parametrize(
    ("received", "cut_off"),
    [
        pytest.param(b"\x16", True, id="one byte"),
        pytest.param(b"\x15", False, id="an alert"),
        pytest.param(b"G", False, id="HTTP"),
        pytest.param(b"\x16\x03", True, id="half a header"),
        pytest.param(b"\x16\x02", False, id="a record of version 2"),
        pytest.param(b"\x16\x03\x01\x00\x00", False, id="an empty record"),
        pytest.param(b"\x16\x03\x01\xff\xff", False, id="too long a record"),
        pytest.param(b"\x16\x03\x01\x02\x00", True, id="a header"),
        pytest.param(b"\x16\x03\x01\x02\x00\x02", False, id="another message"),
        pytest.param(EVERYTHING, False, id="all of it"),
        pytest.param(EVERYTHING + b"more", False, id="more than that"),
        pytest.param(
            in_records(b"\x01\x01\x00\x00" + bytes(2**16))[:MAX_HELLO_BYTES], False, id="too long"
        ),
        pytest.param(in_records(EVERYTHING[5:], 10), False, id="too many records"),
    ],
)
def test_more_is_waited_for_only_where_it_is_to_come(received: bytes, cut_off: bool) -> None:
    assert is_cut_off(received) == cut_off


@given(st.binary())
def test_any_bytes_give_a_hello_or_none(received: bytes) -> None:
    for data in (received, in_records(b"\x01" + len(received).to_bytes(3, "big") + received)):
        hello = read_hello(data)
        if hello is not None:
            read_all_of(hello)


@given(st.data())
def test_a_hello_with_any_byte_changed_gives_a_hello_or_none(data: st.DataObject) -> None:
    changed = bytearray(EVERYTHING)
    for _ in range(data.draw(st.integers(1, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    hello = read_hello(bytes(changed))
    if hello is not None:
        read_all_of(hello)
        assert not is_cut_off(bytes(changed))


def read_all_of(hello: ClientHello) -> None:
    assert len(hello.random) == 32
    assert hello.versions
    assert all(0 <= number < 2**16 for number in hello.groups + hello.signature_algorithms)
    assert isinstance(hello.server_name, str | None)
    assert all(isinstance(name, bytes) for name in hello.alpn_protocols)
    assert all(0 <= number < 2**16 for number, _key in hello.key_shares)
