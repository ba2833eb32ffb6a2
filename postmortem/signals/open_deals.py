"""What is on record of open deals: of how many a warning could be read, and how long their buyers have been silent."""

from __future__ import annotations

import pandas as pd

from postmortem.frames.cohort import Cohort
from postmortem.frames.entry import local_days
from postmortem.signals.matrix import fired
from postmortem.signals.own import with_own

BUYER = ("buyer", "both")


def known_of(cohort: Cohort, rows: pd.DataFrame) -> int:
    """Return of how many open deals something is on record that a warning is read from."""
    if cohort.kind != "open_forecast" or rows.empty:
        return 0
    asked = fired(cohort, signals=with_own(cohort.signal_files))
    return int(asked.loc[asked["fired"].notna() & asked["deal_id"].isin(rows["deal_id"]), "deal_id"].nunique())


def silent_days(cohort: Cohort) -> pd.Series:
    """Return the days since each deal's buyer last took part in something, by deal."""
    if not cohort.book.has("events"):
        return pd.Series([], index=pd.Index([], dtype="str"), dtype="Int64")
    events = cohort.book.table("events")
    last = events[events["side"].isin(BUYER)].groupby("deal_id")["occurred_at"].max()
    days: pd.Series = (pd.Timestamp(cohort.as_of) - local_days(cohort.book, last)).dt.days.astype("Int64")
    return days
