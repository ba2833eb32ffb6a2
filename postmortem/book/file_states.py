"""States over time from Parquet files too large to be a book: DuckDB inside the process, out of core."""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb
import narwhals as nw
import pandas as pd

from postmortem.book.book import BookMeta
from postmortem.book.history import OVERWRITTEN, TRACKED, typed
from postmortem.book.states import (
    recorded_fields,
    replayed_states,
    spans_of,
    validity_spans,
    values_at,
    values_before,
    wide_states,
)
from postmortem.ground.errors import FrameRefused
from postmortem.ground.fates import OPEN
from postmortem.ground.schema import FORECAST_DEFAULT

CALLED = ("expected_close_date", "forecast_category")
"""What makes a deal one of a forecast: the field that leaves fewer deals first."""

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
    with _connected(memory_limit) as connection:
        changes = _changes(connection, history)
        told = _told(changes, fields)
        texts = ", ".join(["deal_id", *(f"CAST({field} AS VARCHAR) AS {field}" for field in told)])
        today = connection.sql(f"SELECT {texts} FROM read_parquet($deals)", params={"deals": str(deals)})
        wide = wide_states(_values(connection, changes, moments), today, len(moments), told)
        states = wide.sort("place", "deal_id").collect("pyarrow").to_pandas()
    return _typed(states, ["place", "deal_id"], fields, told)


def forecast_in_files(
    history: Path,
    deals: Path,
    meta: BookMeta,
    day: dt.date,
    due: tuple[dt.date, dt.date],
    *,
    fields: Sequence[str] = TRACKED,
    categories: Sequence[str] = FORECAST_DEFAULT,
    memory_limit: str | None = None,
) -> pd.DataFrame:
    """Return the deals that were open, called and due within some days at the end of a day, from Parquet files.

    Parameters
    ----------
    history, deals : Path
        As in `states_in_files`.
    meta : BookMeta
        Says when a local day ends.
    day : datetime.date
        The day at whose end the forecast is frozen.
    due : (datetime.date, datetime.date)
        First and last expected close.
    fields, categories, memory_limit
        As in `forecasts_in_files`.

    Returns
    -------
    DataFrame
        As `forecasts_in_files` returns it, without ``place``.

    Raises
    ------
    FrameRefused
        When the history tells no forecast categories or no expected closes: today's values are no forecast.
    """
    found = forecasts_in_files(
        history, deals, meta, {day: due}, fields=fields, categories=categories, memory_limit=memory_limit
    )
    return found.drop(columns="place")


def forecasts_in_files(
    history: Path,
    deals: Path,
    meta: BookMeta,
    due: Mapping[dt.date, tuple[dt.date, dt.date]],
    *,
    fields: Sequence[str] = TRACKED,
    categories: Sequence[str] = FORECAST_DEFAULT,
    memory_limit: str | None = None,
) -> pd.DataFrame:
    """Return the forecasts of several days, as `forecast_in_files` returns that of one, from Parquet files.

    Parameters
    ----------
    history, deals : Path
        As in `states_in_files`.
    meta : BookMeta
        Says when a local day ends.
    due : mapping of datetime.date to (datetime.date, datetime.date)
        Days at whose end a forecast is frozen, such as the fifth of every quarter, each with the first and last
        expected close of its forecast.
    fields : sequence of str
        Tracked fields wanted.
    categories : sequence of str
        Forecast categories that count as forecast.
    memory_limit : str, optional
        As in `states_in_files`.

    Returns
    -------
    DataFrame
        One row a day and deal, sorted by these: ``place`` (position in `due`, from 0), ``deal_id`` and `fields` as
        they stood, in canonical dtypes. Only these rows leave the engine.

    Raises
    ------
    FrameRefused
        When the history tells no forecast categories or no expected closes: today's values are no forecast.

    Notes
    -----
    As in `postmortem.frames.forecast`, today's category of a closed deal is no evidence of an earlier one.
    The history alone is asked; snapshots and sheets are small enough to be read as a book.

    Field by field: of deals that were not due, no category is looked up, and of those not called nothing else.
    """
    others = tuple(field for field in fields if field not in CALLED)
    with _connected(memory_limit) as connection:
        changes = _changes(connection, history)
        untold = set(CALLED).difference(_told(changes, CALLED))
        if untold:
            raise FrameRefused(
                f"The forecast of {', '.join(map(str, due))} cannot be rebuilt from these files.",
                got="only today's values of " + " and ".join(sorted(name.replace("_", " ") for name in untold)),
                expected="a history of forecast categories and expected close dates",
                do="export the CRM's field history",
            )
        moments = [meta.end_of_day(day) for day in due]
        is_due = nw.any_horizontal(*_due(due.values()), ignore_nulls=True)
        is_called = nw.col("forecast_category").is_in(categories)
        standing = _standing(connection, deals, tuple(due), (*CALLED, *others))
        for asked, condition in ((CALLED[:1], is_due), (CALLED[1:], is_called), (others, None)):
            told = nw.from_native(changes).filter(nw.col("field").is_in(asked))
            if condition is not is_due:
                told = told.join(standing.select("deal_id"), on="deal_id", how="semi")
            replayed = replayed_states(_values(connection, told, moments), standing, asked)
            standing = _kept(connection, replayed if condition is None else replayed.filter(condition))
        states = standing.sort("place", "deal_id").collect("pyarrow").to_pandas()
    return _typed(states, ["place", "deal_id"], fields, fields)


