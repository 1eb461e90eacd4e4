"""The wish to stop: which waits it ends, and the deadline that it sets to all the rest."""

import math
from typing import Any

import pytest
import trio
import trio.testing

from trio_https.stopping import Stopping


async def test_nobody_wants_to_stop_at_first() -> None:
    stopping = Stopping()
    assert not stopping.is_set()
    assert not stopping.lifetime.cancel_called
    assert not stopping.finished.is_set()


async def test_it_stays_set() -> None:
    stopping = Stopping()
    stopping.set(5)
    assert stopping.is_set()
    stopping.set(5)
    assert stopping.is_set()


async def test_who_waits_for_it_goes_on_when_it_is_set() -> None:
    stopping = Stopping()
    gone_on: list[int] = []

    async def wait(number: int) -> None:
        await stopping.wait()
        gone_on.append(number)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait, 1)
        nursery.start_soon(wait, 2)
        await trio.testing.wait_all_tasks_blocked()
        assert gone_on == []
        stopping.set(0)
    assert sorted(gone_on) == [1, 2]
    await stopping.wait()


async def test_cancelling_a_wait_changes_nothing(autojump_clock: Any) -> None:
    stopping = Stopping()
    with trio.move_on_after(1):
        await stopping.wait()
    assert not stopping.is_set()
    stopping.set(0)
    await stopping.wait()


async def live(stopping: Stopping, seconds: float = math.inf) -> float:
    """Return how many of these seconds something may go on."""
    started = trio.current_time()
    with stopping.lifetime:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stopping.end_lifetime)
            await trio.sleep(seconds)
            nursery.cancel_scope.cancel()
    return trio.current_time() - started


@pytest.mark.parametrize("grace", [0, 0.5, 10])
async def test_what_is_not_done_after_the_grace_is_cancelled(
    grace: float, autojump_clock: Any
) -> None:
    stopping = Stopping()
    stopping.set(grace)
    assert await live(stopping) == grace


@pytest.mark.parametrize("graces", [(10, 1), (1, 10), (1, math.inf), (math.inf, 1), (10, 1, 10)])
async def test_said_twice_the_earlier_deadline_counts(
    graces: tuple[float, ...], autojump_clock: Any
) -> None:
    stopping = Stopping()
    for grace in graces:
        stopping.set(grace)
    assert await live(stopping) == 1


async def test_the_grace_counts_from_when_it_is_said(autojump_clock: Any) -> None:
    stopping = Stopping()
    stopping.set(10)
    await trio.sleep(6)
    stopping.set(5)  # would be later
    assert await live(stopping) == 4


async def test_said_while_it_runs_it_ends_what_runs(autojump_clock: Any) -> None:
    stopping = Stopping()
    async with trio.open_nursery() as nursery:

        async def stop() -> None:
            await trio.sleep(3)
            stopping.set(10)
            await trio.sleep(1)
            stopping.set(2)

        nursery.start_soon(stop)
        assert await live(stopping) == 6


async def test_an_endless_grace_cancels_nothing(autojump_clock: Any) -> None:
    stopping = Stopping()
    stopping.set(math.inf)
    assert await live(stopping, 86_400) == 86_400
    assert not stopping.lifetime.cancelled_caught


async def test_what_is_cancelled_then_is_told_why(autojump_clock: Any) -> None:
    stopping = Stopping()
    stopping.set(5)
    told: list[str | None] = []
    with stopping.lifetime:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(stopping.end_lifetime)
            try:
                await trio.sleep_forever()
            except trio.Cancelled as exc:
                told.append(exc.reason)
                raise
    assert told == ["the server is stopping, and its grace is over"]


@pytest.mark.parametrize("grace", [-1, -1e-9, -math.inf, math.nan])
async def test_a_grace_that_is_no_time_is_refused_and_changes_nothing(
    grace: float, autojump_clock: Any
) -> None:
    stopping = Stopping()
    with trio.CancelScope() as wait, stopping.ends_wait(wait):
        with pytest.raises(ValueError, match="at least 0 seconds"):
            stopping.set(grace)
        await trio.lowlevel.checkpoint()
    assert not wait.cancel_called
    assert not stopping.is_set()
    assert await live(stopping, 86_400) == 86_400


# Waits that nobody would miss


async def test_a_wait_ends_at_once_when_it_is_set() -> None:
    stopping = Stopping()
    ended: list[bool] = []

    async def wait() -> None:
        with trio.CancelScope() as scope, stopping.ends_wait(scope):
            await trio.sleep_forever()
        ended.append(scope.cancelled_caught)

    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait)
        nursery.start_soon(wait)
        await trio.testing.wait_all_tasks_blocked()
        stopping.set(1000)
    assert ended == [True, True]


async def test_a_wait_that_begins_later_ends_at_once_too() -> None:
    stopping = Stopping()
    stopping.set(1000)
    with trio.CancelScope() as scope, stopping.ends_wait(scope):
        await trio.sleep_forever()
    assert scope.cancelled_caught


async def test_a_wait_that_is_over_is_left_alone() -> None:
    stopping = Stopping()
    with trio.CancelScope() as scope:
        with stopping.ends_wait(scope):
            await trio.lowlevel.checkpoint()
        stopping.set(1000)
        await trio.lowlevel.checkpoint()
    assert not scope.cancel_called


async def test_a_wait_that_failed_is_left_alone() -> None:
    stopping = Stopping()
    with trio.CancelScope() as scope:
        with pytest.raises(OSError, match="reset"), stopping.ends_wait(scope):
            raise OSError("reset")
        stopping.set(1000)
        await trio.lowlevel.checkpoint()
    assert not scope.cancel_called


async def test_a_wait_is_told_why_it_ends() -> None:
    stopping = Stopping()
    stopping.set(1000)
    with trio.CancelScope() as scope, stopping.ends_wait(scope):
        with pytest.raises(trio.Cancelled, match="the server is stopping") as cancelled:
            await trio.lowlevel.checkpoint()
        raise cancelled.value


async def waits_that_end(stopping: Stopping, set_it: Any) -> dict[str, bool]:
    """Return which waits for first requests end when it is set: one before it, and one after."""
    ended: dict[str, bool] = {}

    async def wait(name: str) -> None:
        with trio.move_on_after(100) as scope, stopping.ends_wait(scope):
            await trio.sleep_forever()
        ended[name] = trio.current_time() - started < 100

    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(wait, "before")
        await trio.testing.wait_all_tasks_blocked()
        set_it()
        nursery.start_soon(wait, "after")
    return ended


async def test_it_ends_waits_for_first_requests(autojump_clock: Any) -> None:
    stopping = Stopping()
    ended = await waits_that_end(stopping, lambda: stopping.set(5))
    assert ended == {"before": True, "after": True}


async def test_first_requests_may_be_awaited(autojump_clock: Any) -> None:
    stopping = Stopping()
    ended = await waits_that_end(stopping, lambda: stopping.set(5, await_first_requests=True))
    assert ended == {"before": False, "after": False}


async def test_said_twice_first_requests_are_awaited_no_more(autojump_clock: Any) -> None:
    stopping = Stopping()
    stopping.set(5, await_first_requests=True)
    ended = await waits_that_end(stopping, lambda: stopping.set(5))
    assert ended == {"before": True, "after": True}
    stopping.set(5, await_first_requests=True)
    ended = await waits_that_end(stopping, lambda: None)
    assert ended == {"before": True, "after": True}
