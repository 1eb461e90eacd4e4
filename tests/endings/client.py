"""What a client makes of what it gets: by h11 and by wsproto, up to the end of the connection."""

import h11
import trio
from wsproto.connection import Connection, ConnectionType
from wsproto.events import CloseConnection, Ping

__all__ = ["receive_ending"]


async def receive_ending(stream: trio.abc.Stream, *, is_silent: bool = False) -> str:
    """Read until there is no more to come, and return in words what came and how it ended.

    A silent client answers neither a ping nor a close. A body that ends with its connection would
    be taken for a whole one, so there must be none.
    """
    reader = h11.Connection(h11.CLIENT)
    fields = [("Host", "localhost"), ("Connection", "Upgrade"), ("Upgrade", "websocket")]
    reader.send(h11.Request(method="GET", target="/", headers=fields))
    reader.send(h11.EndOfMessage())
    head: h11.Response | None = None
    while True:
        event = reader.next_event()
        if event is h11.NEED_DATA:
            if not (data := await _receive(stream)):
                assert data is None, "an end in order, though not all had come"
                return f"{head.status_code}, cut off" if head else "no answer, cut off"
            reader.receive_data(data)
        elif isinstance(event, h11.InformationalResponse):
            assert event.status_code == 101
            return await _receive_websocket_ending(stream, reader.trailing_data[0], is_silent)
        elif isinstance(event, h11.Response):
            head = event
        elif isinstance(event, h11.EndOfMessage):
            assert head is not None
            return await _end_of_whole(stream, head)


async def _end_of_whole(stream: trio.abc.Stream, head: h11.Response) -> str:
    names = {name for name, _ in head.headers}
    assert names & {b"content-length", b"transfer-encoding"}, "where it ends, nobody can tell"
    if (b"connection", b"close") not in head.headers:
        return f"{head.status_code}, whole"
    assert await _receive(stream) == b""
    return f"{head.status_code}, whole, the last"


async def _receive_websocket_ending(
    stream: trio.abc.Stream, received: bytes, is_silent: bool
) -> str:
    frames = Connection(ConnectionType.CLIENT, [])
    data: bytes | None = received
    ending = "no close frame: 1006"  # RFC 6455 §7.1.5
    while data is not None:
        frames.receive_data(data)
        for event in frames.events():
            if isinstance(event, CloseConnection):
                ending = f"closed: {event.code}"
            if isinstance(event, CloseConnection | Ping) and not is_silent:
                await stream.send_all(frames.send(event.response()))
        data = await _receive(stream) or None
    return ending


async def _receive(stream: trio.abc.Stream) -> bytes | None:
    """Return what came, b"" at an end in order; None where the connection was cut."""
    try:
        return bytes(await stream.receive_some(65536))
    except trio.BrokenResourceError:
        return None
