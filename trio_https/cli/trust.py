"""``trio-https trust`` and ``trio-https untrust``: their options."""

from collections.abc import Callable
from typing import TypeVar

import click

from ..errors import ConfigError
from .console import Mistake

__all__ = ["trust", "untrust"]

Decorated = TypeVar("Decorated", bound=Callable[..., object])


def store_options(function: Decorated) -> Decorated:
    """Add the options that both commands have."""
    dry_run = click.option(
        "--dry-run", is_flag=True, help="Say what would be done, and change nothing."
    )
    store = click.option(
        "--store",
        "kinds",
        type=click.Choice(["system", "chromium", "firefox"]),  # trust.known_stores.KINDS
        multiple=True,
        help="Only this kind of trust store. Can be given several times. Without it: all.",
    )
    return store(dry_run(function))


@click.command(
    short_help="Have browsers and programs trust your authority.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@store_options
@click.option(
    "--steps",
    is_flag=True,
    help="Print the steps for other devices, also where nothing is left to do on this machine.",
)
def trust(kinds: tuple[str, ...], dry_run: bool, steps: bool) -> int:
    """Have this machine's browsers and programs trust your certificate authority.

    It is made if you have none yet. It goes into the trust store of the system, and on Linux into
    those of Chromium and Firefox too; for phones and other machines, the steps are printed. What
    takes root's rights is printed as a command to run. Run it as often as you like.

    The exit code is 1 if something could not be done; all else is done then.
    """
    # Here, so that --help does not wait for it.
    from .trust_stores import trust_authority

    try:
        return trust_authority(kinds, dry_run=dry_run, steps=steps)
    except ConfigError as exc:
        raise Mistake(str(exc)) from exc


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@store_options
def untrust(kinds: tuple[str, ...], dry_run: bool) -> int:
    """Take your certificate authority out of the trust stores again.

    Also those that you had before it, as far as "trust" brought them there. The authority itself
    stays, for another "trust". What else is in the stores stays as it is.

    The exit code is 1 if something could not be done; all else is done then.
    """
    from .trust_stores import untrust_authorities

    try:
        return untrust_authorities(kinds, dry_run=dry_run)
    except ConfigError as exc:
        raise Mistake(str(exc)) from exc
