"""The forecast cohort: the deals a team had forecast to close in a quarter, as the forecast stood then.

A closed deal's current category is no evidence of what was forecast, since CRMs overwrite it at closing.
Where no snapshot, history or sheet tells categories and close dates, this cohort is therefore refused.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from postmortem.book import Book
from postmortem.frames.closed import arrange, known_by
from postmortem.frames.cohort import QUARTERS_BACK, Cohort, pooled
from postmortem.frames.known import REACH, Known, Record, provenance
from postmortem.frames.resolution import lost_to, resolve
from postmortem.ground.errors import EmptyFrame, FrameRefused
from postmortem.ground.fates import PUSHED_EARLY, SLIPPED
from postmortem.ground.fiscal import Quarter
from postmortem.ground.membership import among
from postmortem.ground.schema import FORECAST_DEFAULT

NEEDED = ("forecast_category", "expected_close_date")
LABELS = {"forecast_category": "forecast category", "expected_close_date": "expected close", "amount": "amount",
          "stage": "stage"}  # fmt: skip
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
        Needs `deals`, and forecast category and expected close date as they were: in `snapshots`, in
        `history` or in a `forecast_sheet`; see `postmortem.frames.known`.
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
    quarters = _quarters_on_record(book, focus, snapshot_day)
    asked = {quarter.day(day) for quarter in quarters for day in (snapshot_day, LATE_FROM_DAY - 1)}
    record = Record(book, tuple(sorted(day for day in asked if day <= as_of)))
    destinations = lost_to(book)

    def opening(quarter: Quarter) -> _Opening:
        return _open_quarter(record, quarter, tuple(categories), snapshot_day, as_of, destinations)

    # The focus first: where it cannot be rebuilt, the others are not asked for.
    now = opening(quarters[-1])
    if now.missing:
        raise FrameRefused(
            "The forecast as it was cannot be rebuilt from these data.",
            got="only today's values of " + " and ".join(name.replace("_", " ") for name in now.missing),
            expected="a history of forecast categories and expected close dates, or a snapshot or forecast sheet of "
            f"{focus.day(snapshot_day)} or at most {REACH} days before",
            do="export the CRM's field history (in Salesforce: Reports, Opportunity History), add the sheet of the "
            "forecast call with postmortem forecast add, or use the closed cohort",
        )
    if not now.is_on_record:
        raise FrameRefused(
            f"The forecast of {focus.label} cannot be rebuilt from these data.",
            got=f"no category on record for {now.silent} of the {now.closings} deals that closed in it",
            expected=f"at most {MOST_SILENT:.0%} without one",
            do="export a longer field history, or use the closed cohort",
        )
    parts = [each.rows for each in (*map(opening, quarters[:-1]), now) if each.is_on_record]
    table = arrange(pd.concat([part for part in parts if not part.empty] or parts))
    if not (table["quarter"] == focus.label).any():
        raise EmptyFrame(
            f"No deal was forecast for {focus.label}.",
            got=f"{len(table)} deals forecast in earlier quarters",
            expected=f"open deals in {', '.join(categories)} on {focus.day(snapshot_day)}, "
            f"expected to close by {focus.end}",
            do="choose another quarter with --quarter, or other categories in [frame]",
        )
    sources = pd.DataFrame({field: now.rows[f"{field}_source"] for field in LABELS})
    frozen = f"The forecast is frozen at the end of {focus.day(snapshot_day)}, day {snapshot_day} of the quarter."
    return Cohort(
        table=table,
        kind="forecast",
        focus=focus,
        window=pooled(focus, window, as_of),
        provenance=provenance(sources, LABELS),
        book=book,
        as_of=as_of,
        counted_apart={
            "whose expected close had already passed": now.passed,
            "that closed without a forecast category on record": now.silent,
            **({"called without an expected close on record": now.undated} if now.undated else {}),
        },
        remarks=(frozen, *now.remarks),
    )


def _quarters_on_record(book: Book, focus: Quarter, snapshot_day: int) -> tuple[Quarter, ...]:
    """Return the quarters up to `focus` whose snapshot some deal was there for; before it there is no forecast."""
    created = book.deals["created_at"]
    earliest = focus.trailing(QUARTERS_BACK)[0].start if created.isna().any() else created.min().date()
    quarters = focus.trailing(QUARTERS_BACK)
    return tuple(quarter for quarter in quarters if quarter.day(snapshot_day) >= earliest or quarter == focus)


@dataclass(frozen=True)
class _Opening:
    """One quarter's forecast: its deals, and how many others there are that belong beside it."""

    rows: pd.DataFrame
    missing: tuple[str, ...]
    passed: int
    silent: int
    undated: int
    closings: int
    remarks: tuple[str, ...]

    @property
    def is_on_record(self) -> bool:
        return not self.missing and self.silent <= MOST_SILENT * self.closings


