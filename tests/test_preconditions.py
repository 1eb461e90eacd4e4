from datetime import UTC, datetime
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.rules.http_dates import format_http_date
from trio_https.rules.preconditions import evaluate_preconditions

ETAG = '"now"'
MODIFIED = 784111777
AT = format_http_date(MODIFIED)
BEFORE = format_http_date(MODIFIED - 1)
AFTER = format_http_date(MODIFIED + 1)
IN_2026 = 1795392000


def evaluate(
    method: str = "GET",
    *,
    etag: str | None = ETAG,
    last_modified: int | None = MODIFIED,
    now: float = IN_2026,
    **fields: str | None,
) -> int | None:
    return evaluate_preconditions(method, etag=etag, last_modified=last_modified, now=now, **fields)


def test_without_preconditions_the_request_goes_on() -> None:
    assert evaluate() is None


@pytest.mark.parametrize(
    ("field_value", "status"),
    [
        (ETAG, None),
        ('"old", "now"', None),
        ("*", None),
        (" * ", None),
        ('"old"', 412),
        ('W/"now"', 412),
        ("now", 412),
        ("", 412),
        ('"now', 412),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT"])
def test_if_match_compares_strongly(method: str, field_value: str, status: int | None) -> None:
    assert evaluate(method, if_match=field_value) == status


def test_if_match_fails_for_a_weak_tag() -> None:
    assert evaluate(etag='W/"now"', if_match='W/"now"') == 412


@pytest.mark.parametrize(
    ("field_value", "status"),
    [(AT, None), (AFTER, None), (BEFORE, 412), ("yesterday", None), (f"{BEFORE}, {BEFORE}", None)],
)
@pytest.mark.parametrize("method", ["GET", "PUT"])
def test_if_unmodified_since_fails_after_a_change(
    method: str, field_value: str, status: int | None
) -> None:
    assert evaluate(method, if_unmodified_since=field_value) == status


@pytest.mark.parametrize(
    ("field_value", "is_match"),
    [
        (ETAG, True),
        ('W/"now"', True),
        ('"old", W/"now"', True),
        ("*", True),
        ('"old"', False),
        ("now", False),
        ("", False),
        ('*, "old"', False),
    ],
)
def test_if_none_match_compares_weakly(field_value: str, is_match: bool) -> None:
    assert evaluate("GET", if_none_match=field_value) == (304 if is_match else None)
    assert evaluate("HEAD", if_none_match=field_value) == (304 if is_match else None)
    assert evaluate("PUT", if_none_match=field_value) == (412 if is_match else None)


@pytest.mark.parametrize(
    ("field_value", "status"),
    [
        (AT, 304),
        (AFTER, 304),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 304),
        ("Sun Nov  6 08:49:37 1994", 304),
        (BEFORE, None),
        ("", None),
        ("0", None),
    ],
)
def test_if_modified_since_spares_what_was_not_changed(
    field_value: str, status: int | None
) -> None:
    assert evaluate("GET", if_modified_since=field_value) == status
    assert evaluate("HEAD", if_modified_since=field_value) == status


@pytest.mark.parametrize(("day", "is_ahead"), [(6, True), (5, False)])
def test_a_year_of_two_digits_is_judged_by_when_the_request_came(day: int, is_ahead: bool) -> None:
    now = datetime(2026, 11, day, 12, tzinfo=UTC).timestamp()
    text = "Friday, 06-Nov-76 08:49:37 GMT"  # 2076, or 1976 where that is over 50 years ahead
    assert evaluate(now=now, if_modified_since=text) == (304 if is_ahead else None)
    assert evaluate(now=now, if_unmodified_since=text) == (None if is_ahead else 412)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "get"])
def test_if_modified_since_counts_for_get_and_head_only(method: str) -> None:
    assert evaluate(method, if_modified_since=AFTER) is None


def test_a_tag_makes_the_date_count_for_nothing() -> None:
    assert evaluate(if_match=ETAG, if_unmodified_since=BEFORE) is None
    assert evaluate(if_match='"old"', if_unmodified_since=AFTER) == 412
    assert evaluate(if_none_match='"old"', if_modified_since=AFTER) is None
    assert evaluate(if_none_match=ETAG, if_modified_since=BEFORE) == 304


def test_a_failed_precondition_comes_before_an_unchanged_page() -> None:
    assert evaluate(if_match='"old"', if_none_match=ETAG) == 412
    assert evaluate(if_unmodified_since=BEFORE, if_modified_since=AFTER) == 412
    assert evaluate(if_unmodified_since=AFTER, if_none_match=ETAG) == 304


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "CONNECT"])
def test_methods_without_a_representation_ignore_preconditions(method: str) -> None:
    assert evaluate(method, if_match='"old"', if_none_match="*") is None


def test_dates_are_ignored_where_there_is_no_date_to_compare() -> None:
    assert evaluate(last_modified=None, if_modified_since=AFTER) is None
    assert evaluate(last_modified=None, if_unmodified_since=BEFORE) is None


def test_without_a_tag_only_the_asterisk_matches() -> None:
    assert evaluate(etag=None, if_none_match=ETAG) is None
    assert evaluate(etag=None, if_none_match="*") == 304
    assert evaluate(etag=None, if_match=ETAG) == 412
    assert evaluate(etag=None, if_match="*") is None


@pytest.mark.parametrize(
    ("method", "match", "unmodified", "none_match", "modified"),
    list(product(("GET", "PUT"), *[(None, True, False)] * 4)),
)
def test_the_order_is_that_of_the_rfc(
    method: str,
    match: bool | None,
    unmodified: bool | None,
    none_match: bool | None,
    modified: bool | None,
) -> None:
    """Each field missing, true or false, against RFC 9110 §13.2.2 step by step."""
    status = evaluate(
        method,
        if_match={None: None, True: ETAG, False: '"old"'}[match],
        if_unmodified_since={None: None, True: AFTER, False: BEFORE}[unmodified],
        if_none_match={None: None, True: '"old"', False: ETAG}[none_match],
        if_modified_since={None: None, True: BEFORE, False: AFTER}[modified],
    )
    if match is False or (match is None and unmodified is False):
        assert status == 412
    elif none_match is False:
        assert status == (304 if method == "GET" else 412)
    elif none_match is None and modified is False and method == "GET":
        assert status == 304
    else:
        assert status is None


@given(st.text())
def test_no_field_value_is_an_error(text: str) -> None:
    assert evaluate(if_match=text) in (None, 412)
    assert evaluate(if_unmodified_since=text) in (None, 412)
    assert evaluate(if_none_match=text) in (None, 304)
    assert evaluate(if_modified_since=text) in (None, 304)
