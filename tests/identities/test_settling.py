"""What counts as news: a change that is there at two looks in a row."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from trio_https.identities.settling import Settling


def looks(*stamps: int) -> list[bool]:
    settling = Settling()
    return [settling.take_news("thing", stamp, at_once=False) for stamp in stamps]


def test_what_was_never_acted_upon_is_news_at_the_second_look() -> None:
    assert looks(1, 1, 1) == [False, True, False]


def test_a_change_is_news_when_it_has_settled() -> None:
    assert looks(1, 1, 2, 2, 2) == [False, True, False, True, False]


def test_what_keeps_changing_is_no_news_until_it_rests() -> None:
    assert looks(1, 1, 2, 3, 4, 4) == [False, True, False, False, False, True]


def test_what_is_as_it_was_again_is_none() -> None:
    assert looks(1, 1, 2, 1, 1) == [False, True, False, False, False]


def test_at_once_is_at_once_and_again_and_again() -> None:
    settling = Settling()
    assert settling.take_news("thing", 1, at_once=True)
    assert settling.take_news("thing", 1, at_once=True)
    assert not settling.take_news("thing", 1, at_once=False)


def test_what_is_forgotten_is_news_again_when_it_has_settled() -> None:
    settling = Settling()
    assert settling.take_news("thing", 1, at_once=True)
    settling.forget("thing")
    assert settling.take_news("thing", 1, at_once=False)
    settling.forget("thing")
    assert not settling.take_news("thing", 2, at_once=False)
    settling.forget("another")
    assert settling.take_news("thing", 2, at_once=False)


def test_things_do_not_know_of_each_other() -> None:
    settling = Settling()
    assert settling.take_news("one", 1, at_once=True)
    assert not settling.take_news("other", 1, at_once=False)
    assert settling.take_news("other", 1, at_once=False)


@given(stamps=st.lists(st.integers(1, 3), max_size=12))
def test_whatever_rests_is_acted_upon_once(stamps: list[int]) -> None:
    settling = Settling()
    acted = [stamp for stamp in stamps if settling.take_news("thing", stamp, at_once=False)]
    assert all(one != other for one, other in pairwise(acted))
    final = stamps[-1] if stamps else 1
    settling.take_news("thing", final, at_once=False)
    settling.take_news("thing", final, at_once=False)
    assert not settling.take_news("thing", final, at_once=False)
