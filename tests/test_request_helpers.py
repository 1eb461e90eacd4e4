"""Bodies that are read whole, through a connection on memory streams."""

import inspect
import json
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import trio
from hypothesis import given
from hypothesis import strategies as st

from trio_https import ClientGone, Headers, HTTPError, Limits, Request, RequestBody, Response
from trio_https.config import MIB
from trio_https.request_body import _CHARSETS, decode_text, parse_content_type, parse_json
from trio_https.testing import open_connection

from .peer import Peer, Reply

POST = b"POST / HTTP/1.1\r\nHost: localhost\r\n"


class Reader:
    """A handler that reads the body by one of the helpers, and remembers what came of it."""

    def __init__(self, read: Callable[[Request], Awaitable[Any]]) -> None:
        self.read = read
        self.value: Any = None

    async def __call__(self, request: Request, /) -> Response:
        self.value = await self.read(request)
        return Response.text("read")


async def post(
    read: Callable[[Request], Awaitable[Any]], body: bytes, content_type: str | None = None
) -> tuple[Reply, Any]:
    """Return the reply to a request with that body, and what ``read`` made of it."""
    handler = Reader(read)
    headers = [("Content-Type", content_type)] if content_type is not None else []
    async with open_connection(handler) as stream:
        reply = await Peer(stream).ask("/", "POST", headers, body)
    return reply, handler.value


def chunked(*pieces: bytes) -> bytes:
    body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)
    return POST + b"Transfer-Encoding: chunked\r\n\r\n" + body + b"0\r\n\r\n"


async def post_raw(
    read: Callable[[Request], Awaitable[Any]], sent: bytes, **settings: Any
) -> tuple[Reply, Any]:
    handler = Reader(read)
    async with open_connection(handler, **settings) as stream:
        await stream.send_all(sent)
        reply = await Peer(stream).read_reply_only("POST")
    return reply, handler.value


# bytes


async def test_bytes_are_the_whole_body() -> None:
    _, content = await post(lambda request: request.bytes(), bytes(range(256)) * 1000)
    assert content == bytes(range(256)) * 1000


async def test_a_request_without_a_body_has_an_empty_one() -> None:
    _, content = await post(lambda request: request.bytes(), b"")
    assert content == b""


async def test_a_body_of_exactly_the_limit_is_read() -> None:
    _, content = await post(lambda request: request.bytes(5), b"12345")
    assert content == b"12345"
    _, content = await post_raw(lambda request: request.bytes(5), chunked(b"123", b"45"))
    assert content == b"12345"


READERS: dict[str, Callable[[Request], Awaitable[Any]]] = {
    "bytes": lambda request: request.bytes(5),
    "text": lambda request: request.text(5),
    "json": lambda request: request.json(5),
}


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
async def test_a_body_announced_over_the_limit_is_refused_unread(
    read: Callable[[Request], Awaitable[Any]],
) -> None:
    head = POST + b"Content-Length: 6\r\nExpect: 100-continue\r\n\r\n"
    reply, _ = await post_raw(read, head)
    assert (reply.status, reply.informational) == (413, ())  # so it was never asked for
    assert reply.body == b"413 Content Too Large: the request body is over 5 bytes\n" or (
        reply.body == b"413 Request Entity Too Large: the request body is over 5 bytes\n"
    )


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
async def test_a_body_of_unknown_length_is_counted(
    read: Callable[[Request], Awaitable[Any]],
) -> None:
    reply, _ = await post_raw(read, chunked(b"1234", b"56"))
    assert reply.status == 413


async def test_counting_stops_at_the_limit() -> None:
    """The rest is not waited for."""
    endless = POST + b"Transfer-Encoding: chunked\r\n\r\n6\r\n123456\r\n"
    reply, _ = await post_raw(lambda request: request.bytes(5), endless)
    assert reply.status == 413


async def test_the_connection_goes_on_after_a_refused_body_that_is_little() -> None:
    async with open_connection(Reader(lambda request: request.bytes(5))) as stream:
        peer = Peer(stream)
        assert (await peer.ask("/", "POST", body=b"123456")).status == 413
        assert (await peer.ask("/", "POST", body=b"12345")).status == 200


async def test_a_broken_body_is_refused_as_the_stream_refuses_it() -> None:
    sent = POST + b"Transfer-Encoding: chunked\r\n\r\nno chunk\r\n"
    reply, _ = await post_raw(lambda request: request.bytes(), sent)
    assert reply.status == 400


