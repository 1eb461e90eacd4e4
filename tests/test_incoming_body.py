"""A body's octets are taken as they are framed, none of the next request, and in good time."""

from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import given
from hypothesis import strategies as st

from trio_https import ClientGone, Headers, HTTPError, Limits
from trio_https.incoming import Incoming
from trio_https.incoming_body import IncomingBody, expect_body

LIMITS = Limits(max_body_bytes=100, max_drain_bytes=10, receive_timeout=10, min_receive_rate=0)
CHUNKED = {"Transfer-Encoding": "chunked"}
NEXT = b"GET /next HTTP/1.1\r\n"


def coming(
    fields: dict[str, str], limits: Limits = LIMITS
) -> tuple[trio.testing.MemorySendStream, Incoming, IncomingBody]:
    """Return the client's side, what comes from it, and the body that ``fields`` announce."""
    theirs, ours = trio.testing.memory_stream_one_way_pair()
    incoming = Incoming(ours)
    body = expect_body(Headers(fields), incoming, limits)
    assert body is not None
    return theirs, incoming, body


@pytest.mark.parametrize("fields", [{}, {"Content-Length": "0"}, {"Content-Length": "00"}])
def test_without_an_announcement_there_is_no_body(fields: dict[str, str]) -> None:
    """RFC 9112 §6.3: without Content-Length and Transfer-Encoding, a request has none."""
    _, ours = trio.testing.memory_stream_one_way_pair()
    assert expect_body(Headers(fields), Incoming(ours), LIMITS) is None


@pytest.mark.parametrize(("length", "is_refused"), [("100", False), ("101", True)])
def test_a_body_that_is_too_long_by_its_own_account_is_refused(
    length: str, is_refused: bool
) -> None:
    if not is_refused:
        coming({"Content-Length": length})
        return
    with pytest.raises(HTTPError) as caught:
        coming({"Content-Length": length})
    assert (caught.value.status, caught.value.close) == (413, True)
    assert caught.value.detail == "the request body is over 100 bytes"


@given(
    data=st.binary(min_size=1, max_size=100),
    cuts=st.lists(st.integers(1, 130)),
    chunked=st.booleans(),
)
def test_what_is_taken_is_the_body_and_nothing_else_however_it_is_cut(
    data: bytes, cuts: list[int], chunked: bool
) -> None:
    framed = b"%x\r\n%b\r\n0\r\n\r\n" % (len(data), data) if chunked else data
    _, incoming, body = coming(CHUNKED if chunked else {"Content-Length": str(len(data))})
    sent, taken = framed + NEXT, b""
    ends = sorted({min(cut, len(sent)) for cut in cuts} | {len(sent)})
    for start, end in zip([0, *ends], ends, strict=False):
        incoming.buffer += sent[start:end]
        taken += body.take()
    assert taken == framed
    assert incoming.buffer == NEXT
    assert body.take() == b""


@pytest.mark.parametrize(
    ("fields", "sent", "is_nearly_done"),
    [
        ({"Content-Length": "10"}, b"", True),
        ({"Content-Length": "11"}, b"", False),
        ({"Content-Length": "11"}, b"a", True),
        ({"Content-Length": "11"}, b"a" * 20, True),
        (CHUNKED, b"1\r\na\r\n", False),  # the next chunk may be of any size
    ],
)
def test_little_is_left_only_where_it_is_known_to_be_little(
    fields: dict[str, str], sent: bytes, is_nearly_done: bool
) -> None:
    _, incoming, body = coming(fields)
    incoming.buffer += sent
    body.take()
    assert body.is_nearly_done() is is_nearly_done


async def test_more_is_waited_for_and_then_there_to_take() -> None:
    client, _, body = coming({"Content-Length": "5"})
    await client.send_all(b"hello")
    assert body.take() == b""
    await body.wait()
    assert body.take() == b"hello"


async def test_a_silent_client_is_not_waited_for_longer_than_its_time(autojump_clock: Any) -> None:
    _client, _, body = coming({"Content-Length": "5"})  # kept: it would be closed
    started = trio.current_time()
    with pytest.raises(HTTPError) as caught:
        await body.wait()
    assert trio.current_time() - started == LIMITS.receive_timeout
    assert (caught.value.status, caught.value.close) == (408, True)


async def test_each_wait_is_counted_towards_the_rate(autojump_clock: Any) -> None:
    """After 8 s for a byte, 2 s of the free ones are left, and a tenth for the byte."""
    limits = Limits(receive_timeout=10, min_receive_rate=10)
    client, _, body = coming({"Content-Length": "5"}, limits)
    started = trio.current_time()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(body.wait)
        await trio.sleep(8)
        await client.send_all(b"a")
    with pytest.raises(HTTPError, match="408"):
        await body.wait()
    assert trio.current_time() - started == pytest.approx(10.1)


async def test_a_client_that_leaves_before_the_end_is_gone() -> None:
    client, _, body = coming({"Content-Length": "5"})
    await client.send_all(b"hell")
    await client.aclose()
    await body.wait()
    with pytest.raises(ClientGone, match="in the middle of a request body"):
        await body.wait()
