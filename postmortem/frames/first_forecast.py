"""The first-forecast cohort: deals from the day on which they were forecast for the first time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from postmortem.book import Book
from postmortem.book.history import tracked_fields
from postmortem.frames.closed import arrange, known_by, quarter_labels
from postmortem.frames.cohort import QUARTERS_BACK, Cohort, pooled
from postmortem.frames.entry import LABELS, local_days, observed, spells, told_quarters
from postmortem.frames.known import provenance
from postmortem.ground.errors import EmptyFrame, FrameRefused
from postmortem.ground.fiscal import Quarter
from postmortem.ground.schema import FORECAST_DEFAULT

UNTOLD = "that closed without a forecast category on record"
EARLIER = "created before the record of forecast categories begins"


def first_forecast_cohort(
    book: Book,
    focus: Quarter,
    *,
    window: int = 4,
    categories: Sequence[str] = FORECAST_DEFAULT,
    as_of: dt.date | None = None,
) -> Cohort:
    """Take the deals that were forecast for the first time in a quarter, each from that day on.

    A deal has one row, in the quarter of the day on which it first was in one of the categories, whenever it
    was expected to close. Deals created before the record of categories begins may have been forecast
    before; they are counted apart.

    Parameters
    ----------
    book : Book
        Needs `deals` and a `history` of forecast categories. Snapshots and sheets are no substitute: they
        tell a day on which a deal was forecast, not the first one.
    focus : Quarter
        The quarter whose facts are told.
    window : int
        Quarters pooled for rates and comparisons, the focus included.
    categories : sequence of str
        Forecast categories that count as forecast.
    as_of : datetime.date, optional
        Last day known; the book's own date unless told.

    Returns
    -------
    Cohort
        Of kind ``first_forecast``; `entered_at` is the day, category and amount are those of that day.

    Raises
    ------
    FrameRefused
        When the categories of earlier days are not known.
    EmptyFrame
        When no deal was forecast for the first time in the focus quarter.

    Notes
    -----
    As in the forecast cohort, a quarter in which more than a fifth of the deals that closed have no category
    on record is refused as the focus and left out before it.
    """
    book, as_of = known_by(book, focus, as_of)
    if "forecast_category" not in tracked_fields(book):
        raise FrameRefused(
            "The day a deal was first forecast is not known from these data.",
            got="only today's values of forecast category, or those of single days",
            expected="a history of forecast categories",
            do="export the CRM's field history (in Salesforce: Reports, Opportunity History)",
        )
    every = spells(book, "forecast_category")
    quarters, silent = told_quarters(book, set(every["deal_id"]), focus, "forecast category")
    first = every[every["value"].isin(list(categories))].drop_duplicates("deal_id")
    days = local_days(book, first["since"])
    entries = first.assign(moment=first["since"], quarter=quarter_labels(days, focus), day=days)
    entries = entries[entries["quarter"].isin([quarter.label for quarter in quarters])]
    entries = entries.merge(book.deals[["deal_id", "outcome", "created_at", "closed_at"]], on="deal_id")
    entries = entries[(entries["outcome"] == "open") | (entries["closed_at"] >= entries["day"])]
    ends = {quarter.label: pd.Timestamp(quarter.end) for quarter in focus.trailing(QUARTERS_BACK)}
    entries["end"] = entries["quarter"].map(ends).astype("datetime64[us]")
    is_known = entries["created_at"] >= _record_begins(book)
    earlier = int((~is_known & (entries["quarter"] == focus.label)).sum())
    entries = entries.loc[is_known, ["deal_id", "quarter", "end", "moment", "value"]].reset_index(drop=True)
    if not (entries["quarter"] == focus.label).any():
        raise EmptyFrame(
            f"No deal was forecast for the first time in {focus.label}.",
            got=f"{len(entries)} such deals in earlier quarters, {earlier} {EARLIER}",
            expected=f"deals that entered {', '.join(categories)}",
            do="choose another quarter with --quarter, or other categories in [frame]",
        )
    rows, sources = observed(book, entries, "forecast_category", as_of)
    return Cohort(
        table=arrange(rows),
        kind="first_forecast",
        focus=focus,
        window=pooled(focus, window, as_of),
        provenance=provenance(sources[rows["quarter"] == focus.label], LABELS),
        book=book,
        as_of=as_of,
        counted_apart={UNTOLD: silent, EARLIER: earlier},
        remarks=("Each deal counts from the day it was first forecast, in the quarter of that day.",),
    )


def newly_forecast(cohort: Cohort) -> Cohort:
    """Return the first-forecast cohort of the same quarters as another cohort; one that is it already is returned.

    The categories that count are those a forecast cohort's deals were chosen by, else the usual ones.

    Raises
    ------
    FrameRefused, EmptyFrame
        As for `first_forecast_cohort`.
    """
    if cohort.kind == "first_forecast":
        return cohort
    known = cohort.table["forecast_category"] if cohort.kind == "forecast" else pd.Series(FORECAST_DEFAULT)
    categories = sorted(known.dropna().unique())
    return first_forecast_cohort(
        cohort.book, cohort.focus, window=len(cohort.window), categories=categories, as_of=cohort.as_of
    )


def _record_begins(book: Book) -> pd.Timestamp:
    """Return the day of the first change of a category on record."""
    history = book.table("history")
    moments = history.loc[history["field"] == "forecast_category", "changed_at"]
    return pd.Timestamp(local_days(book, moments).min())
