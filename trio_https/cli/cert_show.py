"""``trio-https cert show``: certificates in words or as JSON, on standard output."""

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

import click

from ..certificates.details import CertificateDetails, describe_chain, fits
from .cert_target import Target
from .console import paint
from .layout import indented, labelled, printable

__all__ = ["show_certificates"]


def show_certificates(targets: Sequence[Target], *, as_json: bool) -> None:
    """Print what stands in each certificate. Raises ``ConfigError`` for a damaged one."""
    now = datetime.now(UTC)
    if as_json:
        facts = [_target_facts(target, now) for target in targets]
        click.echo(json.dumps(facts, indent=2))
        return
    for target in targets:
        for line in _lines(target, now):
            click.echo(line)


def _lines(target: Target, now: datetime) -> Iterable[str]:
    chain = describe_chain(target.chain)
    yield paint(printable(target.chain.place), "cyan", bold=True)
    for number, details in enumerate(chain, 1):
        yield ""
        if len(chain) > 1:
            yield f"  {number} of {len(chain)}"
        for label, value in _rows(details, now):
            yield from _row(label, value)
        if number == 1:
            for label, value in _rows_of_target(target):
                yield from _row(label, value)
    if not target.is_whole:
        yield ""
        yield from indented("What else the server sends is shown by Python 3.13 and later only.")
    yield ""


def _row(label: str, value: str) -> Iterator[str]:
    return labelled(f"  {label:<13}", value, columns=15)


def _rows(details: CertificateDetails, now: datetime) -> Iterable[tuple[str, str]]:
    description = details.description
    yield "Names", ", ".join(description.names) or "none"
    yield "Subject", description.subject or "empty"
    issuer = "itself" if description.self_signed else description.issuer or "empty"
    yield "Issuer", issuer
    yield "Valid from", f"{description.not_before:%Y-%m-%d %H:%M} UTC"
    yield "Valid to", f"{description.not_after:%Y-%m-%d %H:%M} UTC, {_time_left(details, now)}"
    yield "Key", description.key
    yield "Signature", details.signature
    if details.is_authority:
        yield "Signs for", ", ".join(details.permitted_names) or "any name"
    yield "Use", ", ".join(details.purposes) or "left open"
    yield "Serial", details.serial_number
    yield "SHA-256", description.sha256
    yield "SHA-1", details.sha1


def _rows_of_target(target: Target) -> Iterable[tuple[str, str]]:
    if target.key is not None:
        verdict = "belongs to it" if fits(target.key, target.chain) else "does NOT belong to it"
        yield "Key file", f"{target.key.path}, {verdict}"
    for trust in target.trust:
        verdict = {True: "yes", False: "no", None: "not known"}[trust.trusted]
        reason = f", {trust.reason}" if trust.reason else ""
        yield "Trusted", f"by {trust.store}: {verdict}{reason}"


def _time_left(details: CertificateDetails, now: datetime) -> str:
    left = details.description.not_after - now
    if left.total_seconds() < 0:
        return f"expired {-left.days} days ago"
    return f"{left.days} days left"


def _target_facts(target: Target, now: datetime) -> dict[str, object]:
    return {
        "place": target.chain.place,
        "is_whole": target.is_whole,
        "certificates": [_facts(details, now) for details in describe_chain(target.chain)],
        "key_file": str(target.key.path) if target.key else None,
        "key_fits": fits(target.key, target.chain) if target.key else None,
        "trust": [
            {"store": trust.store, "trusted": trust.trusted, "reason": trust.reason}
            for trust in target.trust
        ],
    }


def _facts(details: CertificateDetails, now: datetime) -> dict[str, object]:
    description = details.description
    return {
        "names": description.names,
        "subject": description.subject,
        "issuer": description.issuer,
        "self_signed": description.self_signed,
        "not_before": f"{description.not_before:%Y-%m-%dT%H:%M:%SZ}",
        "not_after": f"{description.not_after:%Y-%m-%dT%H:%M:%SZ}",
        "days_left": (description.not_after - now).days,
        "key": description.key,
        "signature": details.signature,
        "purposes": details.purposes,
        "is_authority": details.is_authority,
        "permitted_names": details.permitted_names,
        "serial_number": details.serial_number,
        "sha256": description.sha256,
        "sha1": details.sha1,
    }
