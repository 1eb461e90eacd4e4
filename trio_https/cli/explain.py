"""``trio-https explain``: its arguments and options."""

import re
from typing import Literal

import click

from ..errors import ConfigError
from .console import Mistake

__all__ = ["explain", "parse_server"]

# A host name, an IPv4 address, or an IPv6 address in brackets; and a port.
_SERVER = re.compile(
    r"(?:https://)?(?:\[(?P<address>[0-9a-fA-F:.]+)\]|(?P<name>[^\s/:\[\]]+))(?::(?P<port>\d+))?/?"
)
_HTTPS_PORT = 443


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("server", required=False, metavar="[HOST:PORT]")
@click.option(
    "--tls",
    "version",
    type=click.Choice(["1.2", "1.3"]),
    help="Offer this version only; without it, the server chooses.",
)
@click.option("--both", is_flag=True, help="Show TLS 1.2 and 1.3 side by side.")
@click.option(
    "--rsa",
    is_flag=True,
    help="Offer nothing but RSA key exchange, as in TLS 1.2 of old; few servers take it today.",
)
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
def explain(
    server: str | None,
    version: Literal["1.2", "1.3"] | None,
    both: bool,
    rsa: bool,
    as_json: bool,
) -> int:
    """Shake hands with a server, and tell it step by step.

    HOST:PORT is any server that speaks TLS. Without it: one in memory, with your local certificate.
    No secret is ever shown.

    The exit code is 0 where a browser on this machine would go on, 1 where it would not or where
    there was no handshake, and 2 where there is no server.
    """
    # Here, so that --help does not wait for all of the server.
    from ..handshake.dialogue import Offer
    from .explain_server import explain_in_memory, explain_server

    if (both and (version or rsa)) or (rsa and version == "1.3"):
        raise Mistake("--both, --rsa and --tls 1.3 don't go together. Choose one of them.")
    offers = [Offer(version=version, rsa_key_exchange=rsa)]
    if both:
        offers = [Offer(version="1.2"), Offer(version="1.3")]
    try:
        if server is None:
            return explain_in_memory(offers, as_json=as_json)
        return explain_server(*parse_server(server), offers, as_json=as_json)
    except ConfigError as exc:
        raise Mistake(str(exc)) from exc


def parse_server(text: str) -> tuple[str, int]:
    """Return host and port of "localhost:8443", "[::1]:8443", or of a URL; the port may be missing.

    Raises ``ConfigError``.
    """
    found = _SERVER.fullmatch(text)
    port = int(found["port"] or _HTTPS_PORT) if found else 0
    if found is None or not 0 < port < 65536:
        raise ConfigError(f"{text}: no server is named like that. Write HOST:PORT.")
    return found["address"] or found["name"], port
