"""The options of ``trio-https serve`` that say how a folder becomes pages."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, Literal

import click

__all__ = ["PageOptions", "page_options"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageOptions:
    """What ``trio_https.Pages`` takes, under the names of the options."""

    prefix: str
    index: tuple[str, ...]
    exact_urls: bool
    spa: bool
    listing: bool
    follow_links: bool
    etag: Literal["file", "content"]
    compress: bool
    hsts: int


_OPTIONS = (
    click.option(
        "--prefix",
        default="",
        metavar="PATH",
        envvar="TRIO_HTTPS_PREFIX",
        help="Serve the pages below this path, /docs say; nothing is found elsewhere.",
    ),
    click.option(
        "--index",
        multiple=True,
        default=("index.html",),
        show_default=True,
        metavar="NAME",
        envvar="TRIO_HTTPS_INDEX",
        help="The file that a folder's URL stands for. Can be given several times: the first that"
        " is there.",
    ),
    click.option(
        "--exact-urls",
        is_flag=True,
        envvar="TRIO_HTTPS_EXACT_URLS",
        help="Serve each file at its own name only. Without it, about.html is at /about, and its"
        " other URLs lead there.",
    ),
    click.option(
        "--spa",
        is_flag=True,
        envvar="TRIO_HTTPS_SPA",
        help="Answer a missing page with the first one: for a single-page application.",
    ),
    click.option(
        "--listing",
        is_flag=True,
        envvar="TRIO_HTTPS_LISTING",
        help="Show what is in a folder that has no index file.",
    ),
    click.option(
        "--follow-links",
        is_flag=True,
        envvar="TRIO_HTTPS_FOLLOW_LINKS",
        help="Follow symbolic links out of the folder, too.",
    ),
    click.option(
        "--etag",
        type=click.Choice(["file", "content"]),
        default="file",
        show_default=True,
        envvar="TRIO_HTTPS_ETAG",
        help="What tells browsers that a page has changed: the status of its file, or its content,"
        " for builds that come out the same on every machine.",
    ),
    click.option(
        "--compress/--no-compress",
        default=True,
        show_default=True,
        envvar="TRIO_HTTPS_COMPRESS",
        help="Compress text on the fly where no .br, .zst or .gz lies beside the file.",
    ),
    click.option(
        "--hsts",
        type=click.IntRange(0),
        default=0,
        metavar="SECONDS",
        envvar="TRIO_HTTPS_HSTS",
        help="Have browsers use nothing but HTTPS for so long, on each port of the host.",
    ),
)


def page_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command these options; it gets them as keyword arguments of ``PageOptions``."""
    return reduce(lambda decorated, option: option(decorated), reversed(_OPTIONS), command)
