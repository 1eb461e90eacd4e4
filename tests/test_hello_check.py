"""What Python would not refuse in a ClientHello is found, whatever way it comes."""

from collections.abc import Sequence
from hashlib import sha256
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.hello_check import HelloCheck
from trio_https.rules.tls_policy import GOOD_GROUPS

OURS = frozenset([b"http/1.1"])
X25519, P256, P521, X448, FFDHE2048 = 29, 23, 25, 30, 256
GREASE, UNKNOWN = 0x2A2A, 0x1337


def vector(size: int, content: bytes) -> bytes:
    return len(content).to_bytes(size, "big") + content


def extension(number: int, content: bytes) -> bytes:
    return number.to_bytes(2, "big") + vector(2, content)


def make_hello(
    *,
    name: bytes = b"localhost",
    protocol: bytes = b"http/1.1",
    groups: Sequence[int] = (),
    shares: Sequence[int] = (),
    padding: int = 0,
) -> bytes:
    server_name = extension(0, vector(2, b"\0" + vector(2, name)))
    alpn = extension(16, vector(2, vector(1, protocol)))
    offered = b"".join(group.to_bytes(2, "big") for group in groups)
    sent = b"".join(group.to_bytes(2, "big") + vector(2, b"key") for group in shares)
    key_exchange = extension(10, vector(2, offered)) + extension(51, vector(2, sent))
    start = b"\x03\x03" + bytes(32) + vector(1, b"") + vector(2, b"\x13\x01") + vector(1, b"\0")
    padded = extension(21, bytes(padding))
    return b"\x01" + vector(3, start + vector(2, server_name + alpn + key_exchange + padded))


def in_records(message: bytes, size: int = 2**14) -> bytes:
    pieces = [message[start : start + size] for start in range(0, len(message), size)]
    return b"".join(b"\x16\x03\x01" + vector(2, piece) for piece in pieces)


def find_reason(
    *flights: bytes,
    ours: frozenset[bytes] | None = OURS,
    groups: frozenset[int] | None = GOOD_GROUPS,
) -> str | None:
    """Return why a client that sends these is refused, and take care that it is at the last."""
    check = HelloCheck(ours, groups)
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


NO_GROUP = "no group of ours for key exchange is offered, but "


@pytest.mark.parametrize(
    ("groups", "told"),
    [
        pytest.param([P521], "secp521r1", id="one"),
        pytest.param([GREASE, X448, P521], "GREASE, x448, secp521r1", id="several"),
        pytest.param([FFDHE2048], "ffdhe2048", id="a finite field"),
        pytest.param(range(1, 9), "0x0001, 0x0002, 0x0003, 0x0004, 0x0005", id="many"),
    ],
)
def test_groups_of_which_none_is_ours_are_a_fault_where_ours_are_known(
    groups: Sequence[int], told: str
) -> None:
    """RFC 8446 §4.1.1."""
    hello = in_records(make_hello(groups=groups, shares=groups[:1]))
    assert find_reason(hello) == NO_GROUP + told
    assert find_reason(hello, groups=None) is None


@pytest.mark.parametrize("good", sorted(GOOD_GROUPS))
def test_one_good_group_is_enough_wherever_it_stands(good: int) -> None:
    assert find_reason(in_records(make_hello(groups=[good]))) is None
    assert find_reason(in_records(make_hello(groups=[P521, good], shares=[P521]))) is None


def test_a_hello_that_names_no_groups_is_left_to_openssl() -> None:
    """RFC 8422 §4: a client of TLS 1.2 that does not say takes any."""
    assert find_reason(in_records(make_hello())) is None


def test_a_key_share_of_a_group_that_is_not_offered_is_left_to_openssl() -> None:
    """RFC 8446 §4.2.8 has another alert for it: illegal_parameter."""
    assert find_reason(in_records(make_hello(groups=[UNKNOWN], shares=[X25519]))) is None


def test_groups_are_looked_at_in_the_second_hello_too() -> None:
    """RFC 8446 §4.1.2 wants them to be the same; who changes them gains nothing by it."""
    first = in_records(make_hello(groups=[P256]))
    assert find_reason(first, in_records(make_hello(groups=[P521]))) == f"{NO_GROUP}secp521r1"


def test_nothing_is_looked_at_after_an_answer_that_asks_for_no_other_hello() -> None:
    check = HelloCheck(OURS, GOOD_GROUPS)
    check.note_answer(in_records(b"\x02" + vector(3, b"\x03\x03" + bytes(32))))
    assert check.find_fault(in_records(BAD_NAME)) is None


def test_a_hello_that_was_asked_for_is_looked_at() -> None:
    """RFC 8446 §4.1.3: the Random of the answer says that it asks."""
    check = HelloCheck(OURS, GOOD_GROUPS)
    asking = sha256(b"HelloRetryRequest").digest()
    check.note_answer(in_records(b"\x02" + vector(3, b"\x03\x03" + asking)))
    fault = check.find_fault(in_records(BAD_NAME))
    assert fault is not None
    assert fault.reason == WHY_BAD_NAME


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
    check = HelloCheck(OURS, GOOD_GROUPS)
    edges = [0, *sorted(cuts), len(octets)]
    faults = [check.find_fault(octets[a:b]) for a, b in pairwise(edges)]
    assert [fault.reason for fault in faults if fault] == [WHY_BAD_NAME]


@given(st.binary())
def test_any_octets_will_do(octets: bytes) -> None:
    for sent in (octets, in_records(b"\x01" + vector(3, octets))):
        assert HelloCheck(OURS, GOOD_GROUPS).find_fault(sent) is None or octets
