"""What happens: what the handler does, what its client sends, and who ends it, a second later."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import trio
from wsproto.connection import Connection, ConnectionType
from wsproto.events import TextMessage

from trio_https import Handler, Limits, with_time_limit

from ..websocket_peer import handshake
from .client import receive_ending
from .kinds import Deed, Turn
from .stage import Stage

__all__ = ["SITUATIONS", "Situation"]

KIB = 1024
MIB = 1024 * KIB
GRACE = 5
_DEFAULT_LIMITS = Limits()

Happen = Callable[[Stage], Awaitable[str]]
"""Makes it happen, and returns in words what the client then gets."""


# What handlers do


async def go_on(turn: Turn) -> None:
    """Nothing, and the handler goes on."""


async def wait(turn: Turn) -> None:
    await turn.wait()


async def receive(turn: Turn) -> None:
    await turn.receive()


def work_for(seconds: float) -> Deed:
    """It does not look at what its client does meanwhile."""

    async def work(turn: Turn) -> None:
        await trio.sleep(seconds)

    return work


async def fail(turn: Turn) -> None:
    await trio.sleep(1)
    raise LookupError("the reason")


async def fail_in_child(turn: Turn) -> None:
    async with trio.open_nursery() as nursery:
        nursery.start_soon(fail, turn)
        await trio.sleep_forever()


async def set_deadline(turn: Turn) -> None:
    turn.request.cancel_scope.deadline = trio.current_time() + 60


async def wait_for_deadline(turn: Turn) -> None:
    await set_deadline(turn)
    await wait(turn)


async def outlive_client(turn: Turn) -> None:
    turn.request.outlive_client()


def limit_time(handler: Handler) -> Handler:
    return with_time_limit(handler, 60)


# What happens to them


async def nothing(stage: Stage) -> str:
    """The handler does it itself, or time passes."""
    return await receive_ending(stage.client)


async def reset(stage: Stage) -> str:
    stage.client.reset()
    return "nothing"


async def end_sending(stage: Stage) -> str:
    await stage.client.send_eof()
    return await receive_ending(stage.client)


async def fall_silent(stage: Stage) -> str:
    return await receive_ending(stage.client, is_silent=True)


async def stop_reading(stage: Stage) -> str:
    """Of a large response, the client takes the beginning, and the rest when all is over."""
    received = b""
    while len(received) < 300 * KIB:
        received += await stage.client.receive_some()
    await stage.has_ended.wait()
    stage.client.give_back(received)
    return await receive_ending(stage.client)


async def stop(stage: Stage) -> str:
    stage.program.start_soon(stage.server.stop, GRACE)
    return await receive_ending(stage.client)


async def stop_unread(stage: Stage) -> str:
    stage.program.start_soon(stage.server.stop, GRACE)
    return await stop_reading(stage)


async def cancel(stage: Stage) -> str:
    stage.program.cancel_scope.cancel(reason="the program ends")
    return await receive_ending(stage.client)


# What clients send


def post(length: int, sent: int) -> bytes:
    head = f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {length}\r\n\r\n"
    return head.encode() + b"x" * sent


def message(text: str) -> bytes:
    return bytes(Connection(ConnectionType.CLIENT, []).send(TextMessage(data=text)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """All of one row, for every kind of handler."""

    happen: Happen = nothing
    after: float = 1
    """Seconds from the request until it happens."""
    before: Deed = go_on
    midway: Deed = go_on
    request: bytes | None = None
    """None: the usual one of that kind."""
    first: str = "first "
    limits: Limits = _DEFAULT_LIMITS
    wrap: Callable[[Handler], Handler] = lambda handler: handler
    over_tls: tuple[bool, ...] = (False, True)


SITUATIONS: dict[str, Situation] = {
    # The client
    "the client resets": Situation(happen=reset, midway=wait),
    "the client resets at once": Situation(happen=reset, midway=wait, after=0),
    "the client resets, after `outlive_client`": Situation(
        happen=reset, before=outlive_client, midway=work_for(61)
    ),
    "the client resets, with 10 KiB unread": Situation(
        happen=reset, midway=wait, request=post(MIB, 10 * KIB)
    ),
    "the client resets, with over 64 KiB unread": Situation(
        happen=reset, midway=work_for(61), request=post(MIB, 100 * KIB)
    ),
    "the client resets, with messages not taken": Situation(
        happen=reset, midway=work_for(61), request=handshake() + 5 * message("not taken")
    ),
    "the client ends its side": Situation(happen=end_sending, midway=wait),
    "the client ends its side, with `allow_half_close`": Situation(
        happen=end_sending,
        midway=work_for(61),
        limits=Limits(allow_half_close=True),
        over_tls=(False,),
    ),
    "the client ends its side, with `allow_half_close`, under TLS": Situation(
        happen=end_sending,
        midway=wait,
        limits=Limits(allow_half_close=True),
        over_tls=(True,),
    ),
    "the client ends its side midway in its request body": Situation(
        happen=end_sending, midway=receive, request=post(10, 5)
    ),
    "the client ends its side midway in a message": Situation(
        happen=end_sending, midway=receive, request=handshake() + message("a message")[:-4]
    ),
    "the client stops sending midway in its request body": Situation(
        happen=fall_silent, midway=receive, request=post(10, 5), after=0
    ),
    "the client stops sending midway in a message": Situation(
        happen=fall_silent,
        midway=receive,
        request=handshake() + message("a message")[:-4],
        after=0,
    ),
    "the client stops reading": Situation(happen=stop_reading, first="x" * MIB, after=0),
    # The server
    "the server stops": Situation(happen=stop, midway=wait),
    "the server stops, and it ends in time": Situation(happen=stop, midway=work_for(4)),
    "the server stops, and it goes on": Situation(happen=stop, midway=work_for(1000)),
    "the server stops, and the client does not read": Situation(
        happen=stop_unread, first="x" * MIB
    ),
    "the nursery is cancelled": Situation(happen=cancel, midway=wait),
    # Time
    "its `deadline` passes before it answers": Situation(before=wait_for_deadline, after=60),
    "its `deadline` passes while it answers": Situation(before=set_deadline, midway=wait, after=60),
    "`with_time_limit` passes before it answers": Situation(before=wait, wrap=limit_time, after=60),
    "`with_time_limit` passes while it answers": Situation(
        midway=work_for(61), wrap=limit_time, after=60
    ),
    "`handler_timeout` passes before it answers": Situation(
        before=wait, limits=Limits(handler_timeout=60), after=60
    ),
    # The handler
    "it raises before it answers": Situation(before=fail),
    "its child raises before it answers": Situation(before=fail_in_child),
    "it raises while it answers": Situation(midway=fail),
    "its child raises while it answers": Situation(midway=fail_in_child),
}
