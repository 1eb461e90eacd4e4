"""Content codings: which of them a client accepts, and which types gain by one (RFC 9110 §8.4).

Which codings there are to offer, whether from a file beside the page or made on the spot, the
caller knows; nothing is compressed here.
"""

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import takewhile

__all__ = ["IDENTITY", "acceptable_codings", "is_compressible", "preferred_codings"]

IDENTITY = "identity"
"""The name of no coding at all (RFC 9110 §12.5.3)."""

# What browsers send has some 30 characters, in a few dozen variants; what is longer is not kept.
_MAX_KEPT_CHARACTERS = 256
_MAX_KEPT_VALUES = 256

# RFC 9110 §12.5.3 and §12.4.2: a coding, "identity" or "*", and a weight of at most 3 digits.
_MEMBER = re.compile(
    r"([-!#$%&'*+.^_`|~0-9A-Za-z]+)(?:[ \t]*;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?))?"
)
_ALIASES = {"x-gzip": "gzip", "x-compress": "compress"}  # RFC 9110 §8.4.1

# Less than the least weight that can be told, 0.001: what is named comes before what is not.
_UNNAMED_IDENTITY = 0.0005


def acceptable_codings(field_value: str | None, offered: Sequence[str]) -> tuple[str, ...]:
    """Return those of ``offered`` that an Accept-Encoding field accepts, the best first.

    ``offered`` are names in lower case in the server's order, which decides between equal weights.
    ``IDENTITY`` stands in its place among them: what comes behind it, the client wants less than
    no coding. An empty tuple means that nothing fits, not even that; the caller may still send the
    page as it is, which serves better than a 406 (RFC 9110 §15.5.7). Without a field (None) only
    ``IDENTITY`` is returned: any coding would be allowed, but who doesn't ask seldom decodes.
    Members that are malformed are passed over.
    """
    if field_value is None:
        return (IDENTITY,)
    select = _select if len(field_value) > _MAX_KEPT_CHARACTERS else _select_kept
    return select(field_value, tuple(offered))


def preferred_codings(field_value: str | None, offered: Sequence[str]) -> tuple[str, ...]:
    """Return those that ``acceptable_codings`` returns before ``IDENTITY``."""
    if field_value is None:
        return ()
    prefer = _prefer if len(field_value) > _MAX_KEPT_CHARACTERS else _prefer_kept
    return prefer(field_value, tuple(offered))


def _prefer(field_value: str, offered: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(takewhile(IDENTITY.__ne__, _select(field_value, offered)))


_prefer_kept = lru_cache(maxsize=_MAX_KEPT_VALUES)(_prefer)


def _select(field_value: str, offered: tuple[str, ...]) -> tuple[str, ...]:
    weights = _parse_weights(field_value)
    # RFC 9110 §12.5.3: "*" is any coding that is not named, and so it can refuse identity, too.
    others = weights.get("*", 0.0)
    chosen = {coding: weights.get(coding, others) for coding in offered}
    chosen[IDENTITY] = weights.get(IDENTITY, weights.get("*", _UNNAMED_IDENTITY))
    accepted = [coding for coding, weight in chosen.items() if weight > 0]
    return tuple(sorted(accepted, key=lambda coding: -chosen[coding]))  # stable: ours among equals


_select_kept = lru_cache(maxsize=_MAX_KEPT_VALUES)(_select)


def _parse_weights(field_value: str) -> dict[str, float]:
    """Return the weight of each coding that is named, 1 where none is told; the last one counts."""
    weights = {}
    for text in field_value.split(","):
        if match := _MEMBER.fullmatch(text.strip(" \t")):
            coding = match[1].lower()
            weights[_ALIASES.get(coding, coding)] = float(match[2] or 1)
    return weights


def is_compressible(media_type: str) -> bool:
    """Whether content of this type gets smaller by a general coding.

    ``media_type`` may have parameters. False for what is compressed by itself, as nearly all
    pictures, films and archives are, and for what is not known.
    """
    name = media_type.partition(";")[0].strip().lower()
    return name.startswith("text/") or name.endswith(("+json", "+xml")) or name in _COMPRESSIBLE


# Beside text, JSON and XML. Not here although a little might be gained: sound and films, because
# players seek in them by ranges, which a coding made on the spot has none of; PDF and TIFF, which
# are mostly compressed inside.
_COMPRESSIBLE = {
    "application/json",
    "application/javascript",  # the name before RFC 9239
    "application/xml",
    "application/yaml",
    "application/wasm",
    "application/rtf",
    "application/x-tar",
    "application/vnd.apple.mpegurl",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "image/vnd.microsoft.icon",
    "image/x-icon",
    "image/bmp",
    "font/ttf",
    "font/otf",
    "font/collection",
    "audio/midi",
    "model/gltf-binary",
}
