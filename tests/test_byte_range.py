from email import message_from_bytes
from itertools import chain, pairwise

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from trio_https.rules.byte_range import (
    content_range,
    is_range_current,
    multipart_byteranges,
    select_ranges,
    unsatisfied_range,
)
from trio_https.rules.http_dates import format_http_date

MODIFIED = 784111777
AT = format_http_date(MODIFIED)
IN_2026 = 1795392000.0
BOUNDARY = "THIS_STRING_SEPARATES"


# Range


@pytest.mark.parametrize(
    ("field_value", "parts"),
    [
        # The examples of RFC 9110 §14.1.2, for a representation of 10,000 bytes.
        ("bytes=0-499", (range(500),)),
        ("bytes=500-999", (range(500, 1000),)),
        ("bytes=-500", (range(9500, 10000),)),
        ("bytes=9500-", (range(9500, 10000),)),
        ("bytes=0-0,-1", (range(1), range(9999, 10000))),
        ("bytes= 0-0, -2", (range(1), range(9998, 10000))),
        ("bytes= 0-999, 4500-5499, -1000", (range(1000), range(4500, 5500), range(9000, 10000))),
        ("bytes=500-600,601-999", (range(500, 1000),)),
        ("bytes=500-700,601-999", (range(500, 1000),)),
        # RFC 9110 §14.1.2: ends are clipped.
        ("bytes=0-", (range(10000),)),
        ("bytes=0-9999", (range(10000),)),
        ("bytes=0-10000", (range(10000),)),
        ("bytes=9999-20000", (range(9999, 10000),)),
        ("bytes=-10000", (range(10000),)),
        ("bytes=-10001", (range(10000),)),
        ("bytes=007-0008", (range(7, 9),)),
        # RFC 9110 §14.1: range units are case-insensitive.
        ("Bytes=1-2", (range(1, 3),)),
        ("BYTES=1-2", (range(1, 3),)),
        # RFC 9110 §5.6.1: blanks around commas, and empty members of a list.
        ("bytes=1-2\t ,\t 4-5", (range(1, 3), range(4, 6))),
        ("bytes=,1-2,, ,4-5 ,", (range(1, 3), range(4, 6))),
        ("bytes=" + "," * 20 + "1-2", (range(1, 3),)),
        # RFC 9110 §15.3.7.2: in the order asked for, but for what is merged.
        ("bytes=20-29,0-9", (range(20, 30), range(10))),
        ("bytes=-1,0-0", (range(9999, 10000), range(1))),
        ("bytes=50-59,0-9,10-19", (range(50, 60), range(20))),
        ("bytes=10-19,50-59,0-9", (range(20), range(50, 60))),
        ("bytes=40-49,0-9,20-29,5-24", (range(40, 50), range(30))),
        ("bytes=0-9,0-9,0-9", (range(10),)),
        ("bytes=0-,0-,0-", (range(10000),)),
        ("bytes=0-9,11-19", (range(10), range(11, 20))),
        # RFC 9110 §14.2: one that can be satisfied is enough.
        ("bytes=10000-,5-6,-0", (range(5, 7),)),
        ("bytes=" + ",".join(f"{n}-{n}" for n in range(0, 20, 2)), tuple(
            range(n, n + 1) for n in range(0, 20, 2)
        )),
    ],
)  # fmt: skip
def test_parts_are_found_in_the_order_asked_for(field_value: str, parts: tuple[range, ...]) -> None:
    assert select_ranges(field_value, 10000) == parts


@pytest.mark.parametrize(
    "field_value",
    [
        "bytes=10-",
        "bytes=10-20",
        "bytes=-0",
        "bytes=-00",
        "bytes=10-,-0,99-100",
        "bytes=18446744073709551616-",  # 2**64
        "bytes=" + "9" * 5000 + "-",  # more digits than int() takes
        "bytes=" + "9" * 5000 + "-" + "9" * 5001,
    ],
)
def test_what_lies_behind_the_end_can_not_be_satisfied(field_value: str) -> None:
    assert select_ranges(field_value, 10) == ()


def test_numbers_of_any_length_are_read() -> None:
    assert select_ranges("bytes=5-" + "9" * 5000, 10) == (range(5, 10),)
    assert select_ranges("bytes=-" + "9" * 5000, 10) == (range(10),)
    assert select_ranges("bytes=" + "0" * 5000 + "5-6", 10) == (range(5, 7),)
    assert select_ranges(f"bytes={2**40}-", 2**40 + 1) == (range(2**40, 2**40 + 1),)


