"""``trio-https cert check``: what clients would object to, on standard output."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

import click

from ..certificates.chain_objections import find_chain_objections
from ..certificates.details import describe_chain
from ..certificates.objections import Objection
from ..errors import ConfigError
from .cert_target import Target, local_authority, parse_name
from .console import paint
from .layout import finding, indented, printable

__all__ = ["check_certificates"]

_FOUND = 1


def check_certificates(targets: Sequence[Target], names: Sequence[str]) -> int:
    """Print what clients would object to in each server's certificate; return the exit code.

    ``names`` are what the certificates must be for. Raises ``ConfigError``.
    """
    servers = [target for target in targets if not target.is_authority]
    if not servers:
        raise ConfigError(
            f"{targets[0].chain.place}: this is an authority, and no server's certificate. Name"
            " another."
        )
    objections = [each for target in servers for each in _check(target, names)]
    return _FOUND if any(each.is_serious for each in objections) else 0


def _check(target: Target, names: Sequence[str]) -> list[Objection]:
    """Print what speaks against one certificate, and return it."""
    description = describe_chain(target.chain)[0].description
    click.echo(paint(printable(target.chain.place), "cyan", bold=True))
    _print(indented(f"{', '.join(description.names) or 'no names'}; {description.key}"))
    click.echo()
    objections = _find(target, names)
    for objection in objections:
        _print(finding("problem" if objection.is_serious else "note", objection.text))
    if not any(objection.is_serious for objection in objections):
        _print(finding("ok", "Clients that trust it have nothing against it."))
    click.echo()
    return objections


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        click.echo(line)


def _find(target: Target, names: Sequence[str]) -> list[Objection]:
    wanted = [parse_name(name) for name in (*target.names, *names)]
    distrust = next((trust.reason for trust in target.trust if trust.trusted is False), None)
    found = find_chain_objections(
        target.chain,
        target.key,
        wanted,
        anchors=local_authority(),
        distrust=distrust,
        is_partial=not target.is_whole,
        now=datetime.now(UTC),
    )
    return list(found)
