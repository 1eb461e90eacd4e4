"""What the suite makes of its figures: medians, limits, tables, a picture."""

import json
from xml.etree import ElementTree as ET

import pytest
from suite.figures import Figures, Summary
from suite.limits import LIMITS, Limit, always, judge, range_by_size, times
from suite.loads import LOADS
from suite.plot import as_svg
from suite.report import as_json, as_markdown, as_text, format_figure

PEERS = {"ceiling": "trio 0.35.0", "trio_https": "0.1.0", "nginx": "1.22.1"}
MACHINE = {"date": "2026-11-29", "system": "Linux 6.18"}


def some_figures() -> Figures:
    figures = Figures()
    for round_number in range(3):
        figures.add("small", "ceiling", 100.0 + round_number)
        figures.add("small", "trio_https", 120.0 - round_number)
        figures.add("small", "nginx", 20.0)
    return figures


def test_a_summary_is_the_median_and_how_far_the_rounds_lie_apart() -> None:
    assert Summary.of([3.0, 1.0, 9.0]) == Summary(median=3.0, low=1.0, high=9.0)
    assert Summary.of([3.0, 1.0]).median == 2.0


def test_a_limit_is_reached_by_what_is_not_above_it() -> None:
    figures = Figures()
    figures.add("small", "ceiling", 100.0)
    figures.add("small", "trio_https", 125.0)
    limits = (
        Limit("small", "as much", times(1.25, "small", "ceiling")),
        Limit("small", "less", times(1.24, "small", "ceiling")),
        Limit("small", "with a plus", times(1.2, "small", "ceiling", plus=5.0)),
        Limit("small", "always", always(124.9)),
        Limit("small", "nobody knows", times(1.0, "small", "granian")),
        Limit("new", "nor here", always(1.0)),
    )
    outcomes = [verdict.outcome for verdict in judge(figures, limits)]
    assert outcomes == [
        *("reached", "not reached", "reached", "not reached", "not measured", "not measured"),
    ]


def test_a_load_that_this_server_can_not_bear_is_a_limit_not_reached() -> None:
    figures = some_figures()
    figures.leave_out("held", "trio_https", "9,999 of 10,000 connections were held")
    [verdict] = judge(figures, (Limit("held", "all are held", always(float("inf"))),))
    assert verdict.outcome == "not reached"


def test_a_range_may_cost_what_lies_between_two_pages_by_its_size() -> None:
    figures = Figures()
    figures.add("small", "trio_https", 100.0)
    figures.add("middle", "trio_https", 199.0)
    assert range_by_size(figures) == pytest.approx(1.1 * (100 + 63))


def test_who_is_left_out_has_no_figures_any_more() -> None:
    figures = some_figures()
    figures.leave_out("small", "nginx", "it sent an error")
    assert set(figures.summaries("small")) == {"ceiling", "trio_https"}
    text = as_text(figures, judge(figures), PEERS, MACHINE)
    assert "nginx is left out of small: it sent an error." in text


@pytest.mark.parametrize(
    ("value", "text"), [(0.123, "0.12"), (9.994, "9.99"), (42.04, "42.0"), (12345.6, "12,346")]
)
def test_figures_have_three_digits_or_all_before_the_point(value: float, text: str) -> None:
    assert format_figure(value) == text


def test_the_text_compares_this_server_with_each_other_one() -> None:
    figures = some_figures()
    lines = as_text(figures, judge(figures), PEERS, MACHINE).splitlines()
    assert "ceiling     101     100 to 102         1.18 x" in lines
    assert "nginx       20.0    20.0 to 20.0       5.95 x" in lines
    [limit] = [line for line in lines if "1.25 x ceiling" in line]
    assert limit.split("  ")[-1] == "reached"
    assert "126 µs" in limit
    assert "119 µs" in limit


def test_the_markdown_is_two_tables_whose_rows_are_as_long_as_their_heads() -> None:
    figures = some_figures()
    text = as_markdown(figures, judge(figures), PEERS, MACHINE)
    tables = [part.splitlines() for part in text.split("\n\n") if part.startswith("|")]
    assert [len(table) for table in tables] == [2 + len(LIMITS), 2 + 1]
    for head, *rows in tables:
        assert {row.count("|") for row in rows} == {head.count("|")}
    assert "101 (100 to 102) | 119 (118 to 120) | 20.0 (20.0 to 20.0) |" in tables[1][-1]


def test_the_json_has_the_figures_of_each_round() -> None:
    figures = some_figures()
    told = json.loads(json.dumps(as_json(figures, judge(figures), PEERS, MACHINE), allow_nan=False))
    assert told["figures"]["small"]["ceiling"] == [100.0, 101.0, 102.0]
    assert told["limits"][0]["outcome"] == "reached"


def test_the_picture_has_a_bar_for_each_server_as_long_as_its_median() -> None:
    picture = ET.fromstring(as_svg(some_figures()))
    name = "{http://www.w3.org/2000/svg}"
    _, *bars = picture.iter(f"{name}rect")  # the first is the background
    widths = [float(bar.get("width", "")) for bar in bars]
    assert widths[1] / widths[0] == pytest.approx(101 / 20, rel=0.01)
    assert widths[2] / widths[0] == pytest.approx(119 / 20, rel=0.01)
    texts = [text.text for text in picture.iter(f"{name}text")]
    assert [text for text in texts if text in PEERS] == ["nginx", "ceiling", "trio_https"]


def test_each_limit_is_on_a_load_that_there_is() -> None:
    assert {limit.load for limit in LIMITS} <= set(LOADS)
    assert set(LOADS) - {limit.load for limit in LIMITS} == {"few"}  # "many" is compared with it
