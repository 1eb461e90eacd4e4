"""Exceptions of a test, out of the groups of our nurseries."""

import pytest

from trio_https.testing.groups import without_one_group


def test_one_exception_is_raised_by_itself_with_its_cause() -> None:
    error = LookupError("no such thing")
    error.__cause__ = cause = ValueError("why")
    with pytest.raises(LookupError) as caught, without_one_group():
        raise ExceptionGroup("of a nursery", [error])
    assert caught.value.__cause__ is cause


def test_only_the_outermost_group_is_taken_away() -> None:
    inner = ExceptionGroup("of the test", [LookupError()])
    with pytest.raises(ExceptionGroup, match="of the test"), without_one_group():
        raise ExceptionGroup("of a nursery", [inner])


def test_several_exceptions_stay_a_group() -> None:
    with pytest.raises(ExceptionGroup, match="of a nursery"), without_one_group():
        raise ExceptionGroup("of a nursery", [LookupError(), ValueError()])