async def test_a_body_that_does_not_come_is_a_408(autojump_clock: Any) -> None:
    sent = POST + b"Content-Length: 5\r\n\r\n123"
    reply, _ = await post_raw(lambda request: request.bytes(), sent)
    assert reply.status == 408
    assert trio.current_time() >= Limits().receive_timeout


async def test_a_client_that_leaves_in_the_middle_is_gone() -> None:
    seen: list[BaseException] = []

    async def handler(request: Request) -> Response:
        try:
            await request.bytes()
        except ClientGone as exc:
            seen.append(exc)
            raise
        return Response()

    async with open_connection(handler) as stream:
        await stream.send_all(POST + b"Content-Length: 5\r\n\r\n123")
        await stream.send_eof()
        assert await stream.receive_some() == b""
    assert len(seen) == 1


async def twice(request: Request) -> None:
    assert await request.bytes() == b"12345"
    await request.text()


async def after_a_piece(request: Request) -> None:
    assert await request.body.receive_some(2) == b"12"
    await request.bytes()


async def a_form_after_bytes(request: Request) -> None:
    await request.bytes()
    async with request.form():
        pass


async def a_form_twice(request: Request) -> None:
    async with request.form():
        pass
    async with request.form():
        pass


@pytest.mark.parametrize("read", [twice, after_a_piece, a_form_after_bytes, a_form_twice])
@pytest.mark.parametrize(
    "content_type", ["application/x-www-form-urlencoded", "multipart/form-data; boundary=12345"]
)
async def test_a_body_that_was_read_is_not_taken_for_an_empty_one(
    read: Callable[[Request], Awaitable[Any]], content_type: str
) -> None:
    body = b"--12345--\r\n" if read is a_form_twice and "multipart" in content_type else b"12345"
    errors: list[RuntimeError] = []

    async def expecting(request: Request) -> None:
        with pytest.raises(RuntimeError, match="was read before") as caught:
            await read(request)
        errors.append(caught.value)

    await post(expecting, body, content_type)
    assert len(errors) == 1


async def test_a_cancelled_read_leaves_no_rest_that_looks_whole() -> None:
    half_has_come = trio.Event()

    async def read(request: Request) -> None:
        with trio.CancelScope() as scope:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(request.bytes)
                await half_has_come.wait()
                await trio.testing.wait_all_tasks_blocked()
                scope.cancel()
        with pytest.raises(RuntimeError, match="was read before"):
            await request.bytes()

    async with open_connection(Reader(read)) as stream:
        await stream.send_all(POST + b"Content-Length: 10\r\n\r\n12345")
        half_has_come.set()
        await trio.testing.wait_all_tasks_blocked()
        await stream.send_all(b"67890")
        assert (await Peer(stream).read_reply_only("POST")).status == 200


async def test_reading_that_was_cancelled_before_anything_came_can_be_repeated() -> None:
    async def read(request: Request) -> bytes:
        with trio.move_on_after(0):
            await request.bytes()
        return await request.bytes()

    _, content = await post(read, b"12345")
    assert content == b"12345"


async def test_trailers_are_there_when_the_end_was_read() -> None:
    async def read(request: Request) -> list[Headers]:
        before = request.trailers
        await request.bytes()
        return [before, request.trailers]

    sent = chunked(b"12345")[:-2] + b"X-Checksum: abc\r\n\r\n"
    _, trailers = await post_raw(read, sent)
    assert [fields.get("x-checksum") for fields in trailers] == [None, "abc"]


# text


@pytest.mark.parametrize(
    ("content_type", "charset"),
    [
        (None, "utf-8"),
        ("text/plain", "utf-8"),
        ("text/plain; charset=UTF-8", "utf-8"),
        ('text/plain;charset="iso-8859-1"', "latin-1"),
        ("text/plain; format=flowed; Charset=windows-1252", "cp1252"),
        ("text/plain; charset=utf-16le", "utf-16-le"),
    ],
)
async def test_text_is_decoded_by_its_charset(content_type: str | None, charset: str) -> None:
    _, text = await post(lambda request: request.text(), "Grüße".encode(charset), content_type)
    assert text == "Grüße"


@pytest.mark.parametrize("charset", ["klingon", "punycode", "hex", "unicode_escape", '"a\x80"', ""])
async def test_a_charset_that_is_none_is_a_415(charset: str) -> None:
    reply, _ = await post(lambda request: request.text(), b"text", f"text/plain; charset={charset}")
    assert reply.status == 415


