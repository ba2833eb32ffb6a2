"""For how long a side of each deal had been quiet at its landmark."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from postmortem.ground.schema import UNKNOWN
from postmortem.signals.contract import of_each
from postmortem.signals.landmark import LandmarkBook

DAYS = 14


def quiet(book: LandmarkBook, landmarks: pd.DataFrame, sides: Sequence[str], days: int = DAYS) -> pd.DataFrame:
    """Say which deals had no event of some sides for more than some days.

    Parameters
    ----------
    book : LandmarkBook
        With `events`.
    landmarks : DataFrame
        Deals asked about.
    sides : sequence of str
        Sides whose events break the silence.
    days : int
        Whole days without one that are still no silence.

    Returns
    -------
    DataFrame
        On the index of `landmarks`: ``is_quiet`` (nullable: missing without any event, or with one of unknown side
        since), ``since`` (first day on which it was), ``words``, ``unknown`` (why). Before the first event of these
        sides the deal counts as quiet from the day it was created, or from its first event.
    """
    events = book.table("events")
    heard = of_each(landmarks, events[events["side"].isin(sides)].groupby("row")["day"].max())
    begun = landmarks["created_at"].fillna(of_each(landmarks, events.groupby("row")["day"].min()))
    last = heard.fillna(begun)
    silent_days = (landmarks["landmark"] - last).dt.days
    unclear = of_each(landmarks, events[events["side"] == UNKNOWN].groupby("row")["day"].max()) > last
    is_quiet = (silent_days > days).astype("boolean").mask(unclear & (silent_days > days))
    has_any = pd.Series(landmarks.index.isin(events["row"]), index=landmarks.index)
    spoken = heard.notna().map({True: "nothing for ", False: "nothing ever, "})
    return pd.DataFrame(
        {
            "is_quiet": is_quiet.where(has_any & last.notna()),
            "since": last + pd.Timedelta(days=days + 1),
            "words": spoken + silent_days.astype("Int64").astype("str") + " days",
            "unknown": has_any.map({True: "an event since does not say who acted", False: "no event on record"}),
        }
    )
