"""All tables of rows, by their subject."""

from . import (
    codings,
    methods,
    missing,
    options,
    preconditions,
    ranges,
    representations,
    urls,
    validators,
)

__all__ = ["ROWS", "TABLES"]

TABLES = {
    "methods": methods.ROWS,
    "validators": validators.ROWS,
    "preconditions": preconditions.ROWS,
    "ranges": ranges.ROWS,
    "codings": codings.ROWS,
    "representations": representations.ROWS,
    "URLs": urls.ROWS,
    "what is not found": missing.ROWS,
    "options": options.ROWS,
}

ROWS = {f"{table}, {row}": row for table, rows in TABLES.items() for row in rows}
"""By a name that is theirs alone."""
