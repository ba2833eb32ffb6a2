"""The way of each deal through the stages up to its landmark, and from when on something comes late."""

from __future__ import annotations

import numpy as np
import pandas as pd

from postmortem.signals.contract import of_each
from postmortem.signals.landmark import LandmarkBook

LATE_SHARE = 0.8


def red_zone_since(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.Series:
    """Return the first day on which each deal was in the red zone; missing where it had not been by its landmark."""
    steps = book.stage_steps
    return of_each(landmarks, steps[steps["stage"].isin(book.process.red_zone)].groupby("row")["day"].min())


def is_red(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.Series:
    """Say whether each deal had reached the red zone by its landmark (nullable: missing without a stage)."""
    reached = red_zone_since(book, landmarks).notna() | book.deals["stage"].isin(book.process.red_zone)
    known = reached | book.deals["stage"].notna()
    has_zone = bool(book.process.red_zone)
    return reached.astype("boolean").where(known if has_zone else pd.Series(False, index=known.index))


def late_from(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say after which day something comes late on each deal.

    Returns
    -------
    DataFrame
        On the index of `landmarks`: ``day``, that on which the deal entered the red zone, or where its stages are
        not told the end of four fifths of the way from its creation to the close expected at the landmark;
        ``has_begun``, whether that day had come by the landmark. Of a deal that has not come so far, or of which
        neither is known, nobody can say yet what will come late.
    """
    red, told = red_zone_since(book, landmarks), book.is_told("stage", landmarks) & bool(book.process.red_zone)
    length = (book.deals["expected_close_date"] - landmarks["created_at"]).dt.days
    days = np.floor(LATE_SHARE * length.clip(lower=0))
    planned = landmarks["created_at"] + pd.to_timedelta(days, unit="D")
    day = red.where(told, planned.astype("datetime64[us]"))
    return pd.DataFrame({"day": day, "has_begun": day <= landmarks["landmark"]})


def came_late(landmarks: pd.DataFrame, rows: pd.DataFrame, late: pd.DataFrame) -> pd.Series:
    """Return the first day after `late` on which each deal has one of `rows` (``row``, ``day``), or missing."""
    limit = rows["row"].map(late["day"]).to_numpy(dtype="datetime64[us]")
    after = rows[rows["day"].to_numpy(dtype="datetime64[us]") > limit]
    return of_each(landmarks, after.groupby("row")["day"].min())
