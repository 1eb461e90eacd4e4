"""What is agreed on about compression, by the offers of RFC 7692 and of real clients."""

import pytest

from trio_https.rules.permessage_deflate import DeflateParameters, agree_on_deflate
from trio_https.rules.websocket_handshake import parse_extensions

NAME = "permessage-deflate"


def agree(line: str) -> DeflateParameters | None:
    return agree_on_deflate(parse_extensions([line]))


@pytest.mark.parametrize(
    ("offer", "answer"),
    [
        (NAME, ""),
        (f"{NAME}; client_max_window_bits", "; client_max_window_bits=12"),  # Chromium, Firefox
        (f"{NAME}; client_max_window_bits=10", "; client_max_window_bits=10"),
        (f"{NAME}; client_max_window_bits=8", "; client_max_window_bits=8"),
        (f"{NAME}; server_max_window_bits=15", "; server_max_window_bits=12"),
        (f"{NAME}; server_max_window_bits=9", "; server_max_window_bits=9"),
        (f'{NAME}; server_max_window_bits="9"', "; server_max_window_bits=9"),
        (f"{NAME}; server_no_context_takeover", "; server_no_context_takeover"),
        (f"{NAME}; client_no_context_takeover", "; client_no_context_takeover"),
        (f"x-webkit-deflate-frame, {NAME}", ""),
        # RFC 7692 §7.1.3: the first that can be accepted
        (f"{NAME}; server_max_window_bits=8, {NAME}; server_max_window_bits=10",
         "; server_max_window_bits=10"),
        (f"{NAME}; use_zstd, {NAME}", ""),
    ],
)  # fmt: skip
def test_an_offer_is_answered_with_what_it_asks_for(offer: str, answer: str) -> None:
    agreed = agree(offer)
    assert agreed is not None
    assert agreed.field_value == NAME + answer


@pytest.mark.parametrize(
    "parameters",
    [
        "server_max_window_bits",  # RFC 7692 §7.1.2.1: with a value
        "server_max_window_bits=7",
        "server_max_window_bits=8",  # zlib has none
        "server_max_window_bits=16",
        "server_max_window_bits=010",
        "server_max_window_bits=+9",
        "client_max_window_bits=16",
        "client_max_window_bits=x",
        "server_no_context_takeover=1",  # RFC 7692 §7.1.1: without one
        "client_no_context_takeover=true",
        "client_max_window_bits; client_max_window_bits",  # RFC 7692 §7.1: once
        "unknown",
    ],
)
def test_an_offer_that_is_wrong_or_not_understood_is_declined(parameters: str) -> None:
    assert agree(f"{NAME}; {parameters}") is None


@pytest.mark.parametrize("line", ["", "permessage-bzip2", "Permessage-Deflate"])
def test_nothing_is_agreed_on_that_was_not_offered(line: str) -> None:
    assert agree(line) is None


def test_what_was_asked_for_is_what_is_done() -> None:
    agreed = agree(f"{NAME}; server_no_context_takeover; server_max_window_bits=9")
    assert agreed is not None
    assert not agreed.server_keeps_context
    assert agreed.client_keeps_context
    assert agreed.server_window_bits == 9
    assert agreed.client_window_bits == 15  # the client was not told less, so it may use all
