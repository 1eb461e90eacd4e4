"""A QR code (ISO/IEC 18004) as lines of text, two rows of modules to a line."""

__all__ = ["render_qr_code"]

_QUIET_ZONE = 4  # modules around it, as the standard wants
_HALF_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}


def render_qr_code(text: str, *, dark_ink: bool) -> list[str]:
    """Return the lines of a code for ``text``, all of the same length.

    ``dark_ink`` is for a light ground, be it painted; without it the light modules are drawn, for a
    terminal that writes light on dark.
    """
    import segno  # here, because only --lan needs it

    code = segno.make_qr(text, error="l")  # a screen is not torn; and a small code is soon read
    rows = [
        [bool(module) == dark_ink for module in row] for row in code.matrix_iter(border=_QUIET_ZONE)
    ]
    rows.append([False] * len(rows))  # a QR code has an odd number of rows
    return [
        "".join(_HALF_BLOCKS[halves] for halves in zip(upper, lower, strict=True))
        for upper, lower in zip(rows[::2], rows[1::2], strict=True)
    ]
