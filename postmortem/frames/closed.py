"""The closed cohort: deals that closed in a quarter, whatever the forecast had said of them."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from postmortem.book import Book
from postmortem.frames.cohort import COLUMNS, QUARTERS_BACK, Cohort, pooled
from postmortem.frames.resolution import lost_to, resolve
from postmortem.ground.errors import EmptyFrame, UsageError
from postmortem.ground.fiscal import Quarter
from postmortem.ground.formats import count

NOT_A_FORECAST = (
    "These are the deals that closed in the quarter, not the deals that were forecast: slipped deals are "
    "missing, and dates and amounts are today's."
)


def closed_cohort(book: Book, focus: Quarter, *, window: int = 4, as_of: dt.date | None = None) -> Cohort:
    """Take the deals that were won or lost in a quarter.

    Parameters
    ----------
    book : Book
        Needs `deals` only.
    focus : Quarter
        The quarter whose facts are told.
    window : int
        Quarters pooled for rates and comparisons, the focus included.
    as_of : datetime.date, optional
        Last day known; the book's own date unless told.

    Returns
    -------
    Cohort
        Of kind ``closed``; every row is won or lost.

    Raises
    ------
    EmptyFrame
        When no deal closed in the focus quarter.
    UsageError
        When the quarter begins after `as_of`.
    """
    book, as_of = known_by(book, focus, as_of)
    deals = book.deals
    closed = deals[(deals["outcome"] != "open") & deals["closed_at"].notna()]
    quarters = quarter_labels(closed["closed_at"], focus)
    rows = closed[quarters.notna()].assign(quarter=quarters[quarters.notna()])
    rows = rows.merge(lost_to(book), on="deal_id", how="left")
    rows["resolution"] = resolve(rows, rows["closed_at"], pd.Timestamp(as_of))
    rows["ultimate"] = rows["resolution"]
    rows["probability"] = float("nan")
    rows["entered_at"] = pd.Series(pd.NaT, index=rows.index, dtype="datetime64[us]")
    if not (rows["quarter"] == focus.label).any():
        raise EmptyFrame(
            f"No deal closed in {focus.label}.",
            got=closed_span(closed),
            expected=f"won or lost deals with a close date from {focus.start} to {focus.end}",
            do="choose another quarter with --quarter, or check the mapping of the close date",
        )
    sources = closed.loc[quarters == focus.label, "closed_at_source"].fillna("crm_field")
    return Cohort(
        table=arrange(rows),
        kind="closed",
        focus=focus,
        window=pooled(focus, window, as_of),
        provenance={"close date": _shares(sources), "amount": "current value", "stage": "current value"},
        book=book,
        as_of=as_of,
        remarks=(NOT_A_FORECAST,),
    )


def known_by(book: Book, focus: Quarter, as_of: dt.date | None) -> tuple[Book, dt.date]:
    """Return the book as known on `as_of` (its own date unless told) and that day."""
    as_of = as_of or book.meta.extracted_on
    if as_of > book.meta.extracted_on:
        raise UsageError(
            "The report cannot know more than the book.",
            got=f"as of {as_of}",
            expected=f"{book.meta.extracted_on} (the day the data were extracted) or earlier",
        )
    if focus.start > as_of:
        raise UsageError(
            f"{focus.label} begins after the data end.",
            got=f"{focus.label} starts {focus.start}, the data are as of {as_of}",
            do=f"choose {focus.calendar.last_ended(as_of).label} or earlier",
        )
    return book.at(as_of), as_of


def quarter_labels(days: pd.Series, focus: Quarter) -> pd.Series:
    """Label each day with its quarter, from eleven quarters before `focus` up to it; missing outside."""
    labels = pd.Series(pd.NA, index=days.index, dtype="str")
    for quarter in focus.trailing(QUARTERS_BACK):
        labels[(days >= pd.Timestamp(quarter.start)) & (days <= pd.Timestamp(quarter.end))] = quarter.label
    return labels


def arrange(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the canonical columns in order, rows sorted by quarter and deal."""
    rows = rows.loc[:, list(COLUMNS)].sort_values(["quarter", "deal_id"], kind="stable")
    return rows.reset_index(drop=True)


def closed_span(closed: pd.DataFrame) -> str:
    """Say in words which days the closed deals span."""
    if closed.empty:
        return "no won or lost deal in the whole book"
    return (
        f"{len(closed)} closed deals from {closed['closed_at'].min():%Y-%m-%d} to {closed['closed_at'].max():%Y-%m-%d}"
    )


def _shares(sources: pd.Series) -> str:
    names = {"crm_field": "CRM close date", "history": "field history", "expected_proxy": "expected close date"}
    counts = sources.map(names).value_counts()
    return ", ".join(f"{name} ({count(n, 'deal')})" for name, n in counts.items())
