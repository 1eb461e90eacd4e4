"""A page of a folder: the file that is opened for it, and as what that is sent.

Where the file was found, and what is told of it, is not known here.
"""

from dataclasses import dataclass

from ..files.kept_files import KeptFile
from ..files.open_file import OpenFile

__all__ = ["Page"]


@dataclass(slots=True, eq=False)
class Page:
    """A file of the folder, open; who gets it closes it."""

    segments: tuple[str, ...]
    """The names of the file that is sent."""
    file: OpenFile | KeptFile
    name: str
    """The name in its folder that the page has without a coding, which tells its media type."""
    status: int = 200
    """With which it is sent: 404 if it only says that there is nothing."""
    coding: str | None = None
    content: bytes | None = None
    """Where the file was coded on the fly, the outcome."""
