"""Records and messages, whole and cut anywhere; any bytes give events or a clear error."""

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.rules.octet_reader import Malformed
from trio_https.rules.tls_records import (
    Alert,
    ChangeCipherSpec,
    Event,
    FlightReader,
    HandshakeMessage,
    Sealed,
    read_single_message,
)


def record(content_type: int, content: bytes) -> bytes:
    return bytes([content_type, 3, 3]) + len(content).to_bytes(2, "big") + content


def message(kind: int, content: bytes) -> bytes:
    return bytes([kind]) + len(content).to_bytes(3, "big") + content


def read(*pieces: bytes) -> list[Event]:
    reader = FlightReader()
    return [event for piece in pieces for event in reader.receive(piece)]


HELLO = record(22, message(1, b"hello"))
# The flight of a server in TLS 1.3 (RFC 8446 §2 and §D.4).
FLIGHT = record(22, message(2, b"chosen")) + record(20, b"\x01") + record(23, b"x" * 30)


def test_a_record_gives_its_messages() -> None:
    assert read(HELLO) == [HandshakeMessage(1, b"hello")]


@given(
    st.one_of(
        st.binary(),
        st.binary(max_size=20).map(lambda octets: record(22, octets)),
        st.binary(max_size=20).map(lambda octets: record(22, message(1, octets))),
        st.binary(max_size=20).map(lambda octets: record(22, message(1, octets)) + octets),
    )
)
def test_a_single_message_is_what_a_reader_finds_alone(octets: bytes) -> None:
    found = read_single_message(octets)
    if found is not None:
        assert read(octets) == [found]


def test_a_single_message_is_found() -> None:
    assert read_single_message(HELLO) == HandshakeMessage(1, b"hello")
    assert read_single_message(record(22, message(14, b""))) == HandshakeMessage(14, b"")


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(HELLO[:-1], id="cut off"),
        pytest.param(HELLO + b"\x14", id="the beginning of another record"),
        pytest.param(record(22, message(11, b"one") + message(14, b"")), id="two messages"),
        pytest.param(record(22, message(1, b"a long hello")[:-1]), id="a part of a message"),
        pytest.param(record(22, b"\x01\0\0"), id="a part of its header"),
        pytest.param(record(23, message(1, b"hello")), id="encrypted"),
    ],
)
def test_what_is_not_a_single_message_is_none(octets: bytes) -> None:
    assert read_single_message(octets) is None


def test_a_message_is_as_long_as_on_the_wire() -> None:
    [event] = read(HELLO)
    assert isinstance(event, HandshakeMessage)
    assert event.size == len(HELLO) - 5


def test_a_record_may_hold_several_messages() -> None:
    """RFC 8446 §5.1."""
    both = record(22, message(11, b"certificate") + message(14, b""))
    assert read(both) == [HandshakeMessage(11, b"certificate"), HandshakeMessage(14, b"")]


def test_a_message_may_be_in_several_records() -> None:
    """RFC 8446 §5.1."""
    whole = message(1, b"a long hello")
    assert read(record(22, whole[:3]), record(22, whole[3:])) == [
        HandshakeMessage(1, b"a long hello")
    ]


def test_what_is_encrypted_is_a_size() -> None:
    assert read(FLIGHT) == [HandshakeMessage(2, b"chosen"), ChangeCipherSpec(), Sealed(30)]


def test_what_follows_a_seal_is_not_looked_into() -> None:
    """In TLS 1.2, Finished comes in a record of the same type, but encrypted (RFC 5246 §7.1)."""
    reader = FlightReader()
    events = []
    for event in reader.receive(record(20, b"\x01") + record(22, b"\x00" * 40)):
        events.append(event)
        if isinstance(event, ChangeCipherSpec):
            reader.seal()
    assert events == [ChangeCipherSpec(), Sealed(40)]


def test_an_alert_in_the_clear_says_what_it_is() -> None:
    assert read(record(21, b"\x02\x30")) == [Alert(48)]


@pytest.mark.parametrize(
    "octets",
    [
        b"GET / HTTP/1.1\r\n",
        b"SSH-2.0-OpenSSH",
        b"\x16\x02\x00\x00\x01x",  # SSL 2
        b"\x18\x03\x03\x00\x01x",  # heartbeat
        b"\x16\x03\x03\xff\xff",  # too long: RFC 5246 §6.2.3
        record(21, b"\x02"),
    ],
)
def test_what_is_not_tls_is_malformed(octets: bytes) -> None:
    with pytest.raises(Malformed):
        read(octets)


@given(st.lists(st.integers(0, len(HELLO + FLIGHT)), max_size=6))
def test_cutting_it_anywhere_changes_nothing(cuts: Sequence[int]) -> None:
    octets = HELLO + FLIGHT
    ends = [0, *sorted(cuts), len(octets)]
    pieces = [octets[start:end] for start, end in pairwise(ends)]
    assert read(*pieces) == read(octets)


@given(st.binary(max_size=300))
def test_any_octets_give_events_or_are_malformed(octets: bytes) -> None:
    try:
        events = read(octets)
    except Malformed:
        return
    assert all(isinstance(event, Event) for event in events)


@given(st.binary(max_size=200))
def test_any_content_of_a_handshake_record_gives_messages_that_fit_into_it(content: bytes) -> None:
    events = read(record(22, content))
    assert sum(event.size for event in events if isinstance(event, HandshakeMessage)) <= len(
        content
    )
