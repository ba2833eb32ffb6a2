"""Rows in the order of their moments, before anything is read for good: what a hook needs that walks through time."""

from __future__ import annotations

from functools import partial
from typing import Final

import pandas as pd

from postmortem.intake.dates import DateStyle, numeric_orders, read_date, read_moment
from postmortem.intake.values import parse

MOMENTS: Final = ("_moment", "changed_at", "occurred_at")
NUMBERS: Final = ("_seq", "seq")


def in_order(cells: pd.DataFrame, style: DateStyle) -> pd.DataFrame:
    """Put rows in the order of their moments, then of their numbers; what cannot be read comes last.

    Parameters
    ----------
    cells : DataFrame
        Text, with one of the columns `MOMENTS` and perhaps one of `NUMBERS`.
    style : DateStyle
        How the file writes days.
    """
    column = next((name for name in MOMENTS if name in cells), None)
    if column is None:
        return cells
    text = cells[column].str.strip()
    moments = parse(text, partial(read_moment, style=proven_style(text, style)), "datetime64[us, UTC]").values
    number = next((name for name in NUMBERS if name in cells), None)
    within = pd.to_numeric(cells[number], errors="coerce") if number else pd.Series(0, index=cells.index)
    keys = pd.DataFrame({"moment": moments, "within": within}, index=cells.index)
    return cells.loc[keys.sort_values(["moment", "within"], kind="stable").index]


def newest_day(text: pd.Series[str], style: DateStyle) -> pd.Timestamp | None:
    """Return the newest day of a column of text; None where no cell is a day."""
    words = pd.Series(text.dropna().str.strip().unique(), dtype="str")
    days = parse(words, partial(read_date, style=proven_style(words, style)), "datetime64[us]").values.dropna()
    return None if days.empty else days.max()


def proven_style(text: pd.Series[str], style: DateStyle) -> DateStyle:
    """Return `style` with the order of day and month that the cells prove, where none is stated."""
    if style.stated is not None:
        return style
    proven, _ = numeric_orders(text.dropna().unique())
    return DateStyle(None, next(iter(proven)) if len(proven) == 1 else style.order, style.zone)
