"""What a worker and its supervisor say to each other, an octet each, over a socket pair.

Not signals: those that a terminal sends to all its processes, or a service manager to all of a
service, would be said twice. And a socket ends when the supervisor does, however it ends.
"""

import enum

__all__ = ["READY", "Order"]

READY = b"r"
"""From a worker: clients are accepted."""


class Order(enum.Enum):
    """What a worker is to do."""

    STOP = b"s"
    """Accept no more, give running requests the usual grace, and end."""
    RETIRE = b"o"
    """The same with all the time that a client may take: another worker is there already."""
    REFUSE = b"f"
    """The same, and let no handshake succeed any more: somebody is not trusted as before."""
    END = b"e"
    """End at once."""
