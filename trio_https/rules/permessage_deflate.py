"""Which parameters of permessage-deflate a client's offer gets (RFC 7692 §7.1).

How messages are compressed with them is not known here.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from .websocket_handshake import Extension

__all__ = ["DeflateParameters", "agree_on_deflate"]

_NAME = "permessage-deflate"

# RFC 7692 §7.1.2: 2 to the 8th up to 2 to the 15th octets. zlib has no raw stream with 8.
_WINDOW_BITS = {str(bits): bits for bits in range(8, 16)}
_LEAST_BITS = 9
_LARGEST_BITS = 15

# 4 KiB find most of what repeats in messages, at an eighth of the memory of 32.
_PREFERRED_BITS = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class DeflateParameters:
    """How each side compresses: what was agreed on for one connection."""

    server_window_bits: int = _PREFERRED_BITS
    """How far back our compressed messages refer: so many octets, as a power of two."""
    client_window_bits: int = _LARGEST_BITS
    """How far back the client's may."""
    server_keeps_context: bool = True
    """Whether a message of ours may refer to those before it."""
    client_keeps_context: bool = True
    """Whether one of the client's may."""
    field_value: str = _NAME
    """Sec-WebSocket-Extensions of the response."""


def agree_on_deflate(offers: Iterable[Extension]) -> DeflateParameters | None:
    """Return the parameters for the first offer that can be accepted, None where there is none."""
    agreed = (_accept(dict(o.parameters)) for o in offers if o.name == _NAME and _is_valid(o))
    return next(agreed, None)


def _is_valid(offer: Extension) -> bool:
    """Whether the offer has none but known parameters, each once, with a value that it may have.

    Others are declined (RFC 7692 §7), and so is a window of ours that would be too small for zlib.
    """
    names = [name for name, _ in offer.parameters]
    known = all(_is_known(name, value) for name, value in offer.parameters)
    return known and len(set(names)) == len(names)


def _is_known(name: str, value: str | None) -> bool:
    match name:
        case "server_no_context_takeover" | "client_no_context_takeover":
            return value is None
        case "server_max_window_bits":
            return value in _WINDOW_BITS and _WINDOW_BITS[value] >= _LEAST_BITS
        case "client_max_window_bits":
            return value is None or value in _WINDOW_BITS
        case _:
            return False


def _accept(offer: dict[str, str | None]) -> DeflateParameters:
    """Return what an offer is answered: what it asks for, and no window larger than we like."""
    field_value = [_NAME]
    server_bits, client_bits = _PREFERRED_BITS, _LARGEST_BITS
    if (bits := offer.get("server_max_window_bits")) is not None:
        server_bits = min(_WINDOW_BITS[bits], _PREFERRED_BITS)
        field_value.append(f"server_max_window_bits={server_bits}")
    if "client_max_window_bits" in offer:  # RFC 7692 §7.1.2.2: only then it can be told one
        client_bits = min(_WINDOW_BITS[offer["client_max_window_bits"] or "15"], _PREFERRED_BITS)
        field_value.append(f"client_max_window_bits={client_bits}")
    flags = [name for name in offer if name.endswith("_no_context_takeover")]
    return DeflateParameters(
        server_window_bits=server_bits,
        client_window_bits=client_bits,
        server_keeps_context="server_no_context_takeover" not in offer,
        client_keeps_context="client_no_context_takeover" not in offer,
        field_value="; ".join([*field_value, *flags]),
    )