@pytest.mark.parametrize(
    "field_value",
    [
        # RFC 9110 §14.2: a unit that is not understood.
        "lines=0-4",
        "octets=0-4",
        "=0-4",
        # RFC 9110 §14.1.1: no valid ranges-specifier.
        "",
        "bytes",
        "bytes=",
        "bytes=,",
        "bytes 0-4",
        "bytes =0-4",
        "bytes=0",
        "bytes=-",
        "bytes=--5",
        "bytes=0-4-",
        "bytes=4-0",
        "bytes=0 - 4",
        "bytes=0-4;5-6",
        "bytes=+0-4",
        "bytes=0x0-0x4",
        "bytes=0-1_0",
        "bytes=a-b",
        "bytes=0-4, x",
        "bytes=0-4,4-0",
        "bytes=99-98",
        "bytes=0-4, bytes=5-6",
        "bytes=0-4/10",
        # Digits for int() and str.isdigit(), but not in a header field.
        "bytes=\uff11-\uff12",
        "bytes=\u0661-",
        "bytes=0-\xb2",
        "bytes=0-4\n",
        "bytes=0-4\x0b",
        "bytes=0-4\xa0",
        # More than 10, whether they could be satisfied or not.
        "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 22, 2)),
        "bytes=" + "0-0," * 11,
        "bytes=0-0" + ",99-" * 10,
        "bytes=" + "0-," * 5000,
    ],
)
def test_the_field_is_ignored(field_value: str) -> None:
    assert select_ranges(field_value, 10) is None


