from datetime import UTC, datetime
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.rules.http_dates import format_http_date, parse_http_date

RFC_EXAMPLE = 784111777  # Sun, 06 Nov 1994 08:49:37 GMT
LAST_SECOND = 253402300799  # of the year 9999
IN_2026 = 1795392000


def seconds_of(year: int, month: int, day: int) -> int:
    return int(datetime(year, month, day, tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    "text",
    [
        "Sun, 06 Nov 1994 08:49:37 GMT",
        "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994",
    ],
)
def test_the_three_forms_of_the_rfc_are_one_moment(text: str) -> None:
    assert parse_http_date(text, now=IN_2026) == RFC_EXAMPLE


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        (RFC_EXAMPLE, "Sun, 06 Nov 1994 08:49:37 GMT"),
        (LAST_SECOND, "Fri, 31 Dec 9999 23:59:59 GMT"),
        (-62135596800, "Mon, 01 Jan 0001 00:00:00 GMT"),
    ],
)
def test_a_date_is_written_as_imf_fixdate(seconds: int, text: str) -> None:
    assert format_http_date(seconds) == text


@pytest.mark.parametrize("seconds", [LAST_SECOND + 1, -62135596801, 10**18, -(10**18)])
def test_a_year_without_four_digits_is_refused(seconds: int) -> None:
    with pytest.raises(OverflowError):
        format_http_date(seconds)


@given(st.integers(min_value=0, max_value=LAST_SECOND))
def test_what_is_written_is_what_others_write_and_is_read_back(seconds: int) -> None:
    text = format_http_date(seconds)
    assert text == formatdate(seconds, usegmt=True)
    assert parse_http_date(text, now=IN_2026) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "784111777",
        "Sun, 06 Nov 1994 08:49:37",
        "Sun, 06 Nov 1994 08:49:37 UTC",
        "Sun, 06 Nov 1994 08:49:37 +0000",
        "Sun, 6 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 94 08:49:37 GMT",
        "Sun, 06 nov 1994 08:49:37 GMT",
        "sun, 06 Nov 1994 08:49:37 gmt",
        "Son, 06 Nov 1994 08:49:37 GMT",
        " Sun, 06 Nov 1994 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 GMT\n",
        "Sun, 06 Nov 1994 08:49:37 GMT, Mon, 07 Nov 1994 08:49:37 GMT",
        "Sun, 00 Nov 1994 08:49:37 GMT",
        "Sun, 31 Nov 1994 08:49:37 GMT",
        "Tue, 29 Feb 2023 08:49:37 GMT",
        "Sun, 06 Nov 0000 08:49:37 GMT",
        "Sun, 06 Nov 1994 24:00:00 GMT",
        "Sun, 06 Nov 1994 08:60:37 GMT",
        "Sun, 06 Nov 1994 08:49:61 GMT",
        "Sun, ٠٦ Nov 1994 08:49:37 GMT",
        "Sun, 06-Nov-94 08:49:37 GMT",
        "Sunday, 31-Feb-94 08:49:37 GMT",
        "Sun Nov 6 08:49:37 1994",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse_http_date(text, now=IN_2026) is None


@given(st.text())
def test_no_text_raises(text: str) -> None:
    assert parse_http_date(text, now=IN_2026) is None


def test_a_leap_second_is_the_next_minute() -> None:
    assert parse_http_date("Sat, 31 Dec 2016 23:59:60 GMT", now=IN_2026) == seconds_of(2017, 1, 1)


def test_a_wrong_day_of_the_week_is_let_pass() -> None:
    assert parse_http_date("Mon, 06 Nov 1994 08:49:37 GMT", now=IN_2026) == RFC_EXAMPLE


@pytest.mark.parametrize(
    ("today", "text", "meant"),
    [
        ((2026, 11, 23), "Sunday, 06-Nov-94 00:00:00 GMT", (1994, 11, 6)),
        ((2026, 11, 23), "Friday, 01-Jan-27 00:00:00 GMT", (2027, 1, 1)),
        ((2026, 11, 23), "Monday, 23-Nov-76 00:00:00 GMT", (2076, 11, 23)),
        ((2026, 11, 23), "Wednesday, 24-Nov-76 00:00:00 GMT", (1976, 11, 24)),
        ((2026, 11, 23), "Sunday, 01-Jan-00 00:00:00 GMT", (2000, 1, 1)),
        ((1999, 12, 31), "Friday, 01-Jan-99 00:00:00 GMT", (1999, 1, 1)),
    ],
)
def test_a_year_of_two_digits_is_at_most_50_years_ahead(
    today: tuple[int, int, int], text: str, meant: tuple[int, int, int]
) -> None:
    assert parse_http_date(text, now=seconds_of(*today)) == seconds_of(*meant)
