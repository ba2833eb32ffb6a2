"""A simulated company as a book, without the way through files, which is tested elsewhere."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from functools import cache

import pandas as pd

from postmortem.book import Book, BookMeta
from postmortem.ground import schema
from postmortem.ground.fiscal import FiscalCalendar
from postmortem.ground.process import Process
from postmortem.taxonomies import Taxonomy, load_taxonomy


@cache
def taxonomy() -> Taxonomy:
    """Return the taxonomy, read once."""
    return load_taxonomy("red_zone")


def book_of(tables: Mapping[str, pd.DataFrame], as_of: dt.date) -> Book:
    """Return a simulated company's tables as a book, columns it does not keep left empty."""
    whole = {}
    for name, frame in tables.items():
        columns = schema.table(name).columns
        whole[name] = frame.assign(
            **{
                column.name: pd.Series(None, index=frame.index, dtype=schema.DTYPES[column.kind])
                for column in columns
                if column.name not in frame
            }
        )
    meta = BookMeta("Simulated", "USD", "UTC", FiscalCalendar(), as_of)
    return Book(meta, whole, taxonomy(), Process.inferred({}, frozenset()))
