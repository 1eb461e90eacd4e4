"""What is told of a server that has come up: its URLs, whether clients go there, and if not, why.

Whether they trust the certificate and whether it is for the host in the URL are two questions with
an answer each. OpenSSL tells of its first objection only.
"""

import shlex
import socket
from collections.abc import Sequence
from urllib.parse import urlsplit

from ..certificates.local_issuer import LocalIssuer
from ..certificates.local_names import (
    PERMITTED_NETWORKS,
    ends_in_number,
    is_permitted,
    permitted_domains,
)
from ..certificates.objections import fits_name
from ..certificates.subject_names import parse_subject_name
from ..identities.served import Identities
from ..rehearsal import why_untrusted
from ..rules.request_target import format_origin
from .console import paint, say
from .identity import Identity

__all__ = ["announce"]


def announce(urls: Sequence[str], identity: Identity, *, exposed: Sequence[str] = ()) -> None:
    """Tell at which ``urls`` the pages are, and what keeps clients from them.

    ``exposed`` are those for others on the network, which are told elsewhere.
    """
    say()
    for url in urls:
        say(f"  {paint(url, 'cyan', bold=True)}")
    say()
    misfits = [url for url in (*urls, *exposed) if not _fits(identity.served, _host(url))]
    if misfits:
        _tell_misfits(misfits, identity.served)
    fitting = next((url for url in urls if url not in misfits), None)
    _tell_trust(fitting or urls[0], identity, is_misfit=fitting is None)
    if identity.authority is not None:
        _tell_authority(identity.authority, fitting)
    say()


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _names_shown(served: Identities, host: str) -> tuple[str, ...]:
    """Return what the certificate is for that a client of ``host`` gets to see."""
    is_address = ":" in host or ends_in_number(host)
    # RFC 6066 §3: of an address, the server is not told.
    return served.describe(None if is_address else host).names


def _fits(served: Identities, host: str) -> bool:
    return any(fits_name(name.lower(), host) for name in _names_shown(served, host))


def _tell_misfits(urls: Sequence[str], served: Identities) -> None:
    hosts = list(dict.fromkeys(map(_host, urls)))
    there = "there" if len(hosts) == 1 else "at these"
    text = f"  The certificate is not for {', '.join(hosts)}, and clients refuse it {there}."
    say(paint(text, "yellow"))
    remedy = "have one made that is."
    if all(map(_is_local, hosts)):
        remedy = f"make one: trio-https cert new --ca local {' '.join(hosts)}"
    if plain := [name for name in _names_shown(served, hosts[0]) if "*" not in name]:
        origin = format_origin("https", plain[0], urlsplit(urls[0]).port or 443)
        remedy = f"Open {origin}{urlsplit(urls[0]).path} if that leads here, or {remedy}"
    say(f"  {remedy[0].upper()}{remedy[1:]}")


def _is_local(host: str) -> bool:
    """Whether the local authority may sign for a host."""
    try:
        name = parse_subject_name(host)
    except ValueError:  # an address with a zone, say
        return False
    return is_permitted(name, permitted_domains(socket.gethostname()), PERMITTED_NETWORKS)


def _tell_trust(url: str, identity: Identity, *, is_misfit: bool) -> None:
    host = _host(url)
    names = _names_shown(identity.served, host)
    if is_misfit and names:
        host = names[0].replace("*", "www", 1)  # that of the URL has been told of
    distrust = why_untrusted(identity.served.contexts.current, host)
    if distrust is None:
        say("  Trusted by this machine's clients.")
        return
    say(f"  Not trusted by this machine's clients yet: {distrust}.")
    if identity.authority is not None:
        say("  Run trio-https trust, and they and your browsers do.")
        return
    say("  What to do about it, this says:")
    say(f"    trio-https doctor --host {_host(url)} --port {urlsplit(url).port or 443}")


def _tell_authority(authority: LocalIssuer, url: str | None) -> None:
    say("  The certificate authority to be trusted, which is yours alone:")
    say(f"    file     {authority.path}")
    say(f"    SHA-256  {authority.sha256}")
    if url is not None:
        say(f"  Or try:  curl --cacert {shlex.quote(str(authority.path))} {url}")
