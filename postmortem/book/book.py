"""The book: a company's deals as canonical tables, with everything that was repaired or set aside."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from zoneinfo import ZoneInfo

import pandas as pd

from postmortem.book.history import Changes, read_changes, states_at, tracked_fields
from postmortem.ground import schema
from postmortem.ground.fiscal import FiscalCalendar
from postmortem.ground.membership import among
from postmortem.ground.process import Process
from postmortem.taxonomies import Taxonomy

QUARANTINE_COLUMNS = ("table", "file", "line", "column", "value", "reason")
# A row is known once all of these have passed; a missing one is taken as passed.
RECORDED_BY = {
    "history": ("changed_at",), "snapshots": ("as_of",), "forecast_sheet": ("as_of",),
    "milestones": ("met_at", "recorded_at"), "events": ("occurred_at", "recorded_at"), "contacts": ("first_seen_at",),
    "competitors": ("recorded_at",), "reasons": ("recorded_at",), "interviews": ("drawn_at",),
    "reviews": ("recorded_at",),
    "guesses": ("sealed_at",), "reps": ("hired_at",), "rollouts": ("started_at",), "fx_rates": ("valid_from",),
}  # fmt: skip
# Rows without a date were written down when their deal was closed.
WRITTEN_AT_CLOSE = {
    "reasons": "recorded_at", "competitors": "recorded_at", "interviews": "drawn_at", "reviews": "recorded_at",
}  # fmt: skip
KNOWN_AT_CLOSE = (
    "closed_at", "closed_at_source", "lost_to_raw", "lost_to_recorded", "loss_reason_raw", "win_reason_raw",
    "loss_notes", "stage", "forecast_category", "probability", "expected_close_date",
)  # fmt: skip


@dataclass(frozen=True)
class BookMeta:
    """Whose book this is and how to read its days and its money.

    Attributes
    ----------
    company : str
        Name shown on the pages.
    currency : str
        Reporting currency, ISO 4217; empty where the data do not say.
    time_zone : str
        IANA zone in which a business day begins and ends.
    calendar : FiscalCalendar
        Fiscal years and quarters.
    extracted_on : datetime.date
        The day the book is as of; nothing later is in it.
    extracted_on_source : str
        Where that day comes from: the configuration, or the newest recorded date.
    source_systems : tuple of str
        Adapters that read the tables.
    """

    company: str
    currency: str
    time_zone: str
    calendar: FiscalCalendar
    extracted_on: dt.date
    extracted_on_source: str = "newest recorded date"
    source_systems: tuple[str, ...] = ()

    def end_of_day(self, day: dt.date) -> pd.Timestamp:
        """Return the first moment after `day` in the book's zone, as UTC: ``< end_of_day`` is that day or before."""
        midnight = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=ZoneInfo(self.time_zone))
        return pd.Timestamp(midnight).tz_convert("UTC")


@dataclass(frozen=True)
class Note:
    """Something intake noticed or repaired by a stated rule: where, how many rows, and what was done."""

    table: str
    column: str
    rows: int
    what: str


