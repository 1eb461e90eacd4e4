"""What a WebSocket takes, and what it refuses: limits, broken frames, compression, any bytes."""

import logging
import random
import struct
import tracemalloc
import zlib
from typing import Any

import pytest
import trio
import trio.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from trio_websocket import WebSocketConnection
from wsproto.events import BytesMessage, CloseConnection, TextMessage
from wsproto.frame_protocol import Opcode, RsvBits

from trio_https.rules.permessage_deflate import DeflateParameters
from trio_https.testing import open_connection
from trio_https.websocket.deflate import Deflate

from .peer import read_all
from .test_websocket import door, echo, errors, opened
from .websocket_peer import handshake

MASK = b"\x00\x00\x00\x00"
TEXT, BINARY, CLOSE, PING = 0x1, 0x2, 0x8, 0x9
OFFER = ("Sec-WebSocket-Extensions", "permessage-deflate; client_max_window_bits")


def frame(opcode: int, payload: bytes, *, fin: bool = True, rsv: int = 0) -> bytes:
    """Return a frame of a client's, whatever is wrong with it."""
    first = (0x80 if fin else 0) | rsv << 4 | opcode
    if len(payload) < 126:
        head = struct.pack("!BB", first, 0x80 | len(payload))
    elif len(payload) < 65536:
        head = struct.pack("!BBH", first, 0x80 | 126, len(payload))
    else:
        head = struct.pack("!BBQ", first, 0x80 | 127, len(payload))
    return head + MASK + payload


