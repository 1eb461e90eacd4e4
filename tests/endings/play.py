"""One situation, with one kind of handler, from the request to the end: what was seen of it."""

import gc

import trio

from .ending import Ending
from .kinds import KINDS, Work
from .situations import SITUATIONS, nothing
from .stage import open_stage
from .witness import HandlerWitness, LogWitness

__all__ = ["play"]


async def play(name: str, kind: str, *, tls: bool) -> Ending:
    """Have it happen, and see that nothing is left of it: no task, and no scope of a request."""
    situation = SITUATIONS[name]
    handler_witness, log_witness = HandlerWitness(), LogWitness()
    work = Work(
        before=situation.before,
        midway=situation.midway,
        first=situation.first,
        witness=handler_witness,
    )
    handler = situation.wrap(KINDS[kind].make(work))
    with log_witness.listening():
        async with open_stage(handler, situation.limits, tls=tls) as stage:
            await stage.client.send_all(situation.request or KINDS[kind].request)
            happens_at = trio.current_time() + situation.after
            if situation.happen is not nothing:
                await trio.sleep_until(happens_at)
            client = await situation.happen(stage)
    assert handler_witness.scope is not None
    if handler_witness.scope() is not None:
        gc.collect()  # what an exception knows that knows its frame
    assert handler_witness.scope() is None, "the request is still held by somebody"
    return Ending(
        handler_witness.saw, client, log_witness.says, round(stage.ended_at - happens_at, 6)
    )
