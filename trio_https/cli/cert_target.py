"""Which certificates a command is about: those of a file, the local ones, or a server's."""

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import trio

from ..certificates.details import (
    CertificateChain,
    CertificateKey,
    describe_chain,
    find_key_file,
    parse_chain,
    read_chain,
    read_key,
)
from ..certificates.home import certificates_home
from ..certificates.local_names import SubjectName
from ..certificates.pem_loading import read_password
from ..certificates.subject_names import parse_subject_name
from ..errors import ConfigError
from ..rehearsal import why_untrusted
from ..served_certificate import fetch_certificate
from ..tls import open_server_context
from ..trust.authority import read_authority
from ..trust.changes import ask_stores
from ..trust.known_stores import find_stores

__all__ = ["Target", "Trust", "find_targets", "local_authority", "parse_name"]

_TIMEOUT = 5.0  # seconds

_USUAL = Path("certs/server.crt")
_LOCAL = "local"

# A host name, an IPv4 address, or an IPv6 address in brackets; and a port.
_SERVER = re.compile(r"(?:\[(?P<address>[0-9a-fA-F:.]+)\]|(?P<name>[^\s/:\[\]]+)):(?P<port>[0-9]+)")


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether one store of trusted authorities leads to a certificate."""

    store: str
    trusted: bool | None
    """None where that can't be known."""
    reason: str | None = None
    """Why it doesn't, or why that can't be known."""


@dataclass(frozen=True, slots=True)
class Target:
    """A chain, and what is known of it beside what stands in it."""

    chain: CertificateChain
    key: CertificateKey | None = None
    trust: tuple[Trust, ...] = ()
    """Of each store that could be asked."""
    names: tuple[str, ...] = ()
    """Those that were in the request for it."""
    is_whole: bool = True
    """Whether all of the chain is known."""
    is_authority: bool = False
    """Whether it is an authority's, and not that of a server."""


def find_targets(
    target: str | None, key: Path | None = None, password_file: Path | None = None
) -> list[Target]:
    """Return what ``target`` names, one at least; None: what would be served in this folder.

    ``key`` and ``password_file`` go with a file. Raises ``ConfigError``.
    """
    if target is None:
        target = str(_USUAL) if _USUAL.exists() else _LOCAL
    if target == _LOCAL:
        return _local_targets()
    path = Path(target)
    if path.exists():
        return [_file_target(path, key, password_file)]
    if server := _SERVER.fullmatch(target):
        return [_server_target(server["address"] or server["name"], int(server["port"]))]
    raise ConfigError(
        f"{target}: no such file. Name a certificate's file in PEM, a server as HOST:PORT, or"
        f" {_LOCAL}."
    )


def local_authority() -> CertificateChain | None:
    """Return the certificate of the local CA, if there is one."""
    with suppress(ConfigError):
        return read_chain(_local_files()[1])
    return None


def parse_name(text: str) -> SubjectName:
    """Return the name or the address that a user wrote. Raises ``ConfigError``."""
    try:
        return parse_subject_name(text)
    except ValueError as exc:
        raise ConfigError(f"{exc}.") from exc


def _local_files() -> tuple[Path, Path]:
    home = certificates_home()
    return home / "localhost.pem", home / "ca" / "ca.crt"


def _local_targets() -> list[Target]:
    leaf, authority = _local_files()
    targets = [_file_target(leaf, None, None)] if leaf.exists() else []
    if authority.exists():
        trust = _trust_in_stores(authority)
        targets.append(Target(read_chain(authority), trust=trust, is_authority=True))
    if not targets:
        raise ConfigError(
            f"{authority}: there is no certificate authority of yours yet. trio-https makes one"
            " when it first serves, and so does trio-https cert new --ca local."
        )
    return targets


def _file_target(path: Path, key_path: Path | None, password_file: Path | None) -> Target:
    chain = read_chain(path)
    key_path = key_path or find_key_file(path)
    if key_path is None:
        return Target(chain)
    password = read_password(password_file) if password_file else None
    key = read_key(key_path, password)
    return Target(chain, key, _trust_in_files(path, key_path, password, chain))


def _trust_in_files(
    path: Path, key_path: Path, password: bytes | None, chain: CertificateChain
) -> tuple[Trust, ...]:
    names = describe_chain(chain)[0].description.names
    try:
        context = open_server_context(path, key_path, password)
    except ConfigError:
        return ()  # no client ever gets to see it
    # A wildcard is no name to ask for; one that it matches is.
    plain = [name for name in names if "*" not in name]
    name = (*plain, *(name.replace("*", "www") for name in names), "localhost")[0]
    return (_trust(why_untrusted(context, name)),)


def _trust_in_stores(authority: Path) -> tuple[Trust, ...]:
    return tuple(
        Trust(f"{each.store.place} ({each.store.readers})", each.trusted, each.reason or None)
        for each in ask_stores(read_authority(authority), find_stores())
    )


def _server_target(host: str, port: int) -> Target:
    if not 0 < port < 65536:
        raise ConfigError(f"{host}:{port}: ports go from 1 to 65535. Name one of these.")
    served = trio.run(partial(fetch_certificate, host, port, timeout=_TIMEOUT))
    return Target(
        parse_chain(served.place, served.chain),
        trust=(_trust(served.distrust),),
        names=(host,),
        is_whole=served.is_whole,
    )


def _trust(distrust: str | None) -> Trust:
    return Trust("OpenSSL on this machine", distrust is None, distrust)
