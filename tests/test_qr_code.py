"""A QR code in the terminal is read by a decoder that we did not write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.cli.qr_code import render_qr_code

from .qr_reading import read_qr_code

URLS = ["http://192.168.178.25:8444/", "http://[fd00::2]:8444/", "https://vm.local:8443/"]


@pytest.mark.parametrize("url", URLS)
def test_a_phone_reads_it_dark_on_a_light_ground(url: str) -> None:
    assert read_qr_code(render_qr_code(url, dark_ink=True), ink=0, ground=255) == url


@pytest.mark.parametrize("url", URLS)
def test_a_phone_reads_it_in_a_terminal_that_writes_light_on_dark(url: str) -> None:
    assert read_qr_code(render_qr_code(url, dark_ink=False), ink=255, ground=0) == url


@pytest.mark.no_cover
@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789-.:/[]", min_size=1, max_size=120))
def test_every_text_comes_back_from_lines_of_one_length(text: str) -> None:
    lines = render_qr_code(text, dark_ink=True)
    assert len({len(line) for line in lines}) == 1
    assert read_qr_code(lines, ink=0, ground=255) == text


@pytest.mark.parametrize("url", URLS)
def test_it_fits_into_a_terminal_of_80_by_24(url: str) -> None:
    lines = render_qr_code(url, dark_ink=True)
    assert len(lines) < 24
    assert len(lines[0]) < 78
