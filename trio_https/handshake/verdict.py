"""What a client checks in a certificate, each check with its outcome, and what would stop it.

OpenSSL stops at the first fault of a chain. Names and dates are looked at here by themselves, so
that all that is wrong is told at once.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from ..certificates.chain_objections import find_chain_objections
from ..certificates.description import CertificateDescription
from ..certificates.details import CertificateChain, describe_chain, parse_chain
from ..certificates.objections import fits_name
from ..errors import ConfigError
from ..rules.handshake_messages import parse_certificates
from ..rules.octet_reader import Malformed
from ..rules.tls_records import HandshakeMessage
from .steps import Fact
from .story import find_plot
from .transcript import Entry, MessageKind

__all__ = ["Verdict", "find_chain", "judge_chain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came out of the check of a certificate."""

    checks: tuple[Fact, ...]
    objections: tuple[str, ...]
    """What is wrong with the certificate, to whom, and what to do about it."""
    distrust: str | None
    """Why this machine's clients don't trust the authority behind it; None: they do."""
    suits: bool
    """Whether name and dates are right."""
    is_self_signed: bool

    @property
    def is_trusted(self) -> bool:
        """Whether this machine's clients go on."""
        return self.suits and self.distrust is None

    @property
    def distrust_in_words(self) -> str:
        """Who does not trust whom, and what to do about it; "" where all is trusted."""
        if self.distrust is None:
            return ""
        if self.is_self_signed:
            # No authority stands behind it: "trio-https trust" would change nothing.
            return (
                f"this machine's clients don't trust the certificate ({self.distrust}). If it is"
                " your own, import it where you browse, or have your authority sign another:"
                " trio-https cert new --ca local"
            )
        return (
            "this machine's clients don't trust the authority behind the certificate"
            f" ({self.distrust}). If it is your own, run trio-https trust."
        )


def find_chain(transcript: Sequence[Entry], place: str) -> CertificateChain | None:
    """Return the chain that the server has sent in a handshake; None: it has sent none.

    ``place`` is what messages call the server. Raises ConfigError for a damaged certificate.
    """
    plot = find_plot(transcript)
    for entry in transcript:
        message = entry.event
        if (
            isinstance(message, HandshakeMessage)
            and message.kind == MessageKind.CERTIFICATE
            and entry.sender == "server"
        ):
            try:
                certificates = parse_certificates(message.content, tls13=plot.is_tls13)
            except Malformed as exc:
                raise ConfigError(f"{place}: its certificates are malformed: {exc}.") from exc
            return parse_chain(place, certificates) if certificates else None
    return None


def judge_chain(
    chain: CertificateChain, host: str, *, distrust: str | None, now: datetime
) -> Verdict:
    """Return what clients find out about a chain that they were sent.

    ``host`` is the name or address in their URL, ``distrust`` is what OpenSSL has against the
    chain, the name not considered; ``now`` is aware. Raises ConfigError for a damaged certificate.
    """
    wanted = _normalize(host)
    leaf = describe_chain(chain)[0].description
    checks = (_check_name(leaf, wanted), _check_dates(leaf, now))
    suits = all(check.is_good for check in checks)
    # Of the authorities that the client has, OpenSSL knows more: so the end of the chain is its.
    found = find_chain_objections(chain, None, [wanted], is_partial=True, now=now)
    objections = dict.fromkeys(objection.text for objection in found if objection.is_serious)
    return Verdict(
        checks=(*checks, _check_authority(leaf, distrust)),
        objections=tuple(objections),
        distrust=distrust,
        suits=suits,
        is_self_signed=leaf.self_signed,
    )


def _check_name(leaf: CertificateDescription, host: str) -> Fact:
    if any(fits_name(name.lower(), host) for name in leaf.names):
        return Fact("name", f"{host} is among the names", is_good=True)
    names = ", ".join(leaf.names) or "none"
    return Fact("name", f"{host} is not among the names: {names}", is_good=False)


def _check_dates(leaf: CertificateDescription, now: datetime) -> Fact:
    if now > leaf.not_after:
        end = f"{leaf.not_after:%Y-%m-%d %H:%M} UTC"
        return Fact("dates", f"it expired on {end}", is_good=False)
    if now < leaf.not_before:
        begin = f"{leaf.not_before:%Y-%m-%d %H:%M} UTC"
        clock = f"{now.astimezone(UTC):%Y-%m-%d %H:%M}"
        return Fact("dates", f"it begins on {begin}, and the clock says {clock}", is_good=False)
    return Fact("dates", f"{(leaf.not_after - now).days} days are left", is_good=True)


def _check_authority(leaf: CertificateDescription, distrust: str | None) -> Fact:
    if distrust is None:
        return Fact("authority", f"{leaf.issuer} leads to one that is trusted", is_good=True)
    if leaf.self_signed:
        return Fact("authority", "it is signed by itself, and not trusted", is_good=False)
    return Fact("authority", distrust, is_good=False)


def _normalize(host: str) -> str:
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        return host.lower().removesuffix(".")
