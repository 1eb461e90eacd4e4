"""The name under which a browser saves a response: Content-Disposition (RFC 6266, RFC 8187).

A name comes from anywhere, an upload say. So none is refused: what would end the field, or lead to
another folder, is replaced.
"""

import re
from urllib.parse import quote

__all__ = ["attachment"]

# Control characters of ASCII and Latin-1, and what separates folders somewhere.
_NO_PART_OF_NAMES = re.compile(r"[\x00-\x1f\x7f-\x9f/\\]")

# RFC 6266 appendix D: of these, some recipients make others. A backslash is gone already.
_MISREAD = re.compile(r'[^\x20-\x7e]|[%"]')

_ATTR_CHARACTERS = "!#$&+.^_`|~-"  # RFC 8187 §3.2.1, with letters and digits


def attachment(name: str) -> str:
    """Return the value that has a browser save the content as ``name``.

    It gets a second name in UTF-8 where not everything in it can be said in ASCII; who knows
    ``filename*`` takes that (RFC 6266 §4.3). Raises ``ValueError`` for a name that is empty.
    """
    if not name:
        raise ValueError("the name of a download is empty: give one, or None to show the content")
    name = _NO_PART_OF_NAMES.sub("_", name)
    plain = _MISREAD.sub("_", name)
    if plain == name:
        return f'attachment; filename="{name}"'
    encoded = quote(name, safe=_ATTR_CHARACTERS, encoding="utf-8", errors="replace")
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}"