def deflated(data: bytes) -> bytes:
    compressor = zlib.compressobj(9, wbits=-15)
    return (compressor.compress(data) + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(
        b"\x00\x00\xff\xff"
    )


async def refusal(sent: bytes, *more: tuple[str, str], **options: Any) -> tuple[int, str]:
    """Return with which code and reason what was sent is refused."""
    async with opened(echo, *more, **options) as peer:
        await peer.stream.send_all(sent)
        event = await peer.receive_close()
        assert await peer.receive() is None
    assert trio.current_time() == 0  # nothing was waited for: 3
    return int(event.code), event.reason or ""


# Limits


@pytest.mark.parametrize(
    "sent",
    [
        frame(BINARY, b"x" * 101),
        frame(TEXT, b"x" * 101),
        frame(TEXT, "ü".encode() * 51),  # 51 characters: 8
        frame(BINARY, b"x" * 60, fin=False) + frame(0, b"x" * 41),
        frame(TEXT, "ü".encode() * 30, fin=False) + frame(0, "ü".encode() * 21, fin=False),
        frame(BINARY, b"x" * 2_000_000)[:200],  # long before it is there
    ],
    ids=["binary", "text", "characters", "fragments", "of text", "not whole"],
)
async def test_a_message_that_is_too_long_is_refused_with_1009(
    sent: bytes, autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    told = await refusal(sent, max_message_bytes=100)
    assert told == (1009, "messages have at most 100 bytes")
    assert not errors(caplog)


@pytest.mark.parametrize("data", ["x" * 100, "ü" * 50, b"x" * 100])
async def test_a_message_as_long_as_the_limit_is_taken(
    data: str | bytes, autojump_clock: Any
) -> None:
    async with opened(echo, max_message_bytes=100) as peer:
        for _ in range(3):
            event = TextMessage(data=data) if isinstance(data, str) else BytesMessage(data=data)
            await peer.send(event)
            assert await peer.receive_message() == data


async def test_fragments_come_as_one_message(autojump_clock: Any) -> None:
    async with opened(echo, max_message_bytes=100) as peer:
        for opcode, data in ((TEXT, "grün"), (BINARY, b"\x00\xff\x00")):
            octets = data.encode() if isinstance(data, str) else data
            await peer.stream.send_all(frame(opcode, octets[:1], fin=False))
            for octet in octets[1:]:  # a character may be parted, too
                await peer.stream.send_all(frame(PING, b"between"))
                await peer.stream.send_all(frame(0, bytes([octet]), fin=False))
            await peer.stream.send_all(frame(0, b""))
            while not isinstance(event := await peer.receive(), TextMessage | BytesMessage):
                pass
            assert event.data == data


@pytest.mark.no_cover
async def test_fragments_without_end_or_content_take_no_memory(autojump_clock: Any) -> None:
    async with opened(echo) as peer:
        await peer.stream.send_all(frame(BINARY, b"", fin=False))
        many = frame(0, b"", fin=False) * 10_000
        await peer.stream.send_all(many)
        await trio.sleep(1)
        tracemalloc.start()
        for _ in range(3):
            await peer.stream.send_all(many)
            await trio.sleep(1)
        grown = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert grown < 100_000
        await peer.stream.send_all(frame(0, b"end"))
        assert await peer.receive_message() == b"end"


# Broken frames


BROKEN = {
    "not masked": (b"\x81\x01x", 1002),
    "an unknown opcode": (frame(0x3, b""), 1002),
    "an unknown control opcode": (frame(0xB, b""), 1002),
    "a reserved bit": (frame(TEXT, b"x", rsv=4), 1002),
    "compressed without having agreed": (frame(TEXT, b"x", rsv=4), 1002),
    "a fragment of nothing": (frame(0, b"x"), 1002),
    "a message within another": (frame(TEXT, b"x", fin=False) + frame(TEXT, b"x"), 1002),
    "a ping in fragments": (frame(PING, b"", fin=False), 1002),
    "a ping too long": (frame(PING, b"x" * 126), 1002),
    "a length in a form too long": (b"\x81\xfe\x00\x01" + MASK + b"x", 1002),
    "a negative length": (b"\x82\xff\xff" + bytes(7), 1002),
    "a close with half a code": (frame(CLOSE, b"\x03"), 1002),
    "a close with a code that is none": (frame(CLOSE, struct.pack("!H", 999)), 1002),
    "a close with a code that is never sent": (frame(CLOSE, struct.pack("!H", 1006)), 1002),
    "a reason that is no UTF-8": (frame(CLOSE, b"\x03\xe8\xff"), 1007),
    "text that is no UTF-8": (frame(TEXT, b"\xff"), 1007),
    "a surrogate": (frame(TEXT, b"\xed\xa0\x80"), 1007),
    "half a character": (frame(TEXT, b"\xc3"), 1007),
    "no UTF-8 at the end of fragments": (
        frame(TEXT, b"\xc3", fin=False) + frame(0, b"\x28"),
        1007,
    ),
}


@pytest.mark.parametrize("what", BROKEN)
async def test_who_breaks_the_protocol_is_told_and_closed(
    what: str, autojump_clock: Any, caplog: pytest.LogCaptureFixture
) -> None:
    sent, code = BROKEN[what]
    assert (await refusal(sent))[0] == code
    assert not errors(caplog)


async def test_what_is_broken_after_the_close_is_not_answered(autojump_clock: Any) -> None:
    async def leave(connection: WebSocketConnection) -> None:
        await connection.aclose(1000)

    async with opened(leave) as peer:
        assert (await peer.receive_close()).code == 1000
        await peer.stream.send_all(frame(0x3, b""))
        assert await read_all(peer.stream) == b""
    assert trio.current_time() == 0


class Records(logging.Handler):
    """Keeps what is logged: hypothesis takes no fixture that lives for one example."""

    def __init__(self, level: int) -> None:
        super().__init__(level)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@pytest.mark.no_cover
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    pieces=st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.builds(
                frame,
                st.sampled_from([0, 1, 2, 8, 9, 10, 3]),
                st.binary(max_size=140),
                fin=st.booleans(),
                rsv=st.sampled_from([0, 0, 0, 4]),
            ),
        ),
        max_size=12,
    ),
    compress=st.booleans(),
)
def test_any_frames_and_bytes_give_a_close_and_nothing_else(
    pieces: list[bytes], compress: bool
) -> None:
    async def main() -> None:
        async with opened(echo, OFFER, compress=compress) as peer:
            for piece in pieces:
                try:
                    await peer.stream.send_all(piece)
                except trio.BrokenResourceError:
                    break
            await peer.stream.send_eof()  # type: ignore[attr-defined]
            await read_all(peer.stream)

    handler = Records(logging.WARNING)
    logging.getLogger("trio_https").addHandler(handler)
    try:
        trio.run(main, clock=trio.testing.MockClock(autojump_threshold=0))
    finally:
        logging.getLogger("trio_https").removeHandler(handler)
    assert not handler.records


