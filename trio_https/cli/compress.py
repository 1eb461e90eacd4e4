"""``trio-https compress``: its arguments and options."""

from pathlib import Path

import click

from ..errors import ConfigError
from .console import Mistake
from .serve import FILE

__all__ = ["compress"]

_CODINGS = ("br", "zstd", "gzip")


def parse_codings(
    _ctx: click.Context, _parameter: click.Parameter, value: str | None
) -> tuple[str, ...] | None:
    """Return the codings of a list with commas, None for none given."""
    if value is None:
        return None
    codings = tuple(dict.fromkeys(part.strip() for part in value.split(",")))
    for coding in codings:
        if coding not in _CODINGS:
            raise click.BadParameter(f"{coding!r} is none of {', '.join(_CODINGS)}.")
    return codings


@click.command(
    short_help="Compress the pages beforehand.",
    context_settings={"help_option_names": ["-h", "--help"]},
)
@click.argument("pages", type=FILE, envvar="TRIO_HTTPS_PAGES")
@click.option(
    "--coding",
    "codings",
    metavar="LIST",
    callback=parse_codings,
    help="Which of br, zstd and gzip, with commas between. Without it: all that are installed.",
)
@click.option(
    "--jobs",
    type=click.IntRange(1),
    metavar="NUMBER",
    help="Compress so many files at a time. Without it: one for each processor.",
)
@click.option("--remove", is_flag=True, help="Take the compressed files away again.")
def compress(pages: Path, codings: tuple[str, ...] | None, jobs: int | None, remove: bool) -> int:
    """Put compressed files beside those in PAGES, for the server to send in their place.

    style.css gets the neighbours style.css.br, style.css.zst and style.css.gz, each only where it
    is smaller, and made anew only where the file has changed since: a neighbour has the time of
    its file. Pictures, films and archives, which are compressed already, get none; neither do
    hidden files and links.

    The exit code is 1 if something could not be read or written; all else is done then.
    """
    # Here, so that --help does not wait for it.
    from .compress_pages import compress_pages, remove_neighbours

    try:
        if remove:
            return remove_neighbours(pages, codings or _CODINGS)
        return compress_pages(pages, codings, jobs=jobs)
    except ConfigError as exc:
        raise Mistake(str(exc)) from exc
