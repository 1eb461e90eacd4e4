"""One file as a response, for a handler that has chosen it itself.

Which file that is, and who may have it, the handler knows; what is sent of it,
``representation``. For all files of a folder, chosen by the client, there is ``pages``.
"""

import os
from contextlib import closing
from pathlib import Path

from ..errors import HTTPError
from ..messages import Request, Response
from ..rules.content_disposition import attachment
from ..rules.media_types import media_type as media_type_of
from .file_body import Buffers
from .kept_files import MAX_BYTES_AT_ONCE, read_whole
from .open_file import OpenFile, open_file
from .representation import Content, Head, content_fields, respond
from .validators import ValidatorsOf

__all__ = ["file_response"]

_validators_of = ValidatorsOf("file")  # by status: it keeps nothing


async def file_response(
    request: Request,
    path: str | os.PathLike[str],
    *,
    download_as: str | None = None,
    media_type: str | None = None,
    cache_control: str = "no-cache",
) -> Response:
    """Return a file as the response, or what of it the request's conditions and ranges ask for.

    ``path`` is opened whatever it is, links included: **never make it of what a client says**, but
    for names that were checked, or take ``Pages``. With ``download_as`` a browser saves it under
    that name. ``media_type`` is told by the extension of that or the file's own name if not given.
    ``cache_control`` by default has everybody who keeps it ask each time whether it is still the
    same, which costs a 304. To other methods than GET and HEAD all of it is sent.

    Raises ``HTTPError``: 404 for a file that is missing, that is no regular file or that may not be
    read, 503 while it is being written or no more files can be opened; and ``OSError`` for a fault
    of the disk. Cancelling leaves no file open.
    """
    with closing(_open(path)) as file:
        name = download_as or Path(file.path).name
        is_read = request.method in ("GET", "HEAD")
        validators = await _validators_of(file, now=request.received_at) if is_read else None
        fields = [
            ("X-Content-Type-Options", "nosniff"),  # a file is what its type says
            *content_fields(media_type or media_type_of(name), cache_control, validators),
        ]
        if download_as is not None:
            fields.append(("Content-Disposition", attachment(download_as)))
        content = await _content_of(request, file)
        head = Head(validators, tuple(fields), file.status.st_size)
        return await respond(request, head, content, Buffers())


def _open(path: str | os.PathLike[str]) -> OpenFile:
    try:
        return open_file(os.fspath(path))
    except FileNotFoundError as exc:
        # The client's mistake more often than the handler's: an ID that there is no file for.
        raise HTTPError(404, "there is no such file") from exc


async def _content_of(request: Request, file: OpenFile) -> Content:
    if request.method == "HEAD" or file.status.st_size > MAX_BYTES_AT_ONCE:
        return file
    return await read_whole(file)
