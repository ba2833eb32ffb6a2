"""The last word on every table: canonical columns in order, dtypes, allowed values, required values."""

from __future__ import annotations

from functools import cache
from typing import Any

import pandas as pd

from postmortem.ground import schema
from postmortem.ground.errors import DataError
from postmortem.ground.schema import Column

FAULTS_SHOWN = 5


def check_table(name: str, frame: pd.DataFrame) -> None:
    """Check a table against the schema.

    Parameters
    ----------
    name : str
        Canonical table.
    frame : DataFrame
        As it will lie in the book.

    Raises
    ------
    DataError
        When it does not hold: a fault of this program, never of the data.
    """
    strangers = [
        f"{column.name}: dtype {schema.DTYPES[column.kind]} ({frame[column.name].dtype})"
        for column in schema.table(name).columns
        if column.name in frame and str(frame[column.name].dtype) != schema.DTYPES[column.kind]
    ]
    if strangers:
        raise _fault(name, strangers)
    # Loading pandera takes a quarter of a second, which only those who read data should spend.
    from pandera.errors import SchemaErrors

    try:
        _schema(name).validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        raise _fault(
            name,
            [f"{case.column}: {case.check} ({case.failure_case})" for case in cases.itertuples()],
        ) from None


def _fault(name: str, rows: list[str]) -> DataError:
    return DataError(
        f"The table {name} does not hold what it promises: this is our fault, not your data's.",
        rows=rows[:FAULTS_SHOWN],
        do="please report it with these lines",
    )


@cache
def _schema(name: str) -> Any:
    """Return the schema of a table in pandera's words; dtypes are compared as wholes, which is cheaper."""
    import pandera.pandas as pa

    columns = {column.name: _column(column, pa) for column in schema.table(name).columns}
    return pa.DataFrameSchema(columns, strict=True, ordered=True)


def _column(column: Column, pa: Any) -> Any:
    checks = []
    if column.kind == "enum":
        checks.append(pa.Check.isin(column.values))
    if column.kind == "money":
        checks.append(pa.Check.in_range(0, float("inf"), include_max=False))
    if column.name.endswith("probability"):
        checks.append(pa.Check.in_range(0, 1))
    return pa.Column(None, checks, nullable=not column.required)
