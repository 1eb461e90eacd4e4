"""``trio-https cert``: the arguments and options of ``new``, ``show`` and ``check``."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import ConfigError
from .console import Mistake
from .serve import FILE

if TYPE_CHECKING:
    from ..certificates.new_certificate import KeyType

__all__ = ["cert"]

_SETTINGS = {"help_option_names": ["-h", "--help"]}

# As in certificates.new_certificate, which the help must not wait for.
_KEY_TYPES = ("rsa2048", "rsa3072", "rsa4096", "ecdsa-p256", "ecdsa-p384")

_key_option = click.option(
    "--key",
    type=FILE,
    metavar="FILE",
    envvar="TRIO_HTTPS_KEY",
    help="The private key in PEM. Without it: in the file itself, or in one of the same name that"
    " ends in .key.",
)
_password_option = click.option(
    "--key-password-file",
    type=FILE,
    metavar="FILE",
    envvar="TRIO_HTTPS_KEY_PASSWORD_FILE",
    help="A file whose first line is the password of the key.",
)
_target_argument = click.argument("target", required=False, metavar="[FILE | local | HOST:PORT]")


@click.group(context_settings=_SETTINGS)
def cert() -> None:
    """Make, show and check certificates."""


@cert.command(short_help="Make a certificate and its key.", context_settings=_SETTINGS)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--conf",
    type=FILE,
    metavar="FILE",
    envvar="TRIO_HTTPS_CERT_CONF",
    help="What is to stand in it, in the form of OpenSSL. Without it and NAMEs: certs/ssl.conf.",
)
@click.option(
    "--out",
    type=FILE,
    default="certs",
    show_default=True,
    metavar="FOLDER",
    envvar="TRIO_HTTPS_CERT_OUT",
    help="Where server.crt and server.key are put.",
)
@click.option(
    "--key-type",
    type=click.Choice(_KEY_TYPES),
    envvar="TRIO_HTTPS_CERT_KEY_TYPE",
    help="The kind of key. Without it: ecdsa-p256, or RSA of the default_bits in FILE.",
)
@click.option(
    "--days",
    type=click.IntRange(1, 36500),
    metavar="NUMBER",
    envvar="TRIO_HTTPS_CERT_DAYS",
    help="For how long it is valid. Without it: 820, or 90 if --ca signs it. iPhones and Macs"
    " refuse more than 825.",
)
@click.option(
    "--ca",
    type=click.Choice(["local"]),
    envvar="TRIO_HTTPS_CERT_CA",
    help="Have it signed by your own certificate authority. Without it, it signs itself.",
)
@click.option("--force", is_flag=True, help="Replace server.crt and server.key if they are there.")
def new(
    names: tuple[str, ...],
    conf: Path | None,
    out: Path,
    key_type: "KeyType | None",
    days: int | None,
    ca: str | None,
    force: bool,
) -> None:
    """Make a certificate and its key for each NAME, a host name or an IP address.

    Without a NAME, for what the file certs/ssl.conf says. OpenSSL reads that file alike, but is not
    needed: openssl req -x509 -new -nodes -sha256 -utf8 -days 820 -newkey rsa:2048 -keyout
    server.key -out server.crt -config certs/ssl.conf
    """
    # Here, so that --help does not wait for it; and so below.
    from .cert_new import Wish, make_certificate

    try:
        make_certificate(
            Wish(names, conf, key_type, days, is_local=ca == "local"), out, force=force
        )
    except ConfigError as exc:
        raise Mistake(str(exc)) from exc


@cert.command(context_settings=_SETTINGS)
@_target_argument
@_key_option
@_password_option
@click.option("--json", "as_json", is_flag=True, help="Write it as JSON.")
def show(
    target: str | None, key: Path | None, key_password_file: Path | None, as_json: bool
) -> None:
    """Show what stands in a certificate, and who trusts it.

    It is in a PEM FILE, or it is the local one with its authority, or the one that a server shows.
    Without any: the one that trio-https would use in this folder.
    """
    from .cert_show import show_certificates
    from .cert_target import find_targets

    try:
        show_certificates(find_targets(target, key, key_password_file), as_json=as_json)
    except ConfigError as exc:
        raise Mistake(str(exc)) from exc


@cert.command(short_help="Say what clients would object to.", context_settings=_SETTINGS)
@_target_argument
@_key_option
@_password_option
@click.option(
    "--name",
    "names",
    multiple=True,
    metavar="NAME",
    envvar="TRIO_HTTPS_CERT_NAME",
    help="A name or an address that it must be for. Can be given several times.",
)
def check(
    target: str | None, key: Path | None, key_password_file: Path | None, names: tuple[str, ...]
) -> int:
    """Say what browsers, phones and other clients would object to in a certificate.

    It is in a PEM FILE, or it is the local one, or the one that a server shows. Without any: the
    one that trio-https would use in this folder.

    The exit code is 0 if nothing speaks against it, 1 if something does, and 2 if it can't be read.
    """
    from .cert_check import check_certificates
    from .cert_target import find_targets

    try:
        return check_certificates(find_targets(target, key, key_password_file), names)
    except ConfigError as exc:
        raise Mistake(str(exc)) from exc
