"""Server-sent events: their form, and whatever ends a stream of them, on the mock clock."""

import codecs
import json
import logging
import math
import re
import ssl
import subprocess
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import trio
import trio.testing
import trustme
from hypothesis import given
from hypothesis import strategies as st

from trio_https import Headers, Limits, Request, Response, serve
from trio_https.connection import serve_connection
from trio_https.rules.event_stream import format_comment, format_event, format_retry
from trio_https.server_sent_events import EventSender, event_stream, last_event_id
from trio_https.stopping import Stopping
from trio_https.testing import open_connection

from .chromium import open_chromium
from .pages.asking import make_request
from .peer import Peer, read_all
from .programs import require_program
from .service import make_service

HEAD = b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n"


class Event(NamedTuple):
    data: str
    event: str = "message"
    last_id: str = ""


class Reading:
    """A browser's side, from the standard (WHATWG HTML §9.2.6), over a stream that has ended."""

    def __init__(self, stream: bytes) -> None:
        self.events: list[Event] = []
        self.retry: int | None = None
        self._last_id = self._type = ""
        self._data: list[str] = []
        text = codecs.decode(stream, "utf-8")
        *lines, rest = re.split(r"\r\n|\r|\n", text)
        assert rest == ""  # what is cut off is no event, and not one of ours may be
        for line in lines:
            self._take(line)
        assert self._data == []

    def _take(self, line: str) -> None:
        name, colon, value = line.partition(":")
        value = value.removeprefix(" ")
        if not line:
            self._dispatch()
        elif colon and not name:
            pass  # a comment
        elif name == "data":
            self._data.append(value)
        elif name == "event":
            self._type = value
        elif name == "id" and "\0" not in value:
            self._last_id = value
        elif name == "retry" and re.fullmatch(r"[0-9]+", value):
            self.retry = int(value)
        else:
            raise AssertionError(line)

    def _dispatch(self) -> None:
        if self._data:
            self.events.append(Event("\n".join(self._data), self._type or "message", self._last_id))
        self._data, self._type = [], ""


def make_event(data: str, **fields: Any) -> bytes:
    everything = {"event": None, "event_id": None, "retry_seconds": None} | fields
    return format_event(data, **everything)


# The form


@pytest.mark.parametrize(
    ("sent", "octets"),
    [
        # WHATWG HTML §9.2.1
        (make_event("This is the first message."), b"data: This is the first message.\n\n"),
        (
            make_event("73857293", event="add"),
            b"event: add\ndata: 73857293\n\n",
        ),
        # §9.2.6: data of two lines; an ID that is empty resets the last one; empty data
        (make_event("YHOO\n+2"), b"data: YHOO\ndata: +2\n\n"),
        (make_event("x", event_id=""), b"id: \ndata: x\n\n"),
        (make_event(""), b"data: \n\n"),
        # the first blank is not of the value
        (make_event("  indented"), b"data:   indented\n\n"),
        (make_event("a\r\nb\rc\nd"), b"data: a\ndata: b\ndata: c\ndata: d\n\n"),
        (make_event("a\n"), b"data: a\ndata: \n\n"),
        # no line ends here, whatever Python's splitlines says
        (make_event("a\x0bb\x85c\u2028d"), "data: a\x0bb\x85c\u2028d\n\n".encode()),
        (make_event("\udcff"), b"data: ?\n\n"),
        (make_event("x", retry_seconds=1.5), b"retry: 1500\ndata: x\n\n"),
        (format_retry(0), b"retry: 0\n\n"),
        (format_comment("hello\ndata: not an event"), b": hello\n: data: not an event\n\n"),
        (format_comment(""), b": \n\n"),
    ],
)
def test_an_event_has_its_form(sent: bytes, octets: bytes) -> None:
    assert sent == octets


TEXT = st.text(st.one_of(st.sampled_from("\r\n :ab\0"), st.characters(exclude_categories=["Cs"])))
NAME = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0\r\n"))


