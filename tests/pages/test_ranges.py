"""Any Range field gives exactly those bytes of the file, or a correct refusal.

Against a model that shares nothing with the server: it counts offset by offset, and reads answers
of several parts as mail, with the standard library.
"""

import os
import re
from email import policy
from email.message import MIMEPart
from email.parser import BytesParser
from itertools import chain
from pathlib import Path
from random import Random
from typing import NamedTuple

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from trio_https.errors import HTTPError
from trio_https.files.file_body import FileBody, read_file
from trio_https.files.open_file import OpenFile
from trio_https.messages import Headers, Response
from trio_https.pages.handler import Pages

from .asking import MODIFIED, ask, content_of, make_request, write

SIZES = [0, 1, 10, 130 * 1024]  # the last one is not read whole
FILES = {f"{size}.bin": Random(size).randbytes(size) for size in SIZES}
# In memory or streamed, by its name or as the neighbour in another coding.
FILES["text.txt"] = b"a text that is not sent"
FILES["text.txt.gz"] = Random(7).randbytes(300)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Pages:
    root = tmp_path_factory.mktemp("ranges")
    for name, content in FILES.items():
        write(root / name, content)
    return Pages(root, compress=False)


class Part(NamedTuple):
    """A part of an answer: the offsets that it is told to have, and its bytes."""

    offsets: range
    size: int
    content: bytes


def asked_offsets(field_value: str, size: int) -> list[set[int]] | None:
    """Return the offsets that each member of a valid field asks for; None: the whole is due.

    RFC 9110 §14.1.1, §14.1.2 and §14.2, and what is this server's choice: no more than 10 members,
    and nothing to take parts of in an empty file.
    """
    unit, equals, members = field_value.partition("=")
    specs = [spec.strip(" \t") for spec in members.split(",")]
    specs = [spec for spec in specs if spec]
    if unit.lower() != "bytes" or not equals or not 1 <= len(specs) <= 10 or not size:
        return None
    found = []
    for spec in specs:
        if match := re.fullmatch("([0-9]+)-([0-9]+)", spec):
            first, last = int(match[1]), int(match[2])
            if last < first:
                return None
            found.append({offset for offset in range(size) if first <= offset <= last})
        elif match := re.fullmatch("([0-9]+)-", spec):
            found.append({offset for offset in range(size) if int(match[1]) <= offset})
        elif match := re.fullmatch("-([0-9]+)", spec):
            found.append({offset for offset in range(size) if size - int(match[1]) <= offset})
        else:
            return None
    return found


def told_part(content_range: str, content: bytes) -> Part:
    match = re.fullmatch("bytes ([0-9]+)-([0-9]+)/([0-9]+)", content_range)
    assert match is not None
    return Part(range(int(match[1]), int(match[2]) + 1), int(match[3]), content)


def parts_of(answer: Response) -> list[Part]:
    """Return the parts of a 206, one (RFC 9110 §15.3.7.1) or several (§15.3.7.2)."""
    assert isinstance(answer.body, bytes)
    content_type = answer.headers.get("Content-Type") or ""
    if not content_type.startswith("multipart/byteranges"):
        return [told_part(answer.headers.get("Content-Range") or "", answer.body)]
    assert answer.headers.get("Content-Range") is None
    head = f"Content-Type: {content_type}\r\n\r\n".encode()
    mail = BytesParser(policy=policy.HTTP).parsebytes(head + answer.body)
    assert not mail.defects
    return [told_part(part["Content-Range"], octets_of(part)) for part in mail.iter_parts()]


def octets_of(part: MIMEPart) -> bytes:
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    assert not part.defects
    return content


async def check_range(pages: Pages, name: str, field_value: str, *, content: bytes) -> None:
    headers = Headers({"Range": field_value, "Accept-Encoding": "gzip"})
    answer = await ask(pages, f"/{name}", headers=headers)
    assert isinstance(answer.body, bytes)
    asked = asked_offsets(field_value, len(content))
    if answer.status != 416:  # whose length is told when it is sent
        assert answer.headers.get("Content-Length") == str(len(answer.body))
    if asked is None:
        assert (answer.status, answer.body) == (200, content)
        assert answer.headers.get("Content-Range") is None
    elif not any(asked):
        assert answer.status == 416
        assert answer.headers.get("Content-Range") == f"bytes */{len(content)}"
    else:
        assert answer.status == 206
        check_parts(parts_of(answer), asked, content)


