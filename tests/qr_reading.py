"""A QR code of half blocks, read by a decoder that we did not write."""

from collections.abc import Sequence

import zxingcpp

__all__ = ["read_qr_code"]

_PIXELS = 4  # on each side of a module
_HALVES = {" ": (False, False), "▀": (True, False), "▄": (False, True), "█": (True, True)}


def _photograph(lines: Sequence[str], *, ink: int, ground: int) -> memoryview:
    """Return the picture of a terminal, in grey, that shows these lines."""
    rows = [[_HALVES[character][half] for character in line] for line in lines for half in (0, 1)]
    shades = (bytes([ground]) * _PIXELS, bytes([ink]) * _PIXELS)
    picture = bytearray()
    for row in rows:
        picture += b"".join(shades[is_ink] for is_ink in row) * _PIXELS
    return memoryview(bytes(picture)).cast("B", (len(rows) * _PIXELS, len(rows[0]) * _PIXELS))


def read_qr_code(lines: Sequence[str], *, ink: int, ground: int) -> str | None:
    """Return the text of the code, None for none; colours are shades of grey from 0 to 255."""
    # Without looking for inverted codes: not every phone does.
    picture = _photograph(lines, ink=ink, ground=ground)
    found = zxingcpp.read_barcode(picture, try_invert=False)
    return found.text if found else None