@given(TEXT, st.none() | NAME, st.none() | NAME, st.none() | st.floats(0, 1e6), TEXT)
def test_a_browser_gets_what_was_sent(
    data: str, event: str | None, event_id: str | None, retry: float | None, comment: str
) -> None:
    sent = make_event(data, event=event, event_id=event_id, retry_seconds=retry)
    reading = Reading(format_comment(comment) + sent + format_comment(comment))
    normal = data.replace("\r\n", "\n").replace("\r", "\n")
    assert reading.events == [Event(normal, event or "message", event_id or "")]
    assert reading.retry == (None if retry is None else round(retry * 1000))


@pytest.mark.parametrize("name", ["event", "event_id"])
@pytest.mark.parametrize("value", ["a\nb", "a\rb", "a\0", "\ndata: injected"])
def test_names_have_no_line_breaks(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="no line break and no NUL"):
        make_event("x", **{name: value})


@pytest.mark.parametrize("seconds", [-1, math.inf, math.nan])
def test_a_time_to_come_back_is_a_number_of_seconds(seconds: float) -> None:
    with pytest.raises(ValueError, match="retry_seconds"):
        event_stream(make_request("/"), send_nothing, retry_seconds=seconds)


@pytest.mark.parametrize("seconds", [0, -1, math.nan])
def test_a_time_between_comments_is_a_number_of_seconds(seconds: float) -> None:
    with pytest.raises(ValueError, match="keep_alive_seconds"):
        event_stream(make_request("/"), send_nothing, keep_alive_seconds=seconds)


async def send_nothing(events: EventSender) -> None:
    pass


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, None),
        ({"Last-Event-ID": "17"}, "17"),
        ({"Last-Event-ID": "K\u00c3\u00b6ln"}, "K\u00f6ln"),  # UTF-8, as the border reads it
        ({"Last-Event-ID": "\u00ff"}, "\ufffd"),
    ],
)
def test_the_last_id_is_what_the_client_says(fields: dict[str, str], expected: str | None) -> None:
    assert last_event_id(make_request("/", headers=Headers(fields))) == expected


# Streams, on the mock clock


Send = Callable[[EventSender], Any]


def streaming(send_events: Send, **options: Any) -> Any:
    async def answer(request: Request) -> Response:
        return event_stream(request, send_events, **options)

    return answer


