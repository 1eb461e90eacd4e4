"""What both sides sent during the handshake of a connection, with the time of each piece.

For those who want to see a handshake: the octets are those of the wire, so that no secret is among
them. They are kept with the connection and bounded. What they mean is not known here.
"""

from dataclasses import dataclass
from typing import Literal

__all__ = ["Flight", "FlightRecorder", "Side"]

Side = Literal["client", "server"]

# Hellos of today have up to 2 KiB, and certificates 1 to 5. What goes beyond is told as missing.
_MAX_BYTES = 16 * 1024
_MAX_FLIGHTS = 64  # a client may send each octet by itself


@dataclass(frozen=True, slots=True)
class Flight:
    """What one side sent at a time."""

    sender: Side
    at: float
    """Seconds, of whatever clock: only differences count."""
    octets: bytes


class FlightRecorder:
    """Keeps flights until it is stopped, or full."""

    def __init__(self) -> None:
        self._flights: list[Flight] = []
        self._room = _MAX_BYTES
        self._is_recording = True

    @property
    def flights(self) -> tuple[Flight, ...]:
        """What was kept, in the order of time."""
        return tuple(self._flights)

    def record(self, sender: Side, octets: bytes | bytearray | memoryview, *, at: float) -> None:
        """Keep what was sent, or as much of it as there is room for."""
        if not (self._is_recording and octets):
            return
        kept = bytes(octets[: self._room])
        self._room -= len(kept)
        self._flights.append(Flight(sender, at, kept))
        if not self._room or len(self._flights) == _MAX_FLIGHTS:
            self.stop()

    def stop(self) -> None:
        """Keep nothing of what follows."""
        self._is_recording = False
