"""The landmark of every deal of a cohort: the day up to which a signal may know anything of it."""

from __future__ import annotations

from typing import Literal, get_args

import pandas as pd

from postmortem.book.history import tracked_fields
from postmortem.frames.cohort import Cohort
from postmortem.frames.entry import local_days, spells
from postmortem.ground.errors import UsageError, nearest

Landmark = Literal["snapshot", "stage_entry", "before_close"]
# Two weeks before the expected close there is still time to act, and little left to come late.
BEFORE_CLOSE = 14
NOT_OBSERVED = "no day is known on which this deal was still open; counting back from its close would choose by outcome"
NEVER_RED = "not known to have entered the red zone"
ENDED = "the deal had ended by then"
TOO_LATE = "this day had not come by the report's last day"


def landmarks_of(cohort: Cohort, landmark: Landmark = "snapshot", days: int = 0) -> pd.DataFrame:
    """Return the landmark of every deal and quarter of a cohort.

    Parameters
    ----------
    cohort : Cohort
        Any kind.
    landmark : {"snapshot", "stage_entry", "before_close"}
        From which day on the cohort observes the deal; the deal's first day in the red zone; or 14 days before the
        close expected on the day of the snapshot, and no earlier than that day. All are settled before the outcome.
    days : int
        Days after that.

    Returns
    -------
    DataFrame
        One row a row of the cohort, in its order: ``deal_id``, ``quarter``, ``landmark`` (day, inclusive),
        ``created_at``, ``unknown`` (why nothing can be asked of it, or empty).

    Raises
    ------
    UsageError
        When there is no such landmark, or `days` is negative.
    """
    if landmark not in get_args(Landmark):
        raise UsageError("There is no such landmark.", got=landmark, do=nearest(landmark, get_args(Landmark)))
    if days < 0:
        raise UsageError("A landmark lies days after a day, not before it.", got=days, expected="0 or more")
    table = cohort.table.reset_index(drop=True)
    day = pd.to_datetime(_day(cohort, table, landmark)).astype("datetime64[us]") + pd.Timedelta(days=days)
    unknown = pd.Series("", index=table.index, dtype="str")
    unknown = unknown.mask(table["closed_at"] <= day, ENDED).mask(day > pd.Timestamp(cohort.as_of), TOO_LATE)
    unknown = unknown.mask(day.isna(), NEVER_RED if landmark == "stage_entry" else NOT_OBSERVED)
    return table[["deal_id", "quarter", "created_at"]].assign(landmark=day, unknown=unknown)


def _day(cohort: Cohort, table: pd.DataFrame, landmark: Landmark) -> pd.Series:
    if landmark == "stage_entry":
        return table["deal_id"].map(red_zone_entry(cohort))
    if landmark == "snapshot":
        return table["entered_at"]
    ahead = table["expected_close_date"] - pd.Timedelta(days=BEFORE_CLOSE)
    # Without an expected close the snapshot is the only day known beforehand.
    later: pd.Series = ahead.where(ahead > table["entered_at"], table["entered_at"])
    return later


def red_zone_entry(cohort: Cohort) -> pd.Series:
    """Return the first day of each deal in the red zone, by deal, where the history of stages tells it."""
    book = cohort.book
    if "stage" not in tracked_fields(book):
        return pd.Series(pd.NaT, index=pd.Index([], dtype="str"), dtype="datetime64[us]")
    every = spells(book, "stage")
    red = every[every["value"].isin(book.process.red_zone)]
    return local_days(book, red.groupby("deal_id")["since"].min())
