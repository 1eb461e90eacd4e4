"""Which CAs were brought into trust stores: copies of their certificates, beside the local CA.

A user may move the local CA away and have a new one made; the old one is trusted all the same,
until somebody takes it out of the stores, who has to know what to look for.
"""

from pathlib import Path

from ..certificates.home import config_error, make_private_folder, open_home, write_private_file
from .authority import Authority, read_authority

__all__ = ["forget", "known_authorities", "remember"]


def remember(home: Path, authority: Authority) -> None:
    """Keep a copy of a CA's certificate, in the folder ``home`` of the local CA.

    Raises ConfigError.
    """
    open_home(home)
    path = _copy_path(home, authority)
    make_private_folder(path.parent)
    write_private_file(path, authority.path.read_bytes())


def forget(home: Path, authority: Authority) -> None:
    """Remove the copy of a CA's certificate, if there is one. Raises ConfigError."""
    path = _copy_path(home, authority)
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise config_error(path, error, "Remove it yourself") from error


def known_authorities(home: Path) -> list[Authority]:
    """Return the local CA, if there is one, and then those that were trusted before it.

    Raises ConfigError for a file that is no certificate, and for a folder that others may write to:
    they could have put in there whom to trust no more.
    """
    if not home.is_dir():
        return []
    open_home(home)
    current = home / "ca" / "ca.crt"
    paths = [*([current] if current.exists() else []), *sorted(_folder(home).glob("*.crt"))]
    authorities: dict[bytes, Authority] = {}
    for path in paths:
        authority = read_authority(path)
        authorities.setdefault(authority.der, authority)
    return list(authorities.values())


def _folder(home: Path) -> Path:
    return home / "trusted"


def _copy_path(home: Path, authority: Authority) -> Path:
    return _folder(home) / f"{authority.short_name}.crt"
