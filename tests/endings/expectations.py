"""The table: for each kind of handler and each situation, what is seen of the end.

``docs/endings.md`` has the same rows, with the same words, and tells what the words mean.
"""

from .ending import Ending

__all__ = ["TABLES"]

NOTHING = "nothing"
LEFT = "`Cancelled`: the client left"
STOPPED = "`Cancelled`: the server is stopping, and its grace is over"
PROGRAM_ENDS = "`Cancelled`: the program ends"
DEADLINE = "`Cancelled`: a deadline"
RAISES = "its exception"
RAISES_IN_GROUP = "its exception, in a group"

BUG = "500, whole, the last"
TOO_LONG = "503, whole, the last"
NO_ANSWER = "no answer, cut off"
CUT = "200, cut off"

PLAIN = {
    "the client resets": Ending(LEFT, NOTHING, "`- 0`"),
    "the client resets at once": Ending(LEFT, NOTHING, "`- 0`", 0.2),
    "the client resets, after `outlive_client`": Ending(NOTHING, NOTHING, "`200 0`", 60),
    "the client resets, with 10 KiB unread": Ending(LEFT, NOTHING, "`- 0`"),
    "the client resets, with over 64 KiB unread": Ending(NOTHING, NOTHING, "`200 0`", 60),
    "the client ends its side": Ending(LEFT, NO_ANSWER, "`- 0`"),
    "the client ends its side, with `allow_half_close`": Ending(
        NOTHING, "200, whole", "`200 10`", 60
    ),
    "the client ends its side, with `allow_half_close`, under TLS": Ending(
        LEFT, NO_ANSWER, "`- 0`"
    ),
    "the client ends its side midway in its request body": Ending(
        "`ClientGone`", NO_ANSWER, "`- 0`"
    ),
    "the client stops sending midway in its request body": Ending(
        "`HTTPError`: 408", "408, whole, the last", "`408 52`", 30
    ),
    "the client stops reading": Ending(NOTHING, CUT, "`200 n`", 60),
    "the server stops, and it ends in time": Ending(NOTHING, "200, whole, the last", "`200 10`", 3),
    "the server stops, and it goes on": Ending(STOPPED, NO_ANSWER, "`- 0`", 5),
    "the server stops, and the client does not read": Ending(NOTHING, CUT, "`200 n`", 5),
    "the nursery is cancelled": Ending(PROGRAM_ENDS, NO_ANSWER, "`- 0`"),
    "its `deadline` passes before it answers": Ending(DEADLINE, TOO_LONG, "`503 49`; a warning"),
    "`with_time_limit` passes before it answers": Ending(DEADLINE, TOO_LONG, "`503 49`"),
    "`handler_timeout` passes before it answers": Ending(DEADLINE, TOO_LONG, "`503 49`; a warning"),
    "it raises before it answers": Ending(RAISES, BUG, "`500 53`; a traceback"),
    "its child raises before it answers": Ending(RAISES_IN_GROUP, BUG, "`500 53`; a traceback"),
}

STREAMED = {
    "the client resets": Ending(LEFT, NOTHING, "`200 6`"),
    "the client resets at once": Ending(NOTHING, NOTHING, "`200 0`"),
    "the client resets, after `outlive_client`": Ending(
        "`GeneratorExit`", NOTHING, "`200 6`", 60, if_written="`ClientGone`"
    ),
    "the client resets, with 10 KiB unread": Ending(LEFT, NOTHING, "`200 6`"),
    "the client resets, with over 64 KiB unread": Ending(
        "`GeneratorExit`", NOTHING, "`200 6`", 60, if_written="`ClientGone`"
    ),
    "the client ends its side": Ending(LEFT, CUT, "`200 6`"),
    "the client ends its side, with `allow_half_close`": Ending(
        NOTHING, "200, whole", "`200 10`", 60
    ),
    "the client ends its side, with `allow_half_close`, under TLS": Ending(LEFT, CUT, "`200 6`"),
    "the client ends its side midway in its request body": Ending("`ClientGone`", CUT, "`200 6`"),
    "the client stops sending midway in its request body": Ending(
        "`HTTPError`: 408", CUT, "`200 6`", 30
    ),
    "the client stops reading": Ending(
        "`GeneratorExit`", CUT, "`200 n`", 60, if_written="`ClientGone`"
    ),
    "the server stops, and it ends in time": Ending(NOTHING, "200, whole", "`200 10`", 3),
    "the server stops, and it goes on": Ending(STOPPED, CUT, "`200 6`", 5),
    "the server stops, and the client does not read": Ending(
        "`GeneratorExit`", CUT, "`200 n`", 5, if_written=STOPPED
    ),
    "the nursery is cancelled": Ending(PROGRAM_ENDS, CUT, "`200 6`"),
    "its `deadline` passes before it answers": Ending(DEADLINE, TOO_LONG, "`503 49`; a warning"),
    "its `deadline` passes while it answers": Ending(DEADLINE, CUT, "`200 6`; an error"),
    "`with_time_limit` passes before it answers": Ending(DEADLINE, TOO_LONG, "`503 49`"),
    "`with_time_limit` passes while it answers": Ending(NOTHING, "200, whole", "`200 10`", 1),
    "`handler_timeout` passes before it answers": Ending(DEADLINE, TOO_LONG, "`503 49`; a warning"),
    "it raises before it answers": Ending(RAISES, BUG, "`500 53`; a traceback"),
    "its child raises before it answers": Ending(RAISES_IN_GROUP, BUG, "`500 53`; a traceback"),
    "it raises while it answers": Ending(RAISES, CUT, "`200 6`; a traceback"),
    "its child raises while it answers": Ending(RAISES_IN_GROUP, CUT, "`200 6`; a traceback"),
}

