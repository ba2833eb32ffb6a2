"""What was known of every deal at the end of a day, and where each field comes from.

Four sources, best first, field by field and deal by deal: a snapshot of that day, the field history, the
sheet of a forecast call, today's value. A snapshot or a sheet speaks for its own day and the seven after it.
Dates of stage entry reach the book as a history of stages, so they speak for the stage alone.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from postmortem.book import Book
from postmortem.book.history import OVERWRITTEN, TRACKED, states_at_moments, tracked_fields
from postmortem.ground.formats import count
from postmortem.ground.membership import among
from postmortem.ground.schema import UNKNOWN

REACH = 7
"""Days a snapshot or a sheet is taken to hold: longer, and deals pushed since would count as forecast."""

HISTORY, TODAY = "field history", "current value"
IN_SNAPSHOT: Mapping[str, str] = {field: field for field in TRACKED}
IN_SHEET = {"forecast_category": "category", "expected_close_date": "expected_close_date", "amount": "amount"}


@dataclass(frozen=True)
class Known:
    """Every deal at the end of one day.

    Attributes
    ----------
    deals : DataFrame
        The book's deals, the tracked fields as they stood; a value whose source is ``current value`` is no
        evidence of an earlier day.
    sources : DataFrame
        On the same index, one column a tracked field: where each deal's value comes from.
    told : frozenset of str
        Fields that a snapshot, the history or a sheet tells for that day at all.
    sheet : datetime.date or None
        Day of the sheet that speaks for the day; deals that are not on it were not called.
    """

    deals: pd.DataFrame
    sources: pd.DataFrame
    told: frozenset[str]
    sheet: dt.date | None

    def is_evidence(self, field: str) -> pd.Series[bool]:
        """Say for each deal whether the value of `field` is that of the day, not today's."""
        return self.sources[field] != TODAY


@dataclass(frozen=True)
class Record:
    """What a book holds of earlier days, asked day by day.

    Parameters
    ----------
    book : Book
        Cut at the last day that may be known.
    days : tuple of datetime.date
        Days that will be asked for; the history is replayed once for all of them.
    fields : tuple of str
        Tracked fields that will be asked for; the others are as today.
    """

    book: Book
    days: tuple[dt.date, ...]
    fields: tuple[str, ...] = TRACKED

    @cached_property
    def _replayed(self) -> Mapping[str, pd.Series[bool]]:
        """By field that is tracked, the deals whose history tells it, on any day alike."""
        deals, history = self.book.deals.reset_index(drop=True), self.book.table("history")
        is_open = deals["outcome"] == "open"
        return {
            field: is_open | among(deals["deal_id"], history.loc[history["field"] == field, "deal_id"])
            for field in self.fields
            if field in tracked_fields(self.book)
        }

    @cached_property
    def _today(self) -> pd.Series[str]:
        """The source of a field that nothing tells of earlier days."""
        return pd.Series(TODAY, index=range(len(self.book.deals)), dtype="str")

    @cached_property
    def _by_history(self) -> Mapping[str, tuple[pd.Series[bool], pd.Series[str]]]:
        """By tracked field, the deals that take the history's value where no sheet speaks, and the sources then."""
        told = {}
        for field, replayed in self._replayed.items():
            # A closed deal without a change of what closing overwrites has a history that was cut.
            deals = replayed if field in OVERWRITTEN else replayed | True
            told[field] = deals, self._today.mask(deals, HISTORY)
        return told

    @cached_property
    def _states(self) -> Mapping[dt.date, pd.DataFrame]:
        """The replayed history at the end of each of the days."""
        moments = [self.book.meta.end_of_day(day) for day in self.days]
        states = states_at_moments(self.book, moments, tuple(self._replayed))
        return {day: frame.reset_index(drop=True) for day, frame in zip(self.days, states, strict=True)}

    def at(self, day: dt.date, fields: Sequence[str] | None = None) -> Known:
        """Return every deal as it stood at the end of `day`, one of `days`; of the tracked fields only `fields`."""
        asked = self.fields if fields is None else fields
        deals = self.book.deals.reset_index(drop=True)
        states = self._states[day]
        sheet, sheet_day = _latest(self.book.table("forecast_sheet"), day)
        snapshot, snapshot_day = _latest(self.book.table("snapshots"), day)
        on_sheet = sheet.reindex(deals["deal_id"]).reset_index(drop=True) if len(sheet) else sheet
        in_snapshot = snapshot.reindex(deals["deal_id"]).reset_index(drop=True) if len(snapshot) else snapshot
        present = deals["deal_id"].isin(snapshot.index)
        values: dict[str, pd.Series] = {}
        sources: dict[str, pd.Series[str]] = {}
        told = set(self._replayed)
        for field in asked:
            value, source, replayed = deals[field], self._today, self._replayed.get(field)
            if replayed is not None:
                replayed, source = self._by_history[field]
            column = IN_SHEET.get(field)
            if column is not None and _is_filled(sheet, column):
                # A sheet lists what was called: a deal that is not on it has no category that day.
                called = on_sheet[column].notna() | (field == "forecast_category")
                value = value.mask(called, on_sheet[column])
                source = self._today.mask(called, f"sheet of {sheet_day}")
                told.add(field)
                if replayed is not None:
                    replayed = self._replayed[field] if field in OVERWRITTEN else self._replayed[field] | ~called
                    source = source.mask(replayed, HISTORY)
            if replayed is not None:
                value = value.mask(replayed, states[field])
            if _is_filled(snapshot, IN_SNAPSHOT[field]):
                value = value.mask(present, in_snapshot[field])
                source = source.mask(present, f"snapshot of {snapshot_day}")
                told.add(field)
            values[field], sources[field] = value.astype(deals[field].dtype), source
        return Known(deals.assign(**values), pd.DataFrame(sources, copy=False), frozenset(told), sheet_day)


def provenance(sources: pd.DataFrame, labels: Mapping[str, str]) -> dict[str, str]:
    """Say where each field of some deals comes from; several sources are counted.

    Parameters
    ----------
    sources : DataFrame
        Rows of `Known.sources`.
    labels : mapping of str to str
        Field to what people call it, which is the key of the answer.
    """
    told = {}
    for field, label in labels.items():
        counts = sources[field].value_counts()
        told[label] = (
            str(counts.index[0])
            if len(counts) == 1
            else ", ".join(f"{name} ({count(int(number), 'deal')})" for name, number in sorted(counts.items()))
        )
    return told


def _latest(frame: pd.DataFrame, day: dt.date) -> tuple[pd.DataFrame, dt.date | None]:
    """Return the rows of the latest day up to `day` and within reach of it, by deal, and that day."""
    if frame.empty:
        return frame.set_index("deal_id"), None
    last, first = pd.Timestamp(day), pd.Timestamp(day - dt.timedelta(days=REACH))
    near = frame[(frame["as_of"] >= first) & (frame["as_of"] <= last)]
    if near.empty:
        return near.set_index("deal_id"), None
    newest = near["as_of"].max()
    rows = near[near["as_of"] == newest].drop_duplicates("deal_id", keep="last")
    return rows.set_index("deal_id"), newest.date()


def _is_filled(frame: pd.DataFrame, column: str) -> bool:
    """Whether a sheet or snapshot tells a column at all; one that does may tell that a value is missing."""
    return not frame.empty and bool((frame[column].notna() & (frame[column] != UNKNOWN)).any())
