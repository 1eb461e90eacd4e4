"""What is made of sampled stacks."""

from suite.samples import Stacks, format_shares

FOLDED = """\
run (trio);exchange (ours);parse (h11) 3
run (trio);exchange (ours) 1
run (trio);exchange (ours);walk (ours);walk (ours) 4
run (trio) 2
"""


def test_a_function_is_on_top_or_anywhere_and_once_where_it_calls_itself() -> None:
    stacks = Stacks.parse(FOLDED)
    assert stacks.samples == 10
    assert stacks.on_top == {
        "parse (h11)": 3,
        "exchange (ours)": 1,
        "walk (ours)": 4,
        "run (trio)": 2,
    }
    assert stacks.anywhere["exchange (ours)"] == 8
    assert stacks.anywhere["walk (ours)"] == 4


def test_the_table_begins_with_what_was_on_top_most_often() -> None:
    lines = format_shares(Stacks.parse(FOLDED), 2).splitlines()
    assert lines[2:] == ["   40.0%   40.0%  walk (ours)", "   30.0%   30.0%  parse (h11)"]
