"""``docs/comparison.md`` is true: nginx, Caddy and this server do what it says of them.

It tells of certain versions. In CI these are what Debian has, so that another one there means to
look at the document again; elsewhere the tests are skipped for it.
"""

import os
import re
from pathlib import Path

import pytest

from .comparison import Outcome, compare, count
from .differences import DIFFERENCES, rows_of
from .tables import ROWS, TABLES

pytestmark = pytest.mark.timeout(180)  # the first test asks three servers

DOCUMENT = Path(__file__).parent.parent.parent / "docs" / "comparison.md"
TEXT = DOCUMENT.read_text("utf-8")

# In columns of the document, and in the order of the outcomes.
SERVERS = ["nginx", "Caddy", "trio_https"]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def table(heading: str) -> dict[str, list[str]]:
    """Return the table below a heading: for each first cell, the others of its line."""
    section = TEXT.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    lines = [cells(line) for line in section.splitlines() if line.startswith("|")]
    return {first: rest for first, *rest in lines[2:]}


@pytest.fixture(scope="module")
def outcomes(site: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Outcome]:
    found = compare(site, tmp_path_factory.mktemp("comparison"))
    for outcome in found[:2]:
        if f"{outcome.name} {outcome.version} " not in TEXT:
            others = f"the document tells of another version than {outcome[:2]}"
            pytest.fail(others) if os.environ.get("CI") else pytest.skip(others)
    return found


def test_the_counts_are_true(outcomes: list[Outcome]) -> None:
    assert [outcome.name for outcome in outcomes] == SERVERS
    for outcome in outcomes:
        told = re.search(rf"^- {outcome.name}\b.* meets (\d+ of \d+)", TEXT, re.MULTILINE)
        assert told, outcome.name
        assert told[1] == str(count(outcome))
    assert f"{len(ROWS)} rows" in TEXT


def test_the_counts_of_each_table_are_true(outcomes: list[Outcome]) -> None:
    told = table("Counts")
    assert told.keys() == TABLES.keys() - {"options"}  # which only this server has
    for name, counts in told.items():
        names = [f"{name}, {row}" for row in TABLES[name]]
        assert counts == [str(count(outcome, names)) for outcome in outcomes], name


def test_each_row_that_is_not_met_has_a_subject(outcomes: list[Outcome]) -> None:
    differing = {name for outcome in outcomes for name, fault in outcome.faults.items() if fault}
    assert differing == {name for subject in DIFFERENCES for name in rows_of(subject)}


def test_the_document_says_who_is_right(outcomes: list[Outcome]) -> None:
    told = table("Where they differ")
    assert told.keys() == DIFFERENCES.keys()
    for subject, (nginx, caddy, *_) in told.items():
        for outcome, cell in zip(outcomes[:2], (nginx, caddy), strict=True):
            is_right = not any(outcome.faults.get(name) for name in rows_of(subject))
            assert (cell == "right") is is_right, f"{subject}: {outcome.name}"
