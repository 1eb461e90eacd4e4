"""A handshake of our own: what answers in other ways than by TLS, and what is never told."""

import socket
import ssl
import struct
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import trio
import trio.testing

from trio_https.flights import FlightRecorder
from trio_https.handshake.dialogue import (
    Dialogue,
    NoHandshake,
    Offer,
    hold_dialogue,
    open_client_context,
)
from trio_https.handshake.transcript import Entry, read_transcript
from trio_https.rules.tls_records import HandshakeMessage

from .talking import connect

REQUEST = b"HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
Script = Callable[[trio.abc.Stream], Coroutine[Any, Any, None]]


async def hold(stream: trio.abc.Stream, *, check: bool = False) -> Dialogue:
    context = open_client_context(Offer(), check=check)
    return await hold_dialogue(stream, context, "localhost", request=REQUEST)


async def meet(script: Script, *, check: bool = False) -> Dialogue:
    """Shake hands with what does ``script`` at the other end."""
    ours, theirs = trio.testing.memory_stream_pair()
    async with trio.open_nursery() as nursery:
        nursery.start_soon(script, theirs)
        async with ours:
            return await hold(ours, check=check)


async def answer(octets: bytes, stream: trio.abc.Stream) -> None:
    await stream.receive_some()
    await stream.send_all(octets)
    await stream.aclose()


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "what answers there is not TLS"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "what answers there is not TLS"),
        (b"220 mail.example ESMTP\r\n", "what answers there is not TLS"),
        (b"", "the server closed the connection"),
        # RFC 8446 §6.2: a fatal alert, and nothing else.
        (b"\x15\x03\x03\x00\x02\x02\x28", "the alert handshake_failure"),
        (b"\x15\x03\x03\x00\x02\x02\x46", "the alert protocol_version"),
        (b"\x15\x03\x03\x00\x02\x02\x78", "the alert no_application_protocol"),
        (b"\x16\x03\x03\x00\x04\x02\x00\x00\x00", "the handshake failed: "),
    ],
)
async def test_what_is_no_handshake_is_told_in_words(octets: bytes, reason: str) -> None:
    with pytest.RaisesGroup(pytest.RaisesExc(NoHandshake, match=reason)):
        await meet(partial(answer, octets))


async def test_a_reset_is_told_in_words() -> None:
    listener = socket.create_server(("127.0.0.1", 0))

    async def reset() -> None:
        connection, _ = await trio.to_thread.run_sync(listener.accept)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()

    with listener:
        async with trio.open_nursery() as nursery:
            nursery.start_soon(reset)
            async with await trio.open_tcp_stream(*listener.getsockname()) as stream:
                with pytest.raises(NoHandshake, match=r"the server (broke|closed) the connection"):
                    await hold(stream)


async def test_who_says_nothing_is_waited_for_as_long_as_the_caller_likes(
    autojump_clock: trio.testing.MockClock,
) -> None:
    ours, _theirs = trio.testing.memory_stream_pair()
    with trio.move_on_after(10) as scope:
        await hold(ours)
    assert scope.cancelled_caught
    assert trio.current_time() == 10


async def test_what_speaks_tls_but_no_http_is_not_waited_for(
    server_context: ssl.SSLContext, autojump_clock: trio.testing.MockClock
) -> None:
    async def listen_only(stream: trio.abc.Stream) -> None:
        tls = trio.SSLStream(stream, server_context, server_side=True)
        with suppress(trio.BrokenResourceError):  # the client has waited long enough
            while await tls.receive_some():
                pass

    dialogue = await meet(listen_only)
    assert (dialogue.version, dialogue.answer) == ("TLSv1.3", b"")
    assert trio.current_time() == 2


async def test_a_client_that_refuses_the_certificate_says_so_to_the_server(
    server_context: ssl.SSLContext,
) -> None:
    """RFC 8446 §6.2: unknown_ca."""
    alerts = []

    async def fail(stream: trio.abc.Stream) -> None:
        tls = trio.SSLStream(stream, server_context, server_side=True)
        try:
            await tls.do_handshake()
            await tls.receive_some()
        except trio.BrokenResourceError as exc:
            alerts.append(getattr(exc.__cause__, "reason", None))

    dialogue = await meet(fail, check=True)
    assert dialogue.distrust == "unable to get local issuer certificate"
    assert dialogue.session is None
    assert alerts == ["TLSV1_ALERT_UNKNOWN_CA"]


async def test_what_is_told_is_what_is_on_the_wire(server_context: ssl.SSLContext) -> None:
    """The messages in the clear, held against our own reader of records."""
    recorder = FlightRecorder()

    class Tapped(trio.abc.Stream):
        def __init__(self, stream: trio.abc.Stream) -> None:
            self.stream = stream

        async def send_all(self, data: bytes | bytearray | memoryview) -> None:
            recorder.record("client", data, at=0.0)
            await self.stream.send_all(data)

        async def wait_send_all_might_not_block(self) -> None:
            await self.stream.wait_send_all_might_not_block()

        async def receive_some(self, max_bytes: int | None = None) -> bytes | bytearray:
            data = await self.stream.receive_some(max_bytes)
            recorder.record("server", data, at=0.0)
            return data

        async def aclose(self) -> None:
            await self.stream.aclose()

    async with connect(server_context) as stream:
        dialogue = await hold(Tapped(stream))
    on_the_wire = messages(read_transcript(recorder.flights))
    assert [kind for _sender, kind, _content in on_the_wire] == [1, 2]
    assert on_the_wire == messages(dialogue.transcript)[:2]


def messages(transcript: list[Entry] | tuple[Entry, ...]) -> list[tuple[str, int, bytes]]:
    return [
        (entry.sender, entry.event.kind, entry.event.content)
        for entry in transcript
        if isinstance(entry.event, HandshakeMessage)
    ]


async def test_no_secret_is_among_what_is_kept(
    server_context: ssl.SSLContext, tmp_path: Path
) -> None:
    """OpenSSL's own list of the session's secrets (RFC 9850), looked for in all that is kept."""
    context = open_client_context(Offer(), check=False)
    context.keylog_filename = str(tmp_path / "keys")
    async with connect(server_context) as stream:
        dialogue = await hold_dialogue(stream, context, "localhost", request=REQUEST)
    lines = (tmp_path / "keys").read_text().splitlines()
    secrets = [bytes.fromhex(line.split()[2]) for line in lines if not line.startswith("#")]
    assert len(secrets) >= 4
    kept = b"".join(content for _sender, _kind, content in messages(dialogue.transcript))
    for secret in secrets:
        assert secret not in kept