def troubles(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [each.getMessage() for each in caplog.records if each.levelno >= logging.WARNING]


async def test_events_are_sent_as_they_come_and_the_connection_goes_on(autojump_clock: Any) -> None:
    async def send_events(events: EventSender) -> None:
        for number in range(3):
            await trio.sleep(10)
            await events.send(f"{number}\n.", event="count", id=str(number))

    async with open_connection(streaming(send_events, retry_seconds=2)) as stream:
        peer = Peer(stream)
        started = trio.current_time()
        reply = await peer.ask()
        assert trio.current_time() - started == 30
        assert (await peer.ask()).status == 200
    assert reply.headers["content-type"] == "text/event-stream"
    assert reply.headers["cache-control"] == "no-store, no-transform"
    assert reply.headers["x-accel-buffering"] == "no"
    reading = Reading(reply.body)
    assert reading.events == [Event(f"{n}\n.", "count", str(n)) for n in range(3)]
    assert reading.retry == 2000


async def test_the_head_comes_before_there_is_an_event(autojump_clock: Any) -> None:
    async def send_events(events: EventSender) -> None:
        await trio.sleep_forever()

    async with open_connection(streaming(send_events)) as stream:
        await stream.send_all(HEAD)
        with trio.fail_after(1):
            assert (await stream.receive_some()).startswith(b"HTTP/1.1 200 ")


async def test_in_silence_there_is_a_comment_now_and_then(autojump_clock: Any) -> None:
    async def send_events(events: EventSender) -> None:
        await trio.sleep(50)
        await events.send("late")
        await trio.sleep(14)

    async with open_connection(streaming(send_events)) as stream:
        reply = await Peer(stream).ask()
    assert reply.body == 3 * b":\n\n" + b"data: late\n\n"


async def test_silence_can_be_whole(autojump_clock: Any) -> None:
    async with open_connection(streaming(trio_sleep, keep_alive_seconds=math.inf)) as stream:
        assert (await Peer(stream).ask()).body == b""


async def trio_sleep(events: EventSender) -> None:
    await trio.sleep(10_000)


async def test_many_tasks_may_send_and_no_event_is_torn(autojump_clock: Any) -> None:
    async def send_events(events: EventSender) -> None:
        async def send(name: str) -> None:
            for number in range(20):
                await events.send(f"{name}\n{number}")
                await events.comment(name)

        async with trio.open_nursery() as nursery:
            for name in "abc":
                nursery.start_soon(send, name)

    async with open_connection(streaming(send_events)) as stream:
        reply = await Peer(stream).ask()
    expected = {f"{name}\n{number}" for name in "abc" for number in range(20)}
    events = [event.data for event in Reading(reply.body).events]
    assert len(events) == len(expected)
    assert set(events) == expected


async def test_a_client_of_http_1_0_reads_to_the_end(autojump_clock: Any) -> None:
    async def send_events(events: EventSender) -> None:
        await events.send("hello")

    async with open_connection(streaming(send_events)) as stream:
        await stream.send_all(b"GET / HTTP/1.0\r\n\r\n")
        head, _, body = (await read_all(stream)).partition(b"\r\n\r\n")
    assert body == b"data: hello\n\n"
    assert b"\r\nconnection: close" in head.lower()
    assert b"chunked" not in head


async def test_head_sends_nothing(autojump_clock: Any) -> None:
    async def send_events(events: EventSender) -> None:
        raise AssertionError("nobody wants them")

    async with open_connection(streaming(send_events)) as stream:
        await stream.send_all(b"HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        reply = await Peer(stream).read_reply_only("HEAD")
    assert (reply.status, reply.headers["content-type"]) == (200, "text/event-stream")


async def test_when_the_server_stops_the_stream_ends_whole(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stopping, ended_at = Stopping(), []

    async def send_events(events: EventSender) -> None:
        try:
            await events.send("hello")
            await trio.sleep_forever()
        finally:
            ended_at.append(trio.current_time())
            with trio.CancelScope(shield=True):
                await events.send("goodbye")

    async with open_connection(streaming(send_events), stopping=stopping) as stream:
        async with trio.open_nursery() as nursery:

            @nursery.start_soon
            async def stop() -> None:
                await trio.sleep(5)
                stopping.set(60)

            started = trio.current_time()
            reply = await Peer(stream).ask()
            assert trio.current_time() - started == 5
        assert await read_all(stream) == b""
    assert [event.data for event in Reading(reply.body).events] == ["hello", "goodbye"]
    assert ended_at == [started + 5]
    assert troubles(caplog) == []


async def test_a_stop_tears_no_event_that_a_slow_client_is_just_getting(
    autojump_clock: Any,
) -> None:
    stopping, big = Stopping(), "x" * 1_000_000

    async def send_events(events: EventSender) -> None:
        await events.send(big)
        await events.send("never")
        raise AssertionError("the first one was still being sent")

    # A pair that holds back what is sent until it is received.
    ours, theirs = trio.testing.lockstep_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(partial(serve_with, streaming(send_events), theirs, stopping))
        await ours.send_all(HEAD)
        received = bytearray(await ours.receive_some(200))
        await trio.testing.wait_all_tasks_blocked()
        stopping.set(60)
        await trio.testing.wait_all_tasks_blocked()
        while data := await ours.receive_some(100_000):
            received += data
        await ours.aclose()
    assert received.endswith(b"\r\n0\r\n\r\n")
    assert received.count(b"x" * 1000) == 1000


async def serve_with(handler: Any, stream: trio.abc.Stream, stopping: Stopping) -> None:
    await serve_connection(stream, replace(make_service(handler), stopping=stopping))


async def test_a_client_that_comes_while_the_server_stops_is_sent_elsewhere(
    autojump_clock: Any,
) -> None:
    stopping = Stopping()

    async def answer(request: Request) -> Response:
        stopping.set(60)
        return event_stream(request, trio_sleep)

    async with open_connection(answer, stopping=stopping) as stream:
        reply = await Peer(stream).ask()
    # Not 503: at any status but 200, a browser gives up for good (WHATWG HTML §9.2.3).
    assert (reply.status, reply.headers["connection"], reply.body) == (200, "close", b"")


async def test_when_the_client_leaves_everything_is_cancelled(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    cancelled = []

    async def send_events(events: EventSender) -> None:
        async def wait(name: str) -> None:
            try:
                await trio.sleep_forever()
            finally:
                cancelled.append(name)

        async with trio.open_nursery() as nursery:
            nursery.start_soon(wait, "child")
            await wait("parent")

    async with open_connection(streaming(send_events)) as stream:
        await stream.send_all(HEAD)
        await stream.receive_some()
        await stream.aclose()
    assert sorted(cancelled) == ["child", "parent"]
    assert troubles(caplog) == []


async def test_a_client_that_does_not_read_slows_down_and_is_given_up_in_time(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sent = []

    async def send_events(events: EventSender) -> None:
        while True:
            await events.send("x" * 1000)
            sent.append(trio.current_time())

    ours, theirs = trio.testing.lockstep_stream_pair()
    async with trio.open_nursery() as nursery:
        stopping = Stopping()
        nursery.start_soon(partial(serve_with, streaming(send_events), theirs, stopping))
        await ours.send_all(HEAD)
        await ours.receive_some()
        started = trio.current_time()
    # One is on the wire, a second one waits.
    assert len(sent) == 1
    assert trio.current_time() - started >= Limits().send_timeout
    assert troubles(caplog) == []


async def test_a_send_that_is_cancelled_leaves_the_stream_whole(autojump_clock: Any) -> None:
    async def send_events(events: EventSender) -> None:
        await events.send("first")
        for seconds in (0, 1):
            with trio.move_on_after(seconds) as scope:
                await events.send("x" * 10_000)
                await trio.sleep_forever()
            assert scope.cancelled_caught
        await events.send("last")

    async with open_connection(streaming(send_events)) as stream:
        reply = await Peer(stream).ask()
    events = [event.data for event in Reading(reply.body).events]
    assert (events[0], events[-1]) == ("first", "last")


async def test_a_sender_that_fails_cuts_the_stream_off_and_is_told_of(
    autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    async def send_events(events: EventSender) -> None:
        await events.send("hello")
        raise LookupError("the reason")

    async with open_connection(streaming(send_events)) as stream:
        await stream.send_all(HEAD)
        received = await read_all(stream)
    assert not received.endswith(b"0\r\n\r\n")
    assert len(troubles(caplog)) == 1
    assert "LookupError: the reason" in caplog.text


async def test_what_is_kept_beyond_the_stream_says_that_it_is_over(autojump_clock: Any) -> None:
    kept: list[EventSender] = []

    async def send_events(events: EventSender) -> None:
        kept.append(events)

    async with open_connection(streaming(send_events)) as stream:
        await Peer(stream).ask()
        with pytest.raises(trio.ClosedResourceError, match="over"):
            await kept[0].send("too late")


async def test_who_waits_elsewhere_to_send_is_told_when_the_stream_ends(
    autojump_clock: Any,
) -> None:
    kept: list[EventSender] = []
    told = []

    async def send_events(events: EventSender) -> None:
        kept.append(events)
        await trio.sleep_forever()

    async def broadcast() -> None:
        with pytest.raises(trio.ClosedResourceError, match="over"):
            while True:
                await kept[0].send("x" * 1000)
        told.append(True)

    ours, theirs = trio.testing.lockstep_stream_pair()
    async with trio.open_nursery() as nursery:
        stopping = Stopping()
        nursery.start_soon(partial(serve_with, streaming(send_events), theirs, stopping))
        await ours.send_all(HEAD)
        await ours.receive_some()
        await trio.testing.wait_all_tasks_blocked()
        nursery.start_soon(broadcast)
        await trio.testing.wait_all_tasks_blocked()
        await ours.aclose()
    assert told == [True]


# Programs


class Clock:
    """Ticks for ever, from where a client was."""

    def __init__(self) -> None:
        self.came_back_with: list[str | None] = []

    async def __call__(self, request: Request, /) -> Response:
        if request.path == "/":
            return Response.html(PAGE)
        last = last_event_id(request)
        self.came_back_with.append(last)

        async def send_events(events: EventSender) -> None:
            number = int(last or 0)
            while True:
                number += 1
                await events.send(json.dumps({"tick": number}), event="tick", id=str(number))
                await trio.sleep(0.02)

        return event_stream(request, send_events, retry_seconds=0.1)


PAGE = """<!doctype html><link rel=icon href="data:,"><title>clock</title><script>
const ticks = [], source = new EventSource("/events");
let opened = 0;
source.addEventListener("open", () => opened++);
source.addEventListener("tick", event => ticks.push(JSON.parse(event.data).tick));
</script>"""

UNTIL_MORE_HAVE_COME = """new Promise(done => {
    const before = ticks.length;
    const check = () => ticks.length > before + 2 ? done() : setTimeout(check, 10);
    check();
})"""


async def test_curl_prints_events_as_they_come(
    server_context: ssl.SSLContext, authority: trustme.CA, tmp_path: Path
) -> None:
    curl = require_program("curl")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    async with trio.open_nursery() as nursery:
        server = await nursery.start(partial(serve, Clock(), port=0, tls=server_context))
        arguments = ["--disable", "--noproxy", "*", "-sSN", "--cacert", tmp_path / "ca.pem"]
        url = f"https://localhost:{server.port}/events"
        start = partial(
            trio.run_process,
            [curl, *arguments, "-H", "Last-Event-ID: 41", url],
            stdout=subprocess.PIPE,
            check=False,
        )
        process = await nursery.start(start)
        printed = b""
        with trio.fail_after(20):
            while b"id: 43\n" not in printed:
                printed += await process.stdout.receive_some()
            await server.stop(grace=10)
            printed += await read_all(process.stdout)
            # A chunked body that is cut off is curl's error 18.
            assert await process.wait() == 0
    assert printed.startswith(b'retry: 100\n\nevent: tick\nid: 42\ndata: {"tick": 42}\n\n')
    Reading(printed)


async def test_httpx_reads_events_until_the_server_stops(
    server_context: ssl.SSLContext, client_context: ssl.SSLContext
) -> None:
    async with trio.open_nursery() as nursery:
        server = await nursery.start(partial(serve, Clock(), port=0, tls=server_context))
        url, lines = f"https://localhost:{server.port}/events", []
        async with (
            httpx.AsyncClient(verify=client_context, trust_env=False) as client,
            client.stream("GET", url) as response,
        ):
            assert response.headers["content-type"] == "text/event-stream"
            async for line in response.aiter_lines():  # raises for a body that is cut off
                lines.append(line)
                if line == "id: 3":
                    nursery.start_soon(partial(server.stop, grace=10))
    ids = [line for line in lines if line.startswith("id")]
    assert ids[:3] == ["id: 1", "id: 2", "id: 3"]


async def test_chromium_comes_back_with_the_last_id_when_the_server_was_stopped(
    server_context: ssl.SSLContext, authority: trustme.CA, tmp_path: Path
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    clock = Clock()
    async with (
        open_chromium(tmp_path, trust=tmp_path / "ca.pem") as chromium,
        trio.open_nursery() as nursery,
    ):
        server = await nursery.start(partial(serve, clock, port=0, tls=server_context))
        port = server.port
        page = await chromium.open_page(f"https://localhost:{port}/", until="ticks.length > 2")
        await server.stop(grace=10)
        server = await nursery.start(partial(serve, clock, port=port, tls=server_context))
        await page.evaluate(UNTIL_MORE_HAVE_COME)
        ticks = await page.evaluate("source.close(), ticks")
        assert await page.evaluate("opened") == 2
        await server.stop(grace=10)
    assert clock.came_back_with[0] is None
    assert len(clock.came_back_with) == 2
    # Nothing was lost, and nothing came twice.
    assert ticks == list(range(1, len(ticks) + 1))
