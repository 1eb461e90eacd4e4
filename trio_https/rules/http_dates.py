"""Dates in header fields: seconds since the epoch to and from HTTP-date (RFC 9110 §5.6.7).

Three forms are read, one is written. Neither the locale nor the time zone of the machine has a say.
"""

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

__all__ = ["format_http_date", "parse_http_date"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_LONG_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


# The current second is asked for by each response, a file's date by each request for it.
@lru_cache(maxsize=256)
def format_http_date(seconds: int) -> str:
    """Return the IMF-fixdate of ``seconds`` since the epoch: "Sun, 06 Nov 1994 08:49:37 GMT".

    Raises ``OverflowError`` outside of the years 1 to 9999, which the form has no digits for.
    """
    moment = _EPOCH + timedelta(seconds=seconds)
    day, month = _DAYS[moment.weekday()], _MONTHS[moment.month - 1]
    return f"{day}, {moment.day:02} {month} {moment.year:04} {moment:%H:%M:%S} GMT"


def parse_http_date(text: str, *, now: float) -> int | None:
    """Return the seconds since the epoch that an HTTP-date stands for, None for any other text.

    ``now``, in seconds since the epoch, is what years of two digits are judged by. A day of the
    week that does not fit the date is let pass.
    """
    for form in _FORMS:
        if match := form.fullmatch(text):
            return _seconds(match, now)
    return None


def _seconds(match: re.Match[str], now: float) -> int | None:
    year, month = int(match["year"]), _MONTHS.index(match["month"]) + 1
    if len(match["year"]) == 2:
        year = _full_year(year, month, int(match["day"]), now)
    hour, minute, second = int(match["hour"]), int(match["minute"]), int(match["second"])
    # RFC 9110 §5.6.7 lets a leap second be 60; POSIX time counts it as the next minute's first.
    if hour > 23 or minute > 59 or second > 60:
        return None
    try:
        days = date(year, month, int(match["day"])).toordinal() - _EPOCH.toordinal()
    except ValueError:  # no such day in that month
        return None
    return ((days * 24 + hour) * 60 + minute) * 60 + second


def _full_year(two_digits: int, month: int, day: int, now: float) -> int:
    """Return the year that is meant: more than 50 years ahead is the past (RFC 9110 §5.6.7)."""
    today = (_EPOCH + timedelta(seconds=now)).date()
    year = today.year - today.year % 100 + two_digits
    return year - 100 if (year, month, day) > (today.year + 50, today.month, today.day) else year


def _one_of(names: tuple[str, ...]) -> str:
    return f"(?:{'|'.join(names)})"


_TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
_MONTH = f"(?P<month>{'|'.join(_MONTHS)})"
_FORMS = tuple(
    re.compile(form)
    for form in (
        # IMF-fixdate, what everyone sends: Sun, 06 Nov 1994 08:49:37 GMT
        rf"{_one_of(_DAYS)}, (?P<day>[0-9]{{2}}) {_MONTH} (?P<year>[0-9]{{4}}) {_TIME} GMT",
        # rfc850-date: Sunday, 06-Nov-94 08:49:37 GMT
        rf"{_one_of(_LONG_DAYS)}, (?P<day>[0-9]{{2}})-{_MONTH}-(?P<year>[0-9]{{2}}) {_TIME} GMT",
        # asctime-date, its day padded with a space: Sun Nov  6 08:49:37 1994
        rf"{_one_of(_DAYS)} {_MONTH} (?P<day>[0-9]{{2}}| [0-9]) {_TIME} (?P<year>[0-9]{{4}})",
    )
)
