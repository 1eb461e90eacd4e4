"""The author's ``_headers``: which header fields the responses for which paths get.

The form is that of Netlify and Cloudflare Pages: a pattern on a line of its own, and indented below
it ``Name: value`` for each field, or ``! Name`` to take one out. What would break a response, or
give a secret away, is a mistake. What the fields mean to a browser is the author's business.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from .author_lines import LineMistake, check_characters, check_mistakes, numbered_lines
from .path_pattern import (
    PathPattern,
    Template,
    parse_pattern,
    parse_template,
    split_authority,
    split_path,
)

__all__ = ["HeaderRules", "parse_headers"]

# All of them are compared with the path of each response, a microsecond each. Cloudflare
# takes 100.
_MAX_RULES = 1000

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110 §5.6.2

_CONNECTION = "it is about the connection, which is the server's business"
_COMPUTED = "the server knows it, from the file and the request"
_REFUSED = {
    "connection": _CONNECTION,
    "keep-alive": _CONNECTION,
    "proxy-connection": _CONNECTION,
    "te": _CONNECTION,
    "trailer": _CONNECTION,
    "transfer-encoding": _CONNECTION,
    "upgrade": _CONNECTION,
    "accept-ranges": _COMPUTED,
    "allow": _COMPUTED,
    "content-encoding": _COMPUTED,
    "content-length": _COMPUTED,
    "content-range": _COMPUTED,
    "date": _COMPUTED,
    "etag": _COMPUTED,
    "last-modified": _COMPUTED,
    "location": "that is what the file _redirects is for",
    # At Netlify it asks for a password. Here everyone would be sent it.
    "basic-auth": "pages can't be protected by a password here, and all would get to read it",
}

# Two values joined would be none (RFC 9110 §5.3): of these, the last counts.
_SINGLE = frozenset(
    {
        "access-control-allow-credentials",
        "access-control-allow-origin",
        "access-control-max-age",
        "content-disposition",
        "content-location",
        "content-type",
        "cross-origin-embedder-policy",
        "cross-origin-opener-policy",
        "cross-origin-resource-policy",
        "expires",
        "origin-agent-cluster",
        "strict-transport-security",
        "x-content-type-options",
        "x-dns-prefetch-control",
        "x-frame-options",
    }
)

_HSTS = "strict-transport-security"
# RFC 6761 §6.2 and §6.3, RFC 6762, RFC 8375, ICANN in 2024, and what many a router calls its own.
_LOCAL_DOMAINS = (".localhost", ".local", ".test", ".internal", ".home.arpa", ".lan")


@dataclass(frozen=True, slots=True)
class _Field:
    """What a line says of a header field: its value, or (None) that it is taken out."""

    name: str
    value: Template | None

    def expand(self, captures: Mapping[str, str]) -> tuple[str, str | None]:
        return self.name, self.value.expand(captures) if self.value else None


@dataclass(frozen=True, slots=True)
class _Rule:
    pattern: PathPattern
    fields: tuple[_Field, ...]


class HeaderRules:
    """The rules of a file, in their order. Without arguments there are none."""

    def __init__(self, rules: Iterable[_Rule] = ()) -> None:
        self._rules = tuple(rules)
        self.has_any = bool(self._rules)
        """Whether there are any; without, neither path nor authority make a difference."""

    def apply(
        self, fields: Sequence[tuple[str, str]], *, path: str, authority: str
    ) -> tuple[tuple[str, str], ...]:
        """Return the header fields of a response as the author wants them.

        ``fields`` are those of the server: a name that the author sets takes their place, but for
        Vary, which grows. ``path`` is that of the request, decoded; ``authority`` the host that it
        is for. Without rules a tuple comes back itself.
        """
        changes = self._changes(path, authority) if self.has_any else {}
        if not changes:
            return tuple(fields)
        if "vary" in changes:
            # The server's part keeps caches from mixing up what it has chosen by the request.
            own = [field for field in fields if field[0].lower() == "vary"]
            changes["vary"] = own + changes["vary"]
        kept = [field for field in fields if field[0].lower() not in changes]
        for name, lines in changes.items():
            kept += lines if name == "set-cookie" else _joined(lines)
        return tuple(kept)

    def _changes(self, path: str, authority: str) -> dict[str, list[tuple[str, str]]]:
        """Return field lines by their names in lower case; none for what is taken out."""
        changes: dict[str, list[tuple[str, str]]] = {}
        for name, value in self._matching(path, authority):
            key = name.lower()
            if key == _HSTS and _is_local(authority):
                continue
            if value is None:
                changes[key] = []
            elif key in _SINGLE:
                changes[key] = [(name, value)]
            else:
                changes.setdefault(key, []).append((name, value))
        return changes

    def _matching(self, path: str, authority: str) -> Iterator[tuple[str, str | None]]:
        segments = split_path(path)
        for rule in self._rules:
            captures = rule.pattern.match(segments, authority)
            if captures is not None:
                yield from (field.expand(captures) for field in rule.fields)


def _joined(lines: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(lines[0][0], ", ".join([value for _, value in lines]))] if lines else []


def _is_local(authority: str) -> bool:
    """Whether a host has a meaning on this machine or in this network only.

    Browsers keep HSTS for a host with all its ports (RFC 6797 §8.3), and "localhost" has many
    servers that speak no TLS. A folder that is made for the web is looked at here, first.
    """
    host = split_authority(authority)[0]
    return "." not in host or host.endswith(_LOCAL_DOMAINS)


def parse_headers(text: str, *, name: str) -> HeaderRules:
    """Return the rules that the text of a file has.

    Raises ``ConfigError`` that names the file, ``name``, and each wrong line with its number.
    """
    mistakes: list[tuple[int, LineMistake]] = []
    rules = [_parse_block(block, mistakes) for block in _blocks(text, mistakes)]
    check_mistakes(name, mistakes)
    return HeaderRules([rule for rule in rules if rule])


@dataclass(frozen=True, slots=True)
class _Block:
    """A pattern and the lines below it, as they are written."""

    number: int
    pattern: str
    lines: list[tuple[int, str]]


def _blocks(text: str, mistakes: list[tuple[int, LineMistake]]) -> list[_Block]:
    blocks: list[_Block] = []
    for number, line in numbered_lines(text):
        if not line.startswith((" ", "\t")):
            blocks.append(_Block(number, line, []))
        elif blocks:
            blocks[-1].lines.append((number, line.strip(" \t")))
        else:
            mistakes.append((number, LineMistake("there is no path above: begin with one")))
    if len(blocks) > _MAX_RULES:
        too_many = f"there are more than {_MAX_RULES:,} paths: have fewer, more general ones"
        mistakes.append((blocks[_MAX_RULES].number, LineMistake(too_many)))
    return blocks


def _parse_block(block: _Block, mistakes: list[tuple[int, LineMistake]]) -> _Rule | None:
    pattern = None
    fields = []
    try:
        pattern = _parse_pattern_line(block)
    except LineMistake as mistake:
        mistakes.append((block.number, mistake))
    for number, line in block.lines:
        try:
            fields.append(_parse_field(line, pattern.names if pattern else ()))
        except LineMistake as mistake:
            mistakes.append((number, mistake))
    return _Rule(pattern, tuple(fields)) if pattern else None


def _parse_pattern_line(block: _Block) -> PathPattern:
    check_characters(block.pattern)
    name, colon, _ = block.pattern.partition(":")
    if block.pattern.startswith("!") or (
        colon and _TOKEN.fullmatch(name) and name.lower() not in ("http", "https")
    ):
        raise LineMistake(f"{block.pattern!r} stands where a path does: indent it")
    pattern = parse_pattern(block.pattern)
    if not block.lines:
        raise LineMistake(f"{block.pattern!r} has no header fields below it: indent them")
    return pattern


def _parse_field(line: str, names: Iterable[str]) -> _Field:
    check_characters(line)
    if line.startswith("!"):
        name = _check_name(line[1:].strip(" \t"))
        if name.lower() == "vary":
            raise LineMistake("Vary can't be taken out: caches need it")
        return _Field(name, None)
    name, colon, value = line.partition(":")
    if not colon or line.startswith("/"):
        raise LineMistake(f"{line!r} is no field: write Name: value; a path is not indented")
    name = _check_name(name.rstrip(" \t"))
    return _Field(name, parse_template(_check_value(name, value.strip(" \t")), names))


def _check_name(name: str) -> str:
    if not _TOKEN.fullmatch(name):
        raise LineMistake(f"{name!r} is no name of a header field")
    if reason := _REFUSED.get(name.lower()):
        raise LineMistake(f"{name} can't be set here: {reason}")
    return name


def _check_value(name: str, value: str) -> str:
    if not value:
        raise LineMistake(f"{name} has no value: write ! {name} to take the field out")
    if foreign := [character for character in value if character > "\xff"]:
        # RFC 9110 §5.5: octets, of which ISO 8859-1 is the oldest reading.
        raise LineMistake(f"{name} has {foreign[0]!r} in it, which no header field can carry")
    return value
