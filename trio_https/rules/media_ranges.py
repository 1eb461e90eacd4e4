"""Which of several media types a client prefers: the Accept field (RFC 9110 §12.5.1).

Which types there are to offer, the caller knows; nothing is made or sent here.
"""

import re
from collections.abc import Sequence

__all__ = ["preferred_media_type"]

# RFC 9110 §5.6.1 and §5.6.4: commas part members, but not within quotes. A quote that is not closed
# reaches to the end, so that the time is linear whatever comes.
_LIST_MEMBER = re.compile(r"""(?:[^,"]|"(?:[^"\\]|\\.?)*(?:"|\Z))+""")

# RFC 9110 §12.5.1 and §12.4.2: a range, and a weight of at most 3 digits. A range with parameters
# is for representations that have them; but a charset is asked for even where a type knows none.
_RANGE = re.compile(
    r"""
    ( [-!#$%&'*+.^_`|~0-9a-z]+ / [-!#$%&'*+.^_`|~0-9a-z]+ )
    (?: [ \t]* ; [ \t]* charset = "? utf-8 "? )?
    (?: [ \t]* ; [ \t]* q = ( 0 (?: \. [0-9]{0,3} )? | 1 (?: \. 0{0,3} )? ) )?
    """,
    re.VERBOSE | re.IGNORECASE,
)


def preferred_media_type(field_value: str | None, offered: Sequence[str]) -> str:
    """Return the one of ``offered`` that an Accept field gives the greatest weight.

    ``offered`` are types in lower case, without parameters, in the server's order. Of equal weights
    the one that was named wins over one that "*" stands for: "application/json, */*" is what
    programs send that want JSON. Then, without a field (None), and where nothing of them is
    accepted, the first one counts: it serves better than a 406. Members that are malformed are
    passed over.
    """
    weights = _parse_weights(field_value or "")
    return max(offered, key=lambda media_type: _weight(media_type, weights))


def _weight(media_type: str, weights: dict[str, float]) -> tuple[float, int]:
    """Return the weight by the most specific range that matches, and how specific that is."""
    ranges = ("*/*", media_type.partition("/")[0] + "/*", media_type)
    matching = [(weights[name], place) for place, name in enumerate(ranges) if name in weights]
    weight, place = matching[-1] if matching else (0.0, 0)
    return (weight, place) if weight else (0.0, 0)  # refused is refused, by whatever name


def _parse_weights(field_value: str) -> dict[str, float]:
    """Return the weight of each range that is named, 1 where none is told; the last one counts."""
    members = (_RANGE.fullmatch(text.strip(" \t")) for text in _LIST_MEMBER.findall(field_value))
    return {match[1].lower(): float(match[2] or 1) for match in members if match}
