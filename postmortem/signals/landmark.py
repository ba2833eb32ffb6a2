"""What was known of some deals at their landmarks, and nothing after: the only book a signal ever sees."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np
import pandas as pd

from postmortem.book import Book
from postmortem.book.book import RECORDED_BY
from postmortem.book.history import TRACKED, typed
from postmortem.frames.entry import local_days
from postmortem.ground import schema
from postmortem.ground.errors import UsageError
from postmortem.ground.fates import OPEN

# Of the other tables everything is a judgement made afterwards, or says nothing of a single deal.
HANDED = ("history", "snapshots", "forecast_sheet", "milestones", "events", "contacts", "competitors")
# What a deal is from its beginning; everything else is known from dated rows, or not at all.
LASTING = ("deal_id", "account_id", "account_name", "deal_name", "segment", "region", "product", "deal_type",
           "pipeline", "is_existing_customer", "created_at", "currency")  # fmt: skip
# Columns of dated rows that are written over later, at closing at the latest.
WRITTEN_OVER = {"competitors": ("status", "price", "currency")}
NEVER = np.datetime64("1677-12-31", "us")
# Without its date, one of these rows may have been there or not: then the deal's record tells nothing.
SILENCED_BY_UNDATED = ("contacts", "milestones")
# Under which a book carries the changes of single fields, for as long as it lives.
KEPT = "_changes_of"


@dataclass(frozen=True)
class LandmarkBook(Book):
    """Some deals, each as it was known at the end of its own landmark.

    Its dated tables (`HANDED`) are in order of time and have two columns more: ``row``, the position of the row's
    deal in the landmarks, and ``day``, the local day on which it happened.

    Attributes
    ----------
    cutter : Cutter or None
        Behind `earlier`; detectors leave it alone.
    first_landmark : Timestamp or None
        The earliest landmark of these deals.
    """

    cutter: Cutter | None = field(default=None, repr=False)
    first_landmark: pd.Timestamp | None = None

    def table(self, name: str) -> pd.DataFrame:
        """Return table `name`; without rows, but with its columns, where the book has none."""
        return _without_rows(name) if name in HANDED and name not in self.tables else super().table(name)

    @cached_property
    def earlier(self) -> LandmarkBook:
        """The deals that had closed before the earliest of these landmarks, with outcome and day of closing."""
        if self.cutter is None or self.first_landmark is None:
            return replace(self, tables={})
        return self.cutter.closed_before(self.first_landmark)

    def changes_of(self, name: str) -> pd.DataFrame:
        """Return the changes of one field, in order of time, as rows of the history."""
        # As a cached property would: most detectors ask for the same one or two fields.
        kept: dict[str, pd.DataFrame] = vars(self).setdefault(KEPT, {})
        if name not in kept:
            rows = self.table("history")
            kept[name] = rows[rows["field"] == name]
        return kept[name].copy(deep=False)

    @cached_property
    def stage_steps(self) -> pd.DataFrame:
        """Every stage each deal had entered, in order of time: ``row``, ``day``, ``stage``, ``order``.

        `order` is the position in the process, 0 for a stage that it does not list as open. What a deal was in
        before its first change on record counts from the day it was created; a deal without a change is in the
        stage it stands in, where the history tells that none took place.
        """
        deals, changes = self.deals, self.changes_of("stage")
        first = changes.drop_duplicates("row").set_index("row")
        still = ~deals.index.isin(first.index) & self.is_told("stage", deals)
        opening = first["old_value"].reindex(deals.index).where(~still, deals["stage"])
        start = deals["created_at"].fillna(first["day"].reindex(deals.index))
        opened = pd.DataFrame({"row": deals.index, "day": start, "stage": opening})
        later = changes.rename(columns={"new_value": "stage"})[["row", "day", "stage"]]
        steps = pd.concat([opened, later], ignore_index=True).dropna(subset=["stage", "day"])
        orders = {stage.stage: stage.order for stage in self.process.stages if not stage.is_closed}
        codes, names = pd.factorize(steps["stage"])
        steps["order"] = np.array([orders.get(name, 0) for name in names], dtype="int64")[codes]
        return steps.sort_values(["row", "day"], kind="stable", ignore_index=True)

    @cached_property
    def stage_entries(self) -> pd.DataFrame:
        """The steps by which a deal came into another stage than the one before, and ``until``, the day of the next."""
        steps = self.stage_steps
        # By deal and time, so that the row above is the step before: a look at numbers, not at texts by deal.
        row, stage = steps["row"], pd.Series(pd.factorize(steps["stage"])[0], index=steps.index)
        entries = steps[(row != row.shift()) | (stage != stage.shift())]
        return entries.assign(until=entries["day"].shift(-1).where(entries["row"] == entries["row"].shift(-1)))

    def is_told(self, name: str, deals: pd.DataFrame) -> pd.Series[bool]:
        """Say of which deals the history tells a field, so that no change on record means that there was none.

        `deals` are the landmarks, or the book's deals. Told are those with a change of it on record, and those
        created since the earliest one on record.
        """
        rows = self.changes_of(name)
        told: pd.Series[bool] = deals.index.isin(rows["row"]) | (deals["created_at"] >= rows["day"].min())
        return told


class Cutter:
    """Cuts one book at many landmarks; what is the same for all of them is worked out once.

    Parameters
    ----------
    book : Book
        Any book; not changed.
    """

    def __init__(self, book: Book) -> None:
        self._book = book
        # Deals as positions, days and order worked out once: a table is cut once a quarter.
        self._deals = book.deals.drop_duplicates("deal_id").set_index("deal_id", drop=False)
        self._dated = {name: self._in_order(name) for name in HANDED if book.has(name)}
        self._changed_to = self._values_of_changes() if "history" in self._dated else {}

    def at(self, landmarks: pd.DataFrame, states: Mapping[str, pd.Series] | None = None) -> LandmarkBook:
        """Return some deals, each as known at the end of its landmark.

        Parameters
        ----------
        landmarks : DataFrame
            One row a deal, numbered from 0: ``deal_id``, ``landmark`` (local day, inclusive).
        states : mapping of str to Series, optional
            Tracked fields as they stood at the landmarks, on the index of `landmarks`; a missing one is replayed
            from the history up to the landmark.

        Returns
        -------
        LandmarkBook
            Its deals are open and hold what a deal is from its beginning, and the tracked fields as they stood,
            missing where nothing tells them. No row of any table was recorded after its deal's landmark.

        Raises
        ------
        UsageError
            When a deal has two landmarks.
        """
        if landmarks["deal_id"].duplicated().any():
            raise UsageError("A deal has one landmark in one cut.", expected="one row a deal")
        limits = landmarks.set_index("deal_id")["landmark"]
        places = self._deals.index.get_indexer(limits.index)
        row, until = np.full(len(self._deals) + 1, -1), np.full(len(self._deals) + 1, NEVER)
        row[places], until[places] = np.arange(len(limits)), limits.to_numpy(dtype="datetime64[us]")
        seen = {name: known <= until[deal] for name, (_, deal, known) in self._dated.items()}
        rows = {name: row[deal[seen[name]]] for name, (_, deal, _) in self._dated.items()}
        tables = {name: frame[seen[name]].assign(row=rows[name]) for name, (frame, _, _) in self._dated.items()}
        deals = _blank(self._deals.iloc[places].set_axis(landmarks.index))
        held = {name: self._latest(name, deals[name], seen["history"], row) if self._changed_to else deals[name]
                for name in TRACKED}  # fmt: skip
        for name, values in (states or {}).items():
            held[name] = values.astype(deals[name].dtype).fillna(held[name])
        held["forecast_category"] = held["forecast_category"].fillna(schema.UNKNOWN)
        meta = self._book.meta
        return LandmarkBook(
            meta=replace(meta, extracted_on=limits.max().date()) if len(limits) else meta,
            tables={"deals": deals.assign(**held), **tables},
            taxonomy=self._book.taxonomy,
            process=self._book.process,
            cutter=self,
            first_landmark=limits.min() if len(limits) else None,
        )

    def closed_before(self, day: pd.Timestamp) -> LandmarkBook:
        """Return the deals that had closed before a day, as known the day before it: what others are measured by."""
        closed = self._deals[(self._deals["outcome"] != OPEN) & (self._deals["closed_at"] < day)]
        landmarks = closed[["deal_id"]].reset_index(drop=True).assign(landmark=day - pd.Timedelta(days=1))
        book = self.at(landmarks)
        ends = {name: closed[name].to_numpy() for name in ("outcome", "closed_at")}
        return replace(book, tables={**book.tables, "deals": book.deals.assign(**ends)})

    def _in_order(self, name: str) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
        """Return a table in order of time with its days, each row's deal as its position, and when it was known."""
        frame, moments = self._book.tables[name], RECORDED_BY[name]
        blank = schema.empty(name)
        over = {column: blank[column].reindex(frame.index) for column in WRITTEN_OVER.get(name, ())}
        days = pd.DataFrame({column: self._local(frame[column]) for column in moments})
        frame = frame.assign(**over, day=days.bfill(axis=1).iloc[:, 0])
        frame = frame.sort_values([moments[0], *(["seq"] if name == "history" else [])], kind="stable")
        known = days.max(axis=1).reindex(frame.index)
        if name in SILENCED_BY_UNDATED:
            known = known.mask(frame["deal_id"].isin(frame.loc[known.isna(), "deal_id"]))
        deal = self._deals.index.get_indexer(pd.Index(frame["deal_id"]))
        return frame.reset_index(drop=True), deal, known.to_numpy(dtype="datetime64[us]")

    def _values_of_changes(self) -> dict[str, tuple[np.ndarray, pd.Series]]:
        """Return, by tracked field, where its changes stand in the history and what they wrote, typed."""
        history = self._dated["history"][0]
        places = {name: np.flatnonzero((history["field"] == name).to_numpy(dtype=bool)) for name in TRACKED}
        return {name: (at, typed(history["new_value"].iloc[at], name)) for name, at in places.items()}

    def _latest(self, name: str, blank: pd.Series, seen: np.ndarray, row: np.ndarray) -> pd.Series:
        """Return what the latest change of a field that is seen had written, by row; missing where there is none."""
        at, values = self._changed_to[name]
        latest, of_them = np.full(len(blank), -1), np.flatnonzero(seen[at])
        # In order of time: of several changes of one deal the last one stays.
        latest[row[self._dated["history"][1][at[of_them]]]] = of_them
        return pd.Series(values.array.take(latest, allow_fill=True), index=blank.index).astype(blank.dtype)

    def _local(self, moments: pd.Series) -> pd.Series:
        is_stamp = isinstance(moments.dtype, pd.DatetimeTZDtype)
        return local_days(self._book, moments) if is_stamp else moments.dt.normalize()


def _without_rows(name: str) -> pd.DataFrame:
    return schema.empty(name).assign(row=pd.Series([], dtype="int64"), day=pd.Series([], dtype="datetime64[us]"))


def _blank(deals: pd.DataFrame) -> pd.DataFrame:
    """Return deals as open ones of which nothing is known but what they are from their beginning."""
    blank = schema.empty("deals")
    gone = {name: blank[name].reindex(deals.index) for name in blank.columns if name not in LASTING}
    gone["outcome"] = gone["outcome"].fillna(OPEN)
    # Columns that only one client's export has could say anything.
    return deals[[name for name in deals.columns if name in LASTING]].assign(**gone)
