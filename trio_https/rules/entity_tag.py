"""Entity tags: made of a file's status, read from a list, compared (RFC 9110 §8.8.3).

A tag is the text that stands in a header field, with quotes and weakness mark: ``"xyzzy"`` and
``W/"xyzzy"``.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from hashlib import blake2b

__all__ = [
    "coded_entity_tag",
    "file_entity_tag",
    "is_strong_match",
    "is_weak_match",
    "parse_entity_tags",
]

_WEAK = "W/"

# RFC 9110 §8.8.3: a tag is of any visible characters but the quote. Commas, too, so no split(",").
_LIST_MEMBER = re.compile(r'[ \t,]*((?:W/)?"[\x21\x23-\x7e\x80-\xff]*")[ \t]*(?=,|\Z)')


@lru_cache(maxsize=1024)
def file_entity_tag(state: tuple[int, ...], *, weak: bool) -> str:
    """Return the entity tag of a file in this state.

    ``weak`` is for a file that may still be changed within one tick of its modification time, and
    so without a trace here (RFC 9110 §8.8.1). The parts are hashed because an inode number is
    nobody's business (CVE-2003-1418).
    """
    # The weak tag is another: compared weakly, as If-None-Match is, it would confirm an old copy.
    text = f"{'young-' if weak else ''}{'-'.join(map(str, state))}"
    digest = blake2b(text.encode(), digest_size=12, usedforsecurity=False).hexdigest()
    return f'{_WEAK if weak else ""}"{digest}"'


def coded_entity_tag(etag: str, coding: str) -> str:
    """Return the tag of what is made on the fly of content with ``etag``, in a content coding.

    A weak one: another version of the compressor makes other octets of the same content.
    """
    return f'{_WEAK}{etag.removeprefix(_WEAK)[:-1]}-{coding}"'


def parse_entity_tags(field_value: str) -> Iterator[str]:
    """Yield the tags of a list as in If-None-Match, up to the first member that is none."""
    position = 0
    while member := _LIST_MEMBER.match(field_value, position):
        yield member[1]
        position = member.end()


def is_strong_match(one: str, other: str) -> bool:
    """Whether both are strong and the same (RFC 9110 §8.8.3.2)."""
    return one == other and not one.startswith(_WEAK)


def is_weak_match(one: str, other: str) -> bool:
    """Whether both are the same, weak or strong (RFC 9110 §8.8.3.2)."""
    return one.removeprefix(_WEAK) == other.removeprefix(_WEAK)
