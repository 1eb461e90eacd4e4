"""All that the doctor looks at, in order: the server by each of its names, then what is around."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from ..certificates.description import is_signed_by
from ..certificates.details import CertificateChain, describe_chain, read_chain
from ..errors import ConfigError
from ..handshake.verdict import find_chain
from ..trust.authority import read_authority
from .diagnosis import diagnose_visits
from .findings import Finding, note, problem
from .surroundings import look_at_files, look_at_proxies, look_at_stores
from .visits import Visit, find_addresses, visit_address

__all__ = ["examine"]


async def examine(host: str, port: int, home: Path, *, now: datetime) -> list[Finding]:
    """Return what was found out about the server at ``host`` and ``port``, each finding once.

    ``home`` is where the local CA is kept, if there is one; ``now`` is aware. Raises ConfigError
    for a CA that can't be read. On cancellation connections are closed at once.
    """
    visits = await _visit(host, port)
    if not visits:
        return [
            problem(
                f"{host} has no address: no server is found by that name. Is it spelled right? If"
                " it is, enter it in the DNS or in this machine's hosts file; or go to the server"
                " by its address, with --host."
            )
        ]
    findings = diagnose_visits(visits, now=now)
    chain = _chain_of(visits)
    if chain is not None:
        findings += await _examine_other_names(chain, host, port, now)
        findings += _examine_trust(chain, home / "ca" / "ca.crt")
    findings += look_at_proxies(host)
    findings += look_at_files(home)
    return list(dict.fromkeys(findings))


async def _visit(name: str, port: int) -> list[Visit]:
    try:
        addresses = await find_addresses(name, port)
    except (OSError, UnicodeError):  # the latter of Trio's IDNA
        return []
    return [await visit_address(name, address, port) for address in addresses]


async def _examine_other_names(
    chain: CertificateChain, host: str, port: int, now: datetime
) -> list[Finding]:
    """Go by the names that the certificate has beside ``host``; a wildcard is no name to go by."""
    findings = []
    for name in describe_chain(chain)[0].description.names:
        if name == host or name.startswith("*"):
            continue
        reached = [visit for visit in await _visit(name, port) if visit.refusal is None]
        findings += diagnose_visits(reached, now=now)
        if not reached:
            findings.append(note(f"the certificate is for {name}, too, but nothing answers there."))
    return findings


def _examine_trust(chain: CertificateChain, authority: Path) -> list[Finding]:
    """Look into the trust stores, where the certificate is by the local CA."""
    if not authority.exists() or not is_signed_by(
        chain.certificates[0], read_chain(authority).certificates[0]
    ):
        return []
    return list(look_at_stores(read_authority(authority)))


def _chain_of(visits: Sequence[Visit]) -> CertificateChain | None:
    for visit in visits:
        if visit.dialogue is not None:
            try:
                chain = find_chain(visit.dialogue.transcript, visit.place)
                if chain is not None and describe_chain(chain):
                    return chain
            except ConfigError:
                continue  # told by the diagnosis
    return None
