"""The chat of the examples in memory: its rooms, numbers and messages, and how it stops."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import trio
from trio.testing import MockClock
from trio_websocket import ConnectionClosed, ConnectionRejected, WebSocketConnection

from examples.chat import BACKLOG, HISTORY, Dashboard, Room, make_site, measure
from trio_https.testing import Client, StreamedResponse, open_client

MESSAGES = "/messages"
ANSWER = {"number": 1, "author": "Ada", "text": "Hello"}


@asynccontextmanager
async def running() -> AsyncIterator[tuple[Client, Room]]:
    room, dashboard = Room(), Dashboard()
    async with trio.open_nursery() as nursery, open_client(make_site(room, dashboard)) as client:
        nursery.start_soon(measure, room, dashboard)
        yield client, room
        nursery.cancel_scope.cancel()


async def next_message(ws: WebSocketConnection) -> Any:
    return json.loads(await ws.get_message())


async def next_vitals(response: StreamedResponse) -> dict[str, float]:
    """Return the data of the next event; each comes as one piece."""
    while not (piece := await response.receive_some()).startswith(b"data: "):
        assert piece, "the stream has ended"
    return dict(json.loads(piece.removeprefix(b"data: ")))


async def close_code(ws: WebSocketConnection) -> int:
    with pytest.raises(ConnectionClosed) as caught:
        await ws.get_message()
    assert caught.value.reason is not None
    return int(caught.value.reason.code)


async def until_there_are(members: int, room: Room) -> None:
    while room.size != members:  # noqa: ASYNC110 -- the room has no use for an event
        await trio.sleep(0.01)


async def test_what_one_says_everybody_hears(autojump_clock: MockClock) -> None:
    async with (
        running() as (client, _),
        client.websocket("/chat/Ada") as ada,
        client.websocket("/chat/J%C3%BCrg%20B.") as juerg,
    ):
        await ada.send_message("Hello")
        assert await next_message(ada) == await next_message(juerg) == ANSWER
        await juerg.send_message("Hi")
        assert (await next_message(ada))["author"] == "Jürg B."


async def test_who_comes_later_hears_what_was_said_lately(autojump_clock: MockClock) -> None:
    async with running() as (client, room):
        for number in range(HISTORY + 2):
            room.say("Ada", str(number))
        async with client.websocket("/chat/Bob") as bob:
            heard = [(await next_message(bob))["text"] for _ in range(HISTORY)]
            room.say("Ada", "news")
            assert (await next_message(bob))["text"] == "news"
    assert heard == [str(number) for number in range(2, HISTORY + 2)]


async def test_what_is_empty_or_no_text_is_passed_over(autojump_clock: MockClock) -> None:
    async with running() as (client, _), client.websocket("/chat/Ada") as ada:
        for nothing in ("", b"\x00"):
            await ada.send_message(nothing)
        await ada.send_message("Hello")
        assert await next_message(ada) == ANSWER


async def test_who_leaves_is_not_in_the_room_any_more(autojump_clock: MockClock) -> None:
    async with running() as (client, room):
        async with client.websocket("/chat/Ada"):
            await until_there_are(1, room)
        await until_there_are(0, room)


async def test_who_does_not_read_is_let_go_and_keeps_nobody_waiting(
    autojump_clock: MockClock,
) -> None:
    """A few messages fill what lies between the two, then the backlog; then it's over, at once."""
    said = 0
    async with (
        running() as (client, room),
        client.websocket("/chat/Ada") as ada,
        client.websocket("/chat/Bob") as bob,
    ):
        await until_there_are(2, room)
        while room.size == 2 and said < 1000:
            said += 1
            await ada.send_message("x" * 4000)
            assert (await next_message(ada))["number"] == said
        assert trio.current_time() < 1
        with pytest.raises(ConnectionClosed):
            for _ in range(said):
                await bob.get_message()
        await ada.send_message("Bob?")
        assert (await next_message(ada))["text"] == "Bob?"
    assert BACKLOG < said < HISTORY + BACKLOG + 50


