"""A log that an attack can't fill."""

import logging

import pytest

from trio_https.operate.throttle import Throttle


class Log:
    """A logger with a throttled handler and a clock that stands still."""

    def __init__(self) -> None:
        self.now = 0.0
        self.lines: list[str] = []
        self.logger = logging.Logger("test")  # noqa: LOG001 -- one of its own
        handler = logging.Handler()
        handler.emit = lambda record: self.lines.append(record.getMessage())  # type: ignore[method-assign]
        handler.addFilter(Throttle(2, clock=lambda: self.now))
        self.logger.addHandler(handler)


@pytest.fixture
def log() -> Log:
    return Log()


def test_so_many_of_a_kind_pass_in_a_second(log: Log) -> None:
    for number in range(5):
        log.logger.info("%d failed", number)
        log.logger.info("%d left", number)
    assert log.lines == ["0 failed", "0 left", "1 failed", "1 left"]


def test_the_next_one_tells_how_many_were_dropped(log: Log) -> None:
    for number in range(5):
        log.logger.info("%d failed", number)
    log.now = 1.0
    for number in range(5, 7):
        log.logger.info("%d failed", number)
    assert log.lines[2:] == ["5 failed (and 3 more like it before)", "6 failed"]


def test_warnings_and_errors_always_pass(log: Log) -> None:
    for _ in range(5):
        log.logger.warning("no")
        log.logger.error("oh no")
    assert len(log.lines) == 10
