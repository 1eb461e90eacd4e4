"""The keys of a router, as values: "GET /hello/{name}" is methods and a pattern for paths.

A pattern is a row of segments, each a literal or a parameter; one that ends in a slash, in a key
without methods, stands for all that lies below. Which pattern a path fits, ``route_tree`` knows.
"""

import re
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from ..errors import HTTPError
from .author_lines import LineMistake
from .path_pattern import decode_text
from .request_method import check_method

__all__ = ["Kind", "RouteKey", "Segment", "is_int", "is_text", "is_uuid", "parse_route_key"]

Kind = Literal["literal", "int", "uuid", "text", "path"]
"""What a segment takes: itself, digits, a UUID, any text, or (as the last one) all that is left."""

_TYPES = tuple(kind for kind in get_args(Kind) if kind not in ("literal", "text"))

_METHOD = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Z]+")  # RFC 9110 §9.1, without lower case
_PARAMETER = re.compile(r"\{([^{}:]*)(?::([^{}]*))?\}")
_OF_OTHERS = (":", "*", "<")
"""Other routers have parameters that begin so; no literal of anybody's does."""

# Below 2**63, where the integers of databases end; and Python's own limit is far.
_MAX_DIGITS = 18
# RFC 9562 §4, and no other of the forms that ``UUID`` takes: a resource has one URL, but for case.
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# What ends a line, or a text, for somebody further on; and octets that are no UTF-8 (PEP 383).
_NO_TEXT = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")


def is_int(text: str) -> bool:
    """Whether ``text`` is 1 to 18 decimal digits; zeros may lead, as in the day of a date."""
    return text.isdigit() and text.isascii() and len(text) <= _MAX_DIGITS


def is_uuid(text: str) -> bool:
    """Whether ``text`` is a UUID as RFC 9562 §4 writes it, in either case."""
    return _UUID.fullmatch(text) is not None


def is_text(text: str) -> bool:
    """Whether ``text`` is something, without control characters, and was sent in UTF-8."""
    return text != "" and (text.isprintable() or _NO_TEXT.search(text) is None)


class Segment(NamedTuple):
    """What stands between two slashes of a pattern."""

    kind: Kind
    text: str
    """A literal, decoded; or the name of a parameter."""


class RouteKey(NamedTuple):
    """A key of a router, parsed."""

    methods: tuple[str, ...]
    """None for all of them."""
    segments: tuple[Segment, ...]
    """Without the empty one at the end, for a mount; with it, for a path that ends in a slash."""
    is_mount: bool
    """Whether all that lies below is meant."""

    @property
    def names(self) -> tuple[str, ...]:
        """The parameters, in their order."""
        return tuple(segment.text for segment in self.segments if segment.kind != "literal")


def parse_route_key(key: str) -> RouteKey:
    """Return what ``key`` says: "GET,POST /users/{id:int}", "/static/".

    Literals are percent-decoded once. Raises ``ValueError`` that names the key, what is wrong with
    it, and what to write.
    """
    try:
        return _parse(key)
    except LineMistake as mistake:
        raise ValueError(f"{key!r}: {mistake}") from mistake


def _parse(key: str) -> RouteKey:
    before, space, after = ("", "", key) if key.startswith("/") else key.partition(" ")
    methods, path = (_parse_methods(before), after) if space else ((), key)
    _check_path(path)
    is_mount = path.endswith("/") and not methods
    texts = path[1:].split("/")
    segments = tuple(map(_parse_segment, texts[:-1] if is_mount else texts))
    _check_order(segments, followed=is_mount)
    return RouteKey(methods, segments, is_mount)


def _parse_methods(text: str) -> tuple[str, ...]:
    methods = tuple(text.split(","))
    for method in methods:
        if not _METHOD.fullmatch(method):
            raise LineMistake(
                f"{method!r} is no method: write capitals, a comma between two of them,"
                " and one space before the path"
            )
        if methods.count(method) > 1:
            raise LineMistake(f"{method} is there twice: take one out")
        try:
            check_method(method)
        except HTTPError as exc:
            raise LineMistake(f"no handler is asked for {method}: {exc.detail}") from exc
    return methods


def _check_path(path: str) -> None:
    if not path.startswith("/"):
        raise LineMistake(f"{path!r} is no path: begin it with a slash")
    if "//" in path:
        raise LineMistake("there is nothing between two slashes: take one out")
    for character, what in (("?", "a query"), ("#", "a fragment"), ("\\", "a backslash")):
        if character in path:
            raise LineMistake(f"no path has {what}: take out what begins with {character!r}")


def _parse_segment(text: str) -> Segment:
    if parameter := _PARAMETER.fullmatch(text):
        return _parse_parameter(text, *parameter.groups())
    if "{" in text or "}" in text:
        raise LineMistake(
            f"{text!r} is no parameter, which is a segment by itself: {{name}} or {{name:type}}"
        )
    if text.startswith(_OF_OTHERS):
        raise LineMistake(f"{text!r}: a parameter is written {{name}}, the rest {{name:path}}")
    literal = decode_text(text)
    if literal in (".", ".."):
        raise LineMistake(f"no request has a segment {text!r}: clients resolve it")
    return Segment("literal", literal)


def _parse_parameter(text: str, name: str, type_name: str | None) -> Segment:
    if not name.isidentifier():
        raise LineMistake(f"{text!r}: {name!r} is no identifier of Python, as names are here")
    if type_name is None:
        return Segment("text", name)
    for kind in _TYPES:
        if kind == type_name:
            return Segment(kind, name)
    raise LineMistake(f"{text!r}: there is no type {type_name!r}, but {', '.join(_TYPES)}")


def _check_order(segments: Sequence[Segment], *, followed: bool) -> None:
    names = [segment.text for segment in segments if segment.kind != "literal"]
    for name in names:
        if names.count(name) > 1:
            raise LineMistake(f"{{{name}}} is there twice: give each its own name")
    before_last = segments if followed else segments[:-1]
    for segment in before_last:
        if segment.kind == "path":
            raise LineMistake(f"{{{segment.text}:path}} takes the rest: nothing follows it")
