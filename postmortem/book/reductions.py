"""What the long tables say of each deal: its close date's moves, its time in every stage, its last word from the buyer.

Like the states over time these are Narwhals expressions without a word about the engine: a book's tables go in
as they are, and so does a history in DuckDB, Polars or PySpark.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import narwhals as nw
import pandas as pd

from postmortem.ground.errors import UsageError
from postmortem.ground.fates import OPEN
from postmortem.ground.schema import DTYPES

if TYPE_CHECKING:
    from postmortem.book.book import Book

BUYER_SIDES = ("buyer", "both")
"""Sides of an event by which a buyer did something; ``unknown`` is no evidence of it."""

MINUTES_A_DAY = 24 * 60
MOMENT = DTYPES["timestamp"]
_DAY = "%Y-%m-%d"
_WRITTEN_DAY = r"^\d{4}-\d{2}-\d{2}"


def close_date_moves(
    history: Any, *, since: dt.datetime | None = None, until: dt.datetime | None = None
) -> nw.LazyFrame[Any]:
    """Count how often, and how far, the expected close of each deal was pushed later or pulled in.

    Parameters
    ----------
    history : DuckDB relation, DataFrame of pandas, Polars or PySpark, or any frame Narwhals takes
        ``deal_id``, ``field``, ``changed_at``, ``old_value``, ``new_value``; dates written as ISO days.
    since, until : datetime, optional
        With a time zone: changes from `since` on and before `until` count; all of them unless told.
        `BookMeta.end_of_day` gives the boundary of a local day.

    Returns
    -------
    LazyFrame
        One row a deal whose expected close was moved from one day to another: ``deal_id``, ``pushes``,
        ``pull_ins`` (counts), ``days_pushed``, ``days_pulled_in`` (sums, never negative), ``first_push``,
        ``last_push`` (moments, missing without a push).

    Raises
    ------
    UsageError
        When a boundary has no time zone.

    Notes
    -----
    A first date, and one that was emptied, is no move: nothing says how far.
    """
    frame: nw.LazyFrame[Any] = nw.from_native(history).lazy()
    days = [nw.col(name).str.slice(0, 10).str.to_datetime(format=_DAY) for name in ("old_value", "new_value")]
    later = nw.col("_days") > 0
    pushed = nw.when(later)
    return (
        _within(frame, "changed_at", since, until)
        .filter(nw.col("field") == "expected_close_date")
        .filter(*(nw.col(name).str.contains(_WRITTEN_DAY) for name in ("old_value", "new_value")))
        .with_columns(_days=((days[1] - days[0]).dt.total_minutes() // MINUTES_A_DAY).cast(nw.Int64))
        .filter(nw.col("_days") != 0)
        .with_columns(
            pushes=pushed.then(nw.lit(1)).otherwise(nw.lit(0)),
            pull_ins=pushed.then(nw.lit(0)).otherwise(nw.lit(1)),
            days_pushed=pushed.then(nw.col("_days")).otherwise(nw.lit(0)),
            days_pulled_in=pushed.then(nw.lit(0)).otherwise(-nw.col("_days")),
            pushed_at=pushed.then(nw.col("changed_at")),
        )
        .group_by("deal_id")
        .agg(
            *(nw.col(name).sum() for name in ("pushes", "pull_ins", "days_pushed", "days_pulled_in")),
            nw.col("pushed_at").min().alias("first_push"),
            nw.col("pushed_at").max().alias("last_push"),
        )
    )


def deal_lifetimes(book: Book) -> pd.DataFrame:
    """Return from when to when the time of each deal counts, as `stage_durations` takes it.

    Parameters
    ----------
    book : Book
        Its time zone says when the local days of creation and of closing begin and end.

    Returns
    -------
    DataFrame
        One row a deal of the book, in its order: ``deal_id``, ``begins`` (UTC; when the day it was created began)
        and ``ends`` (UTC; when the day it was closed ended, or the book's own day for one that is open or has no
        day of closing).

    Notes
    -----
    Where nobody wrote when a deal was created, ``begins`` is missing: its time then counts from its first change,
    since how long it had been where that change found it is not known.
    """
    deals = book.deals
    own = pd.Timestamp(book.meta.extracted_on)
    last = deals["closed_at"].where(deals["outcome"] != OPEN).fillna(own)
    days = {"begins": deals["created_at"] - pd.Timedelta(days=1), "ends": last}
    ended = {
        day: book.meta.end_of_day(day.date())
        for values in days.values()
        for day in values.dropna().dt.normalize().unique()
    }
    moments = {name: values.dt.normalize().map(ended).astype(MOMENT) for name, values in days.items()}
    return deals[["deal_id"]].assign(**moments)


def stage_durations(spans: nw.LazyFrame[Any], deals: Any) -> nw.LazyFrame[Any]:
    """Add up how long each deal was in each stage, and how often it entered it.

    Parameters
    ----------
    spans : LazyFrame
        From `validity_spans`.
    deals : frame of the same engine
        One row a deal: ``deal_id``, ``begins`` and ``ends`` (moments in UTC) between which its time counts;
        `deal_lifetimes` has them for a book.

    Returns
    -------
    LazyFrame
        One row a deal and stage it was in: ``deal_id``, ``stage``, ``days`` (with fractions), ``entries`` (how
        often it came into the stage, within one moment too; one less is how often it came back), ``entered_at``
        (first entry, UTC).
        A deal without any change of stage on record has no row: how long it has been where it is nobody wrote.
    """
    told = spans.filter(nw.col("field") == "stage").join(nw.from_native(deals).lazy(), on="deal_id", how="inner")
    opening = told.filter(nw.col("is_first")).select(
        "deal_id", "begins", "ends", stage="old_value", since="begins", until="valid_from", is_entry=nw.lit(1)
    )
    # Written again without a change of stage: time goes on, nothing was entered.
    same = (nw.col("old_value") == nw.col("new_value")).fill_null(False)
    later = told.select(
        "deal_id", "begins", "ends", stage="new_value", since="valid_from", until="valid_until",
        is_entry=nw.when(same).then(nw.lit(0)).otherwise(nw.lit(1)),
    )  # fmt: skip
    begun = nw.when(nw.col("since") < nw.col("begins")).then(nw.col("begins")).otherwise(nw.col("since"))
    is_open = nw.col("until").is_null() | (nw.col("until") > nw.col("ends"))
    return (
        nw.concat([opening, later])
        .with_columns(since=begun, until=nw.when(is_open).then(nw.col("ends")).otherwise(nw.col("until")))
        .filter(~nw.col("stage").is_null() & (nw.col("until") > nw.col("since")))
        .with_columns(days=(nw.col("until") - nw.col("since")).dt.total_seconds() / (60 * MINUTES_A_DAY))
        .group_by("deal_id", "stage")
        .agg(nw.col("days").sum(), nw.col("is_entry").sum().alias("entries"), nw.col("since").min().alias("entered_at"))
    )


def last_buyer_contact(events: Any, before: dt.datetime) -> nw.LazyFrame[Any]:
    """Return when each deal last heard from its buyer, as it was known just before a moment.

    Parameters
    ----------
    events : frame
        ``deal_id``, ``side``, ``occurred_at``, ``recorded_at``.
    before : datetime
        With a time zone; what happened or was written down at or after it is not seen. A row that does not
        say when it was recorded counts as recorded when it happened.

    Returns
    -------
    LazyFrame
        One row a deal with a contact that involved the buyer: ``deal_id``, ``last_contact`` (UTC),
        ``contacts`` (count).

    Raises
    ------
    UsageError
        When the moment has no time zone.
    """
    frame: nw.LazyFrame[Any] = nw.from_native(events).lazy()
    written = nw.col("recorded_at").is_null() | (nw.col("recorded_at") < nw.lit(before))
    return (
        _within(frame, "occurred_at", None, before)
        .filter(nw.col("side").is_in(BUYER_SIDES) & written)
        .group_by("deal_id")
        .agg(nw.col("occurred_at").max().alias("last_contact"), nw.len().alias("contacts"))
    )


def _within(
    frame: nw.LazyFrame[Any], column: str, since: dt.datetime | None, until: dt.datetime | None
) -> nw.LazyFrame[Any]:
    """Return the rows from `since` on and before `until`."""
    bare = [str(moment) for moment in (since, until) if moment is not None and moment.tzinfo is None]
    if bare:
        raise UsageError("A moment needs a time zone.", got=", ".join(bare), do="use BookMeta.end_of_day(date)")
    if since is not None:
        frame = frame.filter(nw.col(column) >= nw.lit(since))
    return frame if until is None else frame.filter(nw.col(column) < nw.lit(until))
