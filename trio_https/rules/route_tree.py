"""The patterns of a router as a tree over segments, and the paths that fit them.

A path goes down the tree, so that what it costs depends on its length and not on how many patterns
there are. More than one pattern may fit: they come the most specific first. Segments are compared
from the left, and a literal is more specific than a number or a UUID, these than any text, and text
than what takes the rest. What is done with a match, and about methods, is not known here.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Generic, NamedTuple, TypeVar

from .route_pattern import Kind, Segment, is_int, is_text, is_uuid
from .url_path import decode_path

__all__ = ["Match", "RouteTree", "split_raw_path"]

Place = TypeVar("Place")

_PARAMETERS: tuple[tuple[Kind, Callable[[str], bool]], ...] = (
    ("int", is_int),
    ("uuid", is_uuid),
    ("text", is_text),
)
"""The most specific first; nothing is a number and a UUID."""


class Match(NamedTuple, Generic[Place]):
    """A pattern that a path fits."""

    place: Place
    values: tuple[str, ...]
    """What the parameters stand for, in their order."""
    depth: int
    """How many segments the pattern took: for a mount, those above what lies below it."""


class _Node(Generic[Place]):
    """Where patterns end, and others go on."""

    __slots__ = ("exact", "literals", "mount", "parameters", "rest")

    def __init__(self) -> None:
        self.literals: dict[str, _Node[Place]] = {}
        self.parameters: dict[Kind, _Node[Place]] = {}
        self.exact: Place | None = None
        self.rest: Place | None = None
        self.mount: Place | None = None

    def child(self, segment: Segment) -> "_Node[Place]":
        """Return the node that ``segment`` leads to, a new one where there was none."""
        if segment.kind == "literal":
            return self.literals.setdefault(segment.text, _Node())
        return self.parameters.setdefault(segment.kind, _Node())


class RouteTree(Generic[Place]):
    """Patterns, each with a place of the caller's."""

    def __init__(self) -> None:
        self._root: _Node[Place] = _Node()

    def place(
        self, segments: Sequence[Segment], make: Callable[[], Place], *, is_mount: bool
    ) -> Place:
        """Return the place of a pattern; where there is none yet, it is what ``make`` returns.

        Patterns that differ in nothing but the names of their parameters have the same place.
        """
        takes_rest = bool(segments) and segments[-1].kind == "path"
        node = self._root
        for segment in segments[:-1] if takes_rest else segments:
            node = node.child(segment)
        ending = "rest" if takes_rest else "mount" if is_mount else "exact"
        place: Place | None = getattr(node, ending)
        if place is None:
            place = make()
            setattr(node, ending, place)
        return place

    def matches(self, segments: Sequence[str]) -> Iterator[Match[Place]]:
        """Yield the patterns that a path of these segments fits, the most specific first.

        A mount is matched by its own path without the slash, too, where no other pattern ends:
        ``depth`` is all of the segments then. No node of the tree is visited twice.
        """
        return _walk(self._root, segments, 0, ())


def _walk(
    node: _Node[Place], segments: Sequence[str], depth: int, values: tuple[str, ...]
) -> Iterator[Match[Place]]:
    if depth == len(segments):
        place = node.mount if node.exact is None else node.exact
        if place is not None:
            yield Match(place, values, depth)
        return
    segment = segments[depth]
    if (child := node.literals.get(segment)) is not None:
        yield from _walk(child, segments, depth + 1, values)
    if node.parameters:
        for kind, fits in _PARAMETERS:
            child = node.parameters.get(kind)
            if child is not None and fits(segment):
                yield from _walk(child, segments, depth + 1, (*values, segment))
    if node.rest is not None and (rest := _join(segments[depth:])) is not None:
        yield Match(node.rest, (*values, rest), len(segments))
    if node.mount is not None:
        yield Match(node.mount, values, depth)


def _join(segments: Sequence[str]) -> str | None:
    """Return what these segments are as one text, None where that can be no value.

    A slash inside one ("%2F") would become a separator: then "a%2Fb" and "a/b" were the same.
    """
    rest = "/".join(segments)
    has_one_reading = rest.count("/") == len(segments) - 1
    return rest if segments[0] and has_one_reading and is_text(rest) else None


def split_raw_path(raw_path: str) -> list[str] | None:
    """Return the segments of a path, decoded once; the last one is "" where a slash ends it.

    None for a path that no pattern may take: with a dot segment, however it is encoded, or an empty
    one before its end. Clients and other servers take them away, and what guards one path would
    let them through to another. Raises ``HTTPError`` 400 as ``decode_path`` does.
    """
    segments = raw_path.split("/")[1:]
    if "%" in raw_path or not raw_path.isascii():
        segments = [decode_path(segment) for segment in segments]
    if "" in segments[:-1] or "." in segments or ".." in segments:
        return None
    return segments