async def test_text_that_can_not_be_decoded_is_a_400() -> None:
    reply, _ = await post(lambda request: request.text(), b"caf\xe9", "text/plain")
    assert reply.status == 400
    assert b"the text is not utf-8 at octet 3" in reply.body


def test_every_charset_on_the_list_is_known_to_python() -> None:
    for charset in _CHARSETS:
        text = "a".encode(charset)
        assert decode_text(text, f"text/plain; charset={charset}") == "a"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, ("", {})),
        ("", ("", {})),
        ("Text/HTML", ("text/html", {})),
        ("text/html ; charset=utf-8", ("text/html", {"charset": "utf-8"})),
        (r'a/b; x="1;2\"3\\"; Y=z', ("a/b", {"x": '1;2"3\\', "y": "z"})),
        ("multipart/form-data; boundary=a/b=c", ("multipart/form-data", {"boundary": "a/b=c"})),
        ('a/b; x="open', ("a/b", {"x": ""})),
        ("a/b;;;", ("a/b", {})),
    ],
)
def test_a_content_type_has_parameters(
    value: str | None, expected: tuple[str, dict[str, str]]
) -> None:
    assert parse_content_type(value) == expected


# json


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": [1, 2.5, true, null, "\xc3\xa9"]}', {"a": [1, 2.5, True, None, "é"]}),
        (b" 1\r\n", 1),
        (b'\xef\xbb\xbf"byte order mark"', "byte order mark"),
        (b'{"a": 1, "a": 2}', {"a": 2}),
    ],
)
async def test_json_is_read_whatever_its_content_type(body: bytes, value: object) -> None:
    assert (await post(lambda request: request.json(), body, "text/plain"))[1] == value


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b"", "this is no JSON at line 1, column 1: Expecting value"),
        (b'{\n  "a": x}', "this is no JSON at line 2, column 8: Expecting value"),
        (b"[1] 2", "this is no JSON at line 1, column 5: Extra data"),
        (b"[NaN]", "NaN is no JSON"),
        (b'{"a": -Infinity}', "-Infinity is no JSON"),
        (b'"caf\xe9"', "the JSON is not UTF-8 at octet 4"),
        ('"wide"'.encode("utf-16"), "the JSON is not UTF-8 at octet 0"),
        (b"[" * 100_000, "the JSON is nested too deeply"),
        (b"1" * 5000, "a number in the JSON has too many digits"),
    ],
    ids=range(9),
)
async def test_what_is_no_json_is_a_400_that_says_where(body: bytes, detail: str) -> None:
    reply, _ = await post(lambda request: request.json(), body)
    assert (reply.status, reply.body.decode()) == (400, f"400 Bad Request: {detail}\n")


@given(st.binary() | st.text().map(str.encode) | st.text('[]{}":,1e-. \\u').map(str.encode))
def test_any_bytes_are_json_or_a_400(content: bytes) -> None:
    try:
        value = parse_json(content)
    except HTTPError as exc:
        assert exc.status == 400  # noqa: PT017
    else:
        json.dumps(value)


@given(st.binary(), st.text(st.characters(max_codepoint=255)))
def test_any_bytes_are_text_or_refused(content: bytes, charset: str) -> None:
    try:
        assert isinstance(decode_text(content, f"text/plain; charset={charset}"), str)
    except HTTPError as exc:
        assert exc.status in (400, 415)  # noqa: PT017


async def test_a_body_made_by_hand_is_read_too() -> None:
    pieces = [b"", b"lo", b"hel"]

    async def receive() -> bytes:
        return pieces.pop()

    assert await RequestBody(receive).receive_all(10) == b"hello"


def test_reading_forms_costs_nothing_until_one_is_read() -> None:
    program = "import sys, trio_https; sys.exit('python_multipart' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_the_limits_of_a_form_are_documented_with_their_defaults() -> None:
    text = (Path(__file__).parent.parent / "docs" / "library.md").read_text("utf-8")
    rows = re.findall(r"^\| `(max_\w+)` \| (\d+) (MiB)?", text, re.MULTILINE)
    documented = {name: int(value) * (MIB if unit else 1) for name, value, unit in rows}
    parameters = inspect.signature(Request.form).parameters
    assert documented == {name: parameters[name].default for name in parameters if name != "self"}
