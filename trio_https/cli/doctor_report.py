"""``trio-https doctor``: what was found, on standard output."""

from datetime import UTC, datetime
from functools import partial

import click
import trio

from ..certificates.home import certificates_home
from ..doctor.examination import examine
from .layout import finding

__all__ = ["print_report"]

_FOUND = 1


def print_report(host: str, port: int) -> int:
    """Print what would stop a browser; return the exit code. Raises ``ConfigError``."""
    findings = trio.run(partial(examine, host, port, certificates_home(), now=datetime.now(UTC)))
    click.echo()
    for found in findings:
        for line in finding(found.kind, found.text):
            click.echo(line)
    click.echo()
    problems = sum(found.kind == "problem" for found in findings)
    if not problems:
        click.echo("  Nothing would stop a browser on this machine.")
        return 0
    click.echo(f"  {'One problem' if problems == 1 else f'{problems} problems'}.")
    return _FOUND
