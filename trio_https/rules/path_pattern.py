"""Patterns that choose requests by host and path, and texts that what they captured is put into.

``*``, the splat, takes any rest; ``:name`` takes a segment of the path or a label of the host, or
what is left of one beside fixed text. A pattern is compared segment by segment, from both ends
towards the splat, and without a regular expression: no path and no pattern makes that slow. What a
match is good for is not known here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import quote, unquote

from .author_lines import LineMistake
from .request_target import is_authority

__all__ = [
    "PathPattern",
    "Template",
    "decode_text",
    "parse_pattern",
    "parse_template",
    "placeholders",
    "split_authority",
    "split_path",
    "without_slash",
]

_SPLAT = "splat"
_PLACEHOLDER = re.compile(r":([A-Za-z][A-Za-z0-9_]*)")
_WILDCARD = re.compile(rf"\*|{_PLACEHOLDER.pattern}")
_ABSOLUTE = re.compile(r"https?://([^/?#]*)(.*)", re.IGNORECASE)
_AUTHORITY = re.compile(r"(\[.*\]|.*?)(?::([0-9]*))?")
_MALFORMED_ENCODING = re.compile(r"%(?![0-9A-Fa-f]{2})")

# A captured text is as long as a request target may be; a response must not be many times that.
_MAX_PLACEHOLDERS = 10


class _Part(NamedTuple):
    """A segment or a label: fixed text with at most one wildcard in it."""

    before: str
    name: str
    """What the wildcard captures, "" without one."""
    after: str

    def __str__(self) -> str:
        return f"{self.before}:{self.name}{self.after}" if self.name else self.before

    def capture(self, text: str, captures: dict[str, str]) -> bool:
        """Whether ``text`` is such a part; what stands for the wildcard is kept then."""
        if not self.name:
            return text == self.before
        end = len(text) - len(self.after)
        shortest = len(self.before) if self.name == _SPLAT else len(self.before) + 1
        if end < shortest or not (text.startswith(self.before) and text.endswith(self.after)):
            return False
        captures[self.name] = text[len(self.before) : end]
        return True


def _capture_all(parts: Iterable[_Part], texts: Iterable[str], captures: dict[str, str]) -> bool:
    return all(part.capture(text, captures) for part, text in zip(parts, texts, strict=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class PathPattern:
    """Which paths, and on which host. A slash at the end of a path does not matter."""

    host: tuple[_Part, ...]
    """The labels, in lower case; none for a pattern of every host."""
    port: str
    """"" for every port."""
    head: tuple[_Part, ...]
    """The segments before the splat; all of them where there is none."""
    splat: _Part | None
    tail: tuple[_Part, ...]
    """The segments after the splat."""

    @property
    def names(self) -> frozenset[str]:
        """What a match captures."""
        return frozenset(part.name for part in (*self.host, *self._segments) if part.name)

    @property
    def path(self) -> str:
        """The path, decoded, with ``:splat`` and placeholders in it, and no slash at its end."""
        return "/" + "/".join(map(str, self._segments))

    @property
    def is_literal(self) -> bool:
        """Whether it is the path, and nothing else, that has to be equal."""
        return not self.host and not self.names

    @property
    def _segments(self) -> tuple[_Part, ...]:
        return (*self.head, self.splat, *self.tail) if self.splat else self.head

    def match(self, segments: Sequence[str], authority: str) -> dict[str, str] | None:
        """Return what the wildcards stand for, None if this is another path or another host.

        ``segments`` are those that ``split_path`` gives; ``authority`` is that of the request.
        """
        captures: dict[str, str] = {}
        if self.host and not self._match_host(authority, captures):
            return None
        return captures if self._match_path(segments, captures) else None

    def _match_host(self, authority: str, captures: dict[str, str]) -> bool:
        host, port = split_authority(authority)
        labels = _labels(host)
        return (
            self.port in ("", port)
            and len(labels) == len(self.host)
            and _capture_all(self.host, labels, captures)
        )

    def _match_path(self, segments: Sequence[str], captures: dict[str, str]) -> bool:
        # A splat at the end takes the last slash too: it belongs into the target of a redirect.
        takes_rest = self.splat is not None and not self.tail and not self.splat.after
        count = len(segments)
        if segments[-1] == "" and not takes_rest:
            count -= 1
        if self.splat is None:
            return count == len(self.head) and _capture_all(self.head, segments, captures)
        start, end = len(self.head), count - len(self.tail)
        if end < start or (end == start and not takes_rest):
            return False
        return (
            _capture_all(self.head, segments, captures)
            and _capture_all(self.tail, segments[end:count], captures)
            and self.splat.capture("/".join(segments[start:end]), captures)
        )


def split_path(path: str) -> list[str]:
    """Return the segments of a decoded path; the last one is "" where a slash ends it."""
    return path.removeprefix("/").split("/")


def parse_pattern(text: str) -> PathPattern:
    """Return the pattern that an author wrote: "/news/*", "https://:site.example/:page".

    Percent-encoding in it is decoded once, after ``*`` and ``:`` were seen. The scheme of a URL
    does not matter. Raises ``LineMistake``.
    """
    absolute = _ABSOLUTE.fullmatch(text)
    authority, path = (absolute[1], absolute[2] or "/") if absolute else ("", text)
    _check_path(text, path)
    segments = [_parse_part(segment) for segment in path.removesuffix("/").split("/")[1:]]
    host, port = _parse_host(authority) if absolute else ((), "")
    _check_names([part.name for part in (*host, *segments) if part.name])
    splats = [index for index, part in enumerate(segments) if part.name == _SPLAT]
    middle = splats[0] if splats else len(segments)
    return PathPattern(
        host=host,
        port=port,
        head=tuple(segments[:middle]),
        splat=segments[middle] if splats else None,
        tail=tuple(segments[middle + 1 :]),
    )


def _check_path(text: str, path: str) -> None:
    if not path.startswith("/"):
        raise LineMistake(f"{text!r} is no path: begin it with / or https://")
    if "?" in path:
        raise LineMistake(f"{text!r} has a query, which takes no part in matching: leave it out")
    if "#" in path:
        raise LineMistake(f"{text!r} has a fragment, which browsers don't send: leave it out")
    if "//" in path:
        raise LineMistake(f"{text!r} has nothing between two slashes: take one out")


def _parse_part(text: str) -> _Part:
    wildcard = _WILDCARD.search(text)
    if wildcard is None:
        return _Part(_decode_name(text), "", "")
    if _WILDCARD.search(text, wildcard.end()):
        raise LineMistake(f"{text!r} has two wildcards: have one between two slashes or dots")
    before, after = text[: wildcard.start()], text[wildcard.end() :]
    return _Part(_decode_name(before), wildcard[1] or _SPLAT, _decode_name(after))


def _decode_name(text: str) -> str:
    name = decode_text(text)
    if "/" in name:
        raise LineMistake(f"{text!r} has a slash inside a name (%2F), which no file has")
    return name


def _parse_host(authority: str) -> tuple[tuple[_Part, ...], str]:
    if "*" in authority:
        raise LineMistake(f"{authority!r} has a * in it: use a placeholder for each label")
    if not is_authority(authority if authority[:1] == "[" else _WILDCARD.sub("x", authority)):
        raise LineMistake(f"{authority!r} is no host")
    host, port = _split_port(authority)
    if host.startswith("["):
        return (_Part(host.lower(), "", ""),), port
    parts = map(_parse_part, _labels(host))
    return tuple(_Part(part.before.lower(), part.name, part.after.lower()) for part in parts), port


def _check_names(names: Sequence[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise LineMistake(f":{name} is there twice: give each its own name; * is :splat, once")


def split_authority(authority: str) -> tuple[str, str]:
    """Return the host in lower case, without a dot at its end, and the port, "" without one."""
    host, port = _split_port(authority)
    return host.lower().removesuffix("."), port


def _split_port(authority: str) -> tuple[str, str]:
    match = _AUTHORITY.fullmatch(authority)
    return (match[1], match[2] or "") if match else (authority, "")


def _labels(host: str) -> list[str]:
    return [host] if host.startswith("[") else host.removesuffix(".").split(".")


def without_slash(path: str) -> str:
    """Return a path without a slash at its end, but for that of "/"."""
    return path.removesuffix("/") or "/"


def decode_text(text: str) -> str:
    """Return an author's text percent-decoded once. Raises ``LineMistake`` for a stray "%"."""
    if _MALFORMED_ENCODING.search(text):
        raise LineMistake(f"{text!r} has a % without two hexadecimal digits: write %25 for it")
    return unquote(text, errors="surrogateescape")


