"""The file of the authorities that sign for clients: what stands in it, and when that is another.

What can't be used changes nothing, and is looked at again and again until it can be. What the
authorities are good for is not known here.
"""

from pathlib import Path

from ..errors import ConfigError
from .places import stamp_files
from .settling import Settling

__all__ = ["ClientAuthorities"]


class ClientAuthorities:
    """Those in a PEM file, as they were when it could be used last."""

    def __init__(self, path: Path) -> None:
        """Read them. Raises ``ConfigError`` where the file doesn't serve."""
        self.path = path
        self._settling = Settling()
        self._settling.take_news(path, stamp_files([path]), at_once=True)
        self._pem = _read(path)

    @property
    def pem(self) -> str:
        """Their certificates."""
        return self._pem

    def look(self, *, at_once: bool) -> None:
        """Read them anew where the file has changed and come to rest; ``at_once``, in any case.

        Raises ``ConfigError`` where the file doesn't serve; it is read again at the next look then.
        """
        if not self._settling.take_news(self.path, stamp_files([self.path]), at_once=at_once):
            return
        try:
            self._pem = _read(self.path)
        except ConfigError as exc:
            # It may pass and leave no trace on the file: too many open files, say.
            self._settling.forget(self.path)
            raise ConfigError(
                f"{exc} Until then, the authorities from before are trusted."
            ) from exc


def _read(path: Path) -> str:
    from .loading import read_client_authorities  # with cryptography, which few programs need

    return read_client_authorities(path)
