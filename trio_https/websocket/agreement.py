"""The opening handshake of a WebSocket: a request and what its handler allows -> an ``Upgrade``.

The order of the checks is here, each of them in ``rules.websocket_handshake``. Nothing is sent.
"""

import trio
from wsproto.extensions import Extension

from ..errors import HTTPError
from ..messages import Headers, Request
from ..rules.permessage_deflate import DeflateParameters, agree_on_deflate
from ..rules.upgrade import check_upgrade
from ..rules.websocket_handshake import (
    accept_value,
    check_method,
    check_no_content,
    check_version,
    choose_subprotocol,
    is_allowed_origin,
    parse_extensions,
    parse_key,
)
from ..upgraded_stream import UpgradedStream
from ..upgrades import Upgrade, WebSocketUpgrade
from .conversation import converse
from .deflate import Deflate
from .frames import Frames

__all__ = ["agree_on_websocket"]


def agree_on_websocket(request: Request, reply: WebSocketUpgrade) -> Upgrade:
    """Return the upgrade by which ``reply.talk`` gets its WebSocket.

    Raises ``HTTPError``: 405 for what is no GET, 426 for another protocol or another version of it,
    400 for what is malformed, 403 for a page of an origin that is not allowed.
    """
    lines = request.headers.get_all
    check_method(request.method)
    check_upgrade(
        "websocket",
        http_version=request.http_version,
        upgrade=lines("upgrade"),
        connection=lines("connection"),
    )
    check_version(lines("sec-websocket-version"))
    check_no_content(
        content_length=request.headers.get("content-length"),
        transfer_encoding=request.headers.get("transfer-encoding"),
    )
    key = parse_key(lines("sec-websocket-key"))
    extensions = parse_extensions(lines("sec-websocket-extensions"))
    subprotocol = choose_subprotocol(lines("sec-websocket-protocol"), reply.subprotocols)
    _check_origin(request, reply)
    deflate = agree_on_deflate(extensions) if reply.compress else None

    async def talk(stream: trio.abc.Stream) -> None:
        assert isinstance(stream, UpgradedStream)  # noqa: S101 -- for the types
        frames = _open_frames(request, reply, subprotocol, deflate)
        await converse(stream, request, reply, frames)

    fields = [("Sec-WebSocket-Accept", accept_value(key))]
    if subprotocol is not None:
        fields.append(("Sec-WebSocket-Protocol", subprotocol))
    if deflate is not None:
        fields.append(("Sec-WebSocket-Extensions", deflate.field_value))
    return Upgrade(protocol="websocket", talk=talk, headers=Headers((*fields, *reply.headers)))


def _check_origin(request: Request, reply: WebSocketUpgrade) -> None:
    is_allowed = is_allowed_origin(
        request.headers.get_all("origin"),
        scheme="http" if request.tls is None else "https",
        authority=request.authority,
        allowed=reply.origins,
    )
    if not is_allowed:
        raise HTTPError(403, "a page of this origin may not open a WebSocket here")


def _open_frames(
    request: Request,
    reply: WebSocketUpgrade,
    subprotocol: str | None,
    deflate: DeflateParameters | None,
) -> Frames:
    limit = reply.max_message_bytes
    extensions: list[Extension] = []
    if deflate is not None:
        extensions.append(Deflate(deflate, max_message_bytes=limit))
    return Frames(
        subprotocol=subprotocol,
        request_headers=request.headers,
        extensions=extensions,
        max_message_bytes=limit,
    )
