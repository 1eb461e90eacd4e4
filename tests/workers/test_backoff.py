"""Waits between tries: none at first, then longer and longer; after a quiet time, none again."""

from trio_https.workers.backoff import Backoff


def test_the_first_failure_costs_no_time() -> None:
    assert Backoff().note_failure(1000.0) == 0.0


def test_waits_double_up_to_half_a_minute() -> None:
    backoff = Backoff()
    now, waits = 0.0, []
    for _ in range(10):
        waits.append(backoff.note_failure(now))
        now = backoff.until
    assert waits == [0.0, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]


def test_waits_stay_bounded_however_often_it_fails() -> None:
    backoff = Backoff()
    for _ in range(5000):
        backoff.note_failure(0.0)
    assert backoff.until == 30.0


def test_after_a_minute_without_a_failure_the_next_is_the_first_again() -> None:
    backoff = Backoff()
    for _ in range(4):
        backoff.note_failure(0.0)
    assert backoff.until == 2.0
    assert backoff.note_failure(2.0 + 61.0) == 0.0


def test_the_next_try_is_due_when_the_wait_is_over() -> None:
    backoff = Backoff()
    assert backoff.until == 0.0
    backoff.note_failure(10.0)
    backoff.note_failure(10.0)
    assert backoff.until == 10.5