def _open_quarter(
    record: Record,
    quarter: Quarter,
    categories: tuple[str, ...],
    snapshot_day: int,
    as_of: dt.date,
    destinations: pd.DataFrame,
) -> _Opening:
    """Return the forecast of one quarter as it stood at the end of its snapshot day."""
    day, end = quarter.day(snapshot_day), pd.Timestamp(quarter.end)
    told = record.at(day)
    known = told.deals.assign(**{f"{field}_source": told.sources[field] for field in LABELS})
    is_closed = known["outcome"] != "open"
    opened = ~(known["created_at"] > pd.Timestamp(day)) & (~is_closed | (known["closed_at"] > pd.Timestamp(day)))
    closing = opened & is_closed & (known["closed_at"] <= end)
    is_called, is_dated = (told.is_evidence(field) for field in NEEDED)
    called = opened & is_called & known["forecast_category"].isin(categories)
    expected = known["expected_close_date"].where(is_dated)
    in_quarter = (expected >= pd.Timestamp(day)) & (expected <= end)
    rows = known[called & in_quarter].assign(quarter=quarter.label, entered_at=pd.Timestamp(day))
    rows["probability"] = rows["probability"].where(told.is_evidence("probability")[rows.index])
    rows = rows.merge(destinations, on="deal_id", how="left")
    rows["resolution"] = resolve(rows, pd.Series(end, index=rows.index), pd.Timestamp(as_of))
    rows["ultimate"] = resolve(rows, pd.Series(pd.Timestamp(as_of), index=rows.index), pd.Timestamp(as_of))
    rows["ultimate"] = rows["ultimate"].replace(SLIPPED, "open")
    late_day = quarter.day(LATE_FROM_DAY - 1)
    late = record.at(late_day, NEEDED) if late_day <= as_of else None
    early = (rows["resolution"] == SLIPPED) & among(rows["deal_id"], _left_early(late, quarter, categories))
    rows["resolution"] = rows["resolution"].mask(early, PUSHED_EARLY)
    return _Opening(
        rows,
        missing=tuple(field for field in NEEDED if field not in told.told),
        passed=int((called & (expected < pd.Timestamp(day))).sum()),
        silent=int((closing & ~is_called).sum()),
        undated=int((called & ~is_dated).sum()),
        closings=int(closing.sum()),
        remarks=tuple(_remarks(told, late, late_day)),
    )


def _left_early(late: Known | None, quarter: Quarter, categories: tuple[str, ...]) -> pd.Series[str]:
    """Return the deals on record as having left the quarter's forecast before its late phase."""
    if late is None:
        return pd.Series([], dtype="str")
    called, expected = late.deals["forecast_category"], late.deals["expected_close_date"]
    gone = late.is_evidence("forecast_category") & ~called.isin(categories)
    moved = late.is_evidence("expected_close_date") & ~(expected <= pd.Timestamp(quarter.end))
    left: pd.Series[str] = late.deals.loc[gone | moved, "deal_id"]
    return left


def _remarks(told: Known, late: Known | None, late_day: dt.date) -> list[str]:
    """Say what a page must know of the sources of one quarter."""
    said = []
    if told.sheet is not None:
        said.append(f"A deal that is not on the forecast sheet of {told.sheet} counts as not forecast, unless the "
                    "CRM's own record says otherwise.")  # fmt: skip
    if late is not None and not set(NEEDED) <= late.told:
        said.append(
            f"Nothing on record tells the forecast of {late_day}, so deals that left it early count as slipped."
        )
    return said
