"""The options of ``trio-https serve`` for others on the network, and for plain HTTP."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any

import click

from ..errors import ConfigError

__all__ = ["NetworkOptions", "network_options"]

_DEFAULT_HTTP_PORT = 80  # RFC 9110 §4.2.1: where browsers go for http:// without a port


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkOptions:
    """What the user asked for."""

    lan: bool
    ca_port: int | None
    """None: the one after the server's own."""
    qr: bool | None
    """None: on a terminal."""
    redirect_http: int | None
    """The port that leads to HTTPS; None: none does."""

    def __post_init__(self) -> None:
        """Raise ``ConfigError`` for what means nothing without ``--lan``."""
        if not self.lan and self.ca_port is not None:
            raise ConfigError("--ca-port goes with --lan. Give that too, or leave it out.")
        if not self.lan and self.qr:
            raise ConfigError("--qr goes with --lan. Give that too, or leave it out.")

    def ca_port_beside(self, port: int) -> int:
        """Return the port of the page with the authority, for a server that was given ``port``."""
        if self.ca_port is not None:
            return self.ca_port
        return port + 1 if 0 < port < 65535 else 0


class _Port(click.IntRange):
    """A port that may be left out, so that what follows is easily mistaken for it."""

    name = "port"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        try:
            port = int(super().convert(value, param, ctx))
        except click.BadParameter as exc:
            option = param.opts[0] if param else ""
            remedy = f"Before a folder, write {option}={_DEFAULT_HTTP_PORT}."
            raise click.BadParameter(f"{exc.message} {remedy}", ctx, param) from exc
        return port


_OPTIONS = (
    click.option(
        "--lan",
        is_flag=True,
        envvar="TRIO_HTTPS_LAN",
        help="Let the others on your network read the pages, phones too: listen on every interface,"
        " with a certificate for the addresses of this machine, and show how a phone comes to"
        " trust it.",
    ),
    click.option(
        "--ca-port",
        type=click.IntRange(0, 65535),
        metavar="NUMBER",
        envvar="TRIO_HTTPS_CA_PORT",
        help="With --lan: give the certificate authority to phones on this port, by plain HTTP."
        " Without it: the port after that of the server.",
    ),
    click.option(
        "--qr/--no-qr",
        default=None,
        envvar="TRIO_HTTPS_QR",
        help="With --lan: show a QR code for phones. Without it: on a terminal only.",
    ),
    click.option(
        "--redirect-http",
        is_flag=False,
        flag_value=_DEFAULT_HTTP_PORT,
        type=_Port(0, 65535),
        metavar="[NUMBER]",
        envvar="TRIO_HTTPS_REDIRECT_HTTP",
        help="Listen for plain HTTP too, on this port or on 80, and lead all of it to HTTPS.",
    ),
)


def network_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options; it gets them as keyword arguments of ``NetworkOptions``."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), command)
