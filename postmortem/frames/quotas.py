"""Quotas on record with what was reached, on the usual labels of their quarters."""

from __future__ import annotations

import pandas as pd

from postmortem.book import Book
from postmortem.ground.errors import UsageError
from postmortem.ground.fiscal import FiscalCalendar


def known_quotas(book: Book) -> pd.DataFrame:
    """Return the quotas with both figures on record.

    Parameters
    ----------
    book : Book
        With or without `quotas`.

    Returns
    -------
    DataFrame
        Rows of the table whose quota is above 0, whose attainment is on record and whose quarter can be read, with
        ``quarter`` as the calendar of the book labels it.
    """
    quotas, calendar = book.table("quotas"), book.meta.calendar
    labels = {text: _label(calendar, text) for text in quotas["quarter"].dropna().unique()}
    quotas = quotas.assign(quarter=quotas["quarter"].map(labels).astype("str"))
    known: pd.DataFrame = quotas[quotas["attained"].notna() & (quotas["quota"] > 0) & quotas["quarter"].notna()]
    return known


def _label(calendar: FiscalCalendar, text: str) -> str | None:
    """Return the usual label of a quarter; None for a text that names none."""
    try:
        return calendar.parse(text).label
    except UsageError:
        return None