@pytest.mark.parametrize("field_value", ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=-0", "x"])
def test_of_nothing_there_are_no_parts(field_value: str) -> None:
    """RFC 9110 §14.2 lets the field be ignored; so do nginx and Go's net/http."""
    assert select_ranges(field_value, 0) is None


FIELD_VALUES = st.one_of(
    st.text(),
    st.from_regex(r"bytes=[0-9, -]*", fullmatch=True),
    st.lists(st.from_regex(r"[0-9]{0,2}-[0-9]{0,2}", fullmatch=True)).map(
        lambda specs: "bytes=" + ",".join(specs)
    ),
)


@given(FIELD_VALUES, st.integers(0, 60))
def test_parts_lie_inside_and_apart_whatever_is_asked_for(field_value: str, size: int) -> None:
    parts = select_ranges(field_value, size)
    if parts is None:
        return
    assert len(parts) <= 10
    assert all(0 <= part.start < part.stop <= size and part.step == 1 for part in parts)
    in_order = sorted(parts, key=lambda part: part.start)
    assert all(before.stop < after.start for before, after in pairwise(in_order))


@st.composite
def range_specs(draw: st.DrawFn) -> tuple[str, int | None, int | None]:
    """Draw a valid range-spec with its first and last position, or the length of a suffix."""
    first = draw(st.none() | st.integers(0, 30))
    last = draw(st.integers(0, 40) if first is None else st.none() | st.integers(first, 40))
    return f"{'' if first is None else first}-{'' if last is None else last}", first, last


def asked_positions(first: int | None, last: int | None, size: int) -> list[int]:
    """Return the positions of the bytes that one range-spec asks for, one by one."""
    if first is None:
        return [position for position in range(size) if position >= size - (last or 0)]
    return [n for n in range(size) if n >= first and (last is None or n <= last)]


@given(st.lists(range_specs(), min_size=1, max_size=10), st.integers(1, 35))
def test_the_bytes_are_those_asked_for(
    specs: list[tuple[str, int | None, int | None]], size: int
) -> None:
    parts = select_ranges("bytes=" + ", ".join(text for text, _, _ in specs), size)
    assert parts is not None
    asked = [asked_positions(first, last, size) for _, first, last in specs]
    assert sorted(chain(*parts)) == sorted(set(chain(*asked)))
    # Each part stands where the first that it was made of was asked for.
    places = [
        min(place for place, positions in enumerate(asked) if set(positions) & set(part))
        for part in parts
    ]
    assert places == sorted(places)


# If-Range


@pytest.mark.parametrize(
    ("if_range", "etag", "last_modified", "is_current"),
    [
        # RFC 9110 §13.1.5 with §8.8.3.2: tags are compared strongly, and there is one of them.
        ('"now"', '"now"', MODIFIED, True),
        ('"now"', '"now"', None, True),
        ('"old"', '"now"', MODIFIED, False),
        ('W/"now"', 'W/"now"', MODIFIED, False),
        ('W/"now"', '"now"', MODIFIED, False),
        ('"now"', 'W/"now"', MODIFIED, False),
        ('"now"', None, MODIFIED, False),
        ('"old", "now"', '"now"', MODIFIED, False),
        ("*", '"now"', MODIFIED, False),
        ("now", '"now"', MODIFIED, False),
        ("", '"now"', MODIFIED, False),
        ("", None, None, False),
        # §13.1.5: a date has to be the same, in whichever form of §5.6.7.
        (AT, '"now"', MODIFIED, True),
        (AT, None, MODIFIED, True),
        ("Sunday, 06-Nov-94 08:49:37 GMT", '"now"', MODIFIED, True),
        (format_http_date(MODIFIED - 1), '"now"', MODIFIED, False),
        (format_http_date(MODIFIED + 1), '"now"', MODIFIED, False),
        (AT, '"now"', None, False),
        ("yesterday", '"now"', MODIFIED, False),
        ("yesterday", None, None, False),
    ],
)
def test_a_range_counts_only_for_the_same_representation(
    if_range: str, etag: str | None, last_modified: int | None, is_current: bool
) -> None:
    now = IN_2026
    assert is_range_current(if_range, etag=etag, last_modified=last_modified, now=now) is is_current


@pytest.mark.parametrize(
    ("age", "is_current"), [(0.0, False), (0.999, False), (1.0, True), (-5.0, False)]
)
def test_a_date_is_not_believed_in_its_own_second(age: float, is_current: bool) -> None:
    """RFC 9110 §8.8.2.2: the file may change twice in it."""
    now = MODIFIED + age
    assert is_range_current(AT, etag=None, last_modified=MODIFIED, now=now) is is_current


# What is answered


@pytest.mark.parametrize(
    ("part", "size", "field_value"),
    [
        # The examples of RFC 9110 §14.4, and a file of over 4 GiB.
        (range(42, 1234), 1234, "bytes 42-1233/1234"),
        (range(500), 1234, "bytes 0-499/1234"),
        (range(734, 1234), 1234, "bytes 734-1233/1234"),
        (range(1), 1, "bytes 0-0/1"),
        (range(2**32, 2**33), 2**34, "bytes 4294967296-8589934591/17179869184"),
    ],
)
def test_a_part_is_told_by_its_first_and_last_byte(
    part: range, size: int, field_value: str
) -> None:
    assert content_range(part, size) == field_value


def test_the_size_is_told_where_nothing_can_be_satisfied() -> None:
    assert unsatisfied_range(47022) == "bytes */47022"  # RFC 9110 §15.5.17


DELIMITED_HEAD = (
    b"\r\n--THIS_STRING_SEPARATES\r\n"
    b"Content-Type: application/pdf\r\n"
    b"Content-Range: bytes %s/8000\r\n\r\n"
)


def test_parts_are_delimited_as_in_the_example_of_the_rfc() -> None:
    body, length = multipart_byteranges(
        [range(500, 1000), range(7000, 8000)],
        size=8000,
        content_type="application/pdf",
        boundary=BOUNDARY,
    )
    heads = [piece for piece in body if isinstance(piece, bytes)]
    assert heads == [
        DELIMITED_HEAD.removeprefix(b"\r\n") % b"500-999",
        DELIMITED_HEAD % b"7000-7999",
        b"\r\n--THIS_STRING_SEPARATES--\r\n",
    ]
    assert body == [heads[0], range(500, 1000), heads[1], range(7000, 8000), heads[2]]
    assert length == 1500 + sum(map(len, heads))


@given(st.binary(min_size=1, max_size=50), st.data())
def test_another_reader_finds_the_parts_again(content: bytes, data: st.DataObject) -> None:
    assume(BOUNDARY.encode() not in content)
    specs = data.draw(st.lists(st.integers(0, len(content) - 1), min_size=1, max_size=10))
    parts = select_ranges("bytes=" + ",".join(f"{n}-{n + 4}" for n in specs), len(content))
    assert parts
    body, length = multipart_byteranges(
        parts, size=len(content), content_type="image/png", boundary=BOUNDARY
    )
    sent = b"".join(
        piece if isinstance(piece, bytes) else content[piece.start : piece.stop] for piece in body
    )
    assert len(sent) == length
    head = f"Content-Type: multipart/byteranges; boundary={BOUNDARY}\r\n\r\n".encode()
    found = [part for part in message_from_bytes(head + sent).walk() if not part.is_multipart()]
    assert [
        (part["Content-Type"], part["Content-Range"], part.get_payload(decode=True))
        for part in found
    ] == [
        ("image/png", content_range(part, len(content)), content[part.start : part.stop])
        for part in parts
    ]