@dataclass(frozen=True, slots=True)
class Template:
    """A text that what was captured is put into."""

    pieces: tuple[str, ...]
    """Fixed texts and, between them, names."""

    def expand(self, captures: Mapping[str, str]) -> str:
        """Return the text with what was captured in it, percent-encoded.

        All but letters, digits and ``-._~/@`` is encoded: what a client wrote ends no line and no
        part of a URL, and is no delimiter in a header field.
        """
        if len(self.pieces) == 1:
            return self.pieces[0]
        expanded = list(self.pieces)
        for index in range(1, len(expanded), 2):
            captured = captures[expanded[index]]
            expanded[index] = quote(captured, safe="/@", errors="surrogateescape")
        return "".join(expanded)


def parse_template(text: str, names: Iterable[str]) -> Template:
    """Return ``text`` as a template in which ":" and one of ``names`` is a placeholder.

    Any other colon is text. Raises ``LineMistake`` for too many placeholders.
    """
    choices = "|".join(names)
    if not choices:
        return Template((text,))
    pieces = re.split(rf":({choices})(?![A-Za-z0-9_])", text)
    if len(pieces) // 2 > _MAX_PLACEHOLDERS:
        raise LineMistake(f"there are more than {_MAX_PLACEHOLDERS} placeholders in {text!r}")
    return Template(tuple(pieces))


def placeholders(text: str) -> set[str]:
    """Return the names of all that looks like a placeholder."""
    return set(_PLACEHOLDER.findall(text))
