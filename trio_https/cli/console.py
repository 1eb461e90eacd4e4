"""What the command says to whoever started it, on standard error: steps, outcomes, mistakes.

Standard output belongs to the access log. Colour only on a terminal, and never with NO_COLOR.
"""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import click

__all__ = [
    "Mistake",
    "Step",
    "can_say",
    "has_colours",
    "is_terminal",
    "paint",
    "say",
    "step",
]


class Mistake(click.ClickException):
    """The user's mistake, told in one message, without a traceback."""

    exit_code = 2

    def show(self, file: object = None) -> None:  # noqa: ARG002 -- click's signature
        """Print the message."""
        say(f"{paint('trio-https:', 'red')} {self.message}")


class Step:
    """A start-up step that is under way; ``detail`` is told with its outcome."""

    def __init__(self) -> None:
        self.detail = ""


@contextmanager
def step(name: str) -> Iterator[Step]:
    """Tell how a step went: "ok" with its detail, or "failed"; what failed is told by the error."""
    current = Step()
    try:
        yield current
    except BaseException:
        say(f"  {paint('failed', 'red')}  {name}")
        raise
    say(f"  {paint('ok', 'green')}      {name:<13}{current.detail}")


def say(text: str = "") -> None:
    """Print a line, if there is still somebody to read it."""
    with suppress(BrokenPipeError):
        click.echo(text, err=True)


def paint(
    text: str, colour: str | int, *, bold: bool = False, ground: str | int | None = None
) -> str:
    """Return ``text`` in ``colour``; click takes it out again where there is no terminal."""
    if os.environ.get("NO_COLOR"):  # https://no-color.org
        return text
    return click.style(text, fg=colour, bg=ground, bold=bold)


def has_colours() -> bool:
    """Whether what is painted comes out in colour."""
    return is_terminal() and not os.environ.get("NO_COLOR")


def is_terminal() -> bool:
    """Whether somebody may be looking at what is said."""
    return sys.stderr.isatty()


def can_say(text: str) -> bool:
    """Whether standard error has a way to write these characters."""
    try:
        text.encode(sys.stderr.encoding)
    except UnicodeEncodeError:
        return False
    return True