def values_in_file(
    connection: duckdb.DuckDBPyConnection, history: Path, moments: Sequence[dt.datetime]
) -> duckdb.DuckDBPyRelation:
    """Return `values_at` of a Parquet history as a relation on `connection`: place, deal_id, field, value."""
    connection.execute("SET TimeZone = 'UTC'")
    found: duckdb.DuckDBPyRelation = _values(connection, _changes(connection, history), moments).to_native()
    return found


@contextmanager
def _connected(memory_limit: str | None) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield DuckDB inside this process, with a folder of its own to spill to."""
    with tempfile.TemporaryDirectory(prefix="states-") as aside, duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET temp_directory = $folder", {"folder": aside})
        if memory_limit is not None:
            connection.execute("SET memory_limit = $limit", {"limit": memory_limit})
        yield connection


def _told(changes: duckdb.DuckDBPyRelation, fields: Sequence[str]) -> list[str]:
    """Return those of the fields that the history records."""
    recorded = recorded_fields(changes)
    return [field for field in fields if field in recorded]


def _due(within: Iterable[tuple[dt.date, dt.date]]) -> Iterator[nw.Expr]:
    """Yield for each place in turn whether a row is of it and due."""
    expected = nw.col("expected_close_date").str.slice(0, 10)
    for place, (first, last) in enumerate(within):
        yield (nw.col("place") == place) & (expected >= str(first)) & (expected <= str(last))


def _standing(
    connection: duckdb.DuckDBPyConnection, deals: Path, days: Sequence[dt.date], fields: Sequence[str]
) -> nw.LazyFrame[Any]:
    """Return the deals that existed and were open at the end of each day, with what today's values tell of it."""
    texts = ", ".join(f"CAST({_evidence(field)} AS VARCHAR) AS {field}" for field in fields)
    open_deals = connection.sql(
        f"SELECT place, deal_id, {texts} FROM read_parquet($deals) AS deals, "
        "(SELECT unnest($days) AS day, unnest(range(len($days))) AS place) "
        "WHERE coalesce(created_at <= day, true) AND (outcome = $open OR closed_at > day)",
        params={"deals": str(deals), "days": list(days), "open": OPEN},
    )
    return nw.from_native(open_deals).lazy()


def _kept(connection: duckdb.DuckDBPyConnection, frame: nw.LazyFrame[Any]) -> nw.LazyFrame[Any]:
    """Keep rows as a table of the connection: DuckDB would otherwise work them out again for every use."""
    name = f"kept_{len(connection.sql('SHOW TABLES').fetchall())}"
    frame.to_native().create(name)
    return nw.from_native(connection.table(name)).lazy()


def _evidence(field: str) -> str:
    """Return SQL for what today's value of a field tells of an earlier day: nothing, where closing overwrote it."""
    return f"CASE WHEN outcome = $open THEN deals.{field} END" if field in OVERWRITTEN else f"deals.{field}"


def _typed(states: pd.DataFrame, key: list[str], fields: Sequence[str], told: Sequence[str]) -> pd.DataFrame:
    """Return states with every field in its canonical dtype, missing throughout where no history tells it."""
    columns = {field: states[field] if field in told else pd.Series(None, states.index, "str") for field in fields}
    return states[key].assign(**{name: typed(text, name) for name, text in columns.items()})


def _changes(connection: duckdb.DuckDBPyConnection, history: Path) -> duckdb.DuckDBPyRelation:
    return connection.sql(
        "SELECT deal_id, field, changed_at, epoch_us(changed_at) AS instant, seq, old_value, new_value, "
        "file_row_number AS row "
        "FROM read_parquet($history, file_row_number = true)",
        params={"history": str(history)},
    )


def _values(connection: duckdb.DuckDBPyConnection, changes: Any, moments: Sequence[dt.datetime]) -> nw.LazyFrame[Any]:
    """Return the values, from spans only where there are moments enough to pay for sorting the history."""
    if len(moments) <= FEW:
        return values_before(changes, moments)
    return values_at(_kept(connection, spans_of(validity_spans(changes), moments)), moments)
