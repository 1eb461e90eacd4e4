import pytest

from trio_https.errors import ConfigError
from trio_https.rules.author_lines import (
    LineMistake,
    check_characters,
    check_mistakes,
    numbered_lines,
)


def test_lines_are_numbered_with_those_that_say_nothing() -> None:
    text = "one  \r\n\n# a comment\n\t# another\n  two # not one\t\n \t \nthree"
    assert list(numbered_lines(text)) == [(1, "one"), (5, "  two # not one"), (7, "three")]


@pytest.mark.parametrize("separator", ["\x0b", "\x0c", "\x1c", "\x85", "\u2028"])
def test_lines_end_where_editors_end_them(separator: str) -> None:
    """``str.splitlines`` would count more of them."""
    assert list(numbered_lines(f"a{separator}b\nc")) == [(1, f"a{separator}b"), (2, "c")]


@pytest.mark.parametrize("character", ["\0", "\x1b", "\r", "\x7f", "\x85"])
def test_control_characters_are_told_by_number(character: str) -> None:
    with pytest.raises(LineMistake, match=f"U\\+{ord(character):04X}"):
        check_characters(f"a{character}b")


def test_tabs_and_what_is_visible_pass() -> None:
    check_characters("a\tb é → \u2028")


def test_no_mistake_is_no_error() -> None:
    check_mistakes("_headers", [])


def test_mistakes_are_told_together_in_the_order_of_their_lines() -> None:
    mistakes = [(7, LineMistake("seven")), (3, LineMistake("three"))]
    with pytest.raises(ConfigError) as caught:
        check_mistakes("site/_headers", mistakes)
    first, *lines = str(caught.value).splitlines()
    assert first.startswith("site/_headers: ")
    assert lines == ["  line 3: three.", "  line 7: seven."]


def test_of_many_mistakes_the_first_twenty_are_told() -> None:
    mistakes = [(number, LineMistake("wrong")) for number in range(1, 1021)]
    with pytest.raises(ConfigError) as caught:
        check_mistakes("_headers", mistakes)
    _, *lines = str(caught.value).splitlines()
    assert len(lines) == 21
    assert lines[19] == "  line 20: wrong."
    assert lines[20] == "  and 1,000 more."
