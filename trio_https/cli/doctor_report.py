"""``trio-https doctor``: what was found, on standard output."""

import textwrap
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

import click
import trio

from ..certificates.home import certificates_home
from ..doctor.examination import examine
from ..doctor.findings import Finding
from .cert_show import printable
from .console import paint

__all__ = ["print_report"]

_FOUND = 1
_COLOURS = {"ok": "green", "note": "yellow", "problem": "red"}
_WIDTH = 100
_INDENT = " " * 11


def print_report(host: str, port: int) -> int:
    """Print what would stop a browser; return the exit code. Raises ``ConfigError``."""
    findings = trio.run(partial(examine, host, port, certificates_home(), now=datetime.now(UTC)))
    click.echo()
    _print(findings)
    click.echo()
    problems = sum(finding.kind == "problem" for finding in findings)
    if not problems:
        click.echo("  Nothing would stop a browser on this machine.")
        return 0
    click.echo(f"  {'One problem' if problems == 1 else f'{problems} problems'}.")
    return _FOUND


def _print(findings: Sequence[Finding]) -> None:
    for finding in findings:
        label = paint(f"{finding.kind:<7}", _COLOURS[finding.kind])
        # Long words are paths and commands, to be copied whole.
        lines = textwrap.wrap(
            printable(finding.text),
            _WIDTH - len(_INDENT),
            break_long_words=False,
            break_on_hyphens=False,
        )
        click.echo(f"  {label}  {lines[0]}")
        for line in lines[1:]:
            click.echo(f"{_INDENT}{line}")
