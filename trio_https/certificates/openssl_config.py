"""The syntax of OpenSSL's configuration files, as far as a certificate needs it (config(5)).

Text -> sections of named values, each with its line. What is read here, OpenSSL reads alike. What
it has beyond that, and what it takes for something that no reader would, is a mistake: variables,
directives, a line that goes on in the next, a section that comes twice. What sections and names
mean is not known here.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from ..rules.author_lines import LineMistake, check_characters, check_mistakes, numbered_lines

__all__ = ["Section", "Setting", "parse_config"]

_NAME = r"[A-Za-z0-9_.-]+"
_SECTION = re.compile(rf"\[[ \t]*({_NAME})[ \t]*\][ \t]*(?:#.*)?")
_SETTING = re.compile(rf"[ \t]*({_NAME})[ \t]*=[ \t]*(.*)")

# The parts of a value: a quotation in one of three marks, an escaped character, plain text, a
# comment; and what is none of them.
_PARTS = re.compile(
    r"""
    (?P<mark>["'`])(?P<quoted>(?:\\.|(?!(?P=mark))[^\\])*)(?P=mark)
    | \\(?P<escaped>[\\\#$"'`])
    | (?P<plain>[^\\\#$"'`]+)
    | (?P<comment>\#.*)
    | (?P<other>.)
    """,
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class Setting:
    """``name = value`` in a line, which is numbered from 1."""

    line: int
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Section:
    """What stands below ``[name]``, in the order of the file; no name comes twice."""

    line: int
    name: str
    settings: tuple[Setting, ...]


def parse_config(file: str, text: str) -> Mapping[str, Section]:
    """Return the sections of ``text`` by their names; ``file`` is what messages call it.

    Raises ConfigError with all mistakes, each with its line.
    """
    found: dict[str, tuple[int, dict[str, Setting]]] = {}
    mistakes = _continued_lines(text)
    settings: dict[str, Setting] | None = None
    for number, line in numbered_lines(text):
        try:
            check_characters(line)
            if line.lstrip(" \t").startswith("["):
                settings = {}  # also that of a bad one, so that its settings are not told too
                name = _parse_section(line)
                if name in found:
                    raise LineMistake(f"[{name}] is in line {found[name][0]} already: keep one")
                found[name] = number, settings
            else:
                _add(_parse_setting(number, line), settings)
        except LineMistake as mistake:
            mistakes.append((number, mistake))
    check_mistakes(file, mistakes)
    return {
        name: Section(line, name, tuple(settings.values()))
        for name, (line, settings) in found.items()
    }


def _continued_lines(text: str) -> list[tuple[int, LineMistake]]:
    """Return the lines, comments too, that OpenSSL joins with what comes after them."""
    mistake = LineMistake(
        'with the "\\" at its end, OpenSSL takes the next line for a part of this one: take it out'
    )
    lines = enumerate((line.rstrip("\r") for line in text.split("\n")), start=1)
    return [(number, mistake) for number, line in lines if re.search(r"(?<!\\)\\$", line)]


def _parse_section(line: str) -> str:
    found = _SECTION.fullmatch(line.lstrip(" \t"))
    if found is None:
        raise LineMistake(
            "this is no name of a section: write [NAME], of letters, digits, dots, - and _"
        )
    return found[1]


def _parse_setting(number: int, line: str) -> Setting:
    if line.lstrip(" \t").startswith("."):
        directive = line.split(maxsplit=1)[0]
        raise LineMistake(f"the directive {directive} is not followed: write what it would bring")
    found = _SETTING.fullmatch(line)
    if found is None:
        raise LineMistake('this is neither "[section]" nor "name = value", and comments begin in #')
    return Setting(number, found[1], _parse_value(found[2]))


def _add(setting: Setting, settings: dict[str, Setting] | None) -> None:
    if settings is None:
        raise LineMistake("this comes before the first [section]: put it below the one it is for")
    if setting.name in settings:
        first = settings[setting.name].line
        remedy = "keep one, or number them (DNS.1 and DNS.2, 0.OU and 1.OU)"
        raise LineMistake(
            f"{setting.name} is in line {first} already, and OpenSSL takes the last: {remedy}"
        )
    settings[setting.name] = setting


def _parse_value(text: str) -> str:
    value = ""
    for part in _PARTS.finditer(text):
        if part["other"] is not None:
            raise LineMistake(_why_refused(part["other"]))
        if part["plain"] is not None:
            rest = text[part.end() :]
            value += part["plain"] if rest and rest[0] != "#" else part["plain"].rstrip(" \t")
        elif part["quoted"] is not None:
            value += _ESCAPED.sub(r"\1", part["quoted"])
        else:
            value += part["escaped"] or ""
    return value


def _why_refused(character: str) -> str:
    if character == "$":
        return "OpenSSL takes $ for the beginning of a variable: write its value, or \\$ for a $"
    if character == "\\":
        return "OpenSSL takes \\ for the beginning of an escape: write \\\\ for one that is meant"
    return f"OpenSSL takes {character} for a quotation mark: write \\{character} for one itself"