async def test_where_the_bytes_are_cut_makes_no_difference(autojump_clock: Any) -> None:
    sent = handshake() + frame(TEXT, b"one") + frame(BINARY, b"two") + frame(TEXT, b"", fin=False)
    answers = set()
    for size in (1, 2, 3, 7, len(sent)):
        async with open_connection(door(echo)) as stream:
            for start in range(0, len(sent), size):
                await stream.send_all(sent[start : start + size])
            answer = b""
            while not answer.endswith(b"two"):
                answer += await stream.receive_some()
            await stream.send_all(frame(CLOSE, b"\x03\xe8"))
            answers.add(answer + await read_all(stream))
    [answer] = answers
    assert answer.endswith(b"\x81\x03one\x82\x03two\x88\x02\x03\xe8")


# Compression


@pytest.mark.parametrize(("offer", "compress"), [(True, False), (False, True)])
async def test_nothing_is_compressed_unless_both_sides_want_it(
    offer: bool, compress: bool, autojump_clock: Any
) -> None:
    async with opened(echo, *([OFFER] if offer else []), compress=compress) as peer:
        assert "Extensions" not in peer.head
        await peer.stream.send_all(frame(TEXT, b"x" * 100))
        assert await peer.receive_message() == "x" * 100


PARAMETERS = [
    "",
    "; server_no_context_takeover",
    "; client_no_context_takeover",
    "; server_no_context_takeover; client_no_context_takeover",
    "; client_max_window_bits",
    "; client_max_window_bits=9; server_max_window_bits=9",
]


@pytest.mark.parametrize("parameters", PARAMETERS)
async def test_compressed_messages_go_both_ways(parameters: str, autojump_clock: Any) -> None:
    offer = ("Sec-WebSocket-Extensions", "permessage-deflate" + parameters)
    chance = random.Random(7)
    async with opened(echo, offer, compress=True) as peer:
        for size in (0, 1, 5, 1000, 100_000, 5, 70_000):
            text = "".join(chance.choices("abcü", k=size))
            await peer.send(TextMessage(data=text))
            assert await peer.receive_message() == text
            await peer.send(BytesMessage(data=text.encode()))
            assert await peer.receive_message() == text.encode()
        await peer.send(CloseConnection(code=1000))
        assert (await peer.receive_close()).code == 1000


async def test_what_repeats_is_short_on_the_wire(autojump_clock: Any) -> None:
    async with opened(echo, OFFER, compress=True) as peer:
        sizes = []
        for _ in range(2):
            await peer.stream.send_all(frame(TEXT, b"All work and no play. " * 10))
            await trio.sleep(1)
            sizes.append(len(await peer.stream.receive_some()))
        assert sizes[0] < 60
        assert sizes[1] < 20  # the window has it all


async def test_one_that_is_not_compressed_is_fine_too(autojump_clock: Any) -> None:
    async with opened(echo, OFFER, compress=True) as peer:
        for sent in (frame(TEXT, b"plain"), frame(TEXT, deflated(b"plain"), rsv=4)) * 2:
            await peer.stream.send_all(sent)
            assert await peer.receive_message() == "plain"


async def test_fragments_may_be_compressed(autojump_clock: Any) -> None:
    octets = deflated(b"a message in parts" * 5)
    async with opened(echo, OFFER, compress=True) as peer:
        await peer.stream.send_all(frame(TEXT, octets[:3], fin=False, rsv=4))
        await peer.stream.send_all(frame(0, octets[3:10], fin=False) + frame(PING, b""))
        await peer.stream.send_all(frame(0, octets[10:]))
        await peer.receive()  # the pong
        assert await peer.receive_message() == "a message in parts" * 5


