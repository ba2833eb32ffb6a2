"""How a result's table is written for people: the text of every cell, decided by role and unit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pandas as pd

from postmortem.ground.formats import interval_text, per_cent, points, value_text
from postmortem.table import Column, Table

NUMERIC = ("estimate", "count", "money")
MISSING = "—"
WITHHELD = "withheld"
ROWS_SHOWN = 200
MOST_COLUMNS, MOST_INTERVALS = 6, 2


@dataclass(frozen=True)
class Cell:
    """One written cell.

    Attributes
    ----------
    text : str
        What is read; HTML is escaped by the template.
    extra : str
        The interval beside an estimate; empty elsewhere.
    numeric : bool
        Whether it stands to the right.
    withheld : bool
        Whether the value was taken out before sharing.
    name : bool
        Whether it is a deal's name, which needs room among many columns.
    """

    text: str
    extra: str = ""
    numeric: bool = False
    withheld: bool = False
    name: bool = False


@dataclass(frozen=True)
class Written:
    """A table as it is read: headings, rows of cells, and how many rows are left to the file beside it."""

    title: str
    heads: tuple[Cell, ...]
    rows: tuple[tuple[Cell, ...], ...]
    left_out: int
    detail: bool

    @property
    def is_wide(self) -> bool:
        """Whether intervals are to stand below their estimates, so that the table fits a page."""
        intervals = sum(any(cell.extra for cell in column) for column in zip(*self.rows, strict=True))
        return len(self.heads) > MOST_COLUMNS or intervals > MOST_INTERVALS


def written(table: Table, *, most: int = 0) -> Written:
    """Write a table's shown columns as text.

    Parameters
    ----------
    table : Table
        Of a result.
    most : int
        Rows at most, the rest are counted; as many as the table says unless told.
    """
    most = most or table.most or ROWS_SHOWN
    shown = shown_columns(table)
    records = table.records[:most]
    return Written(
        title=table.title,
        heads=tuple(Cell(head_text(column), numeric=column.role in NUMERIC) for column in shown),
        rows=tuple(tuple(_cell(record, column) for column in shown) for record in records),
        left_out=max(len(table.rows) - most, 0),
        detail=table.detail,
    )


def shown_columns(table: Table) -> tuple[Column, ...]:
    """Return the columns that people read: those shown, without remarks that say nothing at all."""
    return tuple(column for column in table.columns if column.shown and not _is_blank(table, column))


def head_text(column: Column) -> str:
    """Return the heading of a column: its label, and the currency of money."""
    return f"{column.label}, {column.unit}" if column.role == "money" and column.unit else column.label


def value_of(value: Any, column: Column) -> str:
    """Return one value as text, by the role and the unit of its column."""
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return MISSING
    if column.role == "money":
        return f"{value:,.0f}"
    if column.role == "count":
        return f"{int(value):,}"
    if column.role == "date":
        return f"{value:%Y-%m-%d}"
    if column.role == "estimate":
        return _estimate(float(value), column.unit)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _estimate(value: float, unit: str) -> str:
    if unit == "share":
        return per_cent(value)
    if unit == "points":
        return points(value)
    # Three figures tell ratios apart; above that whole numbers do, and nobody reads 1.2e+03.
    return f"{value:.3g}" if not unit and abs(value) < 999.5 else value_text(value, unit)


def _cell(record: dict[str, Any], column: Column) -> Cell:
    value = record[column.name]
    if record.get("suppressed") is True and (value is None or pd.isna(value)):
        return Cell(WITHHELD, numeric=column.role in NUMERIC, withheld=True)
    extra = ""
    if column.low and column.high and not (pd.isna(record[column.low]) or pd.isna(record[column.high])):
        extra = interval_text(record[column.low], record[column.high], column.unit)
    return Cell(value_of(value, column), extra, column.role in NUMERIC, name=column.role == "deal")


def _is_blank(table: Table, column: Column) -> bool:
    """Whether a column of remarks says nothing at all."""
    if column.role != "text" or table.rows.empty:
        return False
    values = table.rows[column.name]
    return bool((values.isna() | (values == "")).all())
