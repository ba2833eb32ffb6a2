"""The forecast cohort: the deals a team had forecast to close in a quarter, as the forecast stood then.

A closed deal's current category is no evidence of what was forecast, since CRMs overwrite it at closing.
Without a history of categories and close dates this cohort is therefore refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from postmortem.book import Book
from postmortem.book.history import states_at_moments, tracked_fields
from postmortem.frames.closed import arrange, known_by
from postmortem.frames.cohort import QUARTERS_BACK, Cohort, pooled
from postmortem.frames.resolution import lost_to, resolve
from postmortem.ground.errors import EmptyFrame, FrameRefused
from postmortem.ground.fates import PUSHED_EARLY, SLIPPED
from postmortem.ground.fiscal import Quarter
from postmortem.ground.schema import FORECAST_DEFAULT

NEEDED = ("forecast_category", "expected_close_date")
LATE_FROM_DAY = 75
MOST_SILENT = 0.2


def forecast_cohort(
    book: Book,
    focus: Quarter,
    *,
    window: int = 4,
    categories: Sequence[str] = FORECAST_DEFAULT,
    snapshot_day: int = 5,
    as_of: dt.date | None = None,
) -> Cohort:
    """Take the deals that were forecast to close in a quarter when it opened.

    A deal counts if, at the end of the snapshot day, it existed, was open, was in one of the categories and
    was expected to close in the quarter and not earlier than that day. Deals whose expected close had
    already passed are counted apart.

    Parameters
    ----------
    book : Book
        Needs `deals` and a `history` of forecast category and expected close date.
    focus : Quarter
        The quarter whose facts are told.
    window : int
        Quarters pooled for rates and comparisons, the focus included.
    categories : sequence of str
        Forecast categories that count as forecast.
    snapshot_day : int
        Day of the quarter at whose end the forecast is frozen; day 1 is its first day.
    as_of : datetime.date, optional
        Last day known; the book's own date unless told.

    Returns
    -------
    Cohort
        Of kind ``forecast``; a deal forecast in two quarters has two rows. `amount` is the amount then.

    Raises
    ------
    FrameRefused
        When the categories and close dates of earlier days are not known.
    EmptyFrame
        When no deal was forecast for the focus quarter, or its snapshot day has not been reached.

    Notes
    -----
    CRMs keep field history for a limited time. A quarter in which more than a fifth of the deals that closed
    have no category on record is refused as the focus and left out before it: only the deals still open would
    be left of it.
    """
    book, as_of = known_by(book, focus, as_of)
    if focus.day(snapshot_day) > as_of:
        raise EmptyFrame(
            f"The forecast of {focus.label} is not frozen yet.",
            got=f"data as of {as_of}",
            expected=f"{focus.day(snapshot_day)} (day {snapshot_day} of the quarter) or later",
        )
    missing = [field for field in NEEDED if field not in tracked_fields(book)]
    if missing:
        raise FrameRefused(
            "The forecast as it was cannot be rebuilt from these data.",
            got="only today's values of " + " and ".join(name.replace("_", " ") for name in missing),
            expected="a history of forecast categories and expected close dates",
            do="export the CRM's field history (in Salesforce: Reports, Opportunity History), or use the closed cohort",
        )
    record = _read_record(book, focus.trailing(QUARTERS_BACK), tuple(categories), snapshot_day, as_of)
    openings = [_open_quarter(record, quarter) for quarter in focus.trailing(QUARTERS_BACK)]
    now = openings[-1]
    if not now.is_on_record:
        raise FrameRefused(
            f"The forecast of {focus.label} cannot be rebuilt from these data.",
            got=f"no category on record for {now.silent} of the {now.closings} deals that closed in it",
            expected=f"at most {MOST_SILENT:.0%} without one",
            do="export a longer field history, or use the closed cohort",
        )
    parts = [opening.rows for opening in openings if opening.is_on_record]
    table = arrange(pd.concat([part for part in parts if not part.empty] or parts))
    if not (table["quarter"] == focus.label).any():
        raise EmptyFrame(
            f"No deal was forecast for {focus.label}.",
            got=f"{len(table)} deals forecast in earlier quarters",
            expected=f"open deals in {', '.join(categories)} on {focus.day(snapshot_day)}, "
            f"expected to close by {focus.end}",
            do="choose another quarter with --quarter, or other categories in [frame]",
        )
    source = "field history"
    return Cohort(
        table=table,
        kind="forecast",
        focus=focus,
        window=pooled(focus, window, as_of),
        provenance={
            "forecast category": source, "expected close": source,
            "amount": source if "amount" in tracked_fields(book) else "current value",
            "stage": source if "stage" in tracked_fields(book) else "current value",
        },
        book=book,
        as_of=as_of,
        counted_apart={
            "whose expected close had already passed": now.passed,
            "that closed without a forecast category on record": now.silent,
        },
        remarks=(
            f"The forecast is frozen at the end of {focus.day(snapshot_day)}, day {snapshot_day} of the quarter.",
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class _Opening:
    """One quarter's forecast: its deals, those whose expected close had passed, and what no history tells."""

    rows: pd.DataFrame
    passed: int
    silent: int
    closings: int

    @property
    def is_on_record(self) -> bool:
        return self.silent <= MOST_SILENT * self.closings


