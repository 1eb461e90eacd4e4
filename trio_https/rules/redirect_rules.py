"""The author's ``_redirects``: which paths lead elsewhere, and which show another page.

The form is that of Netlify, which Cloudflare Pages, GitLab Pages and IPFS have taken over:
``from to [status][!]``, a rule a line, the first that matches wins. What is not supported is a
mistake that is told, never a rule that is passed over. Whether a file exists is not known here.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from urllib.parse import quote, unquote

from .author_lines import LineMistake, check_characters, check_mistakes, numbered_lines
from .path_pattern import (
    PathPattern,
    Template,
    decode_text,
    parse_pattern,
    parse_template,
    placeholders,
    split_authority,
    split_path,
    without_slash,
)
from .request_target import is_authority

__all__ = ["Redirect", "RedirectRules", "parse_redirects"]

# Netlify's, GitLab's and IPFS's; at Cloudflare it is 302.
_DEFAULT_STATUS = 301
_REDIRECTIONS = frozenset({301, 302, 303, 307, 308})
_REWRITES = frozenset({200, 404})

# Each is compared with the path of each request that no file answers, a microsecond each.
# Cloudflare takes 100, GitLab 1,000. Exact paths are looked up, however many there are.
_MAX_PATTERNS = 1000

_STATUS = re.compile(r"([0-9]{3})(!?)")
_ORIGIN = re.compile(r"https?://[^/]*", re.IGNORECASE)
_DEFAULT_PORTS = {"http": "80", "https": "443"}

# RFC 3986 §2.2 and §2.3, with "%": an author may have encoded already.
_URI_CHARACTERS = ":/?#[]@!$&'()*+,;=-._~%"
_QUERY_CHARACTERS = _URI_CHARACTERS.replace("#", "")


@dataclass(frozen=True, slots=True)
class Redirect:
    """What a rule makes of a request."""

    target: str
    """With a status of 301 to 308 the value for Location: a path with one slash at its beginning,
    or the URL of the host that the author named. With 200 and 404 the path of the page to show,
    percent-encoded."""
    status: int
    """301, 302, 303, 307 or 308; 200 or 404."""
    is_forced: bool
    """Whether it also holds where a file exists."""


@dataclass(frozen=True, slots=True)
class _Target:
    """Where a rule leads: an origin ("" for this server), path, query and fragment."""

    origin: str
    path: Template
    query: Template
    fragment: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    line: int
    pattern: PathPattern
    target: _Target
    status: int
    is_forced: bool

    def redirect(
        self, captures: Mapping[str, str], path: str, query: str, authority: str
    ) -> Redirect | None:
        """Return what becomes of a request that matches, None if it would become itself."""
        target_path = self.target.path.expand(captures)
        if not self.target.origin:
            # Browsers take "//" for the beginning of a host (CVE-2021-28861).
            target_path = "/" + target_path.lstrip("/")
        if self.status in _REWRITES:
            return Redirect(target_path, self.status, self.is_forced)
        own_query = f"?{quote(query, safe=_QUERY_CHARACTERS)}" if query else ""
        target_query = self.target.query.expand(captures) or own_query
        if (
            self._is_page(target_path, path)
            and target_query == own_query
            and _is_same_origin(self.target.origin, authority)
        ):
            return None
        location = f"{self.target.origin}{target_path}{target_query}"
        fragment = self.target.fragment.expand(captures)
        return Redirect(location + fragment, self.status, self.is_forced)

    def _is_page(self, target_path: str, path: str) -> bool:
        decoded = unquote(target_path, errors="surrogateescape")
        if without_slash(decoded) == without_slash(path):
            return True
        return self.is_forced and _page(decoded) == without_slash(path)


def _page(path: str) -> str:
    """Return the path to which the server itself leads from the name of a page's file.

    A forced rule that leads from there to the file would go round in a circle. One that is not
    forced is not asked: there is a file.
    """
    return without_slash(path.removesuffix(".html").removesuffix("/index"))


def _is_same_origin(origin: str, authority: str) -> bool:
    if not origin:
        return True
    scheme, _, target_authority = origin.lower().partition("://")
    host, port = split_authority(target_authority)
    own_host, own_port = split_authority(authority)
    return (host, port or _DEFAULT_PORTS[scheme]) == (own_host, own_port or "443")


class RedirectRules:
    """The rules of a file, in their order. Without arguments there are none."""

    def __init__(self, rules: Iterable[_Rule] = ()) -> None:
        ordered = tuple(rules)
        self._literal: dict[str, list[_Rule]] = {}
        for rule in ordered:
            if rule.pattern.is_literal:
                self._literal.setdefault(rule.pattern.path, []).append(rule)
        self._patterns = tuple(rule for rule in ordered if not rule.pattern.is_literal)
        self.has_forced = any(rule.is_forced for rule in ordered)
        """Whether any of them has to be asked for before a file is looked for."""

    def find(self, path: str, query: str, authority: str) -> Redirect | None:
        """Return what the first rule for a request says, None if there is none.

        ``path`` is decoded, ``query`` as sent, ``authority`` the host that the request is for. A
        redirect that leads to the request itself is passed over.
        """
        segments = split_path(path)
        for rule in self._candidates(path):
            captures = rule.pattern.match(segments, authority)
            if captures is None:
                continue
            if redirect := rule.redirect(captures, path, query, authority):
                return redirect
        return None

    def _candidates(self, path: str) -> Sequence[_Rule]:
        """Return the rules that may match, in the order of their lines."""
        literal = self._literal.get(without_slash(path))
        if not literal:
            return self._patterns
        return sorted((*self._patterns, *literal), key=attrgetter("line"))


def parse_redirects(text: str, *, name: str) -> RedirectRules:
    """Return the rules that the text of a file has.

    Raises ``ConfigError`` that names the file, ``name``, and each wrong line with its number.
    """
    rules: list[_Rule] = []
    mistakes: list[tuple[int, LineMistake]] = []
    for number, line in numbered_lines(text):
        try:
            rules.append(_parse_rule(number, line))
        except LineMistake as mistake:
            mistakes.append((number, mistake))
    patterns = [rule for rule in rules if not rule.pattern.is_literal]
    if len(patterns) > _MAX_PATTERNS:
        mistakes.append((patterns[_MAX_PATTERNS].line, LineMistake(_TOO_MANY_PATTERNS)))
    check_mistakes(name, mistakes)
    return RedirectRules(rules)


_TOO_MANY_PATTERNS = (
    f"there are more than {_MAX_PATTERNS:,} rules with a *, a placeholder or a host: "
    "have fewer, more general ones"
)


def _parse_rule(number: int, line: str) -> _Rule:
    check_characters(line)
    pattern_text, *options = _words(line)
    target_text, status_text = _sort_options(options)
    pattern = parse_pattern(pattern_text)
    status, is_forced = _parse_status(status_text)
    target = _parse_target(target_text, pattern.names)
    if status in _REWRITES:
        _check_rewrite(target_text)
    elif target_text.startswith("/"):
        _check_leads_elsewhere(pattern, target_text, is_forced)
    return _Rule(line=number, pattern=pattern, target=target, status=status, is_forced=is_forced)


def _words(line: str) -> list[str]:
    words = line.replace("\t", " ").split(" ")
    words = [word for word in words if word]
    comments = [index for index, word in enumerate(words) if word.startswith("#")]
    return words[: comments[0]] if comments else words


def _sort_options(words: list[str]) -> tuple[str, str]:
    """Return the target and the status, "" without one."""
    if not words:
        raise LineMistake("there is no target: write the path or the URL that it leads to")
    if _STATUS.fullmatch(words[0]):
        raise LineMistake(f"there is no target before the status {words[0]}")
    for position, word in enumerate(words):
        if "=" in word and not word.startswith(("/", "http://", "https://")):
            what = "conditions" if position else "query parameters"
            raise LineMistake(f"{what} are not supported: take out {word!r}")
    if len(words) > 2:
        raise LineMistake(f"{words[2]!r} is too much: a rule is a path, a target and a status")
    return words[0], words[1] if len(words) > 1 else ""


def _parse_status(text: str) -> tuple[int, bool]:
    if not text:
        return _DEFAULT_STATUS, False
    match = _STATUS.fullmatch(text)
    if match is None or int(match[1]) not in _REDIRECTIONS | _REWRITES:
        raise LineMistake(
            f"the status {text!r} is not supported: use 301, 302, 303, 307 or 308 to redirect, "
            "200 or 404 to show another page; a ! after it means also where a file exists"
        )
    return int(match[1]), bool(match[2])


def _parse_target(text: str, names: frozenset[str]) -> _Target:
    origin, *parts = _split_target(text)
    if origin:
        _check_origin(origin)
    elif not text.startswith("/"):
        raise LineMistake(f"the target {text!r} is no path: begin it with /, https:// or http://")
    elif text.startswith("//"):
        raise LineMistake(f"the target {text!r} has two slashes: write https:// for another host")
    decode_text(text)
    if "*" in parts[0]:
        raise LineMistake(f"the target {text!r} has a * in it: write :splat for what * has taken")
    for unknown in sorted(set().union(*map(placeholders, parts)) - names):
        raise LineMistake(
            f"the target {text!r} has :{unknown}, which the path has not: "
            "name it there, or write %3A for a colon"
        )
    encoded = (quote(part, safe=_URI_CHARACTERS) for part in parts)
    return _Target(origin, *(parse_template(part, names) for part in encoded))


def _split_target(text: str) -> tuple[str, str, str, str]:
    """Return origin, path, query and fragment; the last two with their delimiters."""
    before, hash_sign, fragment = text.partition("#")
    before, question_mark, query = before.partition("?")
    origin = _ORIGIN.match(before)
    path = before[origin.end() :] if origin else before
    return origin[0] if origin else "", path, question_mark + query, hash_sign + fragment


def _check_origin(origin: str) -> None:
    authority = origin.partition("://")[2]
    if "*" in authority or (placeholders(authority) and not authority.startswith("[")):
        # Whoever makes the request would choose the host: an open redirect.
        raise LineMistake(f"the target's host {authority!r} may have no placeholder in it")
    if not is_authority(authority):
        raise LineMistake(f"{authority!r} is no host")


def _check_rewrite(target: str) -> None:
    if not target.startswith("/"):
        raise LineMistake(
            f"a page of another server can't be shown here, and {target!r} is one: "
            "redirect to it with 302, or name a page of this site"
        )
    if "?" in target or "#" in target:
        raise LineMistake(f"{target!r} is shown as it is: leave out the query and the fragment")


def _check_leads_elsewhere(pattern: PathPattern, target: str, is_forced: bool) -> None:
    path = unquote(target.partition("#")[0])  # with its query, which makes it another one
    if without_slash(path) == without_slash(pattern.path):
        raise LineMistake(
            "the rule leads to itself (a slash at the end does not matter): take it out"
        )
    if is_forced and _page(path) == without_slash(pattern.path):
        raise LineMistake(
            f"the page at {target!r} is led back from there, and so for ever: take out the !"
        )
