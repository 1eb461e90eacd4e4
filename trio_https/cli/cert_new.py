"""``trio-https cert new``: from a wish to ``server.crt`` and ``server.key``, a step at a time."""

import shlex
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ..certificates.details import read_chain
from ..certificates.home import certificates_home
from ..certificates.key_pair_files import KeyPairFiles
from ..certificates.local_ca import LocalCA, open_local_ca
from ..certificates.new_certificate import (
    KeyType,
    NewCertificate,
    issue_by_local_ca,
    issue_self_signed,
)
from ..certificates.objections import find_objections
from ..certificates.ssl_conf import read_ssl_conf
from ..certificates.template import CertificateTemplate, template_for_names
from ..errors import ConfigError
from .cert_target import parse_name
from .console import paint, say, step

__all__ = ["Wish", "make_certificate"]

_CONF = Path("certs/ssl.conf")
_CERTS_FOLDER = Path("certs")

# Trusting a certificate that signs itself is work on each device, so it lasts about as long as
# Apple's systems let it: 825 days, which some would count as 826.
_SELF_SIGNED_DAYS = 820
# A short life is no burden where the authority above it is what devices trust.
_ISSUED_DAYS = 90


@dataclass(frozen=True, slots=True)
class Wish:
    """What certificate a user wants; None is for what was left open."""

    names: tuple[str, ...]
    conf: Path | None
    key_type: KeyType | None
    days: int | None
    is_local: bool
    """Whether the local CA is to sign it."""


def make_certificate(wish: Wish, folder: Path, *, force: bool) -> None:
    """Make a certificate and its key in ``folder``, and tell it. Raises ``ConfigError``.

    Files that are there already are replaced only with ``force``.
    """
    files = KeyPairFiles(folder)
    if not force:
        files.check_free()
    now = datetime.now(UTC)
    with step("Content") as told:
        template, told.detail = _choose_template(wish)
    ca = None
    if wish.is_local:
        with step("Authority") as told:
            ca = open_local_ca(certificates_home(), now=now)
            told.detail = f"{'made now, ' if ca.made else ''}{ca.path}"
    with step("Certificate") as told:
        made = _issue(wish, template, ca, now)
        told.detail = _describe(made)
    with step("Files") as told:
        write = files.replace if force else files.write_new
        write(made.key, made.certificate)
        told.detail = f"{files.certificate} and {files.key}, which only you can read"
    _say_objections(files, now)
    _say_what_comes_next(files, made, ca)


def _choose_template(wish: Wish) -> tuple[CertificateTemplate, str]:
    if wish.names and wish.conf:
        raise ConfigError("--conf and names don't go together. Give one of the two.")
    if wish.names:
        return template_for_names([parse_name(name) for name in wish.names]), "the names given"
    conf = wish.conf or _CONF
    if wish.conf is None and not conf.exists():
        raise ConfigError(
            f"{conf}: no such file. Give the names and addresses of the server, as in trio-https"
            " cert new localhost 192.168.1.20, or a file with --conf."
        )
    return read_ssl_conf(conf), str(conf)


def _issue(
    wish: Wish, template: CertificateTemplate, ca: LocalCA | None, now: datetime
) -> NewCertificate:
    # Browsers prefer the short one; for a file of OpenSSL's form, what OpenSSL would make.
    key_type = wish.key_type or ("ecdsa-p256" if wish.names else None)
    if ca is None:
        lifetime = timedelta(days=wish.days or _SELF_SIGNED_DAYS)
        return issue_self_signed(template, key_type, lifetime=lifetime, now=now)
    lifetime = timedelta(days=wish.days or _ISSUED_DAYS)
    return issue_by_local_ca(template, ca, key_type, lifetime=lifetime, now=now)


def _describe(made: NewCertificate) -> str:
    description = made.description
    days = (description.not_after - description.not_before).days
    names = ", ".join(description.names)
    return f"{names}; until {description.not_after:%Y-%m-%d} ({days} days); {description.key}"


def _say_objections(files: KeyPairFiles, now: datetime) -> None:
    chain = read_chain(files.certificate)
    for objection in find_objections(chain.certificates[0], chain.place, (), now=now):
        say(f"          ({objection.text})")


def _say_what_comes_next(files: KeyPairFiles, made: NewCertificate, ca: LocalCA | None) -> None:
    certificate, key = shlex.quote(str(files.certificate)), shlex.quote(str(files.key))
    is_found = files.folder == _CERTS_FOLDER
    command = "trio-https" if is_found else f"trio-https --cert {certificate} --key {key}"
    say()
    say(f"  SHA-256  {made.description.sha256}")
    say()
    say(f"  Serve with it:  {paint(command, 'cyan', bold=True)}")
    say(f"  Look at it:     trio-https cert show {certificate}")
    if ca is None:
        say(f"  Trust it:       import {files.certificate} where you browse; phones take none that")
        say("                  signs itself: for them, and for trio-https trust, add --ca local")
    else:
        say(f"  Trust it:       trio-https trust, or by hand: {ca.path}")
    say()
