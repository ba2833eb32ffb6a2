"""The last word on every table: canonical columns in order, dtypes, allowed values, required values."""

from __future__ import annotations

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
    # Loading pandera takes a quarter of a second, which only those who read data should spend.
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    columns = {column.name: _column(column, pa) for column in schema.table(name).columns}
    try:
        pa.DataFrameSchema(columns, strict=True, ordered=True).validate(frame, lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases
        raise DataError(
            f"The table {name} does not hold what it promises: this is our fault, not your data's.",
            rows=[
                f"{case.column}: {case.check} ({case.failure_case})" for case in cases.head(FAULTS_SHOWN).itertuples()
            ],
            do="please report it with these lines",
        ) from None


def _column(column: Column, pa: Any) -> Any:
    checks = []
    if column.kind == "enum":
        checks.append(pa.Check.isin(column.values))
    if column.kind == "money":
        checks.append(pa.Check.in_range(0, float("inf"), include_max=False))
    if column.name.endswith("probability"):
        checks.append(pa.Check.in_range(0, 1))
    return pa.Column(schema.DTYPES[column.kind], checks, nullable=not column.required)