@pytest.mark.parametrize("fin", [True, False])
@pytest.mark.parametrize("opcode", [TEXT, BINARY])
async def test_a_bomb_is_refused_before_it_is_inflated(
    opcode: int, fin: bool, autojump_clock: Any
) -> None:
    bomb = deflated(bytes(64 * 1024 * 1024))
    assert len(bomb) < 70_000
    tracemalloc.start()
    sent = frame(opcode, bomb, fin=fin, rsv=4)
    told = await refusal(sent, OFFER, compress=True, max_message_bytes=100_000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert told == (1009, "messages have at most 100000 bytes")
    assert peak < 2_000_000


async def test_a_bomb_in_fragments_is_refused_too(autojump_clock: Any) -> None:
    octets = deflated(bytes(200_000))
    pieces = [octets[i : i + 10] for i in range(0, len(octets), 10)]
    sent = frame(BINARY, pieces[0], fin=False, rsv=4)
    sent += b"".join(frame(0, piece, fin=False) for piece in pieces[1:])
    told = await refusal(sent, OFFER, compress=True, max_message_bytes=100_000)
    assert told[0] == 1009


@pytest.mark.parametrize("size", [99, 100])
async def test_an_inflated_message_as_long_as_the_limit_is_taken(
    size: int, autojump_clock: Any
) -> None:
    async with opened(echo, OFFER, compress=True, max_message_bytes=100) as peer:
        for _ in range(3):
            await peer.send(BytesMessage(data=bytes(size)))
            assert await peer.receive_message() == bytes(size)


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (frame(TEXT, b"\xff\xff\xff", rsv=4), 1007),  # no deflate
        (frame(TEXT, deflated(b"\xff"), rsv=4), 1007),  # no UTF-8
        (frame(PING, b"", rsv=4), 1002),
        (frame(TEXT, b"", fin=False, rsv=4) + frame(0, b"", rsv=4), 1002),
        (frame(TEXT, b"", rsv=2), 1002),
        (frame(TEXT, zlib.compress(b"one", wbits=-15) + b"two", rsv=4), 1007),
    ],
)
async def test_what_is_wrongly_compressed_is_refused(
    sent: bytes, code: int, autojump_clock: Any
) -> None:
    assert (await refusal(sent, OFFER, compress=True))[0] == code


async def test_a_message_may_end_with_a_last_block(autojump_clock: Any) -> None:
    last_block = zlib.compress(b"Hello", wbits=-15) + b"\x00"  # RFC 7692 §7.2.3.4
    async with opened(echo, OFFER, compress=True) as peer:
        for _ in range(3):
            await peer.stream.send_all(frame(TEXT, last_block, rsv=4))
            assert await peer.receive_message() == "Hello"


async def test_a_compressed_message_that_was_not_sent_ends_the_websocket(
    autojump_clock: Any,
) -> None:
    """The next one would refer to it, and the client would read nonsense."""

    async def hurry(connection: WebSocketConnection) -> None:
        with trio.CancelScope() as scope:
            scope.cancel()
            await connection.send_message("never sent")
        await trio.sleep_forever()

    async with opened(hurry, OFFER, compress=True, close_timeout=7) as peer:
        assert await peer.receive() is None
    assert trio.current_time() == 7


def inflate(octets: bytes, bits: int) -> bytes:
    return zlib.decompressobj(-bits).decompress(octets + b"\x00\x00\xff\xff")


@pytest.mark.parametrize("bits", [9, 12])
def test_a_small_window_is_kept_to(bits: int) -> None:
    data = random.Random(7).randbytes(6000) * 3
    deflate = Deflate(DeflateParameters(server_window_bits=bits), max_message_bytes=1)
    plain = RsvBits(rsv1=False, rsv2=False, rsv3=False)
    rsv, octets = deflate.frame_outbound(None, Opcode.BINARY, plain, data, fin=True)  # type: ignore[arg-type]
    assert rsv.rsv1
    assert inflate(octets, bits) == data


def test_what_the_rfc_deflates_is_what_we_do() -> None:
    deflate = Deflate(DeflateParameters(), max_message_bytes=100)
    plain = RsvBits(rsv1=False, rsv2=False, rsv3=False)
    first, second = (
        deflate.frame_outbound(None, Opcode.TEXT, plain, b"Hello", fin=True)[1]  # type: ignore[arg-type]
        for _ in range(2)
    )
    assert first == bytes.fromhex("f2 48 cd c9 c9 07 00")  # RFC 7692 §7.2.3.1
    assert second == bytes.fromhex("f2 00 11 00 00")  # and §7.2.3.2
