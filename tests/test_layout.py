"""How reports are laid out: within the terminal, with whole words, and nothing that steers it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trio_https.cli.layout import finding, indented, labelled, printable, report_width


@pytest.mark.parametrize(
    ("columns", "width"),
    [("20", 60), ("60", 60), ("72", 72), ("100", 100), ("300", 100), ("nonsense", 80)],
)
def test_a_report_is_as_wide_as_the_terminal_within_bounds(
    columns: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    assert report_width() == width


@pytest.fixture(autouse=True)
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")


def test_a_finding_stands_beside_its_label() -> None:
    text = "the authority is not trusted here. Run trio-https trust, and then come again."
    assert list(finding("note", text)) == [
        "  note     the authority is not trusted here. Run trio-https",
        "           trust, and then come again.",
    ]


def test_what_is_to_be_copied_is_shown_whole() -> None:
    path = "/home/me/" + "a-long-name/" * 8
    lines = list(labelled("  file  ", f"it is in {path} now", columns=8))
    assert lines == ["  file  it is in", f"        {path}", "        now"]


def test_an_empty_value_keeps_its_label() -> None:
    assert list(labelled("  Names  ", "", columns=9)) == ["  Names  "]
    assert list(indented("")) == []


def test_what_would_steer_the_terminal_is_told_by_its_number() -> None:
    assert printable("a\x1b[2J\u202eb") == r"a\u001b[2J\u202eb"


@given(st.text(), st.integers(0, 30))
def test_any_text_stays_within_its_columns(text: str, columns: int) -> None:
    for line in labelled(" " * columns, text, columns=columns):
        assert printable(line) == line
        assert line.startswith(" " * columns)
        assert len(line) <= 60 or " " not in line.strip()
