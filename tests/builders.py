"""Small books and cohorts made by hand, for tests that know every deal."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from postmortem.book import Book, BookMeta
from postmortem.frames import Cohort, closed_cohort, forecast_cohort
from postmortem.ground import schema
from postmortem.ground.fiscal import FiscalCalendar, Quarter
from postmortem.ground.process import Process
from postmortem.taxonomies import load_taxonomy

FOCUS = FiscalCalendar().parse("2025Q3")


def frame_of(table: str, rows: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Return `rows` as canonical table `table`; columns left out are missing, text dates are read."""
    columns = {}
    for column in schema.table(table).columns:
        values = [row.get(column.name) for row in rows]
        dtype = schema.DTYPES[column.kind]
        if column.kind in ("date", "timestamp"):
            values = [None if value is None else pd.Timestamp(value) for value in values]
        columns[column.name] = pd.Series(values, dtype=dtype)
    unknown = {name for row in rows for name in row} - set(schema.table(table).names)
    if unknown:
        raise ValueError(f"not columns of {table}: {sorted(unknown)}")
    return pd.DataFrame(columns)


def make_book(
    deals: Sequence[Mapping[str, Any]], *, as_of: str = "2025-10-06", currency: str = "USD",
    time_zone: str = "UTC", **tables: Sequence[Mapping[str, Any]],
) -> Book:  # fmt: skip
    """Return a book of hand-made tables; `tables` are canonical names to rows."""
    made = {"deals": frame_of("deals", deals), **{name: frame_of(name, rows) for name, rows in tables.items()}}
    meta = BookMeta("Testing Ltd", currency, time_zone, FiscalCalendar(), dt.date.fromisoformat(as_of))
    stages = dict.fromkeys(made["deals"]["stage"].dropna().unique())
    return Book(
        meta=meta,
        tables=made,
        taxonomy=load_taxonomy("red_zone"),
        process=Process.inferred(stages, frozenset()),
        rows_in={name: len(frame) for name, frame in made.items()},
    )


def deal(number: int, outcome: str, closed: str | None, **more: Any) -> dict[str, Any]:
    """Return one deal, with an owner, an account and an amount unless told otherwise."""
    made = {
        "deal_id": f"D{number:04d}", "account_name": f"Account {number}", "deal_name": f"Deal {number}",
        "owner_id": f"Rep {number % 12}", "created_at": "2025-01-15", "outcome": outcome, "closed_at": closed,
        "amount": 1000.0 * (number % 7 + 1), "segment": ("Industry", "Health")[number % 2],
        "product": ("Alpha", "Beta", "Gamma")[number % 3],
    }  # fmt: skip
    return {**made, **more}


def change(
    number: int, field: str, at: str, old: str | None, new: str | None, seq: int | None = None
) -> dict[str, Any]:
    """Return one row of the history: `field` of deal `number` changed at `at`, a moment in UTC."""
    moment = at if "T" in at else f"{at}T12:00"
    return {
        "deal_id": f"D{number:04d}", "field": field, "changed_at": f"{moment}Z", "seq": seq,
        "old_value": old, "new_value": new,
    }  # fmt: skip


def closed(book: Book, focus: Quarter = FOCUS, **options: Any) -> Cohort:
    """Return the closed cohort of a book in the focus quarter."""
    return closed_cohort(book, focus, **options)


def forecast(book: Book, focus: Quarter = FOCUS, **options: Any) -> Cohort:
    """Return the forecast cohort of a book in the focus quarter."""
    return forecast_cohort(book, focus, **options)
