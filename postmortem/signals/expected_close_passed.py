"""Whether the expected close of a deal had passed while it was open."""

from __future__ import annotations

import pandas as pd

from postmortem.signals.contract import Signal, answer, of_each
from postmortem.signals.landmark import LandmarkBook


def expected_close_passed(book: LandmarkBook, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Say whether the day the deal was expected to close had passed, while it was open and had not been moved.

    Notes
    -----
    It counts whether the date was moved afterwards or not: a date moved before it passed is a push.
    """
    changes = book.changes_of("expected_close_date")
    first = changes.drop_duplicates("row")
    opening = first[["row", "old_value"]].rename(columns={"old_value": "value"})
    opening = opening.assign(day=opening["row"].map(landmarks["created_at"]).astype("datetime64[us]"))
    dates = pd.concat([opening, changes.rename(columns={"new_value": "value"})[["row", "day", "value"]]])
    dates = dates.sort_values(["row", "day"], kind="stable", ignore_index=True)
    due = pd.to_datetime(dates["value"].str.slice(0, 10), format="%Y-%m-%d", errors="coerce").astype("datetime64[us]")
    until = dates.groupby("row")["day"].shift(-1)
    until = until.fillna(dates["row"].map(landmarks["landmark"])).astype("datetime64[us]")
    day = of_each(landmarks, due[due < until].groupby(dates["row"]).min()) + pd.Timedelta(days=1)
    # A date that was past when it was written shows from that day on.
    written = of_each(landmarks, dates["day"][due < until].groupby(dates["row"]).min())
    day = day.mask(day < written, written)
    standing = book.deals["expected_close_date"]
    day = day.fillna((standing + pd.Timedelta(days=1)).where(standing < landmarks["landmark"]))
    known = book.is_told("expected_close_date", landmarks) | standing.notna()
    return answer(
        landmarks,
        day.notna().astype("boolean").where(known),
        first=day,
        evidence="still open after the expected close, from " + day.dt.strftime("%Y-%m-%d").astype("str"),
        unknown="no expected close of that time on record",
    )


SIGNAL = Signal(
    function=expected_close_passed,
    name="expected_close_passed",
    label="Expected close passed while open",
    meaning="The date meant nothing to the buyer, or nobody looked. Unknown where no expected close of that time is "
    "on record.",
    causes=("not_qualified_continuously", "no_urgency", "budget_lost"),
    needs=("deals",),
)
