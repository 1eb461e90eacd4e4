"""``trio-https doctor``: its options."""

import click

from ..errors import ConfigError
from .console import Mistake

__all__ = ["doctor"]


@click.command(
    short_help="Find out what would stop a browser.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.option(
    "--host",
    default="localhost",
    show_default=True,
    metavar="NAME",
    envvar="TRIO_HTTPS_HOST",
    help="The name or the address by which the server is reached.",
)
@click.option(
    "--port",
    default=8443,
    show_default=True,
    type=click.IntRange(1, 65535),
    metavar="NUMBER",
    envvar="TRIO_HTTPS_PORT",
    help="The port on which it listens.",
)
def doctor(host: str, port: int) -> int:
    """Find out what would stop a browser from showing the pages of a running server.

    It is visited by each of its names, at each of their addresses, as a browser of this machine
    would come; and proxies, trust stores and the files of your authority are looked at. Nothing is
    changed.

    The exit code is 0 where nothing would stop a browser, and 1 where something would.
    """
    # Here, so that --help does not wait for it.
    from .doctor_report import print_report

    try:
        return print_report(host, port)
    except ConfigError as exc:
        raise Mistake(str(exc)) from exc
