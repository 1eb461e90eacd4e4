"""``--lan``: what of this machine others on the network reach, and how a phone comes to trust it.

Everything that the console says of it is here. The page for phones is ``handlers.ca_page``.
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from ..certificates.local_network import LocalNetwork, find_local_network
from ..errors import ConfigError
from ..messages import Address
from ..rules.request_target import format_origin
from .console import can_say, has_colours, is_terminal, paint, say, step
from .qr_code import render_qr_code

__all__ = ["Exposure", "Reached", "announce_exposure", "exposed_urls", "open_local_network"]

_QR_BLACK, _QR_WHITE = 16, 231  # of the 256 colours; no theme of a terminal changes these


class Reached(Protocol):
    """Where clients reach a server, whoever runs it."""

    @property
    def port(self) -> int:
        """The same on all addresses."""

    addresses: tuple[Address, ...]
    """Where it listens, with the real port."""
    urls: tuple[str, ...]
    """Under which it is reached on this machine, the best first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure:
    """What others on the network get."""

    network: LocalNetwork
    pages: Path
    path: str
    """That of the first page, as it stands in a URL."""


def open_local_network() -> LocalNetwork:
    """Look at the network, and tell what is found.

    Raises ``ConfigError`` where the system does not say it.
    """
    with step("Network") as told:
        try:
            network = find_local_network()
        except OSError as exc:
            raise ConfigError(
                f"--lan: the interfaces of this machine can't be listed: {exc.strerror}. Name an"
                " address with --host instead."
            ) from exc
        found = (*network.addresses, *network.names)
        told.detail = ", ".join(map(str, found)) or "no address that others could reach"
    if network.public_addresses:
        addresses = ", ".join(map(str, network.public_addresses))
        say(f"          (the certificate is not for {addresses}: that is no private address)")
    return network


def announce_exposure(
    exposure: Exposure, server: Reached, ca_page: Reached | None, *, qr: bool | None
) -> None:
    """Tell who can read what now, where, and what a phone has to do first.

    ``ca_page`` None: there is no authority to be trusted first. ``qr``: whether to show a QR code;
    None: on a terminal that can.
    """
    network = _reached_network(exposure.network, server)
    urls = exposed_urls(exposure, server)
    if not urls:
        say("  Nobody else reaches the pages: there is no network, or the server does not listen.")
        say()
        return
    say(f"  Everybody on your network can read {exposure.pages.resolve()} now, at")
    for url in urls:
        say(f"    {paint(url, 'cyan', bold=True)}")
    _warn_of_public_addresses(network)
    say()
    if ca_page is None:
        _show_qr_code(urls[0], qr)
        return
    ca_url = format_origin("http", urlsplit(urls[0]).hostname or "", ca_page.port) + "/"
    say("  On a phone, the first time: open this page, and do what it says.")
    say(f"    {paint(ca_url, 'cyan', bold=True)}")
    say("  The fingerprint that the phone shows must be the SHA-256 above.")
    say(f"  From then on: {urls[0]}")
    say()
    _show_qr_code(ca_url, qr)


def exposed_urls(exposure: Exposure, server: Reached) -> list[str]:
    """Return those by which others on the network reach the pages, the best first."""
    network = _reached_network(exposure.network, server)
    # A name is not known on every network.
    hosts = (*map(str, network.addresses), *network.names)
    return [format_origin("https", host, server.port) + exposure.path for host in hosts]


def _reached_network(network: LocalNetwork, server: Reached) -> LocalNetwork:
    """Return what is left of a network where the server listens: --host may say less than all."""
    listening = {ip_address(address.host.partition("%")[0]) for address in server.addresses}
    versions = {address.version for address in listening if address.is_unspecified}

    def is_reached(address: IPv4Address | IPv6Address) -> bool:
        return address in listening or address.version in versions

    addresses = tuple(filter(is_reached, network.addresses))
    public_addresses = tuple(filter(is_reached, network.public_addresses))
    names = network.names if addresses or public_addresses else ()
    return LocalNetwork(names, addresses, public_addresses)


def _warn_of_public_addresses(network: LocalNetwork) -> None:
    if network.public_addresses:
        addresses = ", ".join(map(str, network.public_addresses))
        say(f"  And everybody who reaches {addresses}, which may be the whole internet:")
        say("  browsers warn there, since the certificate is not for it.")


def _show_qr_code(url: str, wanted: bool | None) -> None:
    if wanted is None:
        wanted = is_terminal()
    if not wanted or not can_say("█"):  # which a console of Windows may not have
        return
    coloured = has_colours()
    for line in render_qr_code(url, dark_ink=coloured):
        say("  " + (paint(line, _QR_BLACK, ground=_QR_WHITE) if coloured else line))
    say()
