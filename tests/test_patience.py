"""How long a slow client is waited for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.patience import Patience


def test_the_first_wait_is_the_timeout() -> None:
    assert Patience(30, 240).seconds() == 30


def test_without_a_rate_each_wait_is_the_timeout() -> None:
    patience = Patience(30, 0)
    for _ in range(10):
        patience.note(1, 29)
        assert patience.seconds() == 30


def test_who_is_fast_enough_always_has_the_timeout() -> None:
    patience = Patience(30, 240)
    for _ in range(1000):
        patience.note(7200, 29)
        assert patience.seconds() == 30


def test_who_drips_has_used_up_the_time_at_last() -> None:
    patience = Patience(30, 10)
    patience.note(1, 29)
    assert patience.seconds() == pytest.approx(1.1)
    patience.note(1, 1.1)
    assert patience.seconds() == pytest.approx(0.1)
    patience.note(0, 1)
    assert patience.seconds() == 0


MOVES = st.lists(st.tuples(st.integers(0, 10_000), st.floats(0, 30)))


@pytest.mark.no_cover
@given(MOVES)
def test_a_wait_is_never_longer_than_the_timeout_nor_less_than_nothing(
    moves: list[tuple[int, float]],
) -> None:
    patience = Patience(30, 240)
    for moved, waited in moves:
        patience.note(moved, waited)
        assert 0 <= patience.seconds() <= 30
