import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.rules import media_types
from trio_https.rules.content_coding import (
    _select_kept,
    acceptable_codings,
    is_compressible,
    preferred_codings,
)

OFFERED = ("br", "zstd", "gzip")


@pytest.mark.parametrize(
    ("field_value", "accepted"),
    [
        # The examples of RFC 9110 §12.5.3.
        ("compress, gzip", ["gzip", "identity"]),
        ("", ["identity"]),
        ("*", ["br", "zstd", "gzip", "identity"]),
        ("compress;q=0.5, gzip;q=1.0", ["gzip", "identity"]),
        ("gzip;q=1.0, identity; q=0.5, *;q=0", ["gzip", "identity"]),
        # What Chromium, Firefox, Safari and curl send, in that order; ours decides.
        ("gzip, deflate, br, zstd", ["br", "zstd", "gzip", "identity"]),
        ("gzip, deflate, br", ["br", "gzip", "identity"]),
        ("deflate, gzip", ["gzip", "identity"]),
        # RFC 9110 §12.4.2: by weight, 1 where there is none; 0 is not acceptable.
        ("br;q=0.1, gzip", ["gzip", "br", "identity"]),
        ("br;q=0.999, zstd;q=0.99, gzip;q=1", ["gzip", "br", "zstd", "identity"]),
        ("gzip;q=0.5, br;q=0.5", ["br", "gzip", "identity"]),
        ("gzip;q=0.001", ["gzip", "identity"]),
        ("gzip;q=0", ["identity"]),
        ("gzip;q=0.000", ["identity"]),
        ("br, gzip;q=0.", ["br", "identity"]),
        ("br;q=1.000, gzip;q=1.", ["br", "gzip", "identity"]),
        # Identity has a weight like others, and is the last if it is not named.
        ("gzip;q=0.5, identity;q=1", ["identity", "gzip"]),
        ("gzip;q=0.5, identity", ["identity", "gzip"]),
        ("gzip;q=0.5, identity;q=0.5", ["gzip", "identity"]),
        ("br, gzip;q=0.2, identity;q=0.5", ["br", "identity", "gzip"]),
        ("identity", ["identity"]),
        ("identity;q=0", []),
        ("gzip, identity;q=0", ["gzip"]),
        ("*;q=0", []),
        ("gzip, *;q=0", ["gzip"]),
        ("identity, *;q=0", ["identity"]),
        # "*" is what is not named, identity as well.
        ("*;q=0.5", ["br", "zstd", "gzip", "identity"]),
        ("*;q=0.5, gzip", ["gzip", "br", "zstd", "identity"]),
        ("*, br;q=0", ["zstd", "gzip", "identity"]),
        ("*, gzip;q=0.5", ["br", "zstd", "identity", "gzip"]),
        ("*;q=0.5, identity", ["identity", "br", "zstd", "gzip"]),
        ("*;q=0, identity;q=0.1, br;q=0.2", ["br", "identity"]),
        # RFC 9110 §8.4.1 and §8.4.1.3: case counts for nothing, and x-gzip is gzip.
        ("GZip", ["gzip", "identity"]),
        ("x-gzip", ["gzip", "identity"]),
        ("X-GZIP;Q=0.5, br;q=0.4", ["gzip", "br", "identity"]),
        ("x-br", ["identity"]),
        # RFC 9110 §5.6.1 and §5.6.6: blanks and empty members.
        (" br\t;\tq=0.5 ,, gzip ,", ["gzip", "br", "identity"]),
        # Malformed members are passed over, the others count.
        ("gzip;q=1.5, br", ["br", "identity"]),
        ("gzip;q=-1, br", ["br", "identity"]),
        ("gzip;q=0.1234, br", ["br", "identity"]),
        ("gzip;q=.5, br", ["br", "identity"]),
        ("gzip;q=1.001, br", ["br", "identity"]),
        ("gzip;q=a, br", ["br", "identity"]),
        ("gzip;q=, br", ["br", "identity"]),
        ("gzip;q = 0.5, br", ["br", "identity"]),
        ("gzip;level=9, br", ["br", "identity"]),
        ("gzip br", ["identity"]),
        ("gzip;q=\uff11, br", ["br", "identity"]),
        ('"gzip", br', ["br", "identity"]),
        ("gzip;q=1\n, br", ["br", "identity"]),
        ("identity;q=none", ["identity"]),
    ],
)
def test_codings_come_in_the_order_of_the_client(field_value: str, accepted: list[str]) -> None:
    assert list(acceptable_codings(field_value, OFFERED)) == accepted


@pytest.mark.parametrize(
    ("field_value", "preferred"),
    [
        (None, ()),
        ("", ()),
        ("identity;q=0", ()),
        ("gzip, deflate, br, zstd", ("br", "zstd", "gzip")),
        ("br, gzip;q=0.2, identity;q=0.5", ("br",)),
        ("gzip, identity;q=0", ("gzip",)),
    ],
)
def test_preferred_are_those_that_are_wanted_more_than_none(
    field_value: str | None, preferred: tuple[str, ...]
) -> None:
    assert preferred_codings(field_value, OFFERED) == preferred


def test_who_does_not_ask_gets_no_coding() -> None:
    assert acceptable_codings(None, OFFERED) == ("identity",)


