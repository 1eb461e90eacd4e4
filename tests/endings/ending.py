"""What is seen of the end of a request, as a value, and as a row of a table."""

from typing import NamedTuple

__all__ = ["Ending", "format_row"]


class Ending(NamedTuple):
    """What each of them sees, in words; and how many seconds after it happened all is over."""

    handler: str
    client: str
    log: str
    seconds: float = 0
    if_written: str = ""
    """What the handler sees, if its body is written, where that is not what a generator sees."""


def format_row(happens: str, ending: Ending) -> str:
    """Return the row of the document."""
    handler = ending.handler
    if ending.if_written:
        handler += f"; written: {ending.if_written}"
    cells = (happens, handler, ending.client, ending.log, f"{ending.seconds:g} s")
    return f"| {' | '.join(cells)} |"
