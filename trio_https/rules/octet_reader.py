"""Takes values from the front of octets, in the presentation language of TLS (RFC 8446 §3).

Numbers are big-endian, a vector stands behind its own length. What the values mean is not known
here.
"""

import struct

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
            raise Malformed(f"{size} octets were announced, but only {self._left(start)} follow")
        return self._octets[start:end]

    def number(self, size: int) -> int:
        """Take a number of ``size`` octets."""
        return int.from_bytes(self.take(size), "big")

    def vector(self, size: int) -> bytes:
        """Take what stands behind its own length, a number of ``size`` octets."""
        return self.take(self.number(size))

    def inner(self, size: int) -> "OctetReader":
        """Return a reader of the vector that is all that is left."""
        content = OctetReader(self.vector(size))
        self.end()
        return content

    def extensions(self) -> Extensions:
        """Return type and content of each extension, all that is left (RFC 8446 §4.2)."""
        # Not by the methods: of a ClientHello these are most of the work, and so it is a third.
        octets, at, found = self.inner(2).rest(), 0, []
        end_of_all = len(octets)
        while at < end_of_all:
            if at + 4 > end_of_all:
                raise Malformed(f"{end_of_all - at} octets are no extension")
            kind, size = _unpack_extension(octets, at)
            start = at + 4
            at = start + size
            if at > end_of_all:
                raise Malformed(
                    f"{size} octets were announced, but only {end_of_all - start} follow"
                )
            found.append((kind, octets[start:at]))
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

    def _left(self, start: int) -> int:
        return max(0, len(self._octets) - start)