@dataclass(frozen=True)
class _Record:
    """What every quarter's forecast is taken from: the deals at the end of the days it asks for."""

    categories: tuple[str, ...]
    snapshot_day: int
    as_of: dt.date
    known: Mapping[dt.date, pd.DataFrame]
    destinations: pd.DataFrame
    called: frozenset[str]


def _read_record(
    book: Book, quarters: Sequence[Quarter], categories: tuple[str, ...], snapshot_day: int, as_of: dt.date
) -> _Record:
    """Replay the history once for all days on which a quarter's forecast is looked at."""
    fields = tracked_fields(book)
    asked = [quarter.day(day) for quarter in quarters for day in (snapshot_day, LATE_FROM_DAY - 1)]
    days = sorted({day for day in asked if day <= as_of})
    states = states_at_moments(book, [book.meta.end_of_day(day) for day in days], fields)
    untracked = book.deals.drop(columns=list(fields))
    history = book.table("history")
    told = history.loc[history["field"] == "forecast_category", "deal_id"]
    return _Record(
        categories=categories,
        snapshot_day=snapshot_day,
        as_of=as_of,
        known={day: untracked.assign(**then[list(fields)]) for day, then in zip(days, states, strict=True)},
        destinations=lost_to(book),
        called=frozenset(told),
    )


def _open_quarter(record: _Record, quarter: Quarter) -> _Opening:
    """Return the forecast of one quarter as it stood at the end of its snapshot day."""
    day, end, as_of = quarter.day(record.snapshot_day), pd.Timestamp(quarter.end), pd.Timestamp(record.as_of)
    known = record.known[day]
    is_closed = known["outcome"] != "open"
    opened = ~(known["created_at"] > pd.Timestamp(day)) & (~is_closed | (known["closed_at"] > pd.Timestamp(day)))
    closing = opened & is_closed & (known["closed_at"] <= end)
    called = opened & known["forecast_category"].isin(record.categories)
    expected = known["expected_close_date"]
    in_quarter = (expected >= pd.Timestamp(day)) & (expected <= end)
    rows = known[called & in_quarter].assign(quarter=quarter.label)
    rows = rows.merge(record.destinations, on="deal_id", how="left")
    rows["resolution"] = resolve(rows, pd.Series(end, index=rows.index), as_of)
    rows["ultimate"] = resolve(rows, pd.Series(as_of, index=rows.index), as_of)
    rows["ultimate"] = rows["ultimate"].replace(SLIPPED, "open")
    early = (rows["resolution"] == SLIPPED) & rows["deal_id"].isin(_left_early(record, quarter))
    rows["resolution"] = rows["resolution"].mask(early, PUSHED_EARLY)
    return _Opening(
        rows,
        passed=int((called & (expected < pd.Timestamp(day))).sum()),
        silent=sum(deal_id not in record.called for deal_id in known.loc[closing, "deal_id"]),
        closings=int(closing.sum()),
    )


def _left_early(record: _Record, quarter: Quarter) -> set[str]:
    """Return the deals that had left the quarter's forecast before its late phase."""
    late = record.known.get(quarter.day(LATE_FROM_DAY - 1))
    if late is None:
        return set()
    ends = late["expected_close_date"] <= pd.Timestamp(quarter.end)
    return set(late.loc[~(ends & late["forecast_category"].isin(record.categories)), "deal_id"])