async def test_a_message_is_too_long(autojump_clock: MockClock) -> None:
    async with running() as (client, _), client.websocket("/chat/Ada") as ada:
        await ada.send_message("x" * 5000)
        assert await close_code(ada) == 1009


@pytest.mark.parametrize(
    ("target", "headers"),
    [("/chat/" + "x" * 41, {}), ("/chat/Ada", {"Origin": "https://elsewhere.example"})],
)
async def test_long_names_and_pages_from_elsewhere_stay_outside(
    target: str, headers: dict[str, str], autojump_clock: MockClock
) -> None:
    async with running() as (client, room):
        with pytest.raises(ConnectionRejected):
            async with client.websocket(target, headers=headers):
                pass
        assert room.size == 0


async def test_other_programs_list_messages_and_post_them(autojump_clock: MockClock) -> None:
    async with running() as (client, _), client.websocket("/chat/Bob") as bob:
        assert (await client.get(MESSAGES)).json() == []
        response = await client.post(
            MESSAGES,
            json={"author": "Ada", "text": "Hello"},
        )
        assert (response.status, response.json()) == (201, ANSWER)
        assert response.headers.get("x-content-type-options") == "nosniff"
        assert await next_message(bob) == ANSWER
        assert (await client.get(MESSAGES)).json() == [ANSWER]


@pytest.mark.parametrize(
    "value",
    [
        "Hello",
        ["Ada", "Hello"],
        {"author": "Ada"},
        {"author": "Ada", "text": 7},
        {"author": "", "text": "Hello"},
        {"author": "x" * 41, "text": "Hello"},
        {"author": "Ada", "text": ""},
    ],
)
async def test_what_is_no_message_is_refused(value: Any, autojump_clock: MockClock) -> None:
    async with running() as (client, room):
        response = await client.post(MESSAGES, json=value)
        assert response.status == 400
        assert "a message is" in response.text
        assert room.said == 0


async def test_what_any_page_may_post_is_refused(autojump_clock: MockClock) -> None:
    async with running() as (client, room):
        body = json.dumps({"author": "Ada", "text": "Hello"}).encode()
        for headers in ({}, {"Content-Type": "text/plain"}):
            assert (await client.post(MESSAGES, body=body, headers=headers)).status == 415
        assert room.said == 0


async def test_the_dashboard_shows_new_numbers_every_second(autojump_clock: MockClock) -> None:
    async with running() as (client, room), client.stream("GET", "/vitals") as response:
        assert response.headers.get("content-type") == "text/event-stream"
        assert (await next_vitals(response))["members"] == 0
        started = trio.current_time()
        async with client.websocket("/chat/Ada"):
            await until_there_are(1, room)
            room.say("Ada", "Hello")
            first, second = await next_vitals(response), await next_vitals(response)
    assert (first["members"], first["messages"]) == (1, 1)
    assert first["tasks"] > 5
    assert second["lag_ms"] == 0
    assert 1 < trio.current_time() - started <= 2


async def test_the_dashboard_shows_what_keeps_the_loop_busy(autojump_clock: MockClock) -> None:
    async with running() as (client, _), client.stream("GET", "/vitals") as response:
        await next_vitals(response)
        autojump_clock.jump(1.25)  # as if somebody had not let others run
        assert 0 < (await next_vitals(response))["lag_ms"] <= 250


async def test_a_stop_ends_all_of_it_in_order(autojump_clock: MockClock) -> None:
    """The events end whole, and so that a browser comes back; the WebSocket is told why."""
    async with (
        running() as (client, room),
        client.stream("GET", "/vitals") as response,
        client.websocket("/chat/Ada") as ada,
        trio.open_nursery() as nursery,
    ):
        await until_there_are(1, room)
        started = trio.current_time()
        nursery.start_soon(client.stop, 5)
        assert await close_code(ada) == 1001
        assert (await response.read()).body.endswith(b"\n\n")
        assert trio.current_time() == started
        assert room.size == 0
        with pytest.raises(ConnectionRefusedError):
            await client.get(MESSAGES)
