"""Where the deals of a forecast stood on later days of their quarter, by whatever tells it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from postmortem.book import Book
from postmortem.book.leakage import IN_FORECAST, LEFT, LOST, standing_on
from postmortem.frames.cohort import Cohort
from postmortem.frames.known import Record
from postmortem.ground.fiscal import Quarter
from postmortem.ground.membership import among
from postmortem.ground.schema import FORECAST_DEFAULT, UNKNOWN

UNTOLD = "untold"
KEPT = "standings"
TOLD_BY = ("forecast_category", "expected_close_date")
CALLED_BY = ("forecast_category", "amount")
CALLS = ("quarter", "day", "deal_id", "owner_id", "is_told", "is_called", "amount")
STANDING_LABELS = {
    IN_FORECAST: "Still forecast",
    LEFT: "Left the forecast, open",
    UNTOLD: "Open, forecast not on record",
}
CATEGORY_LABELS = {
    "commit": "Commit", "most_likely": "Most likely", "best_case": "Best case", "pipeline": "Pipeline",
    "omitted": "Omitted", "closed": "Closed", UNKNOWN: "Open, category not on record",
}  # fmt: skip


def standings(cohort: Cohort, days: Mapping[Quarter, Sequence[dt.date]]) -> pd.DataFrame:
    """Say where the deals forecast for each of some quarters stood at the end of some of its days.

    Parameters
    ----------
    cohort : Cohort
        Of kind ``forecast``.
    days : mapping of Quarter to sequence of datetime.date
        Days asked for, such as `postmortem.book.leakage.week_ends` gives; none after `cohort.as_of`.

    Returns
    -------
    DataFrame
        One row a quarter, day and deal: ``quarter`` (label), ``day``, ``deal_id``; ``standing``: ``won``,
        ``lost_*`` by who took it, ``in_forecast``, ``left`` (open, no longer called or due after the quarter), or
        ``untold`` (open, and neither a snapshot nor the history nor a sheet tells category and expected close of
        that day); ``forecast_category`` (``unknown`` where it is not told, and for closed deals).

    Notes
    -----
    The categories that count as forecast are those the deals of the cohort were in when it was taken.
    """
    # As a cached property would: the weeks of one cohort are asked for by several questions.
    kept = vars(cohort).setdefault(KEPT, {})
    asked = tuple((quarter, tuple(own)) for quarter, own in days.items())
    if asked not in kept:
        kept[asked] = _standings(cohort, days)
    found: pd.DataFrame = kept[asked]
    return found


def _standings(cohort: Cohort, days: Mapping[Quarter, Sequence[dt.date]]) -> pd.DataFrame:
    history = _history(cohort, TOLD_BY)
    categories = tuple(sorted(cohort.table["forecast_category"].dropna().unique()))
    parts = []
    for quarter, asked in _with_deals(cohort, days).items():
        rows = cohort.table[cohort.table["quarter"] == quarter.label]
        takers = rows.set_index("deal_id")["lost_to"].fillna(UNKNOWN)
        record = Record(_cut(cohort, rows["deal_id"], history), tuple(asked), TOLD_BY)
        for day in asked:
            known = record.at(day)
            stood = standing_on(known.deals, day, quarter.end, categories)
            lost = stood["standing"] == LOST
            is_told = np.logical_and.reduce([known.is_evidence(field) for field in TOLD_BY])
            silent = stood["standing"].isin((IN_FORECAST, LEFT)) & ~is_told
            standing = stood["standing"].mask(lost, "lost_" + stood["deal_id"].map(takers)).mask(silent, UNTOLD)
            category = stood["forecast_category"].where(known.is_evidence(TOLD_BY[0]), UNKNOWN)
            parts.append(stood.assign(quarter=quarter.label, standing=standing, forecast_category=category))
    columns = ["quarter", "day", "deal_id", "standing", "forecast_category"]
    return pd.concat(parts, ignore_index=True)[columns]


def calls(
    cohort: Cohort, days: Mapping[Quarter, Sequence[dt.date]], categories: Collection[str] = FORECAST_DEFAULT
) -> pd.DataFrame:
    """Say which open deals of each of some quarters were called, and for how much, at the end of some of its days.

    Parameters
    ----------
    cohort : Cohort
        Of kind ``forecast`` or ``late_stage``.
    days : mapping of Quarter to sequence of datetime.date
        As for `standings`.
    categories : collection of str
        Forecast categories that count as forecast; in a forecast cohort, those its deals were chosen by.

    Returns
    -------
    DataFrame
        One row a quarter, day and deal that was open then: ``quarter`` (label), ``day``, ``deal_id``, ``owner_id``;
        ``is_told`` (a snapshot, the history or a sheet tells the category of that day); ``is_called`` (it does, and
        it is one of `categories`, whenever the deal was expected to close); ``amount`` (that day's; today's
        where nothing tells it; missing where none is known).
    """
    if cohort.kind == "forecast":
        categories = sorted(cohort.table["forecast_category"].dropna().unique())
    history = _history(cohort, CALLED_BY)
    parts = []
    for quarter, asked in _with_deals(cohort, days).items():
        wanted = cohort.table.loc[cohort.table["quarter"] == quarter.label, "deal_id"]
        record = Record(_cut(cohort, wanted, history), tuple(asked), CALLED_BY)
        for day in asked:
            known = record.at(day)
            is_closed = (known.deals["outcome"] != "open") & (known.deals["closed_at"] <= pd.Timestamp(day))
            is_there = ~is_closed & ~(known.deals["created_at"] > pd.Timestamp(day))
            then = known.deals[is_there]
            is_told = known.is_evidence(CALLED_BY[0])[then.index]
            is_called = is_told & then["forecast_category"].isin(list(categories))
            rows = then[["deal_id", "owner_id", "amount"]].assign(is_told=is_told, is_called=is_called)
            parts.append(rows.assign(quarter=quarter.label, day=pd.Timestamp(day).as_unit("us")))
    return pd.concat(parts, ignore_index=True)[list(CALLS)]


def _with_deals(cohort: Cohort, days: Mapping[Quarter, Sequence[dt.date]]) -> Mapping[Quarter, Sequence[dt.date]]:
    """Return the quarters of which the cohort has deals: the others have no rows; all of them where none has any."""
    labels = set(cohort.table["quarter"])
    return {quarter: asked for quarter, asked in days.items() if quarter.label in labels} or days


def _history(cohort: Cohort, fields: tuple[str, ...]) -> pd.DataFrame:
    """Return the history of the fields asked for: the replay is as long."""
    history = cohort.book.table("history")
    return history[history["field"].isin(fields)].reset_index(drop=True)


def _cut(cohort: Cohort, wanted: pd.Series[str], history: pd.DataFrame) -> Book:
    """Return the book with the deals of one quarter and their part of a history."""
    deals = cohort.book.deals
    # Of every field one change stays, whosever it is: it says that the field is tracked at all.
    kept = among(history["deal_id"], wanted) | ~history["field"].duplicated()
    cut = {"deals": deals[among(deals["deal_id"], wanted)], "history": history[kept]}
    return replace(
        cohort.book,
        tables={**cohort.book.tables, **{name: rows.reset_index(drop=True) for name, rows in cut.items()}},
    )
