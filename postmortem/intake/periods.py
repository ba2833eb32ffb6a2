"""When the book was taken from the CRM, and dates that cannot be: typing errors and days yet to come."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from postmortem.ground import schema
from postmortem.ground.errors import DataError
from postmortem.intake.quarantine import Ledger

EARLIEST, LATEST = dt.date(1990, 1, 1), dt.date(2100, 12, 31)
TYPO_BEYOND_DAYS: Final = 366
BULK: Final = 0.995
BULK_NEEDS: Final = 20
RECORDED: Final[Mapping[str, tuple[str, ...]]] = {
    "deals": ("created_at", "closed_at"), "history": ("changed_at",), "snapshots": ("as_of",),
    "forecast_sheet": ("as_of",), "milestones": ("met_at", "recorded_at"), "events": ("occurred_at", "recorded_at"),
    "contacts": ("first_seen_at",), "competitors": ("recorded_at",),
}  # fmt: skip
"""Days that were over when the CRM was exported; interviews, reviews and guesses may come later."""


@dataclass(frozen=True)
class Extraction:
    """The day the book is as of, and where that day comes from."""

    day: dt.date
    source: str


def latest_plausible(frames: Mapping[str, pd.DataFrame]) -> pd.Timestamp | None:
    """Return the day beyond which a recorded date is taken for a typing error.

    It is 366 days after the 99.5th percentile of all recorded days, of which 20 are needed.
    """
    days = [
        _plain(frame.loc[_counts(frame, column), column])
        for table, columns in RECORDED.items()
        if (frame := frames.get(table)) is not None
        for column in columns
        if column in frame
    ]
    known = pd.concat(days).dropna() if days else pd.Series(dtype="datetime64[us]")
    known = known[known <= pd.Timestamp(LATEST)]
    if len(known) < BULK_NEEDS:
        return None
    bulk = np.quantile(known.to_numpy().astype("datetime64[us]").astype("int64"), BULK, method="lower")
    return pd.Timestamp(int(bulk), unit="us") + pd.Timedelta(days=TYPO_BEYOND_DAYS)


def refuse_impossible(table: str, frame: pd.DataFrame, ledger: Ledger, limit: pd.Timestamp | None) -> None:
    """Set aside rows with dates outside 1990 to 2100 or, where something was recorded, beyond `limit`.

    Parameters
    ----------
    table : str
        Canonical table.
    frame : DataFrame
        Typed columns.
    ledger : Ledger
        Takes the rows.
    limit : Timestamp, optional
        As from `latest_plausible`; None where the extraction date is stated.
    """
    for column in schema.table(table).columns:
        if column.kind not in ("date", "timestamp") or column.name not in frame:
            continue
        days = _plain(frame[column.name])
        outside = (days < pd.Timestamp(EARLIEST)) | (days > pd.Timestamp(LATEST))
        ledger.set_aside(
            outside, column.name, frame[column.name], "is not between 1990 and 2100: likely a typing error"
        )
        if limit is not None and column.name in RECORDED.get(table, ()):
            why = f"is more than {TYPO_BEYOND_DAYS} days after nearly all others: likely a typing error"
            ledger.set_aside(
                (days > limit) & ~outside & _counts(frame, column.name), column.name, frame[column.name], why
            )


def extraction(frames: Mapping[str, pd.DataFrame], stated: dt.date | None, zone: ZoneInfo) -> Extraction:
    """Return the stated day, else the newest day something was recorded on.

    A close date that is only the old expectation does not count, nor do fieldwork tables.

    Raises
    ------
    DataError
        When no table holds a date and none is stated.
    """
    if stated is not None:
        return Extraction(stated, "[data] extracted_on")
    known = pd.Series(list(newest_by_table(frames, zone).values()), dtype="datetime64[us]")
    if known.empty:
        raise DataError(
            "Nothing in these tables has a date, so the day they were exported cannot be told.",
            do="state it in postmortem.toml: [data] extracted_on = 2025-10-05",
        )
    return Extraction(known.max().date(), "newest recorded date")


def newest_by_table(frames: Mapping[str, pd.DataFrame], zone: ZoneInfo) -> dict[str, pd.Timestamp]:
    """Return by table the newest moment something was recorded on, in `zone`; tables without one are left out."""
    newest: dict[str, pd.Timestamp] = {}
    for table, columns in RECORDED.items():
        frame = frames.get(table)
        if frame is None:
            continue
        latest = [_plain(frame.loc[_counts(frame, name), name], zone).max() for name in columns if name in frame]
        known = pd.Series(latest, dtype="datetime64[us]").dropna()
        if not known.empty:
            newest[table] = known.max()
    return newest


def refuse_later(table: str, frame: pd.DataFrame, ledger: Ledger, taken: Extraction, zone: ZoneInfo) -> None:
    """Set aside rows recorded after the book was taken."""
    for column in RECORDED.get(table, ()):
        if column in frame:
            later = (_plain(frame[column], zone) >= pd.Timestamp(taken.day + dt.timedelta(days=1))) & _counts(
                frame, column
            )
            why = f"is after the extraction date {taken.day.isoformat()} ({taken.source})"
            ledger.set_aside(later, column, frame[column], why)


def _counts(frame: pd.DataFrame, column: str) -> pd.Series[bool]:
    """Whether a day was recorded: the close date of an open deal, and an old expectation, was not."""
    if column != "closed_at":
        return pd.Series(True, index=frame.index)
    closed = frame["outcome"] != "open"
    return closed & (frame["closed_at_source"] != "expected_proxy") if "closed_at_source" in frame else closed


def _plain(moments: pd.Series[pd.Timestamp], zone: ZoneInfo | None = None) -> pd.Series[pd.Timestamp]:
    if isinstance(moments.dtype, pd.DatetimeTZDtype):
        local: pd.Series[pd.Timestamp] = moments.dt.tz_convert(zone or "UTC").dt.tz_localize(None)
        return local
    return moments
