"""Visits to a server: by each name, at each address that the name has, as a browser would come.

What was met is kept as it is; what it means is not known here.
"""

import socket
from dataclasses import dataclass, replace

import trio

from ..handshake.dialogue import Dialogue, NoHandshake, Offer, hold_dialogue, open_client_context
from ..messages import Address
from ..served_certificate import why_unreachable

__all__ = ["Visit", "find_addresses", "visit_address"]

_TIMEOUT = 5.0  # seconds; it is this machine, or one nearby
_REQUEST = (
    "HEAD /.trio-https/connection HTTP/1.1\r\nHost: {authority}\r\n"
    "User-Agent: trio-https doctor\r\nConnection: close\r\n\r\n"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """What became of a visit."""

    name: str
    """What was in the URL: a name or an address."""
    address: str
    """Where the connection went."""
    port: int
    refusal: str | None = None
    """Why there was no connection, in words; None: there was one."""
    no_handshake: str | None = None
    """Why there was no handshake on it, in words; None: there was one."""
    dialogue: Dialogue | None = None
    distrust: str | None = None
    """Why this machine's clients don't trust the certificate, its name not considered."""

    @property
    def url(self) -> str:
        """What stands in the address bar: "https://localhost:8443"."""
        return f"https://{Address(self.name, self.port)}"

    @property
    def place(self) -> str:
        """The same, with the address that it led to: "https://localhost:8443 at 127.0.0.1"."""
        return self.url if self.name == self.address else f"{self.url} at {self.address}"


async def find_addresses(name: str, port: int) -> list[str]:
    """Return the addresses of a name, each once, in the order in which clients try them.

    Raises ``OSError`` where it has none. If cancelled, nothing is left.
    """
    found = await trio.socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[0]) for *_rest, address in found))


async def visit_address(name: str, address: str, port: int) -> Visit:
    """Go to a server at ``address`` with ``name`` in the URL, for a few seconds at most.

    Raises nothing of the network's. On cancellation the connection is closed at once.
    """
    visit = Visit(name=name, address=address, port=port)
    try:
        with trio.fail_after(_TIMEOUT):
            return await _visit(visit)
    except trio.TooSlowError:
        return replace(visit, refusal=f"no answer within {_TIMEOUT:.3g} s")
    except NoHandshake as exc:
        return replace(visit, no_handshake=str(exc))
    except OSError as exc:
        return replace(visit, refusal=why_unreachable(exc))


async def _visit(visit: Visit) -> Visit:
    dialogue = await _talk(visit, check=True)
    distrust = dialogue.distrust
    if distrust is not None:
        dialogue = await _talk(visit, check=False)
    return replace(visit, dialogue=dialogue, distrust=distrust)


async def _talk(visit: Visit, *, check: bool) -> Dialogue:
    authority = Address(visit.name, visit.port)
    request = _REQUEST.format(authority=authority).encode("ascii", "replace")
    context = open_client_context(Offer(), check=check)
    async with await trio.open_tcp_stream(visit.address, visit.port) as stream:
        return await hold_dialogue(stream, context, visit.name, request=request)