def check_parts(parts: list[Part], asked: list[set[int]], content: bytes) -> None:
    sent = list(chain.from_iterable(part.offsets for part in parts))
    assert set(sent) == set().union(*asked)
    assert len(sent) == len(set(sent))  # nothing twice, so never more than the file
    for offsets, size, part in parts:
        assert size == len(content)
        assert part == content[offsets.start : offsets.stop]
    # RFC 9110 §15.3.7.2: in the order asked for.
    first_asked = [
        min(place for place, offsets in enumerate(asked) if offsets & set(part.offsets))
        for part in parts
    ]
    assert first_asked == sorted(first_asked)


NUMBERS = st.one_of(
    st.integers(0, 12),
    st.integers(SIZES[-1] - 3, SIZES[-1] + 3),
    st.integers(0, 71 * 1024),
    st.sampled_from([2**31, 2**32, 2**63, 2**64, 10**20, 10**100]),
)
DIGITS = NUMBERS.map(str) | st.integers(0, 99).map("{:09}".format)
SPECS = st.one_of(
    st.tuples(DIGITS, DIGITS).map("-".join),
    st.tuples(NUMBERS, st.integers(0, 9000)).map(lambda pair: f"{pair[0]}-{sum(pair)}"),
    DIGITS.map("{}-".format),
    DIGITS.map("-{}".format),
)
NOISE = st.sampled_from(["", " ", "\t", "-", "--1", "1-2-3", "+1-2", "0x1-2", "1_0-", "²-3", "a-b"])
LISTS = st.lists(st.one_of(SPECS, SPECS, SPECS, NOISE), max_size=12)
COMMAS = st.sampled_from([",", ",", ", ", " ,\t", ",,"])
UNITS = st.sampled_from(["bytes=", "bytes=", "bytes=", "Bytes=", "bytes= ", "items=", "bytes", "="])
VALID = st.tuples(COMMAS, st.lists(SPECS, min_size=1, max_size=10)).map(
    lambda pair: f"bytes={pair[0].join(pair[1])}"
)
NEARLY_VALID = st.tuples(UNITS, COMMAS, LISTS).map(lambda three: three[0] + three[1].join(three[2]))


@settings(deadline=None)
@given(name=st.sampled_from(sorted(FILES)), field_value=VALID | NEARLY_VALID | st.text())
@example(name="10.bin", field_value="bytes=0-0,2-2,4-4,6-6,8-8,1-1,3-3,5-5,7-7,9-9")
@example(name="10.bin", field_value="bytes=9-9,0-0")
@example(name="0.bin", field_value="bytes=0-")
@example(name="1.bin", field_value="bytes=-0")
async def test_any_range_field_gets_its_bytes_or_a_correct_refusal(
    pages: Pages, name: str, field_value: str
) -> None:
    content = FILES.get(f"{name}.gz", FILES[name])
    await check_range(pages, name, field_value, content=content)


async def test_parts_of_a_file_over_4_gib_are_those(tmp_path: Path) -> None:
    size = 5 * 2**30
    with (tmp_path / "huge.bin").open("wb") as file:
        file.truncate(size)  # of holes: it takes no place
        for offset in (2**32 - 2, size - 4):
            os.pwrite(file.fileno(), b"here", offset)
    os.utime(tmp_path / "huge.bin", (MODIFIED, MODIFIED))
    pages = Pages(tmp_path)
    for start, field_value in [
        (2**32 - 2, f"bytes={2**32 - 2}-{2**32 + 1}"),
        (size - 4, "bytes=-4"),
        (size - 4, f"bytes={size - 4}-"),
    ]:
        answer = await ask(pages, "/huge.bin", headers=Headers({"Range": field_value}))
        assert parts_of(answer) == [(range(start, start + 4), size, b"here")]


@pytest.mark.parametrize(
    ("field_value", "is_streamed"),
    [
        ("bytes=0-65535", False),
        ("bytes=0-1,4-5", False),
        ("bytes=0-", True),
        ("bytes=-131073", True),
    ],
)
async def test_little_of_a_large_file_is_read_at_once(
    pages: Pages, field_value: str, is_streamed: bool
) -> None:
    response = await pages(
        make_request(f"/{SIZES[-1]}.bin", headers=Headers({"Range": field_value}))
    )
    assert response.status == 206
    assert isinstance(response.body, FileBody) == is_streamed
    assert len(await content_of(response)) == int(response.headers.get("content-length") or 0)


async def test_little_of_a_file_that_is_written_to_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "large.bin"
    write(path, bytes(SIZES[-1]))

    async def read_and_write(file: OpenFile, part: range) -> bytes | None:
        path.write_bytes(b"other content")
        return await read_file(file, part)

    monkeypatch.setattr("trio_https.files.kept_files.read_file", read_and_write)
    with pytest.raises(HTTPError, match="503") as refused:
        await Pages(tmp_path)(make_request("/large.bin", headers=Headers({"Range": "bytes=0-9"})))
    assert ("Retry-After", "1") in refused.value.headers