def test_where_nothing_is_offered_there_is_no_coding() -> None:
    assert acceptable_codings("gzip, br", []) == ("identity",)
    assert acceptable_codings("*;q=0", []) == ()


def test_the_order_of_the_server_decides_between_equals() -> None:
    assert acceptable_codings("gzip, br", ("gzip", "br")) == ("gzip", "br", "identity")
    assert acceptable_codings("gzip, br", ["br", "gzip"]) == ("br", "gzip", "identity")


def test_long_values_are_read_but_not_kept() -> None:
    field_value = ",".join(f"coding{n}" for n in range(5000)) + ", gzip"
    kept = _select_kept.cache_info().currsize
    assert acceptable_codings(field_value, OFFERED) == ("gzip", "identity")
    assert _select_kept.cache_info().currsize == kept


@given(st.text() | st.text("bgirzpx*;q=01., \t-"), st.permutations(OFFERED))
def test_any_value_gives_some_of_the_codings_once(field_value: str, offered: list[str]) -> None:
    accepted = acceptable_codings(field_value, offered)
    assert len(set(accepted)) == len(accepted)
    assert set(accepted) <= {*offered, "identity"}


@given(st.dictionaries(st.sampled_from([*OFFERED, "identity"]), st.integers(0, 1000)))
def test_what_is_named_comes_by_its_weight(weights: dict[str, int]) -> None:
    field_value = ", ".join(f"{coding};q={weight / 1000}" for coding, weight in weights.items())
    named = [coding for coding in (*OFFERED, "identity") if weights.get(coding)]
    expected = sorted(named, key=lambda coding: weights[coding], reverse=True)
    if "identity" not in weights:
        expected.append("identity")
    assert list(acceptable_codings(field_value, OFFERED)) == expected


# Types

NOT_COMPRESSIBLE = {
    media_types.DEFAULT_MEDIA_TYPE,
    # Compressed by itself.
    *("application/pdf", "application/epub+zip", "application/zip", "application/gzip"),
    *("application/zstd", "application/x-bzip2", "application/x-xz"),
    "application/x-7z-compressed",
    "application/vnd.android.package-archive",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "application/vnd.oasis.opendocument.text",
    "application/vnd.oasis.opendocument.spreadsheet",
    "application/vnd.oasis.opendocument.presentation",
    *("image/png", "image/jpeg", "image/gif", "image/webp", "image/avif", "image/jxl"),
    *("image/apng", "image/heic", "image/heif", "image/tiff", "font/woff2", "font/woff"),
    # Sound and films.
    *("audio/mpeg", "audio/mp4", "audio/aac", "audio/ogg", "audio/flac", "audio/wav"),
    *("audio/webm", "video/mp4", "video/webm", "video/ogg", "video/quicktime"),
    *("video/matroska", "video/mp2t", "video/mpeg"),
    # A certificate: keys and signatures are as good as random.
    "application/x-x509-ca-cert",
}
COMPRESSIBLE = {
    *("text/html", "text/css", "text/javascript", "text/plain", "text/markdown", "text/csv"),
    *("text/tab-separated-values", "text/calendar", "text/vcard", "text/vtt"),
    *("application/json", "application/ld+json", "application/geo+json"),
    *("application/manifest+json", "application/yaml", "application/xml"),
    *("application/xhtml+xml", "application/atom+xml", "application/rss+xml"),
    *("application/gpx+xml", "application/dash+xml", "application/vnd.apple.mpegurl"),
    *("application/wasm", "application/rtf", "application/x-tar", "application/msword"),
    *("application/vnd.ms-excel", "application/vnd.ms-powerpoint"),
    *("image/svg+xml", "image/vnd.microsoft.icon", "image/bmp"),
    *("font/ttf", "font/otf", "font/collection", "audio/midi"),
    *("model/gltf+json", "model/gltf-binary"),
}


def test_each_type_that_is_served_was_decided_upon() -> None:
    assert {*media_types._EXTENSIONS, media_types.DEFAULT_MEDIA_TYPE} == (
        COMPRESSIBLE | NOT_COMPRESSIBLE
    )


@pytest.mark.parametrize("media_type", sorted(COMPRESSIBLE))
def test_what_gets_smaller_is_compressible(media_type: str) -> None:
    assert is_compressible(media_type)
    assert is_compressible(f"{media_type}; charset=utf-8")
    assert is_compressible(media_type.upper() + " ;charset=utf-8")


@pytest.mark.parametrize("media_type", sorted(NOT_COMPRESSIBLE))
def test_what_is_compressed_or_unknown_is_left_alone(media_type: str) -> None:
    assert not is_compressible(media_type)


@pytest.mark.parametrize(
    ("media_type", "expected"),
    [
        ("application/javascript", True),
        ("image/x-icon", True),
        ("application/vnd.api+json", True),
        ("application/problem+xml", True),
        ("text/x-unheard-of", True),
        ("application/x-unheard-of", False),
        ("application/json+zip", False),
        ("text", False),
        ("", False),
    ],
)
def test_types_that_an_author_may_set_are_judged_too(media_type: str, expected: bool) -> None:
    assert is_compressible(media_type) is expected
