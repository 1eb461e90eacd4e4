"""The command ``trio-https`` and its subcommands; without one it serves."""

import click

from .cert import cert
from .compress import compress
from .doctor import doctor
from .explain import explain
from .serve import serve
from .trust import trust, untrust

__all__ = ["run", "trio_https"]


class ServeByDefault(click.Group):
    """A group that takes what is no subcommand for arguments of ``serve``."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``serve`` before arguments that begin with no subcommand and no option of ours."""
        own = {name for option in self.get_params(ctx) for name in option.opts}
        if not args or args[0] not in self.commands.keys() | own:
            args = ["serve", *args]
        return super().parse_args(ctx, args)

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the options of ``serve`` too: they are the ones that a newcomer looks for."""
        serve_context = click.Context(serve, info_name="serve", parent=ctx)
        records = [
            record
            for parameter in serve.get_params(serve_context)
            if "--help" not in parameter.opts
            and (record := parameter.get_help_record(serve_context))
        ]
        with formatter.section("Options of serve"):
            formatter.write_dl(records)
        super().format_options(ctx, formatter)


def print_versions(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    """Print what this server is made of, and end."""
    if not wanted or ctx.resilient_parsing:
        return
    # Here, for they take longer to load than the help does to be printed.
    import platform
    import ssl
    from importlib.metadata import version

    click.echo(f"trio_https {version('trio-https')}")
    click.echo(f"Python {platform.python_version()}, {ssl.OPENSSL_VERSION}")
    click.echo(f"trio {version('trio')}, h11 {version('h11')}")
    ctx.exit()


@click.group(cls=ServeByDefault, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--version",
    is_flag=True,
    expose_value=False,
    is_eager=True,
    callback=print_versions,
    help="Show the versions of trio_https, Python, OpenSSL, trio and h11, and exit.",
)
def trio_https() -> None:
    """HTTPS for a folder of pages.

    \b
      trio-https              serve ./pages, or the built-in welcome pages
      trio-https FOLDER       serve the pages in FOLDER
      trio-https serve ./cert serve a folder that has the name of a command

    The first run makes a certificate for localhost, signed by a certificate authority of your own;
    the start-up messages say how a browser comes to trust it.

    Each option can come from the environment too, --port from TRIO_HTTPS_PORT and so on.
    """  # noqa: D301 -- click wants the character


trio_https.add_command(serve)
trio_https.add_command(compress)
trio_https.add_command(cert)
trio_https.add_command(trust)
trio_https.add_command(untrust)
trio_https.add_command(explain)
trio_https.add_command(doctor)


def run() -> int:
    """Run the command with the arguments of the process, and return its exit code.

    Raises ``KeyboardInterrupt`` where it was interrupted before it served.
    """
    try:
        # Not click's standalone mode, where an interrupt is exit code 1 and "Aborted!".
        code = trio_https.main(prog_name="trio-https", standalone_mode=False)
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except click.Abort as exc:
        raise KeyboardInterrupt from exc
    return code or 0
