"""States over time from Parquet files too large to be a book: DuckDB inside the process, out of core."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd

from postmortem.book.history import TRACKED, typed
from postmortem.book.states import recorded_fields, validity_spans, values_at, values_before, wide_states

FEW = 3
"""Moments up to which reading the history once for each is cheaper than sorting it once for all."""


def states_in_files(
    history: Path,
    deals: Path,
    moments: Sequence[dt.datetime],
    *,
    fields: Sequence[str] = TRACKED,
    memory_limit: str | None = None,
) -> pd.DataFrame:
    """Return the state of every deal just before each moment, from Parquet files.

    Parameters
    ----------
    history, deals : Path
        Parquet files with the canonical columns of these tables, as `save_book` writes them. Of changes of one
        moment `seq` decides, then the order of rows in the file.
    moments : sequence of datetime
        With a time zone; changes at or after a moment are not seen by it.
    fields : sequence of str
        Tracked fields wanted.
    memory_limit : str, optional
        How much memory DuckDB may take before it goes to disk, such as ``"2GB"``; four fifths of the
        machine's unless told.

    Returns
    -------
    DataFrame
        One row a moment and deal, sorted by these: ``place`` (position in `moments`, from 0), ``deal_id`` and
        one column a field in its canonical dtype. A field without any history is missing throughout.

    Raises
    ------
    UsageError
        When there is no moment, or one has no time zone.
    """
    with tempfile.TemporaryDirectory(prefix="states-") as aside, duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET temp_directory = $folder", {"folder": aside})
        if memory_limit is not None:
            connection.execute("SET memory_limit = $limit", {"limit": memory_limit})
        changes = _changes(connection, history)
        recorded = recorded_fields(changes)
        told = [field for field in fields if field in recorded]
        texts = ", ".join(["deal_id", *(f"CAST({field} AS VARCHAR) AS {field}" for field in TRACKED if field in told)])
        today = connection.sql(f"SELECT {texts} FROM read_parquet($deals)", params={"deals": str(deals)})
        values = _values(connection, changes, moments)
        wide = wide_states(values, today, len(moments), told)
        states = wide.sort("place", "deal_id").collect("pyarrow").to_pandas()
    columns = {field: states[field] if field in told else pd.Series(None, states.index, "str") for field in fields}
    return states[["place", "deal_id"]].assign(**{name: typed(text, name) for name, text in columns.items()})


def values_in_file(
    connection: duckdb.DuckDBPyConnection, history: Path, moments: Sequence[dt.datetime]
) -> duckdb.DuckDBPyRelation:
    """Return `values_at` of a Parquet history as a relation on `connection`: place, deal_id, field, value."""
    connection.execute("SET TimeZone = 'UTC'")
    found: duckdb.DuckDBPyRelation = _values(connection, _changes(connection, history), moments).to_native()
    return found


def _changes(connection: duckdb.DuckDBPyConnection, history: Path) -> duckdb.DuckDBPyRelation:
    return connection.sql(
        "SELECT deal_id, field, changed_at, seq, old_value, new_value, file_row_number AS row "
        "FROM read_parquet($history, file_row_number = true)",
        params={"history": str(history)},
    )


def _values(
    connection: duckdb.DuckDBPyConnection, changes: duckdb.DuckDBPyRelation, moments: Sequence[dt.datetime]
) -> nw.LazyFrame[Any]:
    """Return the values, from spans only where there are moments enough to pay for sorting the history."""
    if len(moments) <= FEW:
        return values_before(changes, moments)
    # Kept as a table: DuckDB would otherwise sort the history again for every moment.
    validity_spans(changes).to_native().create("spans")
    return values_at(nw.from_native(connection.table("spans")).lazy(), moments)
