"""What Python would not refuse in a ClientHello is found, whatever way it comes."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.hello_check import HelloCheck

OURS = frozenset([b"http/1.1"])


def vector(size: int, content: bytes) -> bytes:
    return len(content).to_bytes(size, "big") + content


def extension(number: int, content: bytes) -> bytes:
    return number.to_bytes(2, "big") + vector(2, content)


def make_hello(
    *, name: bytes = b"localhost", protocol: bytes = b"http/1.1", padding: int = 0
) -> bytes:
    server_name = extension(0, vector(2, b"\0" + vector(2, name)))
    alpn = extension(16, vector(2, vector(1, protocol)))
    start = b"\x03\x03" + bytes(32) + vector(1, b"") + vector(2, b"\x13\x01") + vector(1, b"\0")
    padded = extension(21, bytes(padding))
    return b"\x01" + vector(3, start + vector(2, server_name + alpn + padded))


def in_records(message: bytes, size: int = 2**14) -> bytes:
    pieces = [message[start : start + size] for start in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + vector(2, piece) for piece in pieces)


def find_reason(*flights: bytes, ours: frozenset[bytes] | None = OURS) -> str | None:
    """Return why a client that sends these is refused, and take care that it is at the last."""
    check = HelloCheck(ours)
    *before, last = [check.find_fault(octets) for octets in flights]
    assert before == [None] * len(before)
    return last.reason if last else None


BAD_NAME = make_hello(name=b"\xff.test")
WHY_BAD_NAME = "the server name that was asked for is not ASCII"


def test_a_hello_as_it_should_be_has_no_fault() -> None:
    assert find_reason(in_records(make_hello())) is None


@pytest.mark.parametrize("size", [1, 7, 2**14])
def test_a_name_that_is_not_ascii_is_found_in_any_number_of_records(size: int) -> None:
    assert find_reason(in_records(BAD_NAME, size)) == WHY_BAD_NAME


def test_it_is_found_behind_a_hello_of_any_length() -> None:
    """OpenSSL takes one of 128 KiB."""
    octets = in_records(make_hello(name=b"\xff.test", padding=60_000))
    assert find_reason(octets) == WHY_BAD_NAME


def test_it_is_found_in_the_second_hello() -> None:
    """RFC 8446 §4.1.4: after a HelloRetryRequest; and §D.4: behind a ChangeCipherSpec."""
    second = b"\x14\x03\x03\x00\x01\x01" + in_records(BAD_NAME)
    assert find_reason(in_records(make_hello()), second) == WHY_BAD_NAME


def test_a_protocol_that_is_not_ours_is_a_fault_where_ours_are_known() -> None:
    """RFC 7301 §3.2."""
    hello = in_records(make_hello(protocol=b'x"y'))
    assert find_reason(hello) == r"no protocol of ours is offered, but x\x22y"
    assert find_reason(hello, ours=None) is None


def test_nothing_is_found_once_the_handshake_is_done() -> None:
    check = HelloCheck(OURS)
    check.stop()
    assert check.find_fault(in_records(BAD_NAME)) is None


@pytest.mark.parametrize(
    "octets",
    [
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", id="HTTP"),
        pytest.param(in_records(b"\x01" + vector(3, b"\x03\x03")), id="half a hello"),
    ],
)
def test_what_is_no_hello_is_left_to_openssl(octets: bytes) -> None:
    assert find_reason(octets, in_records(BAD_NAME)) is None


@given(cuts=st.lists(st.integers(0, len(BAD_NAME)), max_size=5))
def test_cutting_changes_nothing(cuts: list[int]) -> None:
    octets = in_records(BAD_NAME, 20)
    check = HelloCheck(OURS)
    edges = [0, *sorted(cuts), len(octets)]
    faults = [check.find_fault(octets[a:b]) for a, b in pairwise(edges)]
    assert [fault.reason for fault in faults if fault] == [WHY_BAD_NAME]


@given(st.binary())
def test_any_octets_will_do(octets: bytes) -> None:
    for sent in (octets, in_records(b"\x01" + vector(3, octets))):
        assert HelloCheck(OURS).find_fault(sent) is None or octets
