"""The document says what the table says, in the same rows."""

import re
from pathlib import Path

from .ending import format_row
from .expectations import TABLES

DOCUMENT = Path(__file__).parents[2] / "docs" / "endings.md"
HEAD = "| what happens | the handler | the client | the log | after |"


def documented_tables() -> dict[str, list[str]]:
    """Return the rows of each table, by the heading above it."""
    found = {}
    for section in re.split(r"^## ", DOCUMENT.read_text("utf-8"), flags=re.MULTILINE)[1:]:
        heading, *lines = section.splitlines()
        if HEAD in lines:
            found[heading] = [line for line in lines if line.startswith("| ")][2:]
    return found


def test_the_document_has_the_tables() -> None:
    """If this fails, the right side is what belongs into the document."""
    assert documented_tables() == {
        heading: [format_row(happens, ending) for happens, ending in table.items()]
        for heading, table in TABLES.items()
    }
