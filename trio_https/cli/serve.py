"""``trio-https serve``: its arguments, options and environment variables."""

from pathlib import Path
from typing import Any, Literal

import click

from .. import __version__
from ..config import TLSSettings
from ..errors import ConfigError
from .console import Mistake, say
from .loading import loading
from .network_options import NetworkOptions, network_options
from .page_options import PageOptions, page_options
from .worker_option import WorkerCount, check_workers

__all__ = ["serve"]

# What can't be read is told later, with its remedy.
FILE = click.Path(path_type=Path, readable=False)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("pages", required=False, type=FILE, envvar="TRIO_HTTPS_PAGES")
@click.option(
    "--host",
    show_default="localhost, * with --lan",
    metavar="NAME",
    envvar="TRIO_HTTPS_HOST",
    help="Listen there, a name or an address. localhost means 127.0.0.1 and ::1; * means"
    " every interface, so that others reach the pages too.",
)
@click.option(
    "--port",
    default=8443,
    show_default=True,
    type=click.IntRange(0, 65535),
    metavar="NUMBER",
    envvar="TRIO_HTTPS_PORT",
    help="Listen on this port; 0 takes any that is free.",
)
@click.option(
    "--cert",
    "certs",
    multiple=True,
    type=FILE,
    metavar="FILE",
    envvar="TRIO_HTTPS_CERT",
    help="The certificate chain in PEM, the server's own first; or a folder of such files, each"
    " with its key beside it. Can be given several times: the name that a client asks for (SNI)"
    " chooses, and the first is the default."
    " Without it: certs/server.crt if that is there, else one by your own authority.",
)
@click.option(
    "--key",
    "keys",
    multiple=True,
    type=FILE,
    metavar="FILE",
    envvar="TRIO_HTTPS_KEY",
    help="The private key in PEM. Without it: certs/server.key, or in the file of --cert. With"
    " several files as --cert, one for each in the same order.",
)
@click.option(
    "--key-password-file",
    type=FILE,
    metavar="FILE",
    envvar="TRIO_HTTPS_KEY_PASSWORD_FILE",
    help="A file whose first line is the password of the key, or of all keys that have one.",
)
@click.option(
    "--client-ca",
    type=FILE,
    metavar="FILE",
    envvar="TRIO_HTTPS_CLIENT_CA",
    help="Ask clients for a certificate that one of the authorities in this PEM file has signed.",
)
@click.option(
    "--client-cert",
    type=click.Choice(["optional", "required"]),
    show_default="required",
    envvar="TRIO_HTTPS_CLIENT_CERT",
    help="What becomes of clients without one, with --client-ca: they are answered as others are,"
    " or by a page that says so (403).",
)
@click.option(
    "--session-tickets",
    default=2,
    show_default=True,
    type=click.IntRange(0, 16),
    metavar="NUMBER",
    envvar="TRIO_HTTPS_SESSION_TICKETS",
    help="How many a client gets to resume TLS 1.3 sessions with; 0: no session is resumed.",
)
@click.option(
    "--tls-policy",
    type=click.Choice(["intermediate", "modern"]),
    default="intermediate",
    show_default=True,
    envvar="TRIO_HTTPS_TLS_POLICY",
    help="Which TLS is spoken, by Mozilla's guidelines: 1.2 and 1.3 for every browser since 2014,"
    " or 1.3 alone for those since 2019.",
)
@click.option(
    "--keylog",
    type=FILE,
    metavar="FILE",
    # From the environment it might come unasked, as with SSLKEYLOGFILE.
    help="Append the secrets of all TLS connections to this file, for Wireshark. Whoever reads it"
    " can read what was said in them.",
)
@click.option(
    "--access-log/--no-access-log",
    default=True,
    show_default=True,
    envvar="TRIO_HTTPS_ACCESS_LOG",
    help="Write a line for each request to standard output.",
)
@click.option(
    "--log-format",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    envvar="TRIO_HTTPS_LOG_FORMAT",
    help="How the access log is written: the combined log format of web servers, or JSON.",
)
@click.option(
    "--allow-host",
    "allowed_hosts",
    multiple=True,
    metavar="NAME",
    envvar="TRIO_HTTPS_ALLOW_HOST",
    help="Answer requests for this name too, besides the names in the certificate and all"
    " addresses; *.NAME for all names right below. Can be given several times.",
)
@click.option(
    "--any-host",
    is_flag=True,
    envvar="TRIO_HTTPS_ANY_HOST",
    help="Answer requests for whatever name they give.",
)
@click.option(
    "--workers",
    default=1,
    show_default=True,
    type=WorkerCount(),
    metavar="NUMBER",
    envvar="TRIO_HTTPS_WORKERS",
    help="Serve with so many processes; auto: one for each processor. Not on Windows and macOS.",
)
@network_options
@page_options
def serve(
    pages: Path | None,
    host: str | None,
    port: int,
    certs: tuple[Path, ...],
    keys: tuple[Path, ...],
    key_password_file: Path | None,
    client_ca: Path | None,
    client_cert: Literal["optional", "required"] | None,
    session_tickets: int,
    tls_policy: Literal["intermediate", "modern"],
    keylog: Path | None,
    access_log: bool,
    log_format: str,
    allowed_hosts: tuple[str, ...],
    any_host: bool,
    workers: int,
    lan: bool,
    ca_port: int | None,
    qr: bool | None,
    redirect_http: int | None,
    **options: Any,
) -> None:
    """Serve the folder PAGES over HTTPS.

    Without PAGES: the folder ./pages if there is one, else the built-in welcome pages. Each option
    can come from the environment too, --port from TRIO_HTTPS_PORT and so on, and PAGES from
    TRIO_HTTPS_PAGES; where the certificate authority is kept, TRIO_HTTPS_HOME says.

    Certificates are loaded anew when their files change, and on SIGHUP.

    Ctrl-C or SIGTERM lets running requests finish and stops; a second one stops at once.
    """
    # Here, so that --help does not wait for all of the server, nor for these two.
    with loading():
        import platform
        import ssl

        from .identity import IdentityOptions
        from .serve_pages import Listen, serve_pages
        from .serving_logs import configure_logs

    say(f"trio_https {__version__} on Python {platform.python_version()}, {ssl.OPENSSL_VERSION}")
    say()
    host = host if host is not None else "*" if lan else "localhost"
    try:
        check_workers(workers)
        configure_logs(
            access_log=access_log, json=log_format == "json", several_processes=workers > 1
        )
        serve_pages(
            pages,
            PageOptions(**options),
            IdentityOptions(
                certificates=certs,
                keys=keys,
                password_file=key_password_file,
                client_ca=client_ca,
                client_cert=client_cert,
                session_tickets=session_tickets,
                tls=TLSSettings(policy=tls_policy, keylog=keylog),
            ),
            Listen(host, port, allowed_hosts=None if any_host else (host, *allowed_hosts)),
            NetworkOptions(lan=lan, ca_port=ca_port, qr=qr, redirect_http=redirect_http),
            workers,
        )
    except ConfigError as exc:
        raise Mistake(str(exc)) from exc
