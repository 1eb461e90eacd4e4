"""Connections in memory: Trio's own rules for streams, and what TCP does beyond them."""

import pytest
import trio
import trio.testing

from trio_https.testing.memory_stream import MemoryStream, open_memory_connection


async def make_pair() -> tuple[MemoryStream, MemoryStream]:
    return open_memory_connection()


async def make_full_pair() -> tuple[MemoryStream, MemoryStream]:
    """A pair of which neither can send more."""
    ours, theirs = open_memory_connection()
    await ours.send_all(bytes(64 * 1024))
    await theirs.send_all(bytes(64 * 1024))
    return ours, theirs


async def test_they_keep_the_rules_of_trio() -> None:
    await trio.testing.check_half_closeable_stream(make_pair, make_full_pair)


async def test_who_does_not_read_stops_the_other_side(autojump_clock: object) -> None:
    ours, theirs = await make_full_pair()
    with trio.move_on_after(60) as waiting:
        await ours.send_all(b"more")
    assert waiting.cancelled_caught
    with trio.move_on_after(60) as waiting:
        await ours.wait_send_all_might_not_block()
    assert waiting.cancelled_caught
    assert len(await theirs.receive_some()) == 64 * 1024
    await ours.wait_send_all_might_not_block()
    await ours.send_all(b"more")
    assert await theirs.receive_some() == b"more"


async def test_a_sender_that_waits_sees_the_other_side_leave(nursery: trio.Nursery) -> None:
    ours, theirs = await make_full_pair()

    async def leave() -> None:
        await trio.testing.wait_all_tasks_blocked()
        await theirs.aclose()

    nursery.start_soon(leave)
    with pytest.raises(trio.BrokenResourceError):
        await ours.send_all(b"more")


async def test_what_came_before_a_reset_can_be_read() -> None:
    ours, theirs = open_memory_connection()
    await ours.send_all(b"last words")
    ours.reset()
    assert await theirs.receive_some() == b"last words"
    with pytest.raises(trio.BrokenResourceError):
        await theirs.receive_some()
    with pytest.raises(trio.BrokenResourceError):
        await theirs.send_all(b"answer")


@pytest.mark.parametrize("how", ["by force", "with something unread"])
async def test_closing_is_a_reset(how: str) -> None:
    ours, theirs = open_memory_connection()
    if how == "by force":
        await trio.aclose_forcefully(ours)
    else:
        await theirs.send_all(b"unread")
        await ours.aclose()
    with pytest.raises(trio.BrokenResourceError):
        await theirs.receive_some()


async def test_closing_in_order_is_an_end() -> None:
    ours, theirs = open_memory_connection()
    await ours.aclose()
    assert await theirs.receive_some() == b""
    await trio.aclose_forcefully(ours)  # a second time it changes nothing
    assert await theirs.receive_some() == b""


async def test_one_side_may_end_before_the_other() -> None:
    ours, theirs = open_memory_connection()
    await ours.send_eof()
    assert await theirs.receive_some() == b""
    await theirs.send_all(b"answer")
    assert await ours.receive_some() == b"answer"
    with pytest.raises(trio.ClosedResourceError):
        await ours.send_all(b"more")
