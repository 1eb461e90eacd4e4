import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.files.codecs import (
    BEST_LEVELS,
    CODING_SUFFIXES,
    FAST_LEVELS,
    available_codings,
    compress,
    is_worthwhile,
    make_encoder,
)

from ..codings import decode, every_coding, without_library, zstd
from ..programs import require_program

MIB = 1024 * 1024
TEXT = b"<p>Nobody expects the content coding.</p>\n" * 100

every_level = pytest.mark.parametrize("levels", [FAST_LEVELS, BEST_LEVELS], ids=["fast", "best"])


# Each coding


@every_level
@every_coding
@given(content=st.binary(max_size=5000))
def test_any_content_decodes_to_itself(coding: str, levels: dict[str, int], content: bytes) -> None:
    assert decode(compress(content, coding, levels[coding]), coding) == content


@every_coding
@given(content=st.binary(max_size=2000), cuts=st.lists(st.integers(0, 2000), max_size=5))
def test_content_in_pieces_decodes_to_the_whole(
    coding: str, content: bytes, cuts: list[int]
) -> None:
    encoder = make_encoder(coding, FAST_LEVELS[coding], size=len(content))
    coded, start = b"", 0
    for end in [*sorted(cuts), len(content)]:
        coded += encoder.compress(memoryview(content)[start:end])
        start = max(start, end)
    assert decode(coded + encoder.flush(), coding) == content


@every_coding
def test_text_becomes_much_smaller(coding: str) -> None:
    assert len(compress(TEXT, coding, FAST_LEVELS[coding])) < len(TEXT) / 10


@every_coding
def test_the_best_level_makes_no_more_of_it_than_the_fast_one(coding: str) -> None:
    content = Path(__file__).read_bytes()
    best = compress(content, coding, BEST_LEVELS[coding])
    assert len(best) <= len(compress(content, coding, FAST_LEVELS[coding]))


def test_brotli_comes_before_zstandard_and_that_before_gzip() -> None:
    assert available_codings() == tuple(CODING_SUFFIXES) == ("br", "zstd", "gzip")


# gzip


def test_gzip_content_has_no_time_in_its_head() -> None:
    assert compress(TEXT, "gzip", 6)[4:8] == bytes(4)  # RFC 1952 §2.3.1: MTIME


def test_the_gzip_program_decodes_it() -> None:
    command = [require_program("gzip"), "--decompress", "--stdout"]
    coded = compress(TEXT, "gzip", 9)
    assert subprocess.run(command, input=coded, capture_output=True, check=True).stdout == TEXT


# Zstandard


@pytest.mark.parametrize("level", [*{FAST_LEVELS["zstd"], BEST_LEVELS["zstd"]}, 22])
def test_zstandard_needs_no_larger_window_than_browsers_have(level: int) -> None:
    """RFC 9659 §3: 8 MiB. Level 22 by itself would take 128 MiB, and 16 of them for this."""
    content = TEXT * (9 * MIB // len(TEXT))
    coded = compress(content, "zstd", level)
    limit: dict[int, int] = {zstd.DecompressionParameter.window_log_max: 23}
    assert zstd.decompress(coded, options=limit) == content


def test_the_head_of_a_zstandard_frame_tells_the_size_of_the_content() -> None:
    frame = zstd.get_frame_info(compress(TEXT, "zstd", 3))
    assert frame.decompressed_size == len(TEXT)


# What is not installed


@pytest.mark.parametrize(
    ("library", "left"),
    [("brotli", ("zstd", "gzip")), (zstd.__name__, ("br", "gzip"))],
)
def test_a_coding_whose_library_is_not_installed_is_not_available(
    library: str, left: tuple[str, ...]
) -> None:
    with without_library(library):
        assert available_codings() == left


# What is worth sending


@pytest.mark.parametrize(
    ("size", "coded_size", "worthwhile"),
    [
        (0, 0, False),
        (1023, 10, False),  # fits into a segment either way
        (1024, 10, True),
        (100_000, 95_000, True),
        (100_000, 95_001, False),  # the client's work is not paid for
        (100_000, 100_100, False),
    ],
)
def test_coded_content_is_worthwhile_if_it_saves_a_part_of_more_than_a_segment(
    size: int, coded_size: int, worthwhile: bool
) -> None:
    assert is_worthwhile(size, coded_size) is worthwhile
