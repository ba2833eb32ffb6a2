"""From which day on each deal of a cohort is followed, until when, and what became of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pandas as pd

from postmortem.book import Book
from postmortem.book.history import tracked_fields
from postmortem.frames.cohort import Cohort
from postmortem.frames.entry import local_days, spells
from postmortem.ground.fates import OPEN

FIRST, LATE = "first being forecast", "first reaching a late stage"
FROZEN, SEEN = "the forecast was frozen", "standing in a late stage in the quarter"


@dataclass(frozen=True)
class Followed:
    """The deals of a window as rows to be followed.

    Attributes
    ----------
    rows : DataFrame
        One row a deal, the cohort's columns and ``days`` (whole days from its start to its close, or to the last
        day known), ``entry`` (days from its start to the day it came into the cohort; 0 where that is the start).
        ``ultimate`` says what became of it.
    since : str
        What days count from, to be read after "after".
    entered_late : bool
        Whether any deal was there before it was followed.
    left_out : int
        Deals closed without a day, closed on the day they would have come in, or first of all in the state at a time
        of which nothing is recorded.
    """

    rows: pd.DataFrame
    since: str
    entered_late: bool
    left_out: int


def followed(cohort: Cohort, *, from_entry: bool = False) -> Followed:
    """Follow each deal of the window once, from its first quarter there on.

    A first-forecast deal starts on the day it was first forecast. Deals of the forecast and of a late stage came
    into their cohort later than they came into the state: their days count from the first day on record, and they
    are followed from the cohort's day only, because deals that ended before could not have come in.

    Parameters
    ----------
    cohort : Cohort
        Of kind forecast, first_forecast or late_stage.
    from_entry : bool
        Count days from the cohort's day, as one must where the first one is not known or late entry cannot be
        allowed for.
    """
    rows = cohort.window_rows.sort_values(["entered_at", "deal_id"]).drop_duplicates("deal_id")
    every, since = len(rows), _since(cohort, from_entry)
    start = rows["entered_at"]
    if since in (FIRST, LATE) and cohort.kind != "first_forecast":
        field, values = _state(cohort)
        start, is_known = _first_days(cohort.book, field, values, rows)
        rows, start = rows[is_known], start[is_known]
    last = rows["closed_at"].where(rows["ultimate"] != OPEN, pd.Timestamp(cohort.as_of))
    rows = rows.assign(days=(last - start).dt.days, entry=(rows["entered_at"] - start).dt.days)
    entered_late = bool((rows["entry"] > 0).any())
    kept = rows["days"] > rows["entry"] if entered_late else rows["days"] >= 0
    rows = rows[kept.fillna(False)].astype({"days": "int64", "entry": "int64"}).reset_index(drop=True)
    return Followed(rows, since, entered_late, every - len(rows))


def _since(cohort: Cohort, from_entry: bool) -> str:
    if cohort.kind == "first_forecast":
        return FIRST
    if cohort.kind == "late_stage":
        return SEEN if from_entry else LATE
    return FROZEN if from_entry or "forecast_category" not in tracked_fields(cohort.book) else FIRST


def _state(cohort: Cohort) -> tuple[str, Collection[str]]:
    """Return the field and the values of it that the deals of this cohort are chosen by."""
    if cohort.kind == "late_stage":
        return "stage", cohort.book.process.red_zone
    return "forecast_category", set(cohort.table["forecast_category"].dropna())


def _first_days(
    book: Book, field: str, values: Collection[str], rows: pd.DataFrame
) -> tuple[pd.Series, pd.Series[bool]]:
    """Return the first day of each deal in the state, and whether the record reaches back to its beginning."""
    every = spells(book, field)
    first = every[every["value"].isin(list(values))].drop_duplicates("deal_id").set_index("deal_id")["since"]
    days = rows["deal_id"].map(local_days(book, first)).astype("datetime64[us]")
    history = book.table("history")
    begins = local_days(book, history.loc[history["field"] == field, "changed_at"]).min()
    # A cohort may know the state from a snapshot before the history tells it.
    return days.where(days < rows["entered_at"], rows["entered_at"]), rows["created_at"] >= begins
