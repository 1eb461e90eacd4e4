"""The folder that is served: which it is, what its options make of it, what must not be in it."""

from collections.abc import Iterable
from pathlib import Path
from urllib.parse import quote

import trio_https

from ..errors import ConfigError
from ..messages import Handler
from ..pages.handler import Pages
from .console import step
from .page_options import PageOptions

__all__ = ["first_path", "open_pages", "refuse_private_files", "refuse_secrets_among_pages"]

_DEFAULT_PAGES = Path("pages")


def open_pages(pages: Path | None, options: PageOptions) -> tuple[Path, Handler]:
    """Return the folder and the handler of its pages, and tell the step.

    Raises ``ConfigError`` for what can't be served.
    """
    with step("Pages") as told:
        root, told.detail = _choose_pages(pages)
        handler = _make_handler(root, options)
        told.detail += _why_no_first_page(root, options)
    return root, handler


def first_path(prefix: str) -> str:
    """Return the path of the first page, as it stands in a URL."""
    return "/" + quote(prefix.strip("/") + "/").lstrip("/")


def refuse_private_files(root: Path, private_files: Iterable[Path]) -> None:
    """Raise ``ConfigError`` where one of these lies in the folder."""
    resolved = root.resolve()
    for path in private_files:
        if path.resolve().is_relative_to(resolved):
            raise ConfigError(
                f"{root}: holds {path}, and with it a private key that everybody could read then."
                " Serve another folder, or keep the key outside of it."
            )


def refuse_secrets_among_pages(root: Path, keylog: Path) -> None:
    """Raise ``ConfigError`` where the file of ``--keylog`` would be one of the pages."""
    if keylog.resolve().is_relative_to(root.resolve()):
        raise ConfigError(
            f"--keylog: {keylog} would be among the pages in {root}. Name a file outside of it."
        )


def _choose_pages(pages: Path | None) -> tuple[Path, str]:
    if pages is not None:
        return pages, str(pages)
    if _DEFAULT_PAGES.is_dir():
        return _DEFAULT_PAGES, f"{_DEFAULT_PAGES}, found in this folder"
    return _welcome_pages(), "the built-in welcome pages; name a folder to serve your own"


def _welcome_pages() -> Path:
    package = Path(trio_https.__file__).parent
    shipped = package / "welcome_pages"
    return shipped if shipped.is_dir() else package.parent / "pages"  # in a checkout


def _make_handler(root: Path, options: PageOptions) -> Handler:
    return Pages(
        root,
        prefix=options.prefix,
        index_names=options.index,
        pretty_urls=not options.exact_urls,
        spa=options.spa,
        listing=options.listing,
        follow_links=options.follow_links,
        etag=options.etag,
        compress=options.compress,
        hsts=options.hsts,
    )


def _why_no_first_page(root: Path, options: PageOptions) -> str:
    """Return what to say of a folder that has nothing to show at its own URL."""
    if options.listing or any((root / name).is_file() for name in options.index):
        return ""
    return f" (no {' or '.join(options.index)} here; --listing shows what there is)"