EVENTS = {
    "the client resets": Ending(LEFT, NOTHING, "`200 14`"),
    "the client resets at once": Ending(NOTHING, NOTHING, "`200 0`"),
    "the client resets, after `outlive_client`": Ending(NOTHING, NOTHING, "`200 14`", 60),
    "the client resets, with 10 KiB unread": Ending(LEFT, NOTHING, "`200 14`"),
    "the client resets, with over 64 KiB unread": Ending(NOTHING, NOTHING, "`200 14`", 60),
    "the client ends its side": Ending(LEFT, CUT, "`200 14`"),
    "the client ends its side, with `allow_half_close`": Ending(
        NOTHING, "200, whole", "`200 26`", 60
    ),
    "the client ends its side, with `allow_half_close`, under TLS": Ending(LEFT, CUT, "`200 14`"),
    "the client ends its side midway in its request body": Ending("`ClientGone`", CUT, "`200 14`"),
    "the client stops sending midway in its request body": Ending(
        "`HTTPError`: 408", CUT, "`200 14`", 30
    ),
    "the client stops reading": Ending("`Cancelled`: a `ClientGone` elsewhere", CUT, "`200 n`", 60),
    "the server stops": Ending("`Cancelled`: the server is stopping", "200, whole", "`200 14`"),
    "the server stops, and the client does not read": Ending(
        "`Cancelled`: the server is stopping", CUT, "`200 n`", 5
    ),
    "the nursery is cancelled": Ending(PROGRAM_ENDS, CUT, "`200 14`"),
    "its `deadline` passes before it answers": Ending(DEADLINE, TOO_LONG, "`503 49`; a warning"),
    "its `deadline` passes while it answers": Ending(DEADLINE, CUT, "`200 14`; an error"),
    "`with_time_limit` passes before it answers": Ending(DEADLINE, TOO_LONG, "`503 49`"),
    "`with_time_limit` passes while it answers": Ending(NOTHING, "200, whole", "`200 26`", 1),
    "`handler_timeout` passes before it answers": Ending(DEADLINE, TOO_LONG, "`503 49`; a warning"),
    "it raises before it answers": Ending(RAISES, BUG, "`500 53`; a traceback"),
    "its child raises before it answers": Ending(RAISES_IN_GROUP, BUG, "`500 53`; a traceback"),
    "it raises while it answers": Ending(RAISES, CUT, "`200 14`; a traceback"),
    "its child raises while it answers": Ending(RAISES_IN_GROUP, CUT, "`200 14`; a traceback"),
}

CLOSED = "`ConnectionClosed`: 1006"
NO_FRAME = "no close frame: 1006"

WEBSOCKET = {
    "the client resets": Ending(CLOSED, NOTHING, "`101 8`"),
    "the client resets at once": Ending(NOTHING, NOTHING, "`- 0`"),
    "the client resets, after `outlive_client`": Ending(CLOSED, NOTHING, "`101 8`", 60),
    "the client resets, with messages not taken": Ending(LEFT, NOTHING, "`101 8`", 29),
    "the client ends its side": Ending(CLOSED, NO_FRAME, "`101 8`"),
    "the client ends its side, with `allow_half_close`": Ending(LEFT, NO_FRAME, "`101 8`", 10),
    "the client ends its side, with `allow_half_close`, under TLS": Ending(
        CLOSED, NO_FRAME, "`101 8`"
    ),
    "the client ends its side midway in a message": Ending(CLOSED, NO_FRAME, "`101 8`"),
    "the client stops sending midway in a message": Ending(CLOSED, NO_FRAME, "`101 10`", 40),
    "the client stops reading": Ending(CLOSED, NO_FRAME, "`101 n`", 60),
    "the server stops": Ending("`ConnectionClosed`: 1001", "closed: 1001", "`101 34`"),
    "the server stops, and it goes on": Ending(STOPPED, "closed: 1001", "`101 34`", 5),
    "the server stops, and the client does not read": Ending(STOPPED, NO_FRAME, "`101 n`", 5),
    "the nursery is cancelled": Ending(PROGRAM_ENDS, NO_FRAME, "`101 8`"),
    "its `deadline` passes before it answers": Ending(DEADLINE, TOO_LONG, "`503 49`; a warning"),
    "its `deadline` passes while it answers": Ending(DEADLINE, NO_FRAME, "`101 12`"),
    "`with_time_limit` passes before it answers": Ending(DEADLINE, TOO_LONG, "`503 49`"),
    "`with_time_limit` passes while it answers": Ending(NOTHING, "closed: 1000", "`101 24`", 1),
    "`handler_timeout` passes before it answers": Ending(DEADLINE, TOO_LONG, "`503 49`; a warning"),
    "it raises before it answers": Ending(RAISES, BUG, "`500 53`; a traceback"),
    "its child raises before it answers": Ending(RAISES_IN_GROUP, BUG, "`500 53`; a traceback"),
    "it raises while it answers": Ending(RAISES, "closed: 1011", "`101 12`; a traceback"),
    "its child raises while it answers": Ending(
        RAISES_IN_GROUP, "closed: 1011", "`101 12`; a traceback"
    ),
}

TABLES = {
    "A plain response": PLAIN,
    "A streamed body": STREAMED,
    "Server-sent events": EVENTS,
    "WebSocket": WEBSOCKET,
}
"""By the headings in the document."""
