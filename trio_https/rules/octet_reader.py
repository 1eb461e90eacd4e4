"""Takes values from the front of octets, in the presentation language of TLS (RFC 8446 §3).

Numbers are big-endian, a vector stands behind its own length. What the values mean is not known
here.
"""

import struct
from collections.abc import Container

__all__ = ["Extensions", "Malformed", "OctetReader"]

Extensions = tuple[tuple[int, bytes], ...]

_unpack_extension = struct.Struct(">HH").unpack_from  # what stands before it: type and length


class Malformed(ValueError):  # noqa: N818 -- a finding about what was received, not our failure
    """The octets are not what they should be, or end too soon."""


class OctetReader:
    """Octets and a place in them. All raise ``Malformed`` where the octets end too soon."""

    __slots__ = ("_at", "_octets")

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    def take(self, size: int) -> bytes:
        """Take the next ``size`` octets."""
        start = self._at
        self._at = end = start + size
        if end > len(self._octets):
            raise self._ends_too_soon(start, size)
        return self._octets[start:end]

    def number(self, size: int) -> int:
        """Take a number of ``size`` octets."""
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        """Take what stands behind its own length, a number of ``size`` octets."""
        # In place of take(number(size)): a ClientHello has many, and it is a third.
        octets, at = self._octets, self._at
        start = at + size
        length = int.from_bytes(octets[at:start], "big")
        self._at = end = start + length
        if end > len(octets):
            raise self._ends_too_soon(start, length)
        return octets[start:end]

    def inner(self, size: int) -> "OctetReader":
        """Return a reader of the vector that is all that is left."""
        content = OctetReader(self.vector(size))
        self.end()
        return content

    def extensions(self, only: Container[int] | None = None) -> Extensions:
        """Return type and content of each extension, all that is left (RFC 8446 §4.2).

        ``only`` those of these types; None: all.
        """
        # Not by the methods: of a ClientHello these are most of the work, and so it is a third.
        octets, at, found = self.vector(2), 0, []
        self.end()
        try:
            while at < len(octets):
                kind, size = _unpack_extension(octets, at)
                at += 4 + size
                if only is None or kind in only:
                    found.append((kind, octets[at - size : at]))
        except struct.error:
            raise Malformed(f"{len(octets) - at} octets are no extension") from None
        if at > len(octets):
            raise Malformed(f"an extension ends {at - len(octets)} octets too late")
        return tuple(found)

    def has_more(self) -> bool:
        """Whether something is left."""
        return self._at < len(self._octets)

    def rest(self) -> bytes:
        """Take all that is left."""
        return self.take(len(self._octets) - self._at)

    def end(self) -> None:
        """Raise ``Malformed`` where something is left."""
        if self.has_more():
            raise Malformed(f"{self._left(self._at)} octets too many")

    def _ends_too_soon(self, start: int, size: int) -> Malformed:
        return Malformed(f"{size} octets were announced, but only {self._left(start)} follow")

    def _left(self, start: int) -> int:
        return max(0, len(self._octets) - start)