@dataclass(frozen=True)
class Book:
    """A company's deals at one day.

    Attributes
    ----------
    meta : BookMeta
        Company, currency, zone, calendar, date.
    tables : mapping of str to DataFrame
        Canonical tables (see `postmortem.ground.schema`); a table that no source has is absent.
    taxonomy : Taxonomy
        What the reason codes mean.
    process : Process
        Stages in order.
    quarantine : DataFrame
        Rows set aside: table, file, line, column, value, reason.
    notes : tuple of Note
        Repairs and observations of intake.
    rows_in : mapping of str to int
        Rows read per table; always rows used + rows quarantined.
    """

    meta: BookMeta
    tables: Mapping[str, pd.DataFrame]
    taxonomy: Taxonomy
    process: Process
    quarantine: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=list(QUARANTINE_COLUMNS)))
    notes: tuple[Note, ...] = ()
    rows_in: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))

    def has(self, name: str) -> bool:
        """Whether the book holds any row of table `name`."""
        return name in self.tables and not self.tables[name].empty

    def table(self, name: str) -> pd.DataFrame:
        """Return table `name`; without rows, but with its columns, where the book has none."""
        return self.tables[name] if name in self.tables else schema.empty(name)

    @property
    def deals(self) -> pd.DataFrame:
        """The deals, one row a deal."""
        return self.table("deals")

    @property
    def rows_used(self) -> int:
        """Rows of all tables that were read and not set aside."""
        return sum(self.rows_in.values()) - len(self.quarantine)

    @cached_property
    def fingerprint(self) -> str:
        """A hash over everything in the book, what was set aside included: equal books give equal hashes."""
        digest = hashlib.sha256()
        beside = (self.meta, self.process, self.taxonomy, self.notes, sorted(self.rows_in.items()))
        digest.update(repr(beside).encode())
        frames = {**self.tables, "quarantine": self.quarantine.astype("str")}
        for name, frame in sorted(frames.items()):
            digest.update(f"{name}:{list(frame.columns)}:{len(frame)}".encode())
            digest.update(pd.util.hash_pandas_object(frame, index=False).to_numpy().tobytes())
        return digest.hexdigest()

    @cached_property
    def changes(self) -> Changes:
        """The validity spans of the history, built once; see `postmortem.book.history`."""
        return read_changes(self.deals, self.table("history"))

    def at(self, day: dt.date) -> Book:
        """Return the book as it was known at the end of `day`.

        Deals created later are gone, deals closed later are open again with what was written at closing
        taken out, fields with a history have the values they had then, and no table holds a row recorded
        later. A reason without a date counts as recorded when its deal was closed.

        Without a history of them, a reopened deal's expected close is unknown, because closing overwrites it
        with the day the deal was closed; its amount stays today's, which is not written by closing.
        """
        if day >= self.meta.extracted_on:
            return self
        later = pd.Timestamp(day)
        deals = self.deals
        reopened = (deals["closed_at"] > later).to_numpy()
        open_ids = set(deals.loc[reopened, "deal_id"])
        states = states_at(self, self.meta.end_of_day(day), tracked_fields(self)).drop(columns="deal_id")
        deals = deals.copy()
        for column in KNOWN_AT_CLOSE:
            deals[column] = deals[column].mask(reopened)
        deals["outcome"] = deals["outcome"].mask(reopened, "open")
        deals["forecast_category"] = deals["forecast_category"].mask(reopened, schema.UNKNOWN)
        deals = deals.assign(**{str(field): states[field] for field in states})
        deals = deals[~(deals["created_at"] > later)]
        tables = {name: self._until(name, day, deals, open_ids) for name in self.tables if name != "deals"}
        return replace(self, meta=replace(self.meta, extracted_on=day), tables={"deals": deals, **tables})

    def _until(self, name: str, day: dt.date, deals: pd.DataFrame, open_ids: set[str]) -> pd.DataFrame:
        """Return the rows of table `name` that were known at the end of `day`."""
        frame = self.tables[name]
        if "deal_id" in frame.columns:
            frame = frame[among(frame["deal_id"], deals["deal_id"])]
        for moment in (column for column in RECORDED_BY.get(name, ()) if column in frame.columns):
            is_stamp = isinstance(frame[moment].dtype, pd.DatetimeTZDtype)
            limit = self.meta.end_of_day(day) if is_stamp else pd.Timestamp(day + dt.timedelta(days=1))
            frame = frame[~(frame[moment] >= limit)]
        if name in WRITTEN_AT_CLOSE:
            moment = WRITTEN_AT_CLOSE[name]
            undated = frame[moment].isna() if moment in frame.columns else pd.Series(True, index=frame.index)
            frame = frame[~(undated & frame["deal_id"].isin(open_ids))]
        if name == "ratings" and self.has("interviews"):
            interviews = self._until("interviews", day, deals, open_ids)
            held = interviews[~(interviews["held_at"] > pd.Timestamp(day))]
            frame = frame[frame["interview_id"].isin(held["interview_id"])]
        return frame
