"""Time limits that a single task enforces: to the moment, for those alone that are over."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import trio
import trio.testing

from trio_https import Limits
from trio_https.timeouts import Timeout, Timeouts


@asynccontextmanager
async def enforced(timeout: Timeout) -> AsyncIterator[None]:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(timeout.enforce)
        yield
        nursery.cancel_scope.cancel()


async def test_a_wait_is_cancelled_when_its_time_is_over(autojump_clock: Any) -> None:
    timeout = Timeout(10, "nothing came")
    async with enforced(timeout):
        await trio.sleep(3)
        with trio.CancelScope() as scope:
            timeout.begin(scope)
            await trio.sleep_forever()
        assert scope.cancelled_caught
        assert not timeout.end(scope)
        assert trio.current_time() == 13


async def test_a_wait_that_is_over_before_goes_on(autojump_clock: Any) -> None:
    timeout = Timeout(10, "nothing came")
    async with enforced(timeout):
        with trio.CancelScope() as scope:
            for _ in range(3):
                timeout.begin(scope)
                await trio.sleep(9)
                assert timeout.end(scope)
            await trio.sleep(100)
        assert not scope.cancel_called


async def test_each_wait_has_the_time_from_its_own_beginning(autojump_clock: Any) -> None:
    timeout = Timeout(10, "nothing came")
    ended: list[tuple[str, float]] = []

    async def wait(name: str, begins: float, lasts: float) -> None:
        await trio.sleep(begins)
        with trio.CancelScope() as scope:
            timeout.begin(scope)
            await trio.sleep(lasts)
            timeout.end(scope)
        ended.append((name, trio.current_time()))

    async with enforced(timeout), trio.open_nursery() as waits:
        waits.start_soon(wait, "first, and ends by itself", 0, 9)
        waits.start_soon(wait, "second", 1, 100)
        waits.start_soon(wait, "third", 4, 100)
        waits.start_soon(wait, "long after", 50, 100)
    assert ended == [
        ("first, and ends by itself", 9),
        ("second", 11),
        ("third", 14),
        ("long after", 60),
    ]


async def test_the_reason_says_what_was_too_slow(autojump_clock: Any) -> None:
    timeouts = Timeouts(Limits(idle_timeout=5, send_timeout=7))
    reasons: list[str | None] = []
    async with trio.open_nursery() as nursery:
        nursery.start_soon(timeouts.idle.enforce)
        nursery.start_soon(timeouts.send.enforce)
        for timeout in (timeouts.idle, timeouts.send):
            with trio.CancelScope() as scope:
                timeout.begin(scope)
                try:
                    await trio.sleep_forever()
                except trio.Cancelled as exc:
                    reasons.append(exc.reason)
                    raise
        nursery.cancel_scope.cancel()
    assert reasons == [
        "no other request came within 5 s",
        "the client did not take the response within 7 s",
    ]


async def test_a_wait_that_begins_and_ends_at_once_leaves_nothing(autojump_clock: Any) -> None:
    """The task that enforces is woken, and finds none any more."""
    timeout = Timeout(10, "nothing came")
    async with enforced(timeout):
        await trio.testing.wait_all_tasks_blocked()
        with trio.CancelScope() as scope:
            timeout.begin(scope)
            timeout.end(scope)
            await trio.sleep(30)
        assert not scope.cancel_called


async def test_all_waits_can_be_ended_at_once(autojump_clock: Any) -> None:
    timeout, reasons = Timeout(10, "nothing came"), []

    async def wait() -> None:
        with trio.CancelScope() as scope:
            timeout.begin(scope)
            try:
                await trio.sleep_forever()
            except trio.Cancelled as exc:
                reasons.append(exc.reason)
                raise

    async with enforced(timeout):
        async with trio.open_nursery() as waits:
            waits.start_soon(wait)
            waits.start_soon(wait)
            await trio.testing.wait_all_tasks_blocked()
            timeout.cancel_all("the server is stopping")
        assert trio.current_time() == 0
    assert reasons == ["the server is stopping"] * 2
